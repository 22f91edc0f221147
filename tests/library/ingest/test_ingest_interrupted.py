"""Runs that do not get to their end undisturbed lose nothing."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from photoclip.errors import DiskFull, LibraryBusy, ModelError
from photoclip.library.catalog.arrivals import settle_arrivals
from photoclip.library.catalog.photos import load_table
from photoclip.library.decoding import Decoders
from photoclip.library.ingest import index
from photoclip.library.library import Library
from photoclip.library.recording import BATCH
from tests.library.fakes import FAKE_INFO, FakeEncoder
from tests.library.ingest.ingest_helpers import assert_complete, run
from tests.library.pictures import jpeg, write_photos


def test_stopping_keeps_what_is_recorded_and_the_next_run_goes_on(
    library: Library, photos: Path, decoders: Decoders
) -> None:
    count = 2 * BATCH
    write_photos(photos, count)
    stop = threading.Event()
    for step in index(library, FakeEncoder(), decoders=decoders, stop=stop):
        if step.photos:
            stop.set()
    assert step.phase == "done"
    recorded = len(load_table(library.catalog).ids)
    assert 0 < recorded < count
    assert run(library, decoders).added == count - recorded
    assert_complete(library, count)


def test_leaving_the_generator_frees_the_lock(library: Library, photos: Path, decoders: Decoders) -> None:
    write_photos(photos, 3)
    steps = index(library, FakeEncoder(), decoders=decoders)
    next(steps)
    with pytest.raises(LibraryBusy):
        next(index(library, FakeEncoder(), decoders=decoders))
    steps.close()
    assert run(library, decoders).added == 3


def test_photos_that_were_not_told_of_are_told_of_by_the_next_run(
    library: Library, photos: Path, decoders: Decoders
) -> None:
    """A kill between a batch's vectors and its labels must not cost the labels."""
    write_photos(photos, 3)
    told = run(library, decoders).searchable  # and nobody puts labels on them
    again = run(library, decoders)
    assert again.embedded == 0
    assert again.searchable == told
    assert len(told) == 3
    settle_arrivals(library.catalog, told)
    assert run(library, decoders).searchable == frozenset()


class Broken(FakeEncoder):
    def encode_pixels(self, pixels: Any) -> Any:
        raise ModelError("The model fake is broken; download it again.")


def test_a_broken_model_still_records_the_photos(library: Library, photos: Path, decoders: Decoders) -> None:
    write_photos(photos, 30)
    with pytest.raises(ModelError, match="download it again"):
        run(library, decoders, encoder=Broken())
    assert len(load_table(library.catalog).ids) == 30
    assert run(library, decoders).embedded == 30
    assert_complete(library, 30)


@pytest.mark.parametrize("where", ["thumbnails", "vectors", "catalog"])
def test_a_full_disk_is_one_sentence_and_loses_nothing(
    library: Library, photos: Path, decoders: Decoders, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    write_photos(photos, 40)

    def full(*_: object, **__: object) -> None:
        raise DiskFull("The disk is full; make room there and try again.")

    with monkeypatch.context() as patch:
        if where == "thumbnails":
            patch.setattr(library.thumbnails, "put_many", full)
        elif where == "vectors":
            patch.setattr(library.vectors(FAKE_INFO), "_write", full)
        else:
            patch.setattr("photoclip.library.recording.record_batch", full)
        with pytest.raises(DiskFull, match="make room"):
            run(library, decoders)
    run(library, decoders)
    assert_complete(library, 40)


def test_a_file_being_written_is_looked_at_twice(library: Library, photos: Path, decoders: Decoders) -> None:
    path = photos / "a.jpg"
    path.write_bytes(jpeg("red")[:200])
    steps = index(library, FakeEncoder(), decoders=decoders)
    next(steps)
    path.write_bytes(jpeg("red"))  # the rest arrives while it is read
    last = [*steps][-1]
    assert (last.added, last.failed) == (1, ())
