"""`photoclip export-xmp`."""

from __future__ import annotations

from pathlib import Path

from photoclip.library.sidecars.xmp import read_xmp
from tests.cli.cli_helpers import Commands, paint
from tests.library.xmp_samples import BOMB, DIGIKAM


def labelled(commands: Commands, photos: Path) -> Commands:
    """A library in which some photos of warm colours have an automatic label."""
    commands.ok("index", photos)
    commands.ok("label", "add", "Warm", "--describe", "red")
    commands.ok("label", "apply", "Warm")
    return commands


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_nothing_to_write(commands: Commands, photos: Path) -> None:
    labelled(commands, photos)
    found = commands.document("export-xmp")
    assert (found["sidecars"], found["unchanged"]) == ([], len(list(photos.iterdir())))
    assert "Nothing to write" in commands.ok("export-xmp").stdout


def test_shown_first_and_written_then(commands: Commands, photos: Path) -> None:
    labelled(commands, photos)
    before = files(photos)
    seen = commands.document("export-xmp", "--automatic", "--dry-run")
    assert seen["dry_run"] is True
    rows = {Path(row["photo"]["path"]).name: row for row in seen["sidecars"]}
    row = rows["red.png"]
    assert row["sidecar"] == {"path": str(photos / "red.png.xmp")}
    assert (row["new"], row["added"], row["automatic"], row["removed"]) == (True, [], ["Warm"], [])
    assert (row["rating"], row["written"], row["problem"]) == (None, False, None)
    shown = commands.ok("export-xmp", "--automatic", "--dry-run").stdout
    assert "red.png.xmp (new)" in shown
    assert "  + Warm (automatic)" in shown
    assert "Nothing was written." in shown
    assert files(photos) == before
    done = commands.ok("export-xmp", "--automatic").stdout
    assert f"Wrote {len(rows)} sidecar" in done
    after = files(photos)
    assert {name: after[name] for name in before} == before
    assert read_xmp(after["red.png.xmp"]).automatic == ("Warm",)
    assert commands.document("export-xmp", "--automatic")["sidecars"] == []
    gone = commands.document("export-xmp", "--dry-run", photos / "red.png")
    assert gone["sidecars"][0]["removed"] == ["Warm"]


def test_which_photos(commands: Commands, photos: Path) -> None:
    paint(photos / "trip" / "red-2.png", "red", (12, 12))
    labelled(commands, photos)

    def names(*wanted: str | Path) -> set[str]:
        found = commands.document("export-xmp", "--automatic", "--dry-run", *wanted)
        return {Path(row["photo"]["path"]).name for row in found["sidecars"]}

    assert names(photos / "red.png") == {"red.png"}
    assert names(photos / "trip") == {"red-2.png"}
    assert names("folder:trip") == {"red-2.png"}
    assert names("folder:trip", "label:Warm") == {"red-2.png"}
    assert {"red.png", "red-2.png"} <= names("label:Warm") == names()
    assert names("-folder:trip") == names() - {"red-2.png"}
    assert "red.png" in names("red")
    assert commands.run("export-xmp", photos / "none.png").exit_code == 1
    assert commands.run("export-xmp", "label:").exit_code == 2


def test_a_sidecar_that_is_refused_does_not_stop_the_others(commands: Commands, photos: Path) -> None:
    labelled(commands, photos)
    (photos / "red.png.xmp").write_bytes(BOMB)
    (photos / "orange.png.xmp").write_bytes(DIGIKAM)
    commands.ok("label", "edit", "Warm", "--describe", "red", "--describe", "orange")
    commands.ok("label", "apply", "Warm")
    found = commands.document("export-xmp", "--automatic", status=1)
    rows = {Path(row["photo"]["path"]).name: row for row in found["sidecars"]}
    assert (rows["red.png"]["written"], rows["orange.png"]["written"]) == (False, True)
    assert "document type" in rows["red.png"]["problem"]
    result = commands.run("export-xmp", "--automatic")
    assert (result.exit_code, "1 sidecar cannot be written." in result.stderr) == (1, True)
    assert (photos / "red.png.xmp").read_bytes() == BOMB
    assert "Warm" in read_xmp((photos / "orange.png.xmp").read_bytes()).keywords
