"""A sketch of every vector, small enough that all of a million are looked at in some milliseconds.

Where there are very many vectors, a graph's few hundred candidates of few directions miss most of the nearest
(of 1,000,000 in 128 directions: two fifths), and whole vectors take a tenth of a second to compare. So each
is kept once more in the main directions of all, in one byte for each: a fifth of its size. The cosines these
give are estimates, for choosing what to compare exactly. Nothing is stored; a sketch is made in the
background, a million in some seconds, and everything is compared exactly until it is there.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from photoclip.library.cosines import Cosines, Half, Vectors, cosines, dots
from photoclip.library.polite import PoliteThread
from photoclip.library.projection import Projection, sample_of
from photoclip.library.vectors import VectorStore

SKETCHED_FROM = 200_000
"""Vectors; fewer are compared exactly in 20 ms."""
# Measured on 1,000,000 vectors of 512 with the covariance of CLIP's: of the 50 nearest, 0.99 are among the
# 10,000 that look nearest.
DIRECTIONS = 192
_LEVELS = 127
_ROWS_AT_A_TIME = 8_192
_STALE = 2.0
"""Grown by this factor, the main directions are looked for anew."""

Bytes = NDArray[np.int8]
Columns = dict[bytes, Cosines]  # [count] by the bytes of the vector


@dataclass(frozen=True, eq=False)
class _Drawn:
    """The sketch of the first `count` rows; the room behind them may be written to."""

    projection: Projection
    step: float  # what 1 stands for
    room: Bytes  # [room, d]
    count: int
    first: int  # the rows there were when the directions were chosen
    last: NDArray[np.float16]  # the last of the rows, which tells whether the store has begun anew

    def fits(self, matrix: Half) -> bool:
        """Whether these are still the first rows of `matrix`."""
        return self.count <= len(matrix) and np.array_equal(matrix[self.count - 1], self.last, equal_nan=True)


class Sketch:
    """Estimates of cosines to all vectors of a store. Thread-safe; looks go on while rows are added."""

    def __init__(self, store: VectorStore, *, sketched_from: int = SKETCHED_FROM) -> None:
        self._store = store
        self._sketched_from = sketched_from
        self._drawn: _Drawn | None = None
        self._before: tuple[_Drawn, Columns] | None = None  # what the search before asked for
        self._updating = threading.Lock()
        self._closed = threading.Event()
        self._thread = PoliteThread("photoclip-sketch", self.update)

    def cosines(self, matrix: Half, vectors: Vectors) -> Cosines | None:
        """Estimates for every row of `matrix` [M, D] to `vectors` [K, D]: [M, K]; exact for newest rows.

        None where there is no sketch: of few vectors, or not yet. The first call begins one.
        """
        if len(matrix) < self._sketched_from:
            return None
        drawn = self._drawn
        if drawn is None or drawn.count < len(matrix):
            self._thread.start()
        if drawn is None or not drawn.fits(matrix) or len(matrix) - drawn.count > self._sketched_from:
            return None
        found = np.empty((len(matrix), len(vectors)), np.float32)
        for at, column in enumerate(self._estimates(drawn, vectors)):
            found[: drawn.count, at] = column
        found[drawn.count :] = cosines(matrix[drawn.count :], vectors)
        return found

    def update(self) -> None:
        """Draw what is not drawn yet. Ends early when closed."""
        with self._updating:
            self._store.refresh()
            matrix = self._store.matrix()
            drawn = self._drawn
            if len(matrix) < self._sketched_from:
                return
            if drawn is None or not drawn.fits(matrix) or len(matrix) > _STALE * drawn.first:
                drawn = _begun(matrix)
            while drawn.count < len(matrix) and not self._closed.is_set():
                drawn = _grown(drawn, matrix)
            if not self._closed.is_set():
                self._drawn = drawn

    def close(self) -> None:
        """Stop and join."""
        self._closed.set()
        self._thread.join()
        self._drawn = self._before = None

    def _estimates(self, drawn: _Drawn, vectors: Vectors) -> list[Cosines]:
        """[count] for each vector. What the search before asked for too is kept: every one asks for generic
        prompts beside its own words.
        """
        before = self._before
        known = before[1] if before is not None and before[0] is drawn else {}
        keys = [vector.tobytes() for vector in vectors]
        new = [at for at, key in enumerate(keys) if key not in known]
        made = _estimated(drawn, vectors[new])
        known = known | {
            keys[at]: np.ascontiguousarray(column) for at, column in zip(new, made.T, strict=True)
        }
        self._before = drawn, {key: known[key] for key in keys}
        return [known[key] for key in keys]


def _begun(matrix: Half) -> _Drawn:
    projection = Projection.of(matrix, DIRECTIONS)
    sample = projection(sample_of(matrix, _ROWS_AT_A_TIME))
    step = float(np.abs(sample).max(initial=0)) / _LEVELS or 1.0
    room = np.empty((0, projection.basis.shape[1]), np.int8)
    return _Drawn(projection, step, room, 0, len(matrix), matrix[-1])


def _grown(drawn: _Drawn, matrix: Half) -> _Drawn:
    """With the next rows; those drawn already stay where they are, for looks that go on meanwhile."""
    room = drawn.room
    if len(room) < len(matrix):
        room = np.empty((len(matrix) + len(matrix) // 8, drawn.room.shape[1]), np.int8)
        room[: drawn.count] = drawn.room[: drawn.count]
    end = min(drawn.count + _ROWS_AT_A_TIME, len(matrix))
    with np.errstate(invalid="ignore", over="ignore"):  # a damaged vector is found out when it is compared
        room[drawn.count : end] = _bytes(drawn.projection(matrix[drawn.count : end]), drawn.step)
    return _Drawn(drawn.projection, drawn.step, room, end, drawn.first, np.array(matrix[end - 1]))


def _estimated(drawn: _Drawn, vectors: Vectors) -> Cosines:
    """[count, K]: the mean's part is the same for all, the rest is what the bytes tell."""
    wanted = vectors @ drawn.projection.basis  # [K, d]
    steps = np.abs(wanted).max(axis=1) / _LEVELS + np.finfo(np.float32).tiny  # [K]
    found = dots(drawn.room[: drawn.count], _bytes(wanted, steps[:, None]))
    return np.asarray(found * (steps * drawn.step) + vectors @ drawn.projection.mean, np.float32)


def _bytes(values: Vectors, step: float | NDArray[np.float32]) -> Bytes:
    levels: Vectors = np.nan_to_num(np.rint(values / step)).clip(-_LEVELS, _LEVELS)
    return levels.astype(np.int8)
