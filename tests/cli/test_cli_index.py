"""`photoclip index`, and what is the same for every command."""

from __future__ import annotations

import base64
import contextlib
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from photoclip.cli.services import Services
from photoclip.cli.terminal import Terminal
from photoclip.errors import PhotoClipError
from photoclip.library.library import Library
from tests.cli.cli_helpers import STORE, TRAINING, Commands, paint
from tests.library.fakes import COLOURS, FakeEncoder


def test_the_document(commands: Commands, photos: Path) -> None:
    (photos / "text.jpg").write_text("not a picture")
    found = commands.document("index", photos)
    assert {key: found[key] for key in ("found", "added", "changed", "missing", "embedded")} == {
        "found": len(COLOURS) + 1,
        "added": len(COLOURS),
        "changed": 0,
        "missing": 0,
        "embedded": len(COLOURS),
    }
    assert [failure["path"] for failure in found["failed"]] == [str(photos / "text.jpg")]
    assert set(found["failed"][0]) == {"path", "reason"}
    assert found["seconds"] > 0
    assert found["photos_per_second"] > 0
    assert set(found) == {
        "found", "added", "changed", "missing", "embedded", "failed", "seconds", "photos_per_second"
    }  # fmt: skip


def test_again_finds_nothing_new_and_sees_what_is_gone(commands: Commands, photos: Path) -> None:
    commands.ok("index", photos)
    again = commands.document("index")
    assert (again["found"], again["added"], again["embedded"]) == (len(COLOURS), 0, 0)
    (photos / "red.png").unlink()
    paint(photos / "more" / "blue-2.png", "blue", (10, 10))
    later = commands.document("index", photos / "more")  # inside a folder that is watched already
    assert (later["added"], later["missing"]) == (1, 1)


def test_what_cannot_be_read_is_listed_until_it_can(commands: Commands, photos: Path) -> None:
    bad = photos / "bad.png"
    bad.write_text("not a picture")
    for _ in range(2):  # the second run does not read it again
        (failure,) = commands.document("index", photos)["failed"]
        assert (failure["path"], "text file" in failure["reason"]) == (str(bad), True)
        assert str(bad) in commands.ok("index").stderr
    paint(bad, "red", (9, 9))
    later = commands.document("index")
    assert (later["failed"], later["added"]) == ([], 1)


def test_words_for_people(commands: Commands, photos: Path) -> None:
    result = commands.ok("index", photos)
    assert f"{len(COLOURS)} photos found: {len(COLOURS)} new" in result.stdout


@pytest.mark.parametrize("what", ["nowhere", "file.txt"])
def test_a_folder_that_is_none_is_refused(commands: Commands, tmp_path: Path, what: str) -> None:
    (tmp_path / "file.txt").write_text("x")
    result = commands.run("index", tmp_path / what)
    assert result.exit_code == 1
    assert what in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


def test_an_empty_folder_is_fine(commands: Commands, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert commands.document("index", tmp_path / "empty")["found"] == 0
    assert commands.document("search", "red")["results"] == []


def test_a_missing_model_is_said(commands: Commands, photos: Path) -> None:
    commands.model_error = "There is no model here."
    result = commands.run("index", photos)
    assert (result.exit_code, result.stderr) == (1, "There is no model here.\n")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has file names of any bytes")
def test_names_that_are_not_utf8(commands: Commands, photos: Path) -> None:
    odd = os.fsencode(photos) + b"/caf\xe9\n.png"
    os.rename(photos / "red.png", odd)  # noqa: PTH104
    os.rename(photos / "blue.png", os.fsencode(photos) + b"/bad\xff.jpg")  # noqa: PTH104
    with open(os.fsencode(photos) + b"/bad\xff.jpg", "wb") as file:  # noqa: PTH123
        file.write(b"no picture")
    failed = commands.document("index", photos)["failed"]
    assert [base64.b64decode(each["path_bytes"]) for each in failed] == [
        os.fsencode(photos) + b"/bad\xff.jpg"
    ]
    first = commands.document("search", "red")["results"][0]
    assert base64.b64decode(first["path_bytes"]) == odd
    assert "\n" not in first["path"]
    assert "\\xe9" in commands.ok("search", "red").stdout
    again = commands.document("similar", os.fsdecode(odd))
    assert odd not in [base64.b64decode(row.get("path_bytes", "")) for row in again["results"]]


def test_kept_labels_are_applied_to_what_arrives(commands: Commands, photos: Path) -> None:
    commands.ok("index", photos)
    commands.ok("label", "add", "Red", "--describe", "red", "--keep")
    paint(photos / "red-2.png", "red", (12, 12))
    commands.ok("index")
    found = commands.document("search", "label:Red")["results"]
    assert [Path(row["path"]).name for row in found] == ["red-2.png"]


def test_ctrl_c_keeps_what_is_done(commands: Commands, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoded = threading.Event()

    def interrupt(self: object, pixels: object) -> object:
        if not encoded.is_set():
            encoded.set()
            os.kill(os.getpid(), signal.SIGINT)
        return original(self, pixels)

    commands.ok("label", "add", "Red", "--describe", "red", "--keep")
    original = FakeEncoder.encode_pixels
    monkeypatch.setattr(FakeEncoder, "encode_pixels", interrupt)
    result = commands.run("index", photos, "--json")
    assert result.exit_code == 130
    assert "Stopped" in result.stderr
    assert '"found"' in result.stdout
    commands.ok("index", photos)
    assert len(commands.document("search", "red")["results"]) == len(COLOURS)
    labelled = commands.document("search", "label:Red")["results"]
    assert str(photos / "red.png") in [row["path"] for row in labelled]  # whichever run it arrived in


def test_a_folder_that_is_away_is_said_and_loses_nothing(commands: Commands, photos: Path) -> None:
    commands.ok("index", photos)
    photos.rename(photos.with_name("unplugged"))
    result = commands.run("index", "--json")
    assert f"{photos} cannot be reached now" in result.stderr
    assert len(commands.document("search")["results"]) == len(COLOURS)
    assert commands.document("folder", "list")["folders"][0]["online"] is False


def test_of_many_that_cannot_be_read_people_see_some(commands: Commands, photos: Path) -> None:
    for number in range(25):
        (photos / f"bad-{number}.png").write_text("not a picture")
    result = commands.ok("index", photos)
    assert result.stderr.count("text file") == 20
    assert "5 more cannot be read" in result.stderr
    assert len(commands.document("index")["failed"]) == 25


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /dev/full")
@pytest.mark.parametrize("write", ["document", "table", "write"])
def test_a_full_disk_behind_stdout_is_a_sentence(monkeypatch: pytest.MonkeyPatch, write: str) -> None:
    services = Services(lambda name: FakeEncoder(), list, STORE, lambda *_: 0, lambda *_: None, TRAINING)
    terminal = Terminal(services)
    arguments: dict[str, tuple[Any, ...]] = {
        "document": ({"query": "red"},), "table": (("photo",), [("red.png",)]), "write": ("red.png",)
    }  # fmt: skip
    full = Path("/dev/full").open("w")  # noqa: SIM115
    monkeypatch.setattr(sys, "stdout", full)
    with pytest.raises(PhotoClipError, match="No space left on device"):
        getattr(terminal, write)(*arguments[write])
    sys.stdout.close()  # what took its place
    with contextlib.suppress(OSError):
        full.close()


def test_waits_for_another_that_is_indexing(indexed: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("photoclip.cli.commands.index.BUSY_SECONDS", 0.05)
    with Library.open(indexed.folder) as library:
        lock = library.writer_lock()
        lock.__enter__()
        timer = threading.Timer(0.3, lambda: lock.__exit__(None, None, None))
        timer.start()
        result = indexed.run("index")
        timer.join()
    assert result.exit_code == 0
    assert result.stderr.count("waiting until it is done") == 1


def test_the_variable_and_the_option_choose_the_library(
    indexed: Commands, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert indexed.document("search", "--library", indexed.folder, "red")["results"]
    other = indexed.run("search", "red", "--library", tmp_path / "other")
    assert other.exit_code == 1
    assert "There is no library in" in other.stderr


def test_without_a_command_the_window_opens(commands: Commands) -> None:
    commands.ok()
    assert commands.opened == [(commands.folder, None)]


@pytest.mark.parametrize(
    "arguments",
    [("nonsense",), ("search", "--limit", "0"), ("similar",), ("label", "add"), ("score", "x.jpg")],
)
def test_wrong_use_ends_with_2(commands: Commands, arguments: tuple[str, ...]) -> None:
    result = commands.run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Usage" in result.stderr


def test_an_empty_path_is_not_the_current_folder(indexed: Commands) -> None:
    for command in (["index", ""], ["similar", ""], ["search", "--photo", ""], ["score", "", "red", "blue"]):
        result = indexed.run(*command)
        assert (result.exit_code, "a path is empty" in result.stderr) == (2, True)
    assert len(indexed.document("folder", "list")["folders"]) == 1
