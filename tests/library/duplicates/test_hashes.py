"""Near hashes by bands are all near hashes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from photoclip.library.duplicates.hashes import HashIndex, spans

BASES = st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=4)
FLIPS = st.lists(st.tuples(st.integers(0, 3), st.sets(st.integers(0, 63), max_size=14)), max_size=24)


@given(BASES, FLIPS, st.integers(0, 11), st.data())
def test_no_near_hash_is_missed(
    bases: list[int], flips: list[tuple[int, set[int]]], distance: int, data: st.DataObject
) -> None:
    numbers = [bases[at % len(bases)] ^ sum(1 << bit for bit in bits) for at, bits in flips]
    hashes = np.array([*bases, *numbers], np.uint64)
    tells = np.array(data.draw(st.lists(st.booleans(), min_size=len(hashes), max_size=len(hashes))))
    firsts, others = HashIndex(hashes, tells, distance).near(np.flatnonzero(tells))
    expected = {
        (a, b)
        for a in range(len(hashes))
        for b in range(a + 1, len(hashes))
        if tells[a] and tells[b] and int(hashes[a] ^ hashes[b]).bit_count() <= distance
    }
    found = list(zip(firsts.tolist(), others.tolist(), strict=True))
    assert len(found) == len(set(found))
    assert set(found) == expected


def test_without_leaders_nothing_is_found() -> None:
    hashes = np.zeros(3, np.uint64)
    firsts, others = HashIndex(hashes, np.zeros(3, np.bool_), 10).near(np.empty(0, np.int64))
    assert (len(firsts), len(others)) == (0, 0)


@pytest.mark.parametrize(
    ("starts", "ends", "expected"), [([], [], []), ([3, 9, 4], [5, 9, 5], [(0, 3), (0, 4), (2, 4)])]
)
def test_spans(starts: list[int], ends: list[int], expected: list[tuple[int, int]]) -> None:
    which, places = spans(np.array(starts, np.int64), np.array(ends, np.int64))
    assert list(zip(which.tolist(), places.tolist(), strict=True)) == expected
