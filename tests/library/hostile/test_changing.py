"""Folders that vanish during the scan, files that vanish or change while they are read."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from photoclip.library import ingest, worker
from photoclip.library.catalog.photos import failures, load_table, photo_at
from photoclip.library.ingest import index
from photoclip.library.worker import READINGS, Gone, Prepared, Refused, Task, prepare
from photoclip.pixels import PixelSpec
from tests.library.fakes import FakeEncoder
from tests.library.hostile.samples import samples
from tests.library.hostile.trial import Trial
from tests.library.ingest.ingest_helpers import settled
from tests.library.pictures import jpeg, write_photos

SPEC = PixelSpec(16)


def when_listed(monkeypatch: pytest.MonkeyPatch, folder: Path, then: Any) -> None:
    """Call `then` once, right after this folder was listed for the first time by a scan."""
    real = os.scandir
    listed = []

    @contextmanager
    def scandir(path: Any) -> Iterator[Any]:
        with real(path) as entries:
            whole = list(entries)
        listed.append(path)
        if path == bytes(folder) and listed.count(path) == 2:  # the first look asks if anything is there
            then()
        yield iter(whole)

    monkeypatch.setattr(os, "scandir", scandir)


@pytest.mark.parametrize("how", ["gone", "empty"])
def test_a_watched_folder_that_vanishes_during_its_scan_is_offline(
    trial: Trial, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    write_photos(trial.folder, 3)
    write_photos(trial.folder / "deep", 2, first=3)
    assert trial.run().added == 5

    def vanish() -> None:
        trial.folder.rename(tmp_path / "unplugged")
        if how == "empty":  # as a mount point is
            trial.folder.mkdir()

    with monkeypatch.context() as patch:
        when_listed(patch, trial.folder, vanish)
        last = trial.run()
    assert not (trial.folder / "000.jpg").exists()
    assert (last.missing, last.failed) == (0, ())
    assert "cannot be reached now" in last.message
    assert len(load_table(trial.library.catalog).ids) == 5
    shutil.rmtree(trial.folder, ignore_errors=True)
    (tmp_path / "unplugged").rename(trial.folder)
    assert (trial.run().found, len(load_table(trial.library.catalog).ids)) == (5, 5)


def test_a_folder_inside_that_vanishes_is_listed_and_missed_by_the_next_scan(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_photos(trial.folder, 2)
    write_photos(trial.folder / "deep", 2, first=2)
    trial.run()
    with monkeypatch.context() as patch:
        when_listed(patch, trial.folder, lambda: shutil.rmtree(trial.folder / "deep"))
        last = trial.run()
    assert last.missing == 0
    assert [(f.path, f.reason) for f in last.failed] == [
        (bytes(trial.folder / "deep"), "This folder cannot be read: No such file or directory.")
    ]
    assert trial.run().missing == 2


def test_files_that_vanish_between_scan_and_reading(trial: Trial) -> None:
    paths = write_photos(trial.folder, 4)
    steps = index(trial.library, FakeEncoder(), decoders=trial.decoders)
    phase = next(steps).phase
    while phase == "scanning":
        phase = next(steps).phase
    for path in paths[:2]:
        path.unlink()
    *_, last = steps
    assert (last.added, last.failed) == (2, ())
    trial.assert_alive()


def test_a_file_that_vanishes_when_it_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg("red"))
    looked_at = path.stat()
    path.unlink()
    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", lambda path, **_: looked_at)
        found = prepare(Task(bytes(path), SPEC))
    assert found == Gone(bytes(path))


def changing(monkeypatch: pytest.MonkeyPatch, path: Path, times: int) -> None:
    """Write the file anew after each of the first `times` readings: another size, another time."""
    real, read = os.fstat, []

    def fstat(handle: int) -> os.stat_result:
        read.append(handle)
        if 3 <= len(read) <= times + 2:  # after it was opened, and before the first reading
            path.write_bytes(jpeg("red", len(read)) + bytes(len(read)))
        return real(handle)

    monkeypatch.setattr(os, "fstat", fstat)


def test_a_file_that_changes_while_it_is_read_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg("blue"))
    with monkeypatch.context() as patch:
        changing(patch, path, READINGS - 1)
        data, size, mtime_ns = worker.read_file(bytes(path))
    assert data == path.read_bytes()
    assert (size, mtime_ns) == (len(data), path.stat().st_mtime_ns)


def test_a_file_that_never_rests_is_refused_in_a_state_that_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Recorded in its last state, the finished file would not be read again."""
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg("blue"))
    with monkeypatch.context() as patch:
        changing(patch, path, READINGS)
        found = prepare(Task(bytes(path), SPEC))
    assert isinstance(found, Refused)
    assert "being written while it was read" in found.reason
    assert (found.size, found.mtime_ns) != (path.stat().st_size, path.stat().st_mtime_ns)
    assert isinstance(prepare(Task(bytes(path), SPEC)), Prepared)


def test_a_file_that_is_written_for_ever_does_not_hold_up_indexing(trial: Trial) -> None:
    path, stop = trial.folder / "log.jpg", threading.Event()
    path.write_bytes(b"\xff\xd8")
    write_photos(trial.folder, 2)

    def write() -> None:
        with path.open("ab") as file:
            while not stop.wait(0.002):
                file.write(b"more")
                file.flush()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        began = time.monotonic()
        last = trial.run()
        assert time.monotonic() - began < ingest.LOOKS * 4
    finally:
        stop.set()
        writer.join()
    assert (last.added, [failure.path for failure in last.failed]) == (2, [bytes(path)])
    settled(path).write_bytes(jpeg("red"))
    last = trial.run()
    assert (last.added, last.failed, failures(trial.library.catalog)) == (1, (), [])


@pytest.mark.parametrize("name", ["baseline.jpg", "colours.png", "lzw.tif", "still.avif"])
def test_a_photo_that_arrives_in_pieces_becomes_whole(trial: Trial, name: str) -> None:
    path, data = trial.folder / name, samples()[name]
    for part in (0, 10, 50, 99):
        path.write_bytes(data[: len(data) * part // 100])
        settled(path)
        trial.run()
    path.write_bytes(data)
    trial.run()
    photo = photo_at(trial.library.catalog, bytes(path))
    (row,) = trial.library.catalog.query(
        "SELECT truncated FROM content JOIN photo ON photo.content_id = content.id WHERE photo.id = ?",
        (photo,),
    )
    assert (row["truncated"], failures(trial.library.catalog)) == (0, [])
    assert len(load_table(trial.library.catalog).ids) == 1
