"""Where every photo of the grid is, by arithmetic over whole arrays: no per-photo state, no Qt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from photoclip.gui.grid.content import NO_HEADER, WEAKER, GridContent

HEADER = 38  # px above a month
DIVIDER = 44  # px above the weaker matches


@dataclass(frozen=True)
class Layout:
    """Positions in content coordinates (px from the top left of the whole grid).

    Sections lie below each other, each a header and rows of square cells.
    """

    columns: int
    cell: int  # side of a photo
    pitch: int  # cell and gutter
    left: int
    width: int
    mirrored: bool  # right to left
    starts: NDArray[np.int64]  # [S] first row of each section
    counts: NDArray[np.int64]  # [S] photos of each section that are shown
    kinds: NDArray[np.int64]  # [S]
    tops: NDArray[np.int64]  # [S] y of each section's header
    bodies: NDArray[np.int64]  # [S] y of each section's first photos
    height: int

    def section_of(self, index: int) -> int:
        return int(np.searchsorted(self.starts, index, side="right")) - 1

    def position(self, index: int) -> tuple[int, int]:
        """Top left corner of one photo."""
        section = self.section_of(index)
        line, column = divmod(index - int(self.starts[section]), self.columns)
        return self._x(column), int(self.bodies[section]) + line * self.pitch

    def positions(self, first: int, last: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """x and y of the photos first..last-1."""
        indexes = np.arange(first, last)
        sections = np.searchsorted(self.starts, indexes, side="right") - 1
        lines, columns = np.divmod(indexes - self.starts[sections], self.columns)
        if self.mirrored:
            columns = self.columns - 1 - columns
        return self.left + columns * self.pitch, self.bodies[sections] + lines * self.pitch

    def visible(self, top: int, bottom: int) -> tuple[int, int]:
        """The photos first..last-1 that touch the band top..bottom."""
        return self._first_below(top), self._first_from(bottom)

    def sections_between(self, top: int, bottom: int) -> range:
        """Sections whose header touches the band top..bottom."""
        first = int(np.searchsorted(self.bodies, top, side="right"))
        return range(first, max(first, int(np.searchsorted(self.tops, bottom, side="left"))))

    def index_at(self, x: int, y: int) -> int:
        """The photo under a point, or -1."""
        section = int(np.searchsorted(self.bodies, y, side="right")) - 1
        column = self._column(x)
        if section < 0 or column < 0:
            return -1
        line, rest = divmod(y - int(self.bodies[section]), self.pitch)
        place = line * self.columns + column
        if rest >= self.cell or place >= self.counts[section]:
            return -1
        return int(self.starts[section]) + place

    def inside(self, left: int, top: int, right: int, bottom: int) -> NDArray[np.int64]:
        """All photos that touch a rectangle, ascending."""
        first, last = self.visible(top, bottom)
        if last <= first:
            return np.zeros(0, np.int64)
        x, _y = self.positions(first, last)
        return first + np.flatnonzero((x + self.cell > left) & (x < right))

    def vertical(self, index: int, lines: int) -> int:
        """The photo `lines` lines below (above when negative) in the same column, as far as there is one."""
        step = 1 if lines > 0 else -1
        for _ in range(abs(lines)):
            following = self._neighbour_line(index, step)
            if following == index:
                break
            index = following
        return index

    def _neighbour_line(self, index: int, step: int) -> int:
        section = self.section_of(index)
        line, column = divmod(index - int(self.starts[section]), self.columns)
        lines = -(-int(self.counts[section]) // self.columns)
        line += step
        if not 0 <= line < lines:
            section += step
            while 0 <= section < len(self.counts) and self.counts[section] == 0:
                section += step
            if not 0 <= section < len(self.counts):
                return index
            line = 0 if step > 0 else -(-int(self.counts[section]) // self.columns) - 1
        place = min(line * self.columns + column, int(self.counts[section]) - 1)
        return int(self.starts[section]) + place

    def _first_below(self, y: int) -> int:
        """The first photo whose lower edge is below y."""
        section = int(np.searchsorted(self.bodies, y, side="right")) - 1
        if section < 0:
            return 0
        line = (y - int(self.bodies[section]) + self.pitch - self.cell) // self.pitch
        place = min(line * self.columns, int(self.counts[section]))
        return int(self.starts[section]) + place

    def _first_from(self, y: int) -> int:
        """The first photo whose upper edge is at y or below it."""
        section = int(np.searchsorted(self.bodies, y, side="left")) - 1
        if section < 0:
            return 0
        lines = -(-(y - int(self.bodies[section])) // self.pitch)
        place = min(lines * self.columns, int(self.counts[section]))
        return int(self.starts[section]) + place

    def _x(self, column: int) -> int:
        return self.left + (self.columns - 1 - column if self.mirrored else column) * self.pitch

    def _column(self, x: int) -> int:
        column, rest = divmod(x - self.left, self.pitch)
        if not 0 <= column < self.columns or rest >= self.cell:
            return -1
        return self.columns - 1 - column if self.mirrored else column


def arrange(
    content: GridContent,
    width: int,
    cell: int,
    *,
    gutter: int,
    margin: int,
    mirrored: bool = False,
) -> Layout:
    """Lay the content out in `width` px, with cells of at least `cell` px that fill the lines."""
    inner = max(width - 2 * margin, 1)
    columns = max(1, (inner + gutter) // (cell + gutter))
    side = max(1, (inner + gutter) // columns - gutter)
    pitch = side + gutter
    starts, kinds = content.section_starts, content.section_kinds
    ends = np.append(starts[1:], len(content.ids))
    counts = np.minimum(ends, content.shown) - np.minimum(starts, content.shown)
    headers = np.where(kinds == NO_HEADER, 0, np.where(kinds == WEAKER, DIVIDER, HEADER))
    heights = headers + -(-counts // columns) * pitch
    tops = np.concatenate(([0], np.cumsum(heights)))
    used = columns * pitch - gutter
    return Layout(
        columns=columns,
        cell=side,
        pitch=pitch,
        left=width - margin - used if mirrored else margin,
        width=width,
        mirrored=mirrored,
        starts=starts,
        counts=counts,
        kinds=kinds,
        tops=tops[:-1],
        bodies=tops[:-1] + headers,
        height=int(tops[-1]) + margin,
    )
