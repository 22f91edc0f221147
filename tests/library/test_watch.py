from __future__ import annotations

import errno
import os
import queue
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from watchdog.observers.api import BaseObserver

from photoclip.library.watch import LIMIT, FolderWatcher
from photoclip.library.watching import polling
from photoclip.library.watching.inotify import Troubles, native_observer

Paths = frozenset[bytes]


class Heard:
    """A watcher whose reports are put into queues."""

    def __init__(self, **options: Any) -> None:
        self.paths: queue.Queue[Paths] = queue.Queue()
        self.lost: queue.Queue[Paths] = queue.Queue()
        self.moved = threading.Event()
        self.watcher = FolderWatcher(self.paths.put, self.lost.put, self.moved.set, **options)

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


class Native:
    """Native observers of a system that may grant no more watchers, and whom they tell of trouble."""

    def __init__(self, number: int = 0) -> None:
        self._number = number
        self.troubles: Troubles | None = None

    def __call__(self, troubles: Troubles) -> BaseObserver:
        if self._number:
            raise OSError(self._number, os.strerror(self._number))
        self.troubles = troubles
        return native_observer(troubles)


@pytest.fixture
def quick_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "POLL", 0.1)
    monkeypatch.setattr("photoclip.library.watch.DISTANT", 0.2)


@pytest.mark.parametrize(
    ("number", "setting"),
    [(errno.ENOSPC, "fs.inotify.max_user_watches"), (errno.EMFILE, "fs.inotify.max_user_instances")],
)
def test_where_the_systems_limit_is_met_it_polls_and_says_how_to_raise_it(
    tmp_path: Path, quick_polls: None, number: int, setting: str
) -> None:
    heard = Heard(native=Native(number))
    try:
        (tmp_path / "there.jpg").write_bytes(b"1")
        heard.watcher.watch([bytes(tmp_path)])
        assert heard.lost.get(timeout=10) == {bytes(tmp_path)}
        assert [each.why for each in heard.watcher.how] == [LIMIT]
        assert setting in heard.watcher.notice
        assert str(tmp_path) in heard.watcher.notice
        (tmp_path / "a.jpg").write_bytes(b"1")
        heard.until(tmp_path / "a.jpg")
        heard.watcher.watch([])
        assert heard.watcher.notice == ""
    finally:
        heard.watcher.close()


@pytest.mark.skipif(sys.platform != "linux", reason="inotify")
def test_a_watch_refused_deep_inside_makes_it_poll_the_folder(tmp_path: Path, quick_polls: None) -> None:
    native = Native()
    heard = Heard(native=native)
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "there.jpg").write_bytes(b"1")
    try:
        heard.watcher.watch([bytes(tmp_path)])
        assert [each.why for each in heard.watcher.how] == [""]
        assert native.troubles is not None
        native.troubles.refused(bytes(tmp_path / "deep"), errno.ENOSPC)
        assert heard.lost.get(timeout=10) == {bytes(tmp_path)}
        assert [each.why for each in heard.watcher.how] == [LIMIT]
        (tmp_path / "deep" / "a.jpg").write_bytes(b"1")
        heard.until(tmp_path / "deep" / "a.jpg")
    finally:
        heard.watcher.close()


def test_a_network_drive_is_polled(tmp_path: Path, quick_polls: None) -> None:
    heard = Heard(kind_of=lambda _path: "nfs4")
    try:
        (tmp_path / "there.jpg").write_bytes(b"1")
        heard.watcher.watch([bytes(tmp_path)])
        assert heard.lost.get(timeout=10) == {bytes(tmp_path)}
        assert [each.why for each in heard.watcher.how] == ["nfs4"]
        assert heard.watcher.notice == ""
        (tmp_path / "a.jpg").write_bytes(b"1")
        heard.until(tmp_path / "a.jpg")
    finally:
        heard.watcher.close()


def test_lost_events_ask_for_a_scan(tmp_path: Path) -> None:
    native = Native()
    heard = Heard(native=native)
    try:
        heard.watcher.watch([bytes(tmp_path)])
        assert native.troubles is not None
        native.troubles.lost()
        assert heard.lost.get(timeout=10) == {bytes(tmp_path)}
    finally:
        heard.watcher.close()


@pytest.mark.skipif(sys.platform != "linux", reason="inotify")
def test_the_kernels_word_of_lost_events_is_heard(tmp_path: Path) -> None:
    from watchdog.observers.inotify_c import InotifyConstants, InotifyEvent

    lost = threading.Event()
    troubles = Troubles(lambda _path, _number: None, lost.set, lambda: None)
    observer = native_observer(troubles)
    observer.start()
    try:
        observer._watches_fd.handle_event(  # type: ignore[attr-defined]
            InotifyEvent(-1, InotifyConstants.IN_Q_OVERFLOW, 0, b"")  # type: ignore[arg-type]
        )
        assert lost.is_set()
    finally:
        observer.stop()
        observer.join()


@pytest.mark.skipif(sys.platform != "linux", reason="inotify")
def test_that_a_watched_folder_was_moved_away_is_told(heard: Heard, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    heard.watcher.watch([bytes(tmp_path / "photos")])
    (tmp_path / "photos").rename(tmp_path / "elsewhere")
    assert heard.moved.wait(10)
    assert heard.watcher.watched == frozenset()


@pytest.mark.skipif(sys.platform != "linux", reason="only inotify tells when a file is closed")
def test_a_file_that_is_open_is_waited_for_and_a_finished_one_is_not(heard: Heard, tmp_path: Path) -> None:
    heard.watcher.watch([bytes(tmp_path)])
    with (tmp_path / "slow.jpg").open("wb", buffering=0) as slow:
        slow.write(b"half")
        began = time.monotonic()
        (tmp_path / "quick.jpg").write_bytes(b"1")
        assert heard.until(tmp_path / "quick.jpg") == {bytes(tmp_path / "quick.jpg")}
        assert time.monotonic() - began < 3  # 0.3 s on a machine that does nothing else
        assert heard.watcher.is_moving(bytes(tmp_path / "slow.jpg"))
        slow.write(b"and half")
    heard.until(tmp_path / "slow.jpg")


def test_a_download_is_told_of_when_it_gets_its_name(heard: Heard, tmp_path: Path) -> None:
    heard.watcher.watch([bytes(tmp_path)])
    (tmp_path / "a.jpg.part").write_bytes(b"1")
    (tmp_path / "b.jpg.crdownload").write_bytes(b"1")
    (tmp_path / "a.jpg.part").rename(tmp_path / "a.jpg")
    (tmp_path / "b.jpg.crdownload").rename(tmp_path / "b.jpg")
    told = set(heard.until(tmp_path / "a.jpg"))
    if bytes(tmp_path / "b.jpg") not in told:
        told |= heard.until(tmp_path / "b.jpg")
    assert told == {bytes(tmp_path / "a.jpg"), bytes(tmp_path / "b.jpg")}


def test_more_than_it_holds_is_scanned_for(
    heard: Heard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heard.watcher._settling, "_most", 5)
    heard.watcher.watch([bytes(tmp_path)])
    for number in range(200):
        (tmp_path / f"{number}.jpg").write_bytes(b"1")
    assert heard.lost.get(timeout=10) == {bytes(tmp_path)}
