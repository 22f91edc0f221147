"""`photoclip missing`: what is listed, and that clearing is asked for, exact and undone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.cli_helpers import Commands


@pytest.fixture
def folder(commands: Commands, photos: Path, tmp_path: Path) -> Path:
    """An indexed folder from which two photos have gone."""
    commands.ok("index", photos)
    for name in ("red.png", "blue.png"):
        shutil.move(photos / name, tmp_path / name)
    commands.ok("index")
    return photos


def listed(commands: Commands) -> list[str]:
    return [row["path"] for row in commands.document("missing", "list")["missing"]]


def test_listed_with_the_day(commands: Commands, folder: Path) -> None:
    assert listed(commands) == [str(folder / "blue.png"), str(folder / "red.png")]
    table = commands.ok("missing", "list").stdout
    assert str(folder / "red.png") in table
    assert "20" in table.splitlines()[1].split()[-1]


def test_cleared_one_by_one_and_all_and_undone(commands: Commands, folder: Path, tmp_path: Path) -> None:
    assert commands.document("missing", "clear", "--yes", folder / "red.png") == {"cleared": 1}
    assert listed(commands) == [str(folder / "blue.png")]
    assert "Clear 1 photo from Missing" in commands.ok("undo").stdout
    assert commands.ok("missing", "clear", "--yes").stdout == "Cleared 2 photos.\n"
    assert listed(commands) == []
    assert "No photo is missing." in commands.ok("missing", "list").stderr
    assert commands.ok("missing", "clear", "--yes").stdout == "Nothing was cleared.\n"
    shutil.move(tmp_path / "red.png", folder / "red.png")
    commands.ok("index")
    (found,) = commands.document("search", '"red.png"')["results"]
    assert Path(found["path"]).name == "red.png"


def test_a_script_has_to_say_yes_and_a_path_has_to_be_a_missing_one(commands: Commands, folder: Path) -> None:
    result = commands.run("missing", "clear")
    assert result.exit_code == 2
    assert "--yes" in result.stderr
    result = commands.run("missing", "clear", "--yes", folder / "green.png")
    assert result.exit_code == 1
    assert "No missing photo was at" in result.stderr
    assert len(listed(commands)) == 2
