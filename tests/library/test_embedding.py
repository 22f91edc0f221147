"""The stage between decoding and the stored vectors."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from photoclip.errors import ModelError
from photoclip.library import embedding as embedding_module
from photoclip.library.embedding import BATCH, GATHER, LOOK_AHEAD, Embedded, Embedding
from photoclip.library.serving import Taken
from tests.library.fakes import FakeEncoder, plain


class Stepwise(FakeEncoder):
    """Encodes a batch whenever it is let to; fails from batch `fail_at` on."""

    def __init__(self, fail_at: int = 1000) -> None:
        super().__init__()
        self.go = threading.Semaphore(0)
        self.began = threading.Semaphore(0)
        self.fail_at = fail_at
        self.batches: list[int] = []

    def encode_pixels(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        self.batches.append(len(pixels))
        self.began.release()
        assert self.go.acquire(timeout=10)
        if len(self.batches) >= self.fail_at:
            raise ModelError("The model broke.")
        return super().encode_pixels(pixels)


@pytest.fixture
def pixels() -> bytes:
    return plain("red").tobytes()


def drain(embedding: Embedding, found: list[bytes]) -> None:
    """Everything that comes, also what failed."""
    for _ in range(2):
        for done in embedding.ready(5.0):
            found += done.hashes


def taken(embedding: Embedding) -> Iterator[Embedded]:
    """What comes until nothing is pending."""
    while embedding.pending:
        yield from embedding.ready(1.0)


def test_whenever_the_model_is_free_it_gets_all_that_waits(pixels: bytes) -> None:
    encoder = Stepwise()
    embedding = Embedding(encoder)
    embedding.add(b"first", pixels)
    assert encoder.began.acquire(timeout=10)
    for number in range(LOOK_AHEAD - 1):
        assert not embedding.full
        embedding.add(b"%d" % number, pixels)
    assert embedding.full
    for _ in range(10):
        encoder.go.release()
    found = [hash for done in taken(embedding) for hash in done.hashes]
    assert found == [b"first", *(b"%d" % number for number in range(LOOK_AHEAD - 1))]
    assert encoder.batches == [1, BATCH, BATCH - 1]
    embedding.close()


def test_a_free_model_waits_for_a_few_photos_unless_none_come(
    pixels: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedding_module, "GATHER_SECONDS", 60.0)
    encoder = Stepwise()
    embedding = Embedding(encoder)
    for _ in range(2):
        encoder.go.release()
    for number in range(GATHER):
        embedding.add(b"%d" % number, pixels)
    assert encoder.began.acquire(timeout=10)
    embedding.add(b"last", pixels)
    embedding.hurry()
    assert sum(len(done.hashes) for done in taken(embedding)) == GATHER + 1
    assert encoder.batches == [GATHER, 1]
    embedding.close()


def test_a_model_that_fails_is_told_once_and_nothing_stays_pending(pixels: bytes) -> None:
    encoder = Stepwise(fail_at=2)
    embedding = Embedding(encoder)
    embedding.add(b"good", pixels)
    assert encoder.began.acquire(timeout=10)
    embedding.add(b"lost", pixels)
    for _ in range(2):
        encoder.go.release()
    found: list[bytes] = []
    with pytest.raises(ModelError, match="broke"):
        drain(embedding, found)
    assert found == [b"good"]
    embedding.close()
    assert not embedding.alive
    embedding.add(b"in vain", pixels)
    assert embedding.pending == 0
    assert list(embedding.ready()) == []


class StepwiseDecoder(Stepwise):
    """Takes files as well, those with an even number; a batch of them is noted as a negative count."""

    takes_files = True

    def encode_files(self, files: Sequence[tuple[bytes, bytes]]) -> Taken:
        self.batches.append(-len(files))
        self.began.release()
        assert self.go.acquire(timeout=10)
        places = [place for place, (path, _) in enumerate(files) if int(path) % 2 == 0]
        return Taken(places, np.zeros((len(places), self.info.dim), np.float32))


def test_files_and_pixels_take_turns(pixels: bytes) -> None:
    encoder = StepwiseDecoder()
    embedding = Embedding(encoder)
    embedding.add_file(b"f0", b"0")
    assert encoder.began.acquire(timeout=10)
    for number in range(1, BATCH + 1):
        assert embedding.wants_files
        embedding.add_file(b"f%d" % number, b"%d" % number)
    assert not embedding.wants_files  # enough for now
    for number in range(LOOK_AHEAD - 1):
        assert not embedding.full
        embedding.add(b"p%d" % number, pixels)
    assert embedding.full
    assert embedding.pending == BATCH + LOOK_AHEAD
    for _ in range(10):
        encoder.go.release()
    done = list(taken(embedding))
    assert encoder.batches == [-1, BATCH, -BATCH, BATCH - 1]
    declined = {hash for each in done for hash in each.declined}
    assert declined == {b"f%d" % number for number in range(1, BATCH + 1, 2)}
    hashes = [hash for each in done for hash in each.hashes]
    assert len(set(hashes)) == len(hashes) == BATCH + LOOK_AHEAD - len(declined)
    assert not declined & set(hashes)
    embedding.close()


def test_only_a_model_that_decodes_wants_files() -> None:
    encoder = StepwiseDecoder()
    encoder.takes_files = False
    assert not Embedding(FakeEncoder()).wants_files
    assert not Embedding(encoder).wants_files


def test_a_model_that_fails_wants_no_files(pixels: bytes) -> None:
    encoder = StepwiseDecoder(fail_at=1)
    embedding = Embedding(encoder)
    embedding.add(b"lost", pixels)
    encoder.go.release()
    with pytest.raises(ModelError, match="broke"):
        drain(embedding, [])
    assert not embedding.wants_files
    embedding.add_file(b"in vain", b"0")
    assert embedding.pending == 0
    embedding.close()
