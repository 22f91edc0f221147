"""Cosines between stored vectors, in half precision, and vectors in hand.

SimSIMD multiplies half precision where it lies, as fast as NumPy does float32 of twice the size; NumPy itself
would be ten times slower. Halves of unit vectors put a cosine wrong by less than 0.0005.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Half = NDArray[np.float16]
Vectors = NDArray[np.float32]
Cosines = NDArray[np.float32]
Rows = NDArray[np.int64]

ROWS_AT_A_TIME = 65_536
"""Rows compared between two calls of `between`: 10 ms at a dimension of 512."""


def cosines(stored: Half, vectors: Vectors, between: Callable[[], None] = lambda: None) -> Cosines:
    """The cosine of each of the unit rows `stored` [N, D] to each of `vectors` [K, D]: float32 [N, K].

    `between` is called every now and then, and may raise to end it.
    """
    found = np.empty((len(stored), len(vectors)), np.float32)
    wanted = np.ascontiguousarray(vectors, np.float16)
    for start in range(0, len(stored), ROWS_AT_A_TIME):
        between()
        part = slice(start, start + ROWS_AT_A_TIME)
        found[part] = dots(stored[part], wanted)
    return found


def cosines_of(
    stored: Half, rows: Rows, vectors: Vectors, between: Callable[[], None] = lambda: None
) -> Cosines:
    """`cosines` of these `rows` [N] alone. Few rows are picked out, many are compared with all the rest."""
    if len(rows) * 4 < len(stored):
        return cosines(stored[rows], vectors, between)
    return cosines(stored, vectors, between)[rows]


def dots(rows: NDArray[Any], vectors: NDArray[Any]) -> Cosines:
    """Dot products, float32 [N, K], of rows [N, D] and vectors [K, D] of one type, on all cores."""
    import simsimd

    if not len(rows) or not len(vectors):
        return np.empty((len(rows), len(vectors)), np.float32)
    found = simsimd.cdist(np.ascontiguousarray(rows), vectors, metric="dot", threads=0, out_dtype="f32")
    return np.asarray(found, np.float32).reshape(len(rows), len(vectors))
