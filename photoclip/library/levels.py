"""Means over all stored vectors, kept up to date as vectors are added: a search pays for itself only."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photoclip.library.cosines import Half

Measure = Callable[[NDArray[np.float32]], NDArray[np.float32]]  # [N, D] -> [N] or [N, D]: what the mean is of

ROUNDING = 0.01  # how far a sound vector's length may be from 1; models may work in half precision
ROWS_AT_A_TIME = 16_384  # 34 MB of vectors at a dimension of 512


def are_unit(vectors: NDArray[np.floating[Any]]) -> NDArray[np.bool_]:
    """Which rows [N] of `vectors` are unit vectors, as all are unless the file they lie in was damaged."""
    whole = vectors.astype(np.float32, copy=False)
    with np.errstate(invalid="ignore", over="ignore"):
        return np.asarray(np.abs(np.einsum("nd,nd->n", whole, whole) - 1) <= 2 * ROUNDING)


class RunningMean:
    """The mean of one measure over a matrix that grows; safe to use from any thread.

    Damaged rows do not count: one NaN among them would be the mean of all.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sum: NDArray[np.float64] = np.zeros(0)
        self._count = 0  # rows looked at
        self._sound = 0  # rows that count
        self._last: Half = np.empty(0, np.float16)

    def over(self, matrix: Half, measure: Measure) -> NDArray[np.float64]:
        """The mean over the rows of `matrix` [M, D], M > 0; `measure` is called for new rows only."""
        with self._lock:
            if not self._has_only_grown(matrix):
                nothing = measure(np.zeros((1, matrix.shape[1]), np.float32))
                self._sum, self._count, self._sound = np.zeros_like(nothing[0], np.float64), 0, 0
            for half in _parts(matrix[self._count :]):
                part = half.astype(np.float32)
                sound = are_unit(part)
                counted = part if sound.all() else part[sound]
                self._sum = self._sum + measure(counted).sum(axis=0, dtype=np.float64)
                self._count += len(part)
                self._sound += len(counted)
            self._last = np.array(matrix[-1])
            return np.asarray(self._sum / max(1, self._sound))

    def _has_only_grown(self, matrix: Half) -> bool:
        """Stores append; one that was damaged begins anew, and what was derived from it is void."""
        if not 0 < self._count <= len(matrix):
            return False
        return np.array_equal(matrix[self._count - 1], self._last, equal_nan=True)


def _parts(matrix: Half) -> Iterator[Half]:
    return (matrix[start : start + ROWS_AT_A_TIME] for start in range(0, len(matrix), ROWS_AT_A_TIME))
