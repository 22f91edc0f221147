"""Cosines between the vectors of photos, and all pairs that are above one, without comparing all whole."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from photoclip.library import relevance
from photoclip.library.cosines import Half
from photoclip.library.duplicates.stars import Mask, Rows
from photoclip.library.levels import RunningMean, are_unit
from photoclip.library.projection import Projection

Floats = NDArray[np.float32]

DIRECTIONS = 64
_SLACK = 2e-3
"""Vectors in half precision are a little longer or shorter than 1."""
_PAIRS_AT_A_TIME = 16_384
_COLUMNS_AT_A_TIME = 2_048


def sound_rows(matrix: Half, rows: Rows) -> Rows:
    """`rows` [N], with -1 for those whose vector was damaged."""
    found = rows.copy()
    for start in range(0, len(rows), _PAIRS_AT_A_TIME):
        part = found[start : start + _PAIRS_AT_A_TIME]
        there = part >= 0
        part[there] = np.where(are_unit(matrix[part[there]]), part[there], -1)
    return found


def cosine_for(matrix: Half, nearness: float) -> float:
    """The cosine that is so near between what is usual in this library (0) and being the same (1).

    Cosines of different models cannot be compared, and how high they are between any two photos is a matter
    of the model. Small libraries are taken for usual ones, as in a search (`relevance.usual_cosine`).
    """
    average = RunningMean().over(matrix, lambda part: part) if len(matrix) else np.zeros(1)
    usual = relevance.usual_cosine(float(average @ average), len(matrix))
    return usual + nearness * (1 - usual)


def paired_cosines(matrix: Half, firsts: Rows, others: Rows) -> Floats:
    """The cosine of each pair of rows [P]; NaN where one is -1."""
    found = np.full(len(firsts), np.nan, np.float32)
    for start in range(0, len(firsts), _PAIRS_AT_A_TIME):
        part = slice(start, start + _PAIRS_AT_A_TIME)
        there = (firsts[part] >= 0) & (others[part] >= 0)
        one, other = (matrix[each[part][there]].astype(np.float32) for each in (firsts, others))
        found[part][there] = np.einsum("pd,pd->p", one, other)
    return found


class VectorIndex:
    """All vectors in few directions, and how long the rest of each is.

    Two vectors are at least as far apart as these are: so none is missed, and few are compared whole.
    """

    def __init__(self, matrix: Half, rows: Rows) -> None:
        """`rows` [N] are those of the photos' vectors, -1 where there is none; they are never found."""
        self._matrix, self._rows = matrix, rows
        self._there = rows >= 0
        projection = Projection.of(matrix, DIRECTIONS)
        short = np.zeros((len(rows), projection.basis.shape[1] + 1), np.float32)
        for start in range(0, len(rows), _PAIRS_AT_A_TIME):
            part = slice(start, start + _PAIRS_AT_A_TIME)
            there = self._there[part]
            short[part][there] = _shortened(projection, matrix[rows[part][there]])
        # Products of these are -|a - b|² / 2.
        halves, ones = -((short**2).sum(axis=1, keepdims=True) / 2), np.ones((len(rows), 1), np.float32)
        self._left = np.concatenate([short, halves, ones], axis=1)  # [N, d + 3]
        self._right = np.concatenate([short, ones, halves], axis=1)

    def near(self, leaders: Rows, free: Mask, least: float) -> tuple[Rows, Rows]:
        """Pairs (leader, other) with a cosine of at least `least`; others are free and come after it."""
        leaders = leaders[self._there[leaders]]
        first = int(leaders.min(initial=len(free)))
        columns = first + np.flatnonzero(free[first:] & self._there[first:])
        found = [
            self._near_among(leaders, columns[start : start + _COLUMNS_AT_A_TIME], least)
            for start in range(0, len(columns), _COLUMNS_AT_A_TIME)
        ]
        if not found:
            return leaders, leaders
        firsts, others = (np.concatenate(side) for side in zip(*found, strict=True))
        return firsts, others

    def _near_among(self, leaders: Rows, columns: Rows, least: float) -> tuple[Rows, Rows]:
        products = self._left[leaders] @ self._right[columns].T  # [L, C]
        places = np.flatnonzero(products >= least - 1 - _SLACK)
        firsts, others = leaders[places // len(columns)], columns[places % len(columns)]
        later = others > firsts
        firsts, others = firsts[later], others[later]
        enough = paired_cosines(self._matrix, self._rows[firsts], self._rows[others]) >= least
        return firsts[enough], others[enough]


def _shortened(projection: Projection, vectors: Half) -> Floats:
    """[N, d + 1]: main directions, and the length of what is left."""
    whole = vectors.astype(np.float32)
    main = projection(whole)
    squares = ((whole - projection.mean) ** 2).sum(axis=1) - (main**2).sum(axis=1)
    rest = np.sqrt(np.maximum(squares, 0))
    return np.concatenate([main, rest[:, None]], axis=1)
