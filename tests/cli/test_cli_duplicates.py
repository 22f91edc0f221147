"""`photoclip duplicates`: what it prints, and what --trash and undo do to files."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from tests.cli.cli_helpers import Commands
from tests.library.trashes import home_trash


def draw(size: tuple[int, int] = (320, 240)) -> Image.Image:
    """A picture with enough in it for its hash to tell something."""
    picture = Image.new("RGB", (320, 240), "steelblue")
    pen = ImageDraw.Draw(picture)
    pen.ellipse((30, 40, 150, 200), fill="gold")
    pen.rectangle((180, 20, 300, 120), fill="darkred")
    pen.polygon([(160, 230), (310, 230), (240, 130)], fill="seagreen")
    return picture.resize(size, Image.Resampling.LANCZOS)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A picture, a copy of its file, and the same saved smaller; and another one."""
    folder = tmp_path / "photos"
    (folder / "web").mkdir(parents=True)
    draw().save(folder / "scene.png")
    (folder / "scene copy.png").write_bytes((folder / "scene.png").read_bytes())
    draw((160, 120)).save(folder / "web" / "scene.jpg", quality=80)
    draw().rotate(180).save(folder / "other.png")
    return folder


@pytest.fixture
def known(commands: Commands, photos: Path) -> Commands:
    commands.ok("index", photos)
    return commands


def kept(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.*"))


def test_the_document(known: Commands, photos: Path) -> None:
    found = known.document("duplicates")
    identical, same = found["groups"]
    assert (found["model"], found["unread"], found["trashed"], found["refused"]) == ("fake", 0, [], [])
    assert identical["keeper"] == {"path": str(photos / "scene.png"), "reason": "name"}
    assert [other["path"] for other in identical["others"]] == [str(photos / "scene copy.png")]
    assert len(identical["hash"]) == 32
    assert same["tier"] == "same"
    assert same["keeper"] == {"path": str(photos / "scene.png"), "reason": "pixels"}
    (other,) = same["others"]
    assert other["path"] == str(photos / "web" / "scene.jpg")
    assert other["bits"] <= 4
    assert other["cosine"] > 0.9
    assert (same["hash"], other["seconds"]) == (None, None)


def test_for_people(known: Commands, photos: Path) -> None:
    lines = known.ok("duplicates").stdout.splitlines()
    assert lines[0] == f"identical files: keep {photos / 'scene.png'} (not named a copy)"
    assert lines[1] == f"  {photos / 'scene copy.png'}  the same bytes"
    assert (
        lines[2] == f"the same picture: keep {photos / 'scene.png'} and 1 of its copies (the larger picture)"
    )
    assert re.search(r"scene\.jpg  \d of 64 bits of its look differ, cosine [01]\.\d{3}$", lines[3])
    assert lines[4] == "2 groups, 2 files besides those to keep."


def test_tiers_folders_and_queries(known: Commands, photos: Path) -> None:
    assert [group["tier"] for group in known.document("duplicates", "--tier", "same")["groups"]] == ["same"]
    assert known.document("duplicates", photos / "web")["groups"] == []
    assert len(known.document("duplicates", photos)["groups"]) == 2
    assert known.document("duplicates", "type:jpg")["groups"] == []
    assert len(known.document("duplicates", "type:png")["groups"]) == 1
    assert known.ok("duplicates", "--tier", "burst").stdout == "No duplicates.\n"
    nowhere = known.run("duplicates", photos / "nowhere")
    assert nowhere.exit_code == 1
    assert "There are no photos of the library in" in nowhere.stderr
    assert known.run("duplicates", "rating:many").exit_code == 2


def test_a_file_that_two_tiers_would_let_go_counts_once(known: Commands, photos: Path) -> None:
    draw((640, 480)).save(photos / "large.png")
    known.ok("index", photos)
    last = known.ok("duplicates", "--tier", "identical", "--tier", "same").stdout.splitlines()[-1]
    assert last == "2 groups, 3 files besides those to keep."


@pytest.mark.parametrize("arguments", [["--trash"], ["--trash", "--tier", "same"]], ids=["tier", "yes"])
def test_nothing_goes_without_a_word(known: Commands, photos: Path, arguments: list[str]) -> None:
    before = kept(photos)
    assert known.run("duplicates", *arguments).exit_code == 2
    assert kept(photos) == before


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="freedesktop.org's trash")
def test_to_the_trash_and_back(
    known: Commands, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trash = home_trash(tmp_path / "data", monkeypatch)
    before = {name: (photos / name).read_bytes() for name in kept(photos)}
    done = known.document("duplicates", "--trash", "--yes", "--tier", "identical", "--tier", "same")
    assert sorted(row["path"] for row in done["trashed"]) == [
        str(photos / "scene copy.png"),
        str(photos / "web" / "scene.jpg"),
    ]
    assert kept(photos) == ["other.png", "scene.png"]
    assert len(list((trash / "files").iterdir())) == 2
    assert known.document("duplicates")["groups"] == []

    undone = known.ok("undo")
    assert undone.stdout == "Undone: Move 2 files to the trash.\n"
    assert "2 files are back from the trash." in undone.stderr
    assert {name: (photos / name).read_bytes() for name in kept(photos)} == before
    known.ok("index", photos)
    assert len(known.document("duplicates")["groups"]) == 2


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="freedesktop.org's trash")
def test_files_that_changed_meanwhile_stay_and_are_named(
    known: Commands, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home_trash(tmp_path / "data", monkeypatch)
    draw((200, 150)).save(photos / "web" / "scene.jpg")
    done = known.run("duplicates", "--trash", "--yes", "--tier", "same")
    assert done.exit_code == 1
    assert f"1 file did not go, such as {photos / 'web' / 'scene.jpg'}" in done.stderr
    assert "It has changed since it was indexed." in done.stderr
    assert (photos / "web" / "scene.jpg").exists()
