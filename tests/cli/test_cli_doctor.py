"""`photoclip doctor`, `backup` and `restore`."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

from photoclip.library.catalog.connection import Catalog
from tests.cli.cli_helpers import Commands
from tests.library.fakes import COLOURS, FAKE_INFO


def labels(commands: Commands) -> list[str]:
    return [label["name"] for label in commands.document("label", "list")["labels"]]


def test_a_library_in_order(indexed: Commands) -> None:
    assert indexed.ok("doctor").stdout == "Nothing is wrong.\n"
    assert indexed.document("doctor", "--disk") == {
        "library": str(indexed.folder), "done": [], "findings": []
    }  # fmt: skip
    assert indexed.ok("doctor", "--repair").stdout == "Nothing is wrong.\n"


def test_damage_is_said_and_repaired(indexed: Commands) -> None:
    vectors = indexed.folder / "vectors" / f"{FAKE_INFO.key}.half"
    with vectors.open("r+b") as file:
        file.write(b"\xff" * 20)
    (finding,) = indexed.document("doctor", status=1)["findings"]
    assert finding == {
        "part": "vectors", "what": "vectors-damaged", "where": str(vectors), "severity": "minor", "count": 1,
        "sentence": f"1 vector in {vectors} is damaged; a repair makes room for new ones.", "examples": [],
        "repairable": True,
    }  # fmt: skip
    said = indexed.run("doctor")
    assert (said.exit_code, "1 of 1 can be repaired" in said.stdout) == (1, True)
    repaired = indexed.ok("doctor", "--repair").stdout
    assert "Deleted 1 vector" in repaired
    assert repaired.index("Deleted") < repaired.index("note:") < repaired.index("Nothing is wrong.")
    indexed.ok("index")
    assert indexed.document("doctor")["findings"] == []


def test_no_library(commands: Commands) -> None:
    for command in (["doctor"], ["doctor", "--repair"], ["backup"], ["restore", "--yes"]):
        result = commands.run(*command)
        assert (result.exit_code, result.stdout) == (1, ""), command
        assert "There is no" in result.stderr, command
    assert not commands.folder.exists()


def test_backup_and_restore(indexed: Commands) -> None:
    indexed.ok("label", "add", "Before")
    made = indexed.document("backup")["backup"]
    assert (made["photos"], made["labels"]) == (len(COLOURS), 1)
    listed = indexed.document("backup", "--list")["backups"]
    assert listed[0] == made
    indexed.ok("label", "add", "After")
    asked = indexed.run("restore")
    assert (asked.exit_code, "--yes" in asked.stderr) == (2, True)
    assert labels(indexed) == ["Before", "After"]
    done = indexed.run("restore", "--yes")
    assert "8 photos (0 labelled by hand), 1 label and 0 albums" in done.stderr
    assert "The catalog now holds 8 photos (0 labelled by hand), 2 labels" in done.stderr
    assert "The catalog before is kept as" in done.stdout
    assert labels(indexed) == ["Before"]
    (replaced,) = indexed.folder.glob("catalog.sqlite.replaced-*")
    back = indexed.document("restore", str(replaced), "--yes")
    assert back["restored"]["labels"] == 2
    assert labels(indexed) == ["Before", "After"]
    indexed.ok("restore", Path(made["path"]).name, "--yes")
    assert labels(indexed) == ["Before"]


def test_a_backup_to_a_place_of_ones_own(indexed: Commands, tmp_path: Path) -> None:
    file = tmp_path / "mine.sqlite"
    assert str(file) in indexed.ok("backup", file).stdout
    taken = indexed.run("backup", file)
    assert (taken.exit_code, "exists already" in taken.stderr) == (1, True)
    (tmp_path / "drive").mkdir()
    made = indexed.document("backup", tmp_path / "drive")["backup"]
    assert Path(made["path"]).parent == tmp_path / "drive"
    assert indexed.run("backup", file, "--list").exit_code == 2
    assert indexed.run("backup", tmp_path / "no" / "such" / "folder.sqlite").exit_code == 1


def test_a_list_with_a_damaged_one(indexed: Commands) -> None:
    path = Path(indexed.document("backup")["backup"]["path"])
    os.truncate(path, 5000)
    assert "cannot be used" in indexed.ok("backup", "--list").stdout
    (row, *_) = indexed.document("backup", "--list")["backups"]
    assert set(row) == {"path", "problem"}
    assert indexed.run("restore", path, "--yes").exit_code == 1


def test_a_damaged_catalog_comes_back(indexed: Commands) -> None:
    indexed.ok("label", "add", "Kept")
    indexed.ok("backup")
    (indexed.folder / "catalog.sqlite").write_bytes(b"this is no database" * 400)
    said = indexed.run("doctor")
    assert (said.exit_code, "run: photoclip restore" in said.stdout) == (1, True)
    indexed.ok("restore", "--yes")
    assert labels(indexed) == ["Kept"]


def test_a_library_in_use_is_not_restored(indexed: Commands) -> None:
    indexed.ok("backup")
    with closing(Catalog(indexed.folder / "catalog.sqlite")) as catalog:
        catalog.query("SELECT count(*) FROM photo")
        result = indexed.run("restore", "--yes")
    assert (result.exit_code, "close it before" in result.stderr) == (1, True)
