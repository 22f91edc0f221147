from __future__ import annotations

import os
import queue
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from photoclip.errors import PhotoClipError
from photoclip.library.background import BackgroundIndexer
from photoclip.library.catalog.backup import backups
from photoclip.library.catalog.folders import add_folder, list_folders, remove_folder
from photoclip.library.catalog.photos import details, failures, load_table, photo_at
from photoclip.library.courtesy import Courtesy, Manners
from photoclip.library.library import Library
from photoclip.library.models import FindModel, LibraryModels
from photoclip.library.progress import Progress
from tests.library.fakes import FAKE_INFO, FakeEncoder, Zoo, another
from tests.library.pictures import jpeg, write_photos
from tests.library.xmp_samples import DIGIKAM


class Running:
    """A background indexer, and all that it says."""

    def __init__(
        self,
        library: Library,
        after_batch: Callable[[frozenset[int]], None] | None = None,
        zoo: FindModel | None = None,
        courtesy: Courtesy | None = None,
    ) -> None:
        self.library = library
        self.models = LibraryModels(library, zoo or Zoo())
        self.steps: queue.Queue[Progress] = queue.Queue()
        self.batches: list[frozenset[int]] = []
        self.serving: queue.Queue[str] = queue.Queue()  # which model does, when labels are to follow
        self.indexer = BackgroundIndexer(
            self.models,
            on_progress=self.steps.put,
            after_batch=after_batch or self.batches.append,
            after_switch=lambda: self.serving.put(self.models.serving.info.name),
            courtesy=courtesy,
            workers=1,
        )

    def until(self, holds: Callable[[Progress], bool]) -> Progress:
        """The first step of which this is true."""
        while True:
            step = self.steps.get(timeout=20)
            if holds(step):
                return step

    def until_idle(self) -> Progress:
        return self.until(lambda step: step.phase == "idle")

    @property
    def count(self) -> int:
        return len(load_table(self.library.catalog).ids)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.open(tmp_path / "library") as opened:
        yield opened


@pytest.fixture
def photos(library: Library, tmp_path: Path) -> Path:
    """A watched folder with three photos."""
    write_photos(tmp_path / "photos", 3)
    add_folder(library.catalog, bytes(tmp_path / "photos"))
    return tmp_path / "photos"


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks up from its rest at once."""
    monkeypatch.setattr("photoclip.library.background.COME_BACK", 0.1)
    monkeypatch.setattr("photoclip.library.background.KEEP_WORKERS", 0.1)


@pytest.fixture
def running(library: Library) -> Iterator[Running]:
    made = Running(library)
    yield made
    made.indexer.stop()


def test_it_scans_and_then_takes_in_what_arrives(running: Running, photos: Path) -> None:
    running.indexer.start()
    running.until_idle()
    assert running.count == 3
    before = len(running.batches)
    (photos / "new.jpg").write_bytes(jpeg("purple", 9))
    step = running.until(lambda step: bool(step.searchable))
    new = photo_at(running.library.catalog, bytes(photos / "new.jpg"))
    assert step.searchable == {new}
    assert running.batches[before:] == [frozenset({new})]


def test_a_new_photo_is_there_within_seconds(running: Running, photos: Path) -> None:
    running.indexer.start()
    running.until_idle()
    start = time.monotonic()
    (photos / "new.jpg").write_bytes(jpeg("purple", 9))
    running.until(lambda step: bool(step.photos))
    assert time.monotonic() - start < 3  # 1 s on a machine that does nothing else


def test_deleted_and_renamed_files_are_followed(running: Running, photos: Path) -> None:
    running.indexer.start()
    running.until_idle()
    photo = photo_at(running.library.catalog, bytes(photos / "001.jpg"))
    (photos / "001.jpg").rename(photos / "renamed.jpg")
    running.until(lambda _: photo_at(running.library.catalog, bytes(photos / "renamed.jpg")) == photo)
    (photos / "000.jpg").unlink()
    running.until(lambda _: running.count == 2)


def test_a_sidecar_beside_a_watched_photo_is_noticed(running: Running, photos: Path) -> None:
    running.indexer.start()
    running.until_idle()
    photo = photo_at(running.library.catalog, bytes(photos / "000.jpg"))
    assert photo is not None

    def title() -> str | None:
        return details(running.library.catalog, photo).words.title

    (photos / "000.jpg.xmp").write_bytes(DIGIKAM)
    running.until(lambda _: title() == "A square")
    (photos / "000.jpg.xmp").unlink()
    running.until(lambda _: title() is None)


def test_folders_added_later_are_taken_in_and_watched(
    running: Running, library: Library, tmp_path: Path
) -> None:
    running.indexer.start()
    running.until_idle()
    write_photos(tmp_path / "later", 2)
    add_folder(library.catalog, bytes(tmp_path / "later"))
    running.until(lambda _: running.count == 2)
    running.until_idle()
    (tmp_path / "later" / "new.jpg").write_bytes(jpeg("purple", 9))
    running.until(lambda _: running.count == 3)


def test_removed_folders_are_not_watched_any_more(running: Running, library: Library, photos: Path) -> None:
    running.indexer.start()
    running.until_idle()
    (folder,) = list_folders(library.catalog)
    remove_folder(library.catalog, folder.id, keep_labels=True)
    wait_until(lambda: running.indexer._watcher.watched == frozenset())
    assert running.count == 0


def test_a_folder_that_comes_back_is_scanned(
    library: Library, photos: Path, tmp_path: Path, hasty: None
) -> None:
    photos.rename(tmp_path / "unplugged")
    running = Running(library)
    try:
        running.indexer.start()
        step = running.until_idle()
        assert "cannot be reached" in step.message
        (tmp_path / "unplugged").rename(photos)
        running.until(lambda _: running.count == 3)
    finally:
        running.indexer.stop()


def test_pause_and_resume(running: Running, photos: Path, library: Library) -> None:
    write_photos(photos, 80, first=10)
    running.indexer.start()
    running.until(lambda step: bool(step.photos))
    start = time.monotonic()
    running.indexer.pause()
    assert running.indexer.paused
    running.until(lambda step: step.phase == "paused")
    assert time.monotonic() - start < 2  # 1 s on a machine that does nothing else
    with library.writer_lock():  # another process may index meanwhile
        count = running.count
    assert count < 83
    running.indexer.resume()
    running.until_idle()
    assert running.count == 83
    assert library.vectors(FAKE_INFO).missing(hashes(library)) == set()


def hashes(library: Library) -> list[bytes]:
    return [bytes(row["hash"]) for row in library.catalog.query("SELECT hash FROM content")]


def test_stop_in_the_middle_is_prompt_and_the_next_start_goes_on(library: Library, photos: Path) -> None:
    write_photos(photos, 80, first=10)
    first = Running(library)
    first.indexer.start()
    first.until(lambda step: bool(step.photos))
    start = time.monotonic()
    first.indexer.stop()
    assert time.monotonic() - start < 3
    assert first.count < 83
    second = Running(library)
    second.indexer.start()
    second.until_idle()
    second.indexer.stop()
    assert second.count == 83


def test_stop_before_start() -> None:
    models = LibraryModels(NotOpened(), Zoo())  # type: ignore[arg-type]
    BackgroundIndexer(models, on_progress=print).stop()


class NotOpened:
    """Stands for a library nothing was asked of."""


def test_it_waits_politely_for_another_process(running: Running, photos: Path, library: Library) -> None:
    with library.writer_lock():
        running.indexer.start()
        step = running.until(lambda step: step.phase == "waiting")
        assert "Another PhotoClip is indexing" in step.message
    running.until_idle()
    assert running.count == 3


def test_failures_are_tried_again_when_asked(running: Running, photos: Path, library: Library) -> None:
    bad = photos / "bad.jpg"
    bad.write_bytes(b"no picture")
    os.utime(bad, (1, 1))
    running.indexer.start()
    running.until_idle()
    assert len(failures(library.catalog)) == 1
    running.indexer.retry_failures()
    step = running.until(lambda step: step.phase == "done" and step.total == 1)
    assert len(step.failed) == 1
    bad.write_bytes(jpeg("red", 5))
    running.until(lambda _: failures(library.catalog) == [])


def test_trouble_is_told_and_it_goes_on(library: Library, photos: Path) -> None:
    def label(_: frozenset[int]) -> None:
        raise PhotoClipError("The labels could not be applied.")

    running = Running(library, label)
    try:
        running.indexer.start()
        assert running.until(lambda step: bool(step.searchable)).message == "The labels could not be applied."
        running.until_idle()
        assert running.count == 3
    finally:
        running.indexer.stop()


def test_a_burst_of_copies(running: Running, photos: Path, tmp_path: Path) -> None:
    write_photos(tmp_path / "elsewhere", 60, first=100)
    running.indexer.start()
    running.until_idle()
    shutil.copytree(tmp_path / "elsewhere", photos / "copied")
    running.until(lambda _: running.count == 63)


class Patient(FakeEncoder):
    """Reads no photo before it may."""

    def __init__(self) -> None:
        super().__init__(another("big").info, turn=5)
        self.may = threading.Event()

    def encode_pixels(self, pixels: Any) -> Any:
        self.may.wait(20)
        return super().encode_pixels(pixels)


@pytest.fixture
def patient(library: Library, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Running, Patient]]:
    """An indexer of a library that is known to the starter, and another model that takes its time."""
    monkeypatch.setattr("photoclip.library.background.TURN", 0.0)
    zoo, big = Zoo(), Patient()
    zoo.models["big"] = big
    running = Running(library, zoo=zoo)
    yield running, big
    big.may.set()
    running.indexer.stop()


def begin_to_read_with_big(running: Running) -> Progress:
    """All photos known to the starter, the other model chosen and at its first photo."""
    running.indexer.start()
    running.until_idle()
    running.models.choose("big")
    return running.until(lambda step: step.model == "big")


def test_another_model_reads_and_takes_over(photos: Path, patient: tuple[Running, Patient]) -> None:
    running, big = patient
    models = running.models
    step = begin_to_read_with_big(running)
    assert (step.phase, step.done, step.total) == ("indexing", 0, 3)
    assert models.serving.info.name == "fake"
    big.may.set()
    step = running.until(lambda step: step.phase == "idle" and bool(step.message))
    assert step.message == "big has read your photos; searches use it from now on."
    assert models.serving is big
    assert running.batches == [frozenset({1, 2, 3})]  # labels were put on once
    while running.serving.get(timeout=20) != "big":
        pass
    running.models.switch_back()  # at once, with nothing to read
    assert running.serving.get(timeout=20) == "fake"


def test_what_arrives_goes_first(photos: Path, patient: tuple[Running, Patient]) -> None:
    running, big = patient
    begin_to_read_with_big(running)
    (photos / "new.jpg").write_bytes(jpeg("purple", 9))
    step = running.until(lambda step: bool(step.searchable))
    assert (step.model, running.models.serving.info.name) == ("", "fake")
    big.may.set()
    running.until(lambda step: step.phase == "done" and bool(step.model))
    assert running.models.known_to(big.info).known == 4


def test_another_choice_ends_the_reading(photos: Path, patient: tuple[Running, Patient]) -> None:
    running, big = patient
    begin_to_read_with_big(running)
    LibraryModels(running.library, Zoo()).choose("starter")  # another process
    running.until_idle()
    assert (running.models.serving.info.name, running.models.coming) == ("fake", None)
    running.models.choose("third")
    running.until(lambda step: step.phase == "done" and step.model == "third")
    assert running.models.serving.info.name == "third"
    assert not big.calls


def test_a_pause_holds_the_coming_model_too(photos: Path, patient: tuple[Running, Patient]) -> None:
    running, big = patient
    begin_to_read_with_big(running)
    running.indexer.pause()
    running.until(lambda step: step.phase == "paused")
    with running.library.writer_lock():
        big.may.set()
    running.indexer.resume()
    running.until(lambda step: step.phase == "done" and step.model == "big" and step.done == 3)
    assert running.models.serving is big


def wait_until(holds: Callable[[], Any]) -> None:
    pause: queue.Queue[None] = queue.Queue()
    for _ in range(1000):
        if holds():
            return
        with pytest.raises(queue.Empty):
            pause.get(timeout=0.01)
    raise AssertionError("it never came true")


def test_a_library_at_rest_is_backed_up_and_says_why_not(
    library: Library, hasty: None, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise PhotoClipError("There is no room for a backup.")

    running.indexer.start()
    wait_until(lambda: backups(library.catalog.path))
    monkeypatch.setattr(library, "back_up", refuse)
    step = running.until(lambda step: bool(step.message))
    assert (step.phase, step.message) == ("idle", "There is no room for a backup.")


def test_after_a_sleep_it_looks_through_everything(running: Running, photos: Path) -> None:
    running.indexer.start()
    running.until_idle()
    running.indexer._watcher.watch([])  # what others do on a shared drive meanwhile is not told
    (photos / "new.jpg").write_bytes(jpeg("purple", 9))
    assert running.indexer._system is not None
    running.indexer._system._on_wake()
    running.until(lambda _: running.count == 4)


def test_a_burst_larger_than_it_keeps_becomes_a_scan(
    running: Running, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("photoclip.library.asked.MOST_PATHS", 5)
    running.indexer.start()
    running.until_idle()
    write_photos(photos, 40, first=100)
    running.until(lambda _: running.count == 43)
    running.until_idle()


@pytest.mark.skipif(sys.platform != "linux", reason="only inotify tells when a file is closed")
def test_a_slow_copy_is_never_recorded_by_halves(running: Running, photos: Path, library: Library) -> None:
    running.indexer.start()
    running.until_idle()
    whole = jpeg("purple", 9)
    with (photos / "slow.jpg").open("wb", buffering=0) as slow:
        slow.write(whole[: len(whole) // 2])
        (photos / "quick.jpg").write_bytes(jpeg("green", 8))
        running.until(lambda _: running.count == 4)
        running.indexer.rescan()  # not even a scan takes it
        running.until_idle()
        assert photo_at(library.catalog, bytes(photos / "slow.jpg")) is None
        assert failures(library.catalog) == []
        slow.write(whole[len(whole) // 2 :])
    running.until(lambda _: running.count == 5)
    running.until_idle()
    assert library.catalog.query("SELECT count(*) FROM content WHERE truncated")[0][0] == 0


def test_a_new_file_that_is_cut_off_is_waited_for(running: Running, photos: Path, library: Library) -> None:
    running.indexer.start()
    running.until_idle()
    whole = jpeg("purple", 9)
    (photos / "burst.jpg").write_bytes(whole[: len(whole) // 2])  # and closed, as some programs do
    running.until(lambda step: step.phase == "done" and step.total == 1)
    assert photo_at(library.catalog, bytes(photos / "burst.jpg")) is None
    with (photos / "burst.jpg").open("ab") as more:
        more.write(whole[len(whole) // 2 :])
    running.until(lambda _: running.count == 4)
    running.until_idle()
    assert library.catalog.query("SELECT count(*) FROM content WHERE truncated")[0][0] == 0
    assert failures(library.catalog) == []


class Laptop:
    """Says whether it runs on its battery; whoever asks is soon asked again."""

    unplugged = True

    def courtesy(self, manners: Manners, monkeypatch: pytest.MonkeyPatch) -> Courtesy:
        monkeypatch.setattr("photoclip.library.courtesy.LOOK", 0.05)
        return Courtesy(manners, battery=lambda: self.unplugged)


@pytest.fixture
def laptop(
    library: Library, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Running, Laptop]]:
    """Unplugged, with more photos than a few waiting."""
    write_photos(photos, 60, first=10)
    machine = Laptop()
    running = Running(library, courtesy=machine.courtesy(Manners(on_battery="pause"), monkeypatch))
    running.indexer.start()
    yield running, machine
    running.indexer.stop()


def test_on_battery_it_pauses_and_goes_on_with_power(laptop: tuple[Running, Laptop]) -> None:
    running, machine = laptop
    step = running.until(lambda step: step.phase == "paused")
    assert step.yields == "battery"
    assert running.count < 63
    with running.library.writer_lock():  # another process may index meanwhile
        machine.unplugged = False
    step = running.until_idle()
    assert (running.count, step.yields) == (63, "")


def test_the_person_has_the_last_word(laptop: tuple[Running, Laptop]) -> None:
    running, _ = laptop
    running.until(lambda step: step.phase == "paused")
    running.indexer.resume()
    running.until_idle()
    assert running.count == 63


def test_a_new_photo_does_not_wait_for_power(laptop: tuple[Running, Laptop], photos: Path) -> None:
    running, _ = laptop
    running.until(lambda step: step.phase == "paused")
    (photos / "new.jpg").write_bytes(jpeg("purple", 9))
    running.until(lambda _: photo_at(running.library.catalog, bytes(photos / "new.jpg")) is not None)
    assert running.count < 64
    running.until(lambda step: step.phase == "paused")


def test_in_use_it_reads_one_photo_at_a_time(
    library: Library, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_photos(photos, 60, first=10)
    courtesy = Courtesy(Manners(in_use="slow"), battery=lambda: False)
    courtesy.touch()
    monkeypatch.setattr("photoclip.library.courtesy.IN_USE", 3600.0)
    running = Running(library, courtesy=courtesy)
    try:
        running.indexer.start()
        running.until(lambda step: step.yields == "use")
        assert running.indexer._decoders is not None
        wait_until(lambda: running.indexer._decoders.in_flight <= 1)  # type: ignore[union-attr]
        assert not running.indexer.paused
        step = running.until_idle()
        assert (running.count, step.yields) == (63, "")
    finally:
        running.indexer.stop()
