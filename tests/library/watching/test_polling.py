from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from photoclip.library.watching import polling
from photoclip.library.watching.polling import Look, Poller, Snapshot, look_through


class Drive:
    """A folder as it is now; None while it cannot be read."""

    def __init__(self) -> None:
        self.now: Snapshot | None = Snapshot({b"/nas/a.jpg": (1, 1)})
        self.looks = 0
        self.seconds = 0.0

    def __call__(self, root: bytes) -> Snapshot | None:
        time.sleep(self.seconds)
        self.looks += 1
        return self.now


class Polled:
    """A poller, and what it told."""

    def __init__(self, look: Look) -> None:
        self.told: queue.Queue[frozenset[bytes]] = queue.Queue()
        self.back: queue.Queue[bytes] = queue.Queue()
        self.poller = Poller(b"/nas", self.told.put, self.back.put, look=look)


@pytest.fixture
def drive() -> Drive:
    return Drive()


@pytest.fixture
def polled(drive: Drive, monkeypatch: pytest.MonkeyPatch) -> Iterator[Polled]:
    monkeypatch.setattr(polling, "POLL", 0.02)
    made = Polled(drive)
    assert made.back.get(timeout=10) == b"/nas"  # what came before the first look was over is scanned for
    yield made
    made.poller.stop()
    made.poller.join()


def until_looked(drive: Drive, more: int) -> None:
    """Until it was looked through so many times more."""
    wanted, deadline = drive.looks + more, time.monotonic() + 10
    while drive.looks < wanted:
        assert time.monotonic() < deadline
        threading.Event().wait(0.005)


def test_new_changed_and_deleted_files_are_told(polled: Polled, drive: Drive) -> None:
    drive.now = Snapshot({b"/nas/a.jpg": (2, 2), b"/nas/b.jpg": (1, 1)})
    assert polled.told.get(timeout=10) == {b"/nas/a.jpg", b"/nas/b.jpg"}
    drive.now = Snapshot({b"/nas/b.jpg": (1, 1)})
    assert polled.told.get(timeout=10) == {b"/nas/a.jpg"}


def test_nothing_is_deleted_on_a_drive_that_cannot_be_read(polled: Polled, drive: Drive) -> None:
    drive.now = None
    until_looked(drive, 2)
    drive.now = Snapshot({b"/nas/b.jpg": (1, 1)})
    assert polled.back.get(timeout=10) == b"/nas"  # a scan tells what happened meanwhile
    until_looked(drive, 2)
    assert polled.told.empty()


def test_nothing_is_deleted_in_a_folder_that_cannot_be_listed(polled: Polled, drive: Drive) -> None:
    drive.now = Snapshot({b"/nas/a.jpg": (1, 1), b"/nas/in/c.jpg": (1, 1)})
    assert polled.told.get(timeout=10) == {b"/nas/in/c.jpg"}
    drive.now = Snapshot({b"/nas/d.jpg": (1, 1)}, frozenset([b"/nas/in"]))
    assert polled.told.get(timeout=10) == {b"/nas/a.jpg", b"/nas/d.jpg"}
    drive.now = Snapshot({b"/nas/d.jpg": (1, 1)})
    assert polled.told.get(timeout=10) == {b"/nas/in/c.jpg"}


def test_a_slow_drive_is_looked_through_less_often(polled: Polled, drive: Drive) -> None:
    drive.seconds = 0.05
    until_looked(drive, 1)
    deadline = time.monotonic() + 10
    while polled.poller.interval < polling.SHARE * 0.05:
        assert time.monotonic() < deadline
        threading.Event().wait(0.005)
    assert polled.poller.interval <= polling.LONGEST


def test_a_drive_that_hangs_holds_up_its_own_thread_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "JOIN", 0.05)
    answers = threading.Event()

    def hangs(_root: bytes) -> Snapshot | None:
        answers.wait(20)
        return None

    made = Polled(hangs)
    made.poller.stop()
    began = time.monotonic()
    made.poller.join()
    assert time.monotonic() - began < 5
    answers.set()
    made.poller.join()


def test_an_empty_folder_is_a_drive_that_is_away(tmp_path: Path) -> None:
    assert look_through(bytes(tmp_path)) is None
    assert look_through(bytes(tmp_path / "gone")) is None
    (tmp_path / "a.jpg").write_bytes(b"12")
    found = look_through(bytes(tmp_path))
    assert found is not None
    assert found.files == {bytes(tmp_path / "a.jpg"): (2, (tmp_path / "a.jpg").stat().st_mtime_ns)}
