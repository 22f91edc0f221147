"""Perceptual hashes that differ in few bits, without comparing all with all.

Of hashes that differ in at most 11 of 64 bits, one of four bands of 16 bits differs in at most 2 (the pigeons
have four holes): those with such a band are looked up, and compared whole.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from photoclip.library.duplicates.stars import Rows

Hashes = NDArray[np.uint64]

BANDS, BAND_BITS = 4, 16
_ROWS_AT_A_TIME = 64


class HashIndex:
    """The hashes [N], by their bands. Rows for which `tells` is false are never found."""

    def __init__(self, hashes: Hashes, tells: NDArray[np.bool_], distance: int) -> None:
        """`distance` is in how many bits two may differ, at most 11."""
        self._hashes = hashes
        self._distance = distance
        self._rows = np.flatnonzero(tells)
        self._flips = _flips(distance // BANDS)
        self._bands = [_Band(_band(hashes[self._rows], number)) for number in range(BANDS)]

    def near(self, leaders: Rows) -> tuple[Rows, Rows]:
        """Pairs (leader, other) of rows within the distance, each pair once, where the other comes after it.

        `leaders` are such that tell.
        """
        found = [
            self._pairs(leaders[start : start + _ROWS_AT_A_TIME])
            for start in range(0, len(leaders), _ROWS_AT_A_TIME)
        ]
        if not found:
            return leaders, leaders
        firsts, others = (np.concatenate(side) for side in zip(*found, strict=True))
        return firsts, others

    def _pairs(self, leaders: Rows) -> tuple[Rows, Rows]:
        pairs = [self._pairs_by_band(leaders, number) for number in range(BANDS)]
        each = np.sort(np.concatenate(pairs))
        each = each[np.diff(each, prepend=-1) > 0]
        return each // len(self._hashes), each % len(self._hashes)

    def _pairs_by_band(self, leaders: Rows, number: int) -> Rows:
        """Pairs of rows as one number: leader times N, plus the other."""
        wanted = _band(self._hashes[leaders], number)[:, None] ^ self._flips  # [L, F]
        which, places = self._bands[number].places(wanted.ravel())
        firsts, others = leaders[which // len(self._flips)], self._rows[places]
        later = others > firsts
        firsts, others = firsts[later], others[later]
        near = np.bitwise_count(self._hashes[firsts] ^ self._hashes[others]) <= self._distance
        return np.asarray(firsts[near] * len(self._hashes) + others[near])


class _Band:
    """Where each of the 65,536 values of a band is."""

    def __init__(self, values: Rows) -> None:
        self._order = np.argsort(values, kind="stable")
        self._starts = np.concatenate([[0], np.cumsum(np.bincount(values, minlength=1 << BAND_BITS))])

    def places(self, wanted: Rows) -> tuple[Rows, Rows]:
        """(place in `wanted`, place in the values) of all that are equal."""
        which, spread = spans(self._starts[wanted], self._starts[wanted + 1])
        return which, self._order[spread]


def spans(starts: Rows, ends: Rows) -> tuple[Rows, Rows]:
    """The numbers from each start to its end [K], all in a row, and which of the K each is of.

    >>> [each.tolist() for each in spans(np.array([3, 9]), np.array([5, 10]))]
    [[0, 0, 1], [3, 4, 9]]
    """
    counts = ends - starts
    which = np.repeat(np.arange(len(starts)), counts)
    before = np.cumsum(counts) - counts
    return which, np.arange(len(which)) - before[which] + starts[which]


def _band(hashes: Hashes, number: int) -> Rows:
    return ((hashes >> np.uint64(number * BAND_BITS)) & np.uint64((1 << BAND_BITS) - 1)).astype(np.int64)


def _flips(most: int) -> Rows:
    """What changes up to `most` of a band's bits."""
    bits = [
        sum(1 << bit for bit in chosen)
        for count in range(most + 1)
        for chosen in combinations(range(BAND_BITS), count)
    ]
    return np.array(bits, np.int64)
