"""Means over all stored vectors, kept up to date as vectors are added: a search pays for itself only."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Measure = Callable[[Vectors], NDArray[np.float32]]  # [N, D] -> [N] or [N, D]: what the mean is of

ROWS_AT_A_TIME = 16_384  # 34 MB of vectors at a dimension of 512


class RunningMean:
    """The mean of one measure over a matrix that grows; safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sum: NDArray[np.float64] = np.zeros(0)
        self._count = 0
        self._last: Vectors = np.empty(0, np.float32)

    def over(self, matrix: Vectors, measure: Measure) -> NDArray[np.float64]:
        """The mean over the rows of `matrix` [M, D], M > 0; `measure` is called for new rows only."""
        with self._lock:
            if not self._has_only_grown(matrix):
                self._sum, self._count = np.zeros(0), 0
            for part in _parts(matrix[self._count :]):
                total = measure(part).sum(axis=0, dtype=np.float64)
                self._sum = self._sum + total if self._count else np.asarray(total)
                self._count += len(part)
            self._last = np.array(matrix[-1])
            return self._sum / self._count

    def _has_only_grown(self, matrix: Vectors) -> bool:
        """Stores append; one that was damaged begins anew, and what was derived from it is void."""
        return 0 < self._count <= len(matrix) and np.array_equal(matrix[self._count - 1], self._last)


def _parts(matrix: Vectors) -> Iterator[Vectors]:
    return (matrix[start : start + ROWS_AT_A_TIME] for start in range(0, len(matrix), ROWS_AT_A_TIME))
