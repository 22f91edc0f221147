"""A window's engine and a terminal command on one library: both go on, and each sees what the other does."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from photoclip.library.background import BackgroundIndexer
from photoclip.library.catalog.changes import undo, undo_description
from photoclip.library.catalog.folders import add_folder
from photoclip.library.catalog.labels import add_label, label_photos
from photoclip.library.catalog.photos import photo_at
from photoclip.library.doctor import examine
from photoclip.library.engines import Engines
from photoclip.library.library import Library
from photoclip.library.models import LibraryModels
from photoclip.library.progress import Progress
from tests.library.fakes import FAKE_INFO, Zoo
from tests.library.pictures import jpeg, write_photos

ROOT = Path(__file__).parents[2]


class Command:
    """The other process."""

    def __init__(self, library: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.library.other_process", str(library)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )

    def begin(self, *step: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(step, default=str) + "\n")
        self._process.stdin.flush()

    def end(self) -> None:
        """Wait for the step that was begun first."""
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "done\n"

    def do(self, *step: object) -> None:
        self.begin(*step)
        self.end()

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        assert self._process.wait(30) == 0


class Window:
    """What stands behind a window: a library, its models, its engine, and the background indexer."""

    def __init__(self, folder: Path) -> None:
        self.library = Library.open(folder)
        self.models = LibraryModels(self.library, Zoo())
        self.engines = Engines(self.models)
        self.steps: queue.Queue[Progress] = queue.Queue()
        self.indexer = BackgroundIndexer(self.models, on_progress=self.steps.put, workers=1)

    def until_idle(self) -> None:
        while self.steps.get(timeout=30).phase != "idle":
            pass

    def until(self, holds: Callable[[], bool]) -> None:
        end = time.monotonic() + 30
        while not holds():
            assert time.monotonic() < end, "it was never seen"
            time.sleep(0.02)

    def found(self, query: str) -> set[int]:
        return set(self.engines.current().search(query).ids.tolist())

    def close(self) -> None:
        self.indexer.stop()
        self.engines.close()
        self.library.close()


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    write_photos(tmp_path / "photos", 3)
    return tmp_path / "photos"


@pytest.fixture
def window(tmp_path: Path, photos: Path) -> Iterator[Window]:
    with closing(Window(tmp_path / "library")) as made:
        add_folder(made.library.catalog, bytes(photos))
        yield made


@pytest.fixture
def command(window: Window) -> Iterator[Command]:
    with closing(Command(window.library.folder)) as made:
        yield made


def test_both_label_and_undo(window: Window, command: Command, photos: Path) -> None:
    """There is one journal for both: undo takes back what was done last, by whomever."""
    window.indexer.start()
    window.until_idle()
    catalog = window.library.catalog
    first = photo_at(catalog, bytes(photos / "000.jpg"))
    assert first is not None
    command.do("label", "Theirs", [photos / "000.jpg", photos / "001.jpg"])
    assert first in window.found("label:Theirs")
    assert len(window.found("label:Theirs")) == 2
    ours = add_label(catalog, "Ours").created
    assert ours is not None
    label_photos(catalog, ours, [first])
    command.do("undo")
    assert window.found("label:Ours") == set()
    assert undo_description(catalog) == "Add the label Ours"
    for _ in range(2):
        undo(catalog)
    assert window.found("label:Theirs") == set()


def test_a_folder_that_a_command_adds_is_watched_by_the_window(
    window: Window, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for patience in ("KEEP_WORKERS", "COME_BACK"):  # nothing but the other process wakes it
        monkeypatch.setattr(f"photoclip.library.background.{patience}", 3600.0)
    window.indexer.start()
    window.until_idle()
    write_photos(tmp_path / "more", 2, first=10)
    command.do("watch", tmp_path / "more")
    window.until(lambda: len(window.found("")) == 5)
    (tmp_path / "more" / "new.jpg").write_bytes(jpeg("purple", 90))
    window.until(lambda: len(window.found("")) == 6)


def test_both_index_while_the_window_searches_and_labels(
    window: Window, command: Command, photos: Path, tmp_path: Path
) -> None:
    """They take turns at indexing; nobody waits for a search or a label, and no photo is read by both."""
    write_photos(photos, 60, first=100)
    catalog = window.library.catalog
    window.indexer.start()
    write_photos(tmp_path / "more", 60, first=200)
    command.begin("watch", tmp_path / "more")
    command.begin("index")
    command.begin("label", "Theirs", [photos / "000.jpg"])
    kept = add_label(catalog, "Ours").created
    assert kept is not None
    seen: list[int] = []
    while not seen or seen[-1] < 123:
        step = window.steps.get(timeout=30)
        assert step.phase == "waiting" or not step.message
        found = window.found("")
        label_photos(catalog, kept, found)
        seen.append(len(found))
    assert seen == sorted(seen)
    for _ in range(3):
        command.end()
    window.until_idle()
    assert len(window.found("red")) == 123
    assert window.found("label:Ours") == window.found("")
    assert len(window.found("label:Theirs")) == 1
    assert len(window.library.vectors(FAKE_INFO)) == 123
    assert [finding for finding in examine(window.library.folder) if finding.severity != "note"] == []


def test_what_a_command_indexes_is_found_by_the_window(
    window: Window, command: Command, photos: Path
) -> None:
    """Without an indexer of its own, as while it is paused."""
    assert window.found("") == set()
    command.do("index")
    assert len(window.found("blue")) == 3
    (photos / "000.jpg").unlink()
    write_photos(photos, 2, first=10)
    command.do("index")
    assert len(window.found("blue")) == 4
    assert window.engines.current().search("blue").pending == 0
