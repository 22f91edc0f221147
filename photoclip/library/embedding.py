"""The second stage of indexing: batches of pixels go to the model in a thread, vectors come back."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from photoclip.library.encoder import IMAGE_BATCH, Encoder

LOOK_AHEAD = 3 * IMAGE_BATCH
"""Photos waiting for the model at which decoding pauses."""
JOIN_SECONDS = 1.0
PATIENCE = 0.4
"""Seconds after which a batch goes to an idle model however small it is."""


@dataclass(frozen=True)
class Embedded:
    """Content hashes and their unit vectors, float32 [N, D]."""

    hashes: list[bytes]
    vectors: NDArray[np.float32]


class Embedding:
    """Feeds an encoder from a thread of its own. Used from one thread, which never waits for the model."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._waiting: dict[bytes, bytes] = {}  # hash -> pixels, not yet handed over
        self._since = 0.0
        self._handed = 0
        self._batches: queue.SimpleQueue[list[tuple[bytes, bytes]] | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[Embedded | Exception] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._stopped = threading.Event()
        self._failed = False

    @property
    def pending(self) -> int:
        """Photos whose vectors are still to come."""
        return len(self._waiting) + self._handed

    @property
    def full(self) -> bool:
        return self.pending >= LOOK_AHEAD

    @property
    def alive(self) -> bool:
        """False once the model has failed."""
        return not self._failed

    def add(self, hash: bytes, pixels: bytes) -> None:
        """Take one photo; full batches go to the model at once."""
        if not self._waiting:
            self._since = time.monotonic()
        self._waiting[hash] = pixels
        if len(self._waiting) >= IMAGE_BATCH:
            self.flush()

    def flush(self, *, now: bool = False) -> None:
        """Send a full batch, or what is waiting for long (or `now`) while the model has nothing to do."""
        late = now or time.monotonic() - self._since >= PATIENCE
        if not self._waiting or (len(self._waiting) < IMAGE_BATCH and (self._handed or not late)):
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="photoclip-embedding", daemon=True)
            self._thread.start()
        batch = list(self._waiting.items())
        self._waiting.clear()
        self._handed += len(batch)
        self._batches.put(batch)

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
                self._handed = 0
                self._waiting.clear()
                self._failed = True
                raise answer
            self._handed -= len(answer.hashes)
            yield answer

    def close(self) -> None:
        """End the thread; one that waits for a model still loading ends as soon as that answers."""
        self._stopped.set()
        self._batches.put(None)
        if self._thread is not None:
            self._thread.join(JOIN_SECONDS)

    def _run(self) -> None:
        while (batch := self._batches.get()) is not None and not self._stopped.is_set():
            try:
                self._answers.put(self._embed(batch))
            except Exception as error:  # raised again, by `ready`, in the thread that feeds us
                self._answers.put(error)
                return

    def _embed(self, batch: list[tuple[bytes, bytes]]) -> Embedded:
        size = self._encoder.info.pixel_spec.size
        pixels = np.frombuffer(b"".join(p for _, p in batch), np.uint8).reshape(-1, size, size, 3)
        return Embedded([hash for hash, _ in batch], self._encoder.encode_pixels(pixels))
