"""The second stage of indexing: photos go to the model in a thread of its own, vectors come back."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from photoclip.library.encoder import Encoder, FileEncoder

BATCH = 64
LOOK_AHEAD = 2 * BATCH
"""Photos whose vectors are still to come at which decoding pauses: 20 MB of pixels."""
GATHER = 4
"""Photos worth waiting for: one alone costs a third more, since the weights are read for it alone."""
GATHER_SECONDS = 0.2
JOIN_SECONDS = 1.0


@dataclass(frozen=True)
class Embedded:
    """Content hashes and their unit vectors, float32 [N, D]; `declined` are those of files to decode here."""

    hashes: list[bytes]
    vectors: NDArray[np.float32]
    declined: list[bytes] = field(default_factory=list)


@dataclass(frozen=True)
class _Batch:
    """Hashes with pixels, or with the paths of files that the model's process reads itself."""

    photos: dict[bytes, bytes]
    are_files: bool


class Embedding:
    """Feeds an encoder. Used from one thread, which never waits for the model.

    Whenever the model is free it gets all that waits: a few photos while it is the quicker stage, large
    batches while it is the slower one. For the few it waits a moment, unless `hurry` says that none come.
    A model that decodes files itself gets those in turn with pixels.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._waiting: dict[bytes, bytes] = {}  # hash -> pixels
        self._files: dict[bytes, bytes] = {}  # hash -> path
        self._files_turn = True
        self._handed = 0
        self._changed = threading.Condition()
        self._closed = False
        self._hurried = False
        self._answers: queue.SimpleQueue[Embedded | Exception] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self.alive = True
        """False once the model has failed."""

    @property
    def pending(self) -> int:
        """Photos whose vectors are still to come."""
        with self._changed:
            return len(self._waiting) + len(self._files) + self._handed if self.alive else 0

    @property
    def full(self) -> bool:
        """Whether to pause decoding."""
        with self._changed:
            return self.alive and len(self._waiting) + self._handed >= LOOK_AHEAD

    @property
    def wants_files(self) -> bool:
        """Whether the model decodes files itself and few are waiting for it."""
        takes = isinstance(self._encoder, FileEncoder) and self._encoder.takes_files
        return takes and self.alive and len(self._files) < BATCH

    def add(self, hash: bytes, pixels: bytes) -> None:
        """Take one photo, uint8 [S, S, 3] as bytes; in vain once the model has failed."""
        self._add(self._waiting, hash, pixels)

    def add_file(self, hash: bytes, path: bytes) -> None:
        """Take one JPEG file with that content for the model to decode; in vain once the model has failed."""
        self._add(self._files, hash, path)

    def _add(self, waiting: dict[bytes, bytes], hash: bytes, photo: bytes) -> None:
        with self._changed:
            if not self.alive:
                return
            waiting[hash] = photo
            self._hurried = False
            self._changed.notify()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="photoclip-embedding", daemon=True)
            self._thread.start()

    def hurry(self) -> None:
        """No more photos come for now."""
        with self._changed:
            self._hurried = True
            self._changed.notify()

    def ready(self, timeout: float = 0.0) -> Iterator[Embedded]:
        """The vectors that have come; waits up to `timeout` for the first.

        Raises what the model raised; after that this is of no use any more.
        """
        while True:
            try:
                answer = self._answers.get(timeout=timeout) if timeout else self._answers.get_nowait()
            except queue.Empty:
                return
            timeout = 0.0
            if isinstance(answer, Exception):
                raise answer
            with self._changed:
                self._handed -= len(answer.hashes) + len(answer.declined)
            yield answer

    def close(self) -> None:
        """End the thread; one that waits for a model still loading ends as soon as that answers."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(JOIN_SECONDS)

    def _run(self) -> None:
        while batch := self._next_batch():
            try:
                self._answers.put(self._embed(batch))
            except Exception as error:  # raised again, by `ready`, in the thread that feeds us
                self._answers.put(error)
                with self._changed:
                    self.alive = False
                return

    def _next_batch(self) -> _Batch | None:
        """All that waits, up to BATCH; None when closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._waiting or self._files)
            self._changed.wait_for(
                lambda: self._closed or self._hurried or self._files or len(self._waiting) >= GATHER,
                GATHER_SECONDS,
            )
            if self._closed:
                return None
            are_files = bool(self._files) and (self._files_turn or not self._waiting)
            self._files_turn = not are_files
            source = self._files if are_files else self._waiting
            hashes = list(source)[:BATCH]
            self._handed += len(hashes)
            return _Batch({hash: source.pop(hash) for hash in hashes}, are_files)

    def _embed(self, batch: _Batch) -> Embedded:
        hashes = list(batch.photos)
        if batch.are_files:
            assert isinstance(self._encoder, FileEncoder)
            taken = self._encoder.encode_files([(path, hash) for hash, path in batch.photos.items()])
            done = [hashes[place] for place in taken.places]
            return Embedded(done, taken.vectors, [hash for hash in hashes if hash not in done])
        size = self._encoder.info.pixel_spec.size
        pixels = np.frombuffer(b"".join(batch.photos.values()), np.uint8)
        return Embedded(hashes, self._encoder.encode_pixels(pixels.reshape(-1, size, size, 3)))
