"""The grid's arithmetic, compared with the obvious way of placing photos one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from photoclip.gui.grid.content import NO_HEADER, WEAKER, GridContent
from photoclip.gui.grid.layout import DIVIDER, HEADER, Layout, arrange

MARGIN, GUTTER = 12, 4


def content(counts: list[int], *, weaker: bool = False, shown: bool = True) -> GridContent:
    total = sum(counts)
    starts = np.cumsum([0, *counts[:-1]]).astype(np.int64)
    kinds = np.arange(600, 600 + len(counts), dtype=np.int64)
    confident = total
    if weaker:
        kinds[:] = NO_HEADER
        kinds[-1] = WEAKER
        confident = int(starts[-1])
    return GridContent(
        ids=np.arange(1, total + 1, dtype=np.int64),
        hashes=np.zeros((total, 16), np.uint8),
        colours=np.zeros(total, np.uint32),
        months=np.zeros(total, np.int64),
        section_starts=starts,
        section_kinds=kinds,
        confident=confident,
        weaker_shown=shown,
    )


def place_one_by_one(counts: list[int], layout: Layout) -> list[tuple[int, int]]:
    places, y = [], 0
    for count in counts:
        y += HEADER
        for number in range(count):
            line, column = divmod(number, layout.columns)
            places.append((MARGIN + column * layout.pitch, y + line * layout.pitch))
        y += -(-count // layout.columns) * layout.pitch
    return places


counts_lists = st.lists(st.integers(1, 40), min_size=1, max_size=8)


@given(counts_lists, st.integers(120, 1500), st.integers(96, 320))
def test_positions_are_those_of_placing_one_by_one(counts: list[int], width: int, cell: int) -> None:
    layout = arrange(content(counts), width, cell, gutter=GUTTER, margin=MARGIN)
    xs, ys = layout.positions(0, sum(counts))
    expected = place_one_by_one(counts, layout)
    assert list(zip(xs.tolist(), ys.tolist(), strict=True)) == expected
    assert [layout.position(index) for index in range(sum(counts))] == expected
    assert layout.height >= ys.max() + layout.cell


@given(counts_lists, st.integers(120, 1500), st.integers(0, 6000), st.integers(1, 1200))
def test_visible_is_what_touches_the_band(counts: list[int], width: int, top: int, page: int) -> None:
    layout = arrange(content(counts), width, 120, gutter=GUTTER, margin=MARGIN)
    first, last = layout.visible(top, top + page)
    _xs, ys = layout.positions(0, sum(counts))
    touching = np.flatnonzero((ys + layout.cell > top) & (ys < top + page))
    assert list(range(first, last)) == touching.tolist()


@given(counts_lists, st.integers(200, 1500))
def test_index_at_finds_each_photo_and_no_gutter(counts: list[int], width: int) -> None:
    layout = arrange(content(counts), width, 100, gutter=GUTTER, margin=MARGIN)
    for index in range(sum(counts)):
        x, y = layout.position(index)
        assert layout.index_at(x, y) == index
        assert layout.index_at(x + layout.cell - 1, y + layout.cell - 1) == index
        assert layout.index_at(x + layout.cell, y) != index
        assert layout.index_at(x, y - 1) != index


@given(counts_lists, st.integers(200, 1500))
def test_right_to_left_is_the_mirror_image(counts: list[int], width: int) -> None:
    plain = arrange(content(counts), width, 100, gutter=GUTTER, margin=MARGIN)
    mirrored = arrange(content(counts), width, 100, gutter=GUTTER, margin=MARGIN, mirrored=True)
    for index in range(sum(counts)):
        (x, y), (mirror_x, mirror_y) = plain.position(index), mirrored.position(index)
        assert (mirror_x, mirror_y) == (width - x - plain.cell, y)
        assert mirrored.index_at(mirror_x, mirror_y) == index


@given(counts_lists, st.integers(200, 900))
def test_down_then_up_comes_back_to_the_column(counts: list[int], width: int) -> None:
    layout = arrange(content(counts), width, 100, gutter=GUTTER, margin=MARGIN)
    for index in range(sum(counts)):
        below = layout.vertical(index, 1)
        x, y = layout.position(index)
        below_x, below_y = layout.position(below)
        assert below == index or (below_y > y and below_x <= x)


def test_down_crosses_a_header() -> None:
    layout = arrange(content([3, 5]), 3 * 104 + 20, 100, gutter=GUTTER, margin=MARGIN)
    assert layout.columns == 3
    assert layout.vertical(1, 1) == 4
    assert layout.vertical(4, -1) == 1
    assert layout.vertical(4, 100) == 7  # the last line is shorter
    assert layout.vertical(0, -1) == 0


def test_a_rubber_band_takes_what_it_touches() -> None:
    layout = arrange(content([9]), 3 * 104 + 20, 100, gutter=GUTTER, margin=MARGIN)
    x, y = layout.position(4)
    assert layout.inside(x + 5, y + 5, x + 6, y + 6).tolist() == [4]
    assert layout.inside(x - 10, y - 10, x + 5, y + 5).tolist() == [0, 1, 3, 4]
    assert layout.inside(0, 5000, 10, 6000).tolist() == []


@pytest.mark.parametrize("shown", [False, True])
def test_hidden_weaker_matches_leave_only_the_divider(shown: bool) -> None:
    found = content([4, 100], weaker=True, shown=shown)
    layout = arrange(found, 3 * 104 + 20, 100, gutter=GUTTER, margin=MARGIN)
    assert found.shown == (104 if shown else 4)
    assert layout.visible(0, 100_000) == (0, found.shown)
    lines = 2 + (34 if shown else 0)
    assert layout.height == lines * layout.pitch + DIVIDER + MARGIN


def test_nothing_at_all() -> None:
    layout = arrange(GridContent(), 800, 100, gutter=GUTTER, margin=MARGIN)
    assert layout.visible(0, 1000) == (0, 0)
    assert layout.index_at(20, 20) == -1
