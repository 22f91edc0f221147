"""Months, orders and the divider, made over whole arrays."""

from __future__ import annotations

import numpy as np

from photoclip.gui.grid.content import NO_DATE, WEAKER, by_date, by_relevance, in_order
from photoclip.library.catalog.photos import PhotoTable

DAYS = np.array([100, 70, 69, 40, 1], np.float64)


def table(taken: np.ndarray = DAYS) -> PhotoTable:
    count = len(taken)
    hashes = np.array([bytes([n]) * 15 + b"\0" for n in range(count)], "S16")
    return PhotoTable(
        ids=np.arange(10, 10 + count),
        taken=taken * 86_400.0,
        colours=np.arange(count, dtype=np.uint32),
        widths=np.ones(count, np.int32),
        heights=np.ones(count, np.int32),
        hashes=hashes,
        added=np.arange(count, dtype=np.float64),
    )


def test_months_newest_first() -> None:
    content = by_date(table(), None)
    assert content.ids.tolist() == [10, 11, 12, 13, 14]
    assert content.section_starts.tolist() == [0, 1, 3, 4]  # April, March, February, January 1970
    assert content.section_kinds.tolist() == [3, 2, 1, 0]


def test_oldest_first_and_unknown_dates_last() -> None:
    content = by_date(table(np.array([100, np.nan, 1])), None, oldest_first=True)
    assert content.ids.tolist() == [12, 10, 11]
    assert content.section_kinds.tolist()[-1] == NO_DATE


def test_last_added_first() -> None:
    assert by_date(table(), None, added=True).ids.tolist() == [14, 13, 12, 11, 10]


def test_relevance_has_a_divider_only_with_weaker_matches() -> None:
    content = by_relevance(table(), np.array([12, 10, 14]), 2)
    assert content.ids.tolist() == [12, 10, 14]
    assert (content.confident, content.weaker, content.shown) == (2, 1, 2)
    assert content.section_kinds.tolist()[-1] == WEAKER
    assert by_relevance(table(), np.array([12, 10]), 2).section_starts.tolist() == [0]


def test_photos_that_left_meanwhile_are_not_shown() -> None:
    content = by_relevance(table(), np.array([12, 99, 14]), 2)
    assert content.ids.tolist() == [12, 14]
    assert content.confident == 1


def test_own_order_and_rows() -> None:
    content = in_order(table(), np.array([14, 10, 12]))
    assert content.ids.tolist() == [14, 10, 12]
    assert content.rows_of(np.array([12, 77, 14])).tolist() == [2, 0]


def test_keys_keep_trailing_zeros() -> None:
    content = in_order(table(), np.array([13]))
    assert content.key(0) == bytes([3]) * 15 + b"\0"
