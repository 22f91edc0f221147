"""What the grid shows, as plain NumPy arrays: 100,000 photos without one Python object per photo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from photoclip.library.catalog.photos import PhotoTable

NO_HEADER = -(10**9)  # a section without a header
NO_DATE = NO_HEADER + 1  # photos whose date is not known
WEAKER = NO_HEADER + 2  # the divider above weaker matches


def _integers() -> NDArray[np.int64]:
    return np.zeros(0, np.int64)


@dataclass(frozen=True)
class GridContent:
    """Photos in the order shown, cut into sections.

    `hashes` is uint8 [N, 16], the others [N]. `section_starts` [S] are rows, ascending from 0;
    `section_kinds` [S] are months since January 1970, or one of the constants above.
    """

    ids: NDArray[np.int64] = field(default_factory=_integers)
    hashes: NDArray[np.uint8] = field(default_factory=lambda: np.zeros((0, 16), np.uint8))
    colours: NDArray[np.uint32] = field(default_factory=lambda: np.zeros(0, np.uint32))
    months: NDArray[np.int64] = field(default_factory=_integers)
    section_starts: NDArray[np.int64] = field(default_factory=_integers)
    section_kinds: NDArray[np.int64] = field(default_factory=_integers)
    confident: int = 0  # rows before the weaker matches; N when there are none
    weaker_shown: bool = False
    further: int = 0  # weaker matches that are not among the rows
    videos: Mapping[int, float] = field(default_factory=dict)  # the length of each video in seconds, by id

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def shown(self) -> int:
        """Rows that have a place on the screen."""
        return len(self.ids) if self.weaker_shown else self.confident

    @property
    def weaker(self) -> int:
        return len(self.ids) - self.confident

    @property
    def all_weaker(self) -> int:
        """With those that are not among the rows."""
        return self.weaker + self.further

    def key(self, row: int) -> bytes:
        """The content hash of one row: what its thumbnail is stored under."""
        return self.hashes[row].tobytes()

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """The rows by ascending id; ask for it once off the GUI thread, where it costs nothing."""
        return np.argsort(self.ids, kind="stable")

    def rows_of(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """The rows of these photos, in their order; those that are not here are left out."""
        if len(self.ids) == 0:
            return _integers()
        place = np.searchsorted(self.ids, ids, sorter=self.order)
        rows = self.order[np.minimum(place, len(self.ids) - 1)]
        found: NDArray[np.int64] = rows[self.ids[rows] == ids]
        return found

    def with_weaker(self, shown: bool) -> GridContent:
        content = replace(self, weaker_shown=shown)
        if "order" in vars(self):
            vars(content)["order"] = self.order  # the same photos: no need to sort them again
        return content


def by_relevance(table: PhotoTable, ids: NDArray[np.int64], confident: int, further: int = 0) -> GridContent:
    """Results in their own order, best first, with a divider after the confident ones.

    `further` weaker matches are counted and not shown.
    """
    rows = table.rows_of(ids)
    present = rows >= 0
    confident = int(np.count_nonzero(present[:confident]))
    rows = rows[present]
    starts, kinds = [0], [NO_HEADER]
    if confident < len(rows):
        starts, kinds = [0, confident], [NO_HEADER, WEAKER]
    return replace(_content(table, rows, starts, kinds, confident), further=further)


def in_order(table: PhotoTable, ids: NDArray[np.int64]) -> GridContent:
    """Photos in the order given (an album's own), without headers."""
    rows = table.rows_of(ids)
    rows = rows[rows >= 0]
    return _content(table, rows, [0], [NO_HEADER], len(rows))


def by_date(
    table: PhotoTable, ids: NDArray[np.int64] | None, *, oldest_first: bool = False, added: bool = False
) -> GridContent:
    """Photos by the month they were taken (or added), newest first; `ids` None means all."""
    times = table.added if added else table.taken
    if ids is None:
        rows = np.arange(len(table.ids))
    else:
        rows = table.rows_of(ids)
        rows = rows[rows >= 0]
    when = times[rows]
    if oldest_first:
        rows = rows[np.argsort(np.where(np.isnan(when), np.inf, when), kind="stable")]
    else:
        rows = rows[np.argsort(np.where(np.isnan(when), np.inf, -when), kind="stable")]
    months = month_numbers(times[rows])
    starts = np.flatnonzero(np.diff(months, prepend=months[:1] - 1)) if len(months) else np.zeros(0, np.int64)
    return _content(table, rows, starts, months[starts], len(rows), months)


def month_numbers(times: NDArray[np.float64]) -> NDArray[np.int64]:
    """Months since January 1970 for Unix seconds; NO_DATE where they are NaN."""
    unknown = np.isnan(times)
    months = np.where(unknown, 0, times).astype("datetime64[s]").astype("datetime64[M]").astype(np.int64)
    return np.where(unknown, NO_DATE, months)


def _content(
    table: PhotoTable,
    rows: NDArray[np.int64],
    starts: list[int] | NDArray[np.int64],
    kinds: list[int] | NDArray[np.int64],
    confident: int,
    months: NDArray[np.int64] | None = None,
) -> GridContent:
    hashes = np.ascontiguousarray(table.hashes).view(np.uint8).reshape(-1, 16)
    return GridContent(
        ids=table.ids[rows],
        hashes=hashes[rows],
        colours=table.colours[rows],
        months=month_numbers(table.taken[rows]) if months is None else months,
        section_starts=np.asarray(starts, np.int64) if len(rows) else _integers(),
        section_kinds=np.asarray(kinds, np.int64) if len(rows) else _integers(),
        confident=confident,
        videos=table.videos,
    )
