"""What is known of the stored vectors before any query. Kept up to date as vectors are added."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from photoclip.library import relevance

Vectors = NDArray[np.float32]

ROWS_AT_A_TIME = 16_384  # 34 MB of vectors at a dimension of 512


class Growing:
    """Notices whether a matrix of vectors has only grown since it was looked at last.

    Stores append; one that was damaged and set aside begins anew, and what was derived from it is void.
    """

    def __init__(self) -> None:
        self._last: Vectors = np.empty(0, np.float32)

    def start(self, matrix: Vectors, done: int) -> int:
        """From which row on there is something new, given that `done` rows were dealt with: `done` or 0."""
        intact = done and done <= len(matrix) and np.array_equal(matrix[done - 1], self._last)
        if len(matrix):
            self._last = np.array(matrix[-1])
        return done if intact else 0


class Levels:
    """What is known of every stored vector before any query: its odds of being just any picture.

    Filled as vectors are added, so that a search only pays for itself.
    """

    def __init__(self, logit_scale: float) -> None:
        self._logit_scale = logit_scale
        self._lock = threading.Lock()
        self._growing = Growing()
        self._levels = np.empty(0, np.float32)

    def of(self, matrix: Vectors, background: Vectors) -> relevance.Odds:
        """[M] for the rows of `matrix` [M, D]."""
        with self._lock:
            known = self._growing.start(matrix, len(self._levels))
            if known < len(matrix) or not known:
                new = [
                    relevance.background_level(part @ background.T, self._logit_scale)
                    for part in _parts(matrix[known:])
                ]
                self._levels = np.concatenate([self._levels[:known], *new])
            return self._levels


class Average:
    """The running mean of the stored vectors."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._growing = Growing()
        self._count = 0
        self._sum: NDArray[np.float64] = np.zeros(0)

    def cosines(self, matrix: Vectors, vectors: Vectors) -> NDArray[np.float64]:
        """The mean cosine of each of `vectors` [K, D] to the rows of `matrix`: [K]."""
        with self._lock:
            known = self._growing.start(matrix, self._count)
            if not known:
                self._sum = np.zeros(matrix.shape[1])
            for part in _parts(matrix[known:]):
                self._sum += part.sum(axis=0, dtype=np.float64)
            self._count = len(matrix)
            return np.asarray(vectors @ self._sum / max(self._count, 1), dtype=np.float64)


def _parts(matrix: Vectors) -> Iterator[Vectors]:
    return (matrix[start : start + ROWS_AT_A_TIME] for start in range(0, len(matrix), ROWS_AT_A_TIME))
