"""A model that decodes gets files where only vectors are missing, and none is lost by that."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import xxhash
from numpy.typing import NDArray
from PIL import Image

from photoclip.library.decoding import AHEAD, Decoders
from photoclip.library.encoder import Encoder, EncoderProcess
from photoclip.library.ingest import fill
from photoclip.library.library import Library
from photoclip.library.pending import JPEG_LIMIT, readable
from photoclip.library.progress import Progress
from photoclip.library.serving import Taken
from photoclip.library.vectors import VectorStore
from tests.library.fakes import FAKE_INFO, DecodingModel, FakeEncoder, another
from tests.library.ingest.ingest_helpers import run, settled
from tests.library.pictures import jpeg, picture, write_photos

COUNT = 40
BIG = another("big").info


class FileReader(DecodingModel):
    """An encoder in this process that takes files and notes which; beyond `stops_at` it takes none."""

    def __init__(self, stops_at: int = 1000) -> None:
        super().__init__(BIG, turn=5)
        self.takes_files = True
        self.stops_at = stops_at
        self.paths: list[bytes] = []

    def encode_files(self, files: Sequence[tuple[bytes, bytes]]) -> Taken:
        self.paths += [path for path, _ in files]
        data = [Path(path.decode()).read_bytes() for path, _ in files]
        same = [at for at, (_, hash) in enumerate(files) if xxhash.xxh3_128_digest(data[at]) == hash]
        if len(self.paths) > self.stops_at:
            self.takes_files, same = False, []
        vectors, places = self.encode_jpegs([data[at] for at in same])
        return Taken([same[at] for at in places], vectors)


def filled(library: Library, encoder: Encoder, decoders: Decoders) -> Progress:
    *_, last = fill(library, encoder, decoders=decoders)
    assert last.phase == "done"
    return last


def by_hash(store: VectorStore) -> dict[bytes, NDArray[np.float32]]:
    hashes = [bytes(key) for key in store.keys()]  # noqa: SIM118  (no dictionary)
    return dict(zip(hashes, store.matrix(), strict=True))


def assert_as_by_the_decode_processes(library: Library, decoders: Decoders) -> None:
    """The vectors that are there are those of a model that takes no files."""
    plain = FakeEncoder(another("plain").info, turn=5)
    filled(library, plain, decoders)
    found, expected = by_hash(library.vectors(BIG)), by_hash(library.vectors(plain.info))
    assert found.keys() == expected.keys()
    assert all(np.allclose(found[key], expected[key], atol=1e-6) for key in found)


@pytest.fixture
def known(library: Library, photos: Path, decoders: Decoders) -> list[Path]:
    """Photos of which only this model's vectors are missing."""
    paths = write_photos(photos, COUNT)
    run(library, decoders)
    return paths


def test_it_gets_what_the_decode_processes_do_not_come_to(
    library: Library, known: list[Path], decoders: Decoders
) -> None:
    encoder = FileReader()
    done = filled(library, encoder, decoders)
    assert (done.done, done.total, done.embedded, done.failed) == (COUNT, COUNT, COUNT, ())
    assert len(encoder.paths) >= COUNT - 2 * AHEAD
    assert sum(count for kind, count in encoder.calls if kind == "pixels") == COUNT - len(encoder.paths)
    assert_as_by_the_decode_processes(library, decoders)


def test_photos_that_are_new_are_not_lent(library: Library, photos: Path, decoders: Decoders) -> None:
    write_photos(photos, COUNT)
    encoder = FileReader()
    assert run(library, decoders, encoder=encoder).embedded == COUNT
    assert encoder.paths == []


def test_what_it_declines_is_decoded_here(library: Library, photos: Path, decoders: Decoders) -> None:
    photos_of_all_kinds(photos)
    run(library, decoders)
    encoder = FileReader()
    count = len(list(photos.iterdir()))
    done = filled(library, encoder, decoders)
    assert (done.done, done.embedded, done.failed) == (count, count, ())
    names = {Path(path.decode()).suffix for path in encoder.paths}
    assert names == {".jpg"}
    assert any(b"grey" in path for path in encoder.paths)  # declined
    assert not any(b"cut" in path for path in encoder.paths)  # not even lent
    assert_as_by_the_decode_processes(library, decoders)


def photos_of_all_kinds(folder: Path) -> None:
    write_photos(folder, COUNT)
    for number in range(4):
        grey = picture("green", number).convert("L")
        grey.save(folder / f"z-grey-{number}.jpg")
        Image.merge("RGB", (grey, grey, grey)).rotate(number).save(folder / f"z-{number}.png")
        whole = jpeg("green", 90 + number)
        (folder / f"z-cut-{number}.jpg").write_bytes(whole[: len(whole) * 2 // 3])
        settled(folder / f"z-cut-{number}.jpg")


def test_a_file_that_has_changed_or_is_gone_is_left_to_index(
    library: Library, known: list[Path], decoders: Decoders
) -> None:
    known[-1].write_bytes(jpeg("purple", 99))
    known[-2].rename(known[-2].with_suffix(".away"))
    (known[-2]).write_bytes(b"")
    done = filled(library, FileReader(), decoders)
    assert done.embedded == COUNT - 2
    assert run(library, decoders, encoder=FileReader()).changed == 1


def test_a_model_that_takes_no_more_costs_nothing_but_time(
    library: Library, known: list[Path], decoders: Decoders
) -> None:
    encoder = FileReader(stops_at=0)
    assert filled(library, encoder, decoders).embedded == COUNT
    assert encoder.paths
    assert "files" not in {kind for kind, count in encoder.calls if count}
    assert_as_by_the_decode_processes(library, decoders)


def test_stopped_in_the_middle_the_next_run_goes_on(
    library: Library, known: list[Path], decoders: Decoders
) -> None:
    stop = threading.Event()
    for _ in fill(library, FileReader(), decoders=decoders, stop=stop):
        stop.set()
    kept = len(library.vectors(BIG))
    assert kept < COUNT
    assert filled(library, FileReader(), decoders).embedded == COUNT - kept


class DiesOverRed(DecodingModel):
    """In the model's process: every eighth photo is red."""

    def __init__(self) -> None:
        super().__init__(BIG, turn=5)

    def encode_jpegs(self, files: Sequence[bytes]) -> tuple[NDArray[np.float32], list[int]]:
        vectors, places = super().encode_jpegs(files)
        if ((vectors @ self.encode_texts(["red"])[0]) > 0.98).any():
            raise RuntimeError("an illegal memory access was encountered")
        return vectors, places


@pytest.fixture
def dying() -> Iterator[EncoderProcess]:
    with closing(EncoderProcess(BIG, DiesOverRed)) as encoder:
        encoder.warm_up()
        yield encoder


def test_a_process_that_dies_over_files_loses_none(
    library: Library, known: list[Path], decoders: Decoders, dying: EncoderProcess
) -> None:
    assert dying.takes_files
    assert filled(library, dying, decoders).embedded == COUNT
    assert not dying.takes_files
    assert_as_by_the_decode_processes(library, decoders)


def test_what_may_be_lent(library: Library, photos: Path, decoders: Decoders) -> None:
    photos_of_all_kinds(photos)
    run(library, decoders)
    with library.catalog.write() as connection:
        connection.execute(
            "UPDATE content SET bytes = ? WHERE id IN (SELECT content_id FROM file WHERE path = ?)",
            (JPEG_LIMIT + 1, bytes(photos / "000.jpg")),
        )
    lent = {wanted.path for rows in readable(library.catalog).values() for wanted in rows if wanted.jpeg}
    assert lent == {
        bytes(path) for path in photos.glob("*.jpg") if "cut" not in path.name and path.name != "000.jpg"
    }
    assert FAKE_INFO.key != BIG.key
