"""`photoclip demo` and `photoclip watch`, and the real command's process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from photoclip.cli import samples
from photoclip.cli.commands.watch import Log
from photoclip.cli.terminal import Terminal
from photoclip.errors import PhotoClipError
from photoclip.library.progress import Progress
from photoclip.library.watch import LIMIT, Watched
from tests.cli.cli_helpers import Commands, paint


@pytest.fixture
def no_display(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)


def test_the_document(commands: Commands, photos: Path) -> None:
    found = commands.document("demo", photos, "--no-window")
    assert found["folder"] == str(photos)
    assert found["index"]["added"] == 8
    assert [row["query"] for row in found["searches"]] == list(samples.SEARCHES)
    assert set(found["searches"][0]) >= {"query", "path", "score"}
    assert len(found["similar"]["results"]) == 3
    assert len(found["labels"]) == 8
    assert all(row["label"] in samples.SEARCHES for row in found["labels"])
    assert found["picture"] is None
    assert commands.opened == commands.painted == []


def test_tables_for_people(commands: Commands, photos: Path) -> None:
    said = commands.ok("demo", photos, "--no-window").stdout
    assert "Searches" in said
    assert "Similar to" in said
    assert "Labels" in said
    assert "a cup of coffee" in said


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there always is a display")
def test_without_a_display_the_window_is_painted(
    commands: Commands, photos: Path, tmp_path: Path, no_display: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = commands.ok("demo", photos)
    ((folder, png, query),) = commands.painted
    assert png == tmp_path / "photoclip-demo.png"
    assert str(png) in result.stderr.replace("\n", "")
    assert query in samples.SEARCHES
    assert not folder.exists()  # the library was a throw-away one


def test_with_a_display_the_window_opens(
    commands: Commands, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    commands.ok("demo", photos)
    assert len(commands.opened) == 1


def test_a_picture_on_demand(commands: Commands, photos: Path, tmp_path: Path) -> None:
    found = commands.document("demo", photos, "--png", tmp_path / "x.png")
    assert found["picture"] == str(tmp_path / "x.png")


def test_samples_are_copied_and_the_missing_named(tmp_path: Path) -> None:
    paint(tmp_path / "from" / "moon.png", "white")
    paint(tmp_path / "from" / "other.png", "red")
    missing = samples.copy_samples(tmp_path / "from", tmp_path / "to", ["moon.png", "coins.png"])
    assert missing == ["coins.png"]
    assert [path.name for path in (tmp_path / "to").iterdir()] == ["moon.png"]


def test_the_samples_of_scikit_image() -> None:
    pytest.importorskip("skimage", reason="the demo extra is not installed")
    folder = samples.sample_folder()
    assert set(samples.SEARCHES.values()) <= {path.name for path in folder.iterdir()} | {"coffee.png"}


def test_without_scikit_image_the_demo_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "find_spec", lambda name: None)
    with pytest.raises(PhotoClipError, match="name a folder"):
        samples.sample_folder()


def test_watching_takes_in_what_arrives_and_ends_cleanly(commands: Commands, photos: Path) -> None:
    commands.ok("index", photos)
    commands.ok("label", "add", "Red", "--describe", "red", "--keep")
    own = os.getpid()
    said: list[bool] = []

    def arrive_then_end() -> None:
        paint(photos / "red-2.png", "red", (12, 12))
        from photoclip.library.library import Library

        with Library.open(commands.folder) as library:
            for _ in range(200):
                if library.catalog.query("SELECT 1 FROM photo_label"):
                    said.append(True)
                    break
                threading.Event().wait(0.1)
        os.kill(own, signal.SIGTERM)

    timer = threading.Timer(1.0, arrive_then_end)
    timer.start()
    found = commands.document("watch")
    timer.join()
    assert said == [True]
    assert found["added"] == 1
    assert set(found) == {"added", "changed", "missing", "embedded", "failed", "watching"}
    assert [(way["path"], way["how"]) for way in found["watching"]] == [(str(photos), "events")]


@pytest.mark.skipif(sys.platform == "win32", reason="signals of Windows are others")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_real_watch_says_how_it_watches_and_ends_cleanly(
    commands: Commands, tmp_path: Path, number: int
) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "notes.txt").write_text("no photo, so the model need not start")
    commands.ok("index", tmp_path / "notes")
    environment = {**os.environ, "PHOTOCLIP_LIBRARY": str(commands.folder)}
    watching = subprocess.Popen(
        [sys.executable, "-m", "photoclip", "watch"], env=environment, stderr=subprocess.PIPE, text=True
    )
    assert watching.stderr is not None
    said = [watching.stderr.readline()]
    while not said[-1].startswith("Watching /"):
        assert said[-1], "it ended by itself"
        said.append(watching.stderr.readline())
    watching.send_signal(number)
    rest = watching.communicate(timeout=20)[1]
    assert (watching.returncode, rest) == (0, "Stopped.\n")


@pytest.mark.parametrize(
    ("way", "line"),
    [
        (Watched(b"/photos"), "Watching /photos."),
        (
            Watched(b"/nas", "nfs4", 10),
            "Looking through /nas every 10 seconds (nfs4 tells of no changes).",
        ),
        (
            Watched(b"/many", LIMIT, 20),
            "Looking through /many every 20 seconds (no more watches are granted).",
        ),
    ],
)
def test_each_way_of_watching_is_said_once(
    way: Watched, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    commands = Commands(Path("/nowhere"))
    log = Log(Terminal(commands.services()), ways=lambda: (way,))
    log.note(Progress("idle", message="Trouble."))
    log.note(Progress("idle", message="Trouble."))
    assert capsys.readouterr().err.splitlines() == [line, "Trouble."]


SEEN = """
import json, sys
from photoclip.app import main
sys.argv = ["photoclip", *json.loads(sys.argv[1])]
try:
    main()
finally:
    heavy = {"torch", "torchvision", "PySide6", "skimage", "transformers"} & set(sys.modules)
    print(sorted(heavy), file=sys.stderr)
"""


@pytest.mark.parametrize("arguments", [["--help"], ["models", "list", "--json"], ["search", "--json"]])
def test_the_command_itself_loads_neither_torch_nor_qt(indexed: Commands, arguments: list[str]) -> None:
    environment = {**os.environ, "PHOTOCLIP_LIBRARY": str(indexed.folder)}
    done = subprocess.run(
        [sys.executable, "-c", SEEN, json.dumps(arguments)], env=environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-1] == "[]"
    if "--json" in arguments:
        json.loads(done.stdout)
