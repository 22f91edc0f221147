"""Means over the stored vectors, kept up to date as vectors are added: a search pays for itself only.

Of very many vectors an evenly spaced sample stands for all: of a million, all would take seconds.
"""

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
SAMPLED = 20_000
"""Rows that a mean is of, at most, and at least half as many. A mean over so many is off by under a hundredth
of what the rows differ by among themselves."""


def are_unit(vectors: NDArray[np.floating[Any]]) -> NDArray[np.bool_]:
    """Which rows [N] of `vectors` are unit vectors, as all are unless the file they lie in was damaged."""
    whole = vectors.astype(np.float32, copy=False)
    with np.errstate(invalid="ignore", over="ignore"):
        return np.asarray(np.abs(np.einsum("nd,nd->n", whole, whole) - 1) <= 2 * ROUNDING)


class RunningMean:
    """The mean of one measure over a matrix that grows; safe to use from any thread.

    Every row counts, or of more than `SAMPLED` every second, fourth, eighth …: which ones depends on their
    number alone. Damaged rows do not count: one NaN among them would be the mean of all.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sum: NDArray[np.float64] = np.zeros(0)
        self._step = 1  # from one row that counts to the next
        self._count = 0  # rows there were
        self._sound = 0  # rows that count
        self._last: Half = np.empty(0, np.float16)

    def over(self, matrix: Half, measure: Measure) -> NDArray[np.float64]:
        """The mean over `matrix` [M, D], M > 0; `measure` is called for rows that have not counted yet.

        When the distance between rows doubles, the half that still counts is measured anew.
        """
        with self._lock:
            step = _step(len(matrix))
            if step != self._step or not self._has_only_grown(matrix):
                nothing = measure(np.zeros((1, matrix.shape[1]), np.float32))
                self._sum, self._count, self._sound = np.zeros_like(nothing[0], np.float64), 0, 0
                self._step = step
            first = -(-self._count // step) * step
            for half in _parts(matrix[first::step]):
                part = half.astype(np.float32)
                sound = are_unit(part)
                counted = part if sound.all() else part[sound]
                self._sum = self._sum + measure(counted).sum(axis=0, dtype=np.float64)
                self._sound += len(counted)
            self._count = len(matrix)
            self._last = np.array(matrix[-1])
            return np.asarray(self._sum / max(1, self._sound))

    def _has_only_grown(self, matrix: Half) -> bool:
        """Stores append; one that was damaged begins anew, and what was derived from it is void."""
        if not 0 < self._count <= len(matrix):
            return False
        return np.array_equal(matrix[self._count - 1], self._last, equal_nan=True)


def _step(rows: int) -> int:
    """The least power of two that leaves no more than `SAMPLED` of the rows."""
    return 1 << (-(-rows // SAMPLED) - 1).bit_length()


def _parts(matrix: Half) -> Iterator[Half]:
    return (matrix[start : start + ROWS_AT_A_TIME] for start in range(0, len(matrix), ROWS_AT_A_TIME))
