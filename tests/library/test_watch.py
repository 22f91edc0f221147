from __future__ import annotations

import errno
import logging
import os
import queue
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from watchdog.observers import Observer
from watchdog.observers.polling import PollingObserver

from photoclip.library import watch
from photoclip.library.watch import FolderWatcher, Settling

Paths = frozenset[bytes]


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_file_settles_when_two_looks_are_the_same(tmp_path: Path, clock: Clock) -> None:
    path, settling = tmp_path / "a.jpg", Settling(clock)
    path.write_bytes(b"1")
    settling.note([bytes(path)])
    assert settling.settled() == frozenset()
    path.write_bytes(b"12")
    clock.now += watch.LOOK
    assert settling.settled() == frozenset()  # it grew
    clock.now += watch.LOOK / 2
    assert settling.settled() == frozenset()  # too soon
    clock.now += watch.LOOK
    assert settling.settled() == {bytes(path)}
    assert settling.empty


def test_folders_and_gone_files_have_nothing_to_wait_for(tmp_path: Path, clock: Clock) -> None:
    settling = Settling(clock)
    settling.note([bytes(tmp_path), bytes(tmp_path / "gone.jpg")])
    assert settling.settled() == {bytes(tmp_path), bytes(tmp_path / "gone.jpg")}


def test_one_large_file_does_not_hold_the_others_for_long(tmp_path: Path, clock: Clock) -> None:
    growing, settling = tmp_path / "big.jpg", Settling(clock)
    (tmp_path / "a.jpg").write_bytes(b"1")
    settling.note([bytes(growing), bytes(tmp_path / "a.jpg")])
    waited, taken = 0.0, frozenset[bytes]()
    while not taken:
        growing.write_bytes(b"x" * int(waited * 100 + 1))
        taken = settling.settled()
        clock.now += watch.LOOK
        waited += watch.LOOK
        assert waited < 2
    assert taken == {bytes(tmp_path / "a.jpg")}
    assert not settling.empty


class Heard:
    """A watcher whose reports are put into queues."""

    def __init__(self, **options: Any) -> None:
        self.paths: queue.Queue[Paths] = queue.Queue()
        self.lost: queue.Queue[Paths] = queue.Queue()
        self.watcher = FolderWatcher(self.paths.put, self.lost.put, **options)

    def until(self, wanted: Path) -> Paths:
        """What was told up to this path."""
        told: set[bytes] = set()
        while bytes(wanted) not in told:
            told |= self.paths.get(timeout=10)
        return frozenset(told)


@pytest.fixture
def heard() -> Iterator[Heard]:
    made = Heard()
    yield made
    made.watcher.close()


def test_new_changed_moved_and_deleted_files_are_told(heard: Heard, tmp_path: Path) -> None:
    heard.watcher.watch([bytes(tmp_path)])
    path = tmp_path / "a.jpg"
    path.write_bytes(b"1")
    heard.until(path)
    path.rename(tmp_path / "b.jpg")
    assert bytes(path) in heard.until(tmp_path / "b.jpg")
    (tmp_path / "b.jpg").unlink()
    heard.until(tmp_path / "b.jpg")


def test_new_folders_are_told_and_watched(heard: Heard, tmp_path: Path) -> None:
    heard.watcher.watch([bytes(tmp_path)])
    (tmp_path / "new" / "deep").mkdir(parents=True)
    heard.until(tmp_path / "new")
    (tmp_path / "new" / "deep" / "a.jpg").write_bytes(b"1")
    told: set[bytes] = set()
    wanted = {
        bytes(tmp_path / "new" / "deep" / "a.jpg"),
        bytes(tmp_path / "new" / "deep"),
        bytes(tmp_path / "new"),
    }
    while not told & wanted:
        told |= heard.paths.get(timeout=10)


def test_what_is_no_photo_is_not_told(heard: Heard, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    heard.watcher.watch([bytes(tmp_path)])
    for name in ("notes.txt", ".hidden.jpg", ".git/a.jpg", "last.jpg"):
        (tmp_path / name).write_bytes(b"1")
    assert heard.until(tmp_path / "last.jpg") == {bytes(tmp_path / "last.jpg")}


def test_names_that_are_not_utf8(heard: Heard, tmp_path: Path) -> None:
    heard.watcher.watch([bytes(tmp_path)])
    path = Path(os.fsdecode(bytes(tmp_path) + b"/caf\xe9.jpg"))
    path.write_bytes(b"1")
    heard.until(path)


def test_folders_come_and_go(heard: Heard, tmp_path: Path) -> None:
    one, two, gone = tmp_path / "one", tmp_path / "two", tmp_path / "gone"
    one.mkdir()
    two.mkdir()
    heard.watcher.watch([bytes(one), bytes(gone)])
    assert heard.watcher.watched == {bytes(one)}
    heard.watcher.watch([bytes(two)])
    assert heard.watcher.watched == {bytes(two)}
    (one / "a.jpg").write_bytes(b"1")
    (two / "b.jpg").write_bytes(b"1")
    assert heard.until(two / "b.jpg") == {bytes(two / "b.jpg")}


class LimitMet:
    """An observer of a system whose watches are used up."""

    def __init__(self) -> None:
        self._real = Observer()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def schedule(self, *_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "inotify watch limit reached")


def test_another_folder_at_the_same_path_is_not_the_watched_one(heard: Heard, tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    heard.watcher.watch([bytes(folder)])
    assert heard.watcher.watched == {bytes(folder)}
    folder.rename(tmp_path / "away")
    folder.mkdir()
    assert heard.watcher.watched == frozenset()
    heard.watcher.watch([bytes(folder)])
    assert heard.watcher.watched == {bytes(folder)}
    (folder / "new.jpg").write_bytes(b"x")
    assert bytes(folder / "new.jpg") in heard.until(folder / "new.jpg")


def test_where_the_systems_limit_is_met_it_polls_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "POLL", 0.1)
    heard = Heard(native=LimitMet)
    try:
        heard.watcher.watch([bytes(tmp_path)])
        assert isinstance(heard.watcher._poller, PollingObserver)
        assert "fs.inotify.max_user_watches" in heard.watcher.notice
        (tmp_path / "a.jpg").write_bytes(b"1")
        heard.until(tmp_path / "a.jpg")
    finally:
        heard.watcher.close()


def test_lost_events_ask_for_a_scan(heard: Heard, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    heard.watcher.watch([bytes(tmp_path)])
    log = logging.getLogger("watchdog.observers.inotify_c")
    log.warning("Inotify queue overflowed; filesystem events were lost")
    assert heard.lost.get(timeout=10) == {bytes(tmp_path)}


def test_watchdog_still_tells_of_lost_events_in_these_words() -> None:
    inotify = pytest.importorskip("watchdog.observers.inotify_c", exc_type=ImportError)
    source = Path(inotify.__file__).read_text()
    assert inotify.logger.name == "watchdog.observers.inotify_c"
    assert 'logger.warning("Inotify queue overflowed; filesystem events were lost")' in source
