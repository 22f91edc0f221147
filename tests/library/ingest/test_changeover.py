"""Another model reads the photos while the first one serves, and takes its place."""

from __future__ import annotations

import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from photoclip.errors import LibraryBusy, ModelError
from photoclip.library.catalog.photos import failures
from photoclip.library.changeover import catch_up
from photoclip.library.decoding import Decoders
from photoclip.library.encoder import EncoderInfo
from photoclip.library.engines import Engines
from photoclip.library.library import Library
from photoclip.library.models import LibraryModels, Reading
from photoclip.library.progress import Progress
from photoclip.library.recording import BATCH
from tests.library.fakes import FakeEncoder, Zoo, another
from tests.library.ingest.ingest_helpers import run, settled
from tests.library.pictures import jpeg, write_photos


@pytest.fixture
def models(library: Library) -> LibraryModels:
    return LibraryModels(library, Zoo())


def indexed(models: LibraryModels, decoders: Decoders) -> Progress:
    """What an index run does before the coming model's turn."""
    done = run(models.library, decoders, encoder=models.serving)
    if models.coming is None:
        models.settle()
    return done


def caught_up(models: LibraryModels, decoders: Decoders) -> Progress:
    *_, last = catch_up(models, decoders=decoders)
    assert last.phase == "done"
    return last


def finds_red(models: LibraryModels) -> bool:
    """Whether the model that serves ranks a red photo first; with another one's vectors it would not."""
    with closing(Engines(models)) as engines:
        found = engines.current().search("red")
        hue = models.library.catalog.query(
            "SELECT content.colour FROM content JOIN photo ON content_id = content.id WHERE photo.id = ?",
            (int(found.ids[0]),),
        )[0][0]
    return hue >> 16 > 200 and hue & 0xFFFF < 0x4040


def test_nothing_is_read_where_no_model_is_coming(
    models: LibraryModels, photos: Path, decoders: Decoders
) -> None:
    write_photos(photos, 1)
    indexed(models, decoders)
    assert list(catch_up(models, decoders=decoders)) == []


class Halting(FakeEncoder):
    """Waits before its second batch until it may go on."""

    def __init__(self, info: EncoderInfo) -> None:
        super().__init__(info)
        self.go_on = threading.Event()

    def encode_pixels(self, pixels: Any) -> Any:
        if self.calls:
            self.go_on.wait(20)
        return super().encode_pixels(pixels)


def test_it_takes_over_when_it_has_read_all(library: Library, photos: Path, decoders: Decoders) -> None:
    count = 2 * BATCH
    write_photos(photos, count)
    zoo = Zoo()
    models = LibraryModels(library, zoo)
    indexed(models, decoders)
    zoo.models["big"] = big = Halting(another("big").info)
    models.choose("big")
    stop = threading.Event()
    for step in catch_up(models, decoders=decoders, stop=stop):
        assert (step.model, step.total) == ("big", count)
        assert models.serving.info.name == "fake"
        if step.embedded:
            stop.set()
    big.go_on.set()
    reading = models.reading()
    assert reading is not None
    assert 0 < reading.known < count
    assert finds_red(models)
    last = caught_up(models, decoders)
    assert (last.done, last.embedded) == (count, count - reading.known)
    assert last.message == "big has read your photos; searches use it from now on."
    assert (models.serving.info.name, models.coming) == ("big", None)
    assert finds_red(models)
    assert models.library.vector_keys() == {"fake-1", "big-1"}


def test_photos_that_come_meanwhile_are_found_at_once_and_read_by_both(
    models: LibraryModels, photos: Path, decoders: Decoders
) -> None:
    write_photos(photos, 3, first=1)
    indexed(models, decoders)
    models.choose("big")
    (photos / "new.jpg").write_bytes(jpeg("red", 7))
    assert indexed(models, decoders).embedded == 1
    assert finds_red(models)
    assert caught_up(models, decoders).searchable == frozenset()  # its labels were the first model's business
    assert models.known_to(models.serving.info) == Reading("big", 4, 4)
    assert finds_red(models)


def test_coming_back_reads_only_what_came_since(
    models: LibraryModels, photos: Path, decoders: Decoders
) -> None:
    write_photos(photos, 3)
    indexed(models, decoders)
    models.choose("big")
    caught_up(models, decoders)
    write_photos(photos, 1, first=8)
    indexed(models, decoders)
    models.choose("starter")
    assert models.serving.info.name == "fake"
    assert finds_red(models)
    assert indexed(models, decoders).embedded == 1


def test_a_third_model_takes_the_place_of_the_one_before(
    models: LibraryModels, photos: Path, decoders: Decoders
) -> None:
    keys = models.library.vector_keys
    write_photos(photos, 2)
    indexed(models, decoders)
    models.choose("big")
    caught_up(models, decoders)
    models.choose("third")
    assert keys() == {"fake-1", "big-1"}  # a choice by mistake has cost nothing yet
    steps = catch_up(models, decoders=decoders)
    next(steps)
    assert "fake-1" not in keys()
    steps.close()
    models.choose("starter")  # before the third was done
    caught_up(models, decoders)
    assert keys() == {"fake-1", "big-1"}
    assert finds_red(models)


def test_what_cannot_be_read_holds_nothing_up(
    models: LibraryModels, photos: Path, decoders: Decoders
) -> None:
    first, second, _ = write_photos(photos, 3)
    indexed(models, decoders)
    first.write_bytes(b"damaged since")
    settled(first)
    second.write_bytes(jpeg("blue", 77))
    settled(second)
    models.choose("big")
    caught_up(models, decoders)  # the damaged one is a failure now, the edited one waits for its change
    assert [failure.path for failure in failures(models.library.catalog)] == [bytes(first)]
    assert models.reading() == Reading("big", 1, 2)
    assert indexed(models, decoders).changed == 1
    caught_up(models, decoders)
    assert models.serving.info.name == "big"


def test_an_offline_folder_is_waited_for(
    models: LibraryModels, photos: Path, decoders: Decoders, tmp_path: Path
) -> None:
    write_photos(photos, 2)
    indexed(models, decoders)
    models.choose("big")
    photos.rename(tmp_path / "unplugged")
    last = caught_up(models, decoders)
    assert (last.done, last.total, last.failed) == (0, 2, ())
    assert "cannot be reached" in last.message
    assert models.serving.info.name == "fake"
    (tmp_path / "unplugged").rename(photos)
    caught_up(models, decoders)
    assert models.serving.info.name == "big"


def test_a_broken_model_leaves_the_other_serving(library: Library, photos: Path, decoders: Decoders) -> None:
    class Broken(FakeEncoder):
        def encode_pixels(self, pixels: Any) -> Any:
            raise ModelError("The model big is broken; download it again.")

    zoo = Zoo()
    models = LibraryModels(library, zoo)
    write_photos(photos, 2)
    indexed(models, decoders)
    zoo.models["big"] = Broken(another("big").info)
    models.choose("big")
    with pytest.raises(ModelError, match="download it again"):
        caught_up(models, decoders)
    assert models.serving.info.name == "fake"
    assert finds_red(models)


def test_one_indexer_at_a_time(models: LibraryModels, photos: Path, decoders: Decoders) -> None:
    write_photos(photos, 1)
    indexed(models, decoders)
    models.choose("big")
    with models.library.writer_lock(), pytest.raises(LibraryBusy):
        caught_up(models, decoders)


CHILD = """
import os, sys
from pathlib import Path
from photoclip.library import models as models_module
from photoclip.library import vectors
from photoclip.library.changeover import catch_up
from photoclip.library.library import Library
from photoclip.library.models import LibraryModels
from tests.library.fakes import Zoo

def written(store, keys, rows, real=vectors.VectorStore.append):
    real(store, keys, rows)
    os._exit(9)

if __name__ == "__main__":
    if sys.argv[2] == "amid":
        vectors.VectorStore.append = written
    if sys.argv[2] == "before":  # the vectors are all there, the switch is not written
        models_module.serve = lambda *_: os._exit(9)
    with Library.open(Path(sys.argv[1])) as library:
        for step in catch_up(LibraryModels(library, Zoo()), workers=1):
            pass
    os._exit(9)
"""


@pytest.mark.parametrize(
    ("when", "serving", "read_again"),
    [("amid", "fake", True), ("before", "fake", False), ("after", "big", False)],
)
def test_a_kill_leaves_one_of_the_two(
    models: LibraryModels,
    photos: Path,
    decoders: Decoders,
    when: str,
    serving: str,
    read_again: bool,
) -> None:
    write_photos(photos, 3 * BATCH)
    indexed(models, decoders)
    models.choose("big")
    command = [sys.executable, "-c", CHILD, str(models.library.folder), when]
    assert subprocess.run(command, check=False, timeout=100).returncode == 9
    later = LibraryModels(models.library, Zoo())
    assert later.serving.info.name == serving
    assert finds_red(later)
    encoder = later.coming
    if encoder is not None:
        caught_up(later, decoders)
        assert isinstance(encoder, FakeEncoder)
        assert bool([kind for kind, _ in encoder.calls if kind == "pixels"]) == read_again
    assert later.serving.info.name == "big"
    assert later.library.vectors(later.serving.info).verify() == 0
    assert finds_red(later)
