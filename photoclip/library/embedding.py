"""The second stage of indexing: pixels go to the model in a thread of its own, vectors come back."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from photoclip.library.encoder import Encoder

BATCH = 64
LOOK_AHEAD = 2 * BATCH
"""Photos whose vectors are still to come at which decoding pauses: 20 MB of pixels."""
GATHER = 4
"""Photos worth waiting for: one alone costs a third more, since the weights are read for it alone."""
GATHER_SECONDS = 0.2
JOIN_SECONDS = 1.0


@dataclass(frozen=True)
class Embedded:
    """Content hashes and their unit vectors, float32 [N, D]."""

    hashes: list[bytes]
    vectors: NDArray[np.float32]


class Embedding:
    """Feeds an encoder. Used from one thread, which never waits for the model.

    Whenever the model is free it gets all that waits: a few photos while it is the quicker stage, large
    batches while it is the slower one. For the few it waits a moment, unless `hurry` says that none come.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._waiting: dict[bytes, bytes] = {}  # hash -> pixels
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
            return len(self._waiting) + self._handed if self.alive else 0

    @property
    def full(self) -> bool:
        return self.pending >= LOOK_AHEAD

    def add(self, hash: bytes, pixels: bytes) -> None:
        """Take one photo, uint8 [S, S, 3] as bytes; in vain once the model has failed."""
        with self._changed:
            if not self.alive:
                return
            self._waiting[hash] = pixels
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
                self._handed -= len(answer.hashes)
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

    def _next_batch(self) -> list[tuple[bytes, bytes]]:
        """All that waits, up to BATCH; empty when closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._waiting)
            self._changed.wait_for(
                lambda: self._closed or self._hurried or len(self._waiting) >= GATHER, GATHER_SECONDS
            )
            if self._closed:
                return []
            hashes = list(self._waiting)[:BATCH]
            self._handed += len(hashes)
            return [(hash, self._waiting.pop(hash)) for hash in hashes]

    def _embed(self, batch: list[tuple[bytes, bytes]]) -> Embedded:
        size = self._encoder.info.pixel_spec.size
        pixels = np.frombuffer(b"".join(pixels for _, pixels in batch), np.uint8)
        vectors = self._encoder.encode_pixels(pixels.reshape(-1, size, size, 3))
        return Embedded([hash for hash, _ in batch], vectors)
