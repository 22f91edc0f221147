"""From what the person asked for (a place, a query, an order) to what the grid shows.

Finding runs off the GUI thread.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from photoclip.errors import PhotoClipError
from photoclip.gui.grid.content import GridContent, by_date, by_relevance, in_order
from photoclip.gui.search_chip import SearchRequest
from photoclip.gui.session import Session, Source

if TYPE_CHECKING:
    from photoclip.library.catalog.changes import Change
    from photoclip.library.catalog.photos import PhotoTable
    from photoclip.library.search import Results

Order = Literal["relevance", "newest", "oldest", "added"]
Which = Literal["there", "missing", "both"]  # photos
FIRST_SCREEN = 500  # photos
RECENT_SECONDS = 30 * 24 * 3600
# Labels and albums change often and move no photo; ratings sit in the photo table and move none either.
PHOTO_TABLES = frozenset({"photo", "file", "content", "folder"})
LISTED_TABLES = frozenset({"photo_label", "album_photo", "album_refused", "label", "album"})


@dataclass(frozen=True)
class Wish:
    """All that decides what the grid shows.

    A live album is shown as it is, whatever was searched for before, unless its query is `edited`: then the
    request stands for it, and asks all photos.
    """

    source: Source = Source("all")  # noqa: RUF009 - frozen
    request: SearchRequest = SearchRequest()  # noqa: RUF009 - frozen
    order: Order = "relevance"  # without a meaning to be relevant to, newest first
    edited: bool = False


@dataclass(frozen=True)
class Found:
    """What the grid shows for a wish."""

    wish: Wish
    content: GridContent
    ranked: bool  # by relevance, so that `confident` says something
    total: int  # photos of the place that was searched
    pending: int  # of them not indexed yet
    seconds: float = 0.0

    query: str = ""  # of the live album that is shown
    arranged: bool = False  # a place shown as people ordered it, or a live album best first
    problem: str = ""  # why the live album cannot be looked up

    @property
    def in_album_order(self) -> bool:
        """Whether this is an album in the order people gave it."""
        return self.arranged and not self.query and self.wish.order == "relevance"


@dataclass(frozen=True)
class _Place:
    """The photos of a row of the sidebar, int64 [N], missing ones among them; None is all there are."""

    ids: NDArray[np.int64] | None = None
    in_order: bool = False  # as people put them, or best first
    query: str = ""  # of a live album
    missing: bool = False  # whether a listing shows missing ones, too
    problem: str = ""


class Finder:
    """Keeps the photo table and answers wishes. `find` is for pool threads, `note` for the GUI thread."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._lock = threading.Lock()
        self._state = 0  # counts changes of photos
        self._tables: dict[Which, tuple[int, PhotoTable]] = {}

    def note(self, change: Change) -> bool:
        """Take notice of a change; whether the grid may have to show something else now."""
        if change.tables & PHOTO_TABLES and not _only_details(change):
            self._state += 1
            return True
        return bool(change.tables & LISTED_TABLES)

    def glance(self) -> Found:
        """The newest photos alone, in a few milliseconds: the first screen of a window that opens."""
        from photoclip.library.catalog.photos import load_table
        from photoclip.library.catalog.schema import PRESENT

        catalog = self._session.library.catalog
        content = by_date(load_table(catalog, newest=FIRST_SCREEN), None)
        total = catalog.query("SELECT count(*) FROM photo WHERE presence = ?", (PRESENT,))[0][0]
        return Found(Wish(), content, ranked=False, total=total, pending=0)

    def find(self, wish: Wish, cancelled: Callable[[], bool]) -> Found:
        """Raises QueryError and the search's other sentences."""
        began = time.perf_counter()
        place = self._place(wish, cancelled)
        if place.query and not wish.edited:
            wish = replace(wish, request=SearchRequest())
        looked_at: Which = "missing" if wish.source.kind == "missing" else "there"
        if wish.request.is_empty:
            table = self._table("both" if place.missing else looked_at)
            content, ranked, pending = _listing(table, wish, place), False, 0
        else:
            results = self._search(wish, place.ids, cancelled)
            table = self._table("both" if results.missing and looked_at == "there" else looked_at)
            ranked = not np.isnan(results.cosines).all() if len(results.ids) else True
            content, pending = _arranged(table, wish, results, ranked), results.pending
        total = len(table) if place.ids is None else int(np.count_nonzero(table.rows_of(place.ids) >= 0))
        content.order  # made here rather than on the GUI thread  # noqa: B018
        seconds, arranged = time.perf_counter() - began, place.in_order and wish.request.is_empty
        return Found(wish, content, ranked, total, pending, seconds, place.query, arranged, place.problem)

    def _search(self, wish: Wish, place: NDArray[np.int64] | None, cancelled: Callable[[], bool]) -> Results:
        request = wish.request
        return self._session.engine.search(
            request.text,
            photos=request.photos,
            images=request.images,
            within=place,
            missing=wish.source.kind == "missing",
            cancelled=cancelled,
        )

    def _table(self, which: Which) -> PhotoTable:
        from photoclip.library.catalog.photos import load_table, together

        state = self._state
        if which == "both":
            there, missing = self._table("there"), self._table("missing")
        with self._lock:
            known = self._tables.get(which)
            if known is None or known[0] < state:
                if which == "both":
                    table = together(there, missing)
                else:
                    table = load_table(self._session.library.catalog, missing=which == "missing")
                known = self._tables[which] = (state, table)
            return known[1]

    def _place(self, wish: Wish, cancelled: Callable[[], bool]) -> _Place:
        """The photos of a place of the sidebar."""
        catalog, source = self._session.library.catalog, wish.source
        if source.kind == "recent":
            since = time.time() - RECENT_SECONDS
            tables = self._table("there"), self._table("missing")
            return _Place(np.concatenate([table.ids[table.added >= since] for table in tables]))
        if source.id is None:
            return _Place()
        if source.kind == "album":
            return self._album(source.id, wish.edited, cancelled)
        if source.kind == "label":
            from photoclip.library.catalog.labels import labelled

            return _Place(labelled(catalog, source.id, missing=True))
        from photoclip.library.catalog.folders import folder_photos

        return _Place(folder_photos(catalog, source.id, missing=True))

    def _album(self, album_id: int, edited: bool, cancelled: Callable[[], bool]) -> _Place:
        """Only a live album needs the search. One that cannot be looked up is empty and says why."""
        from photoclip.library.catalog.albums import album_photos, saved_query

        catalog = self._session.library.catalog
        query = saved_query(catalog, album_id)
        if query is None:
            return _Place(album_photos(catalog, album_id, missing=True), in_order=True)
        if edited:
            return _Place(query=query)
        try:
            found = self._session.engine.album(album_id, cancelled)
        except PhotoClipError as error:
            return _Place(np.empty(0, np.int64), query=query, problem=str(error))
        return _Place(found.ids, found.ranked, query, found.missing)


def _listing(table: PhotoTable, wish: Wish, place: _Place) -> GridContent:
    if place.in_order and place.ids is not None and wish.order == "relevance":
        return in_order(table, place.ids)
    added = wish.order == "added" or (wish.source.kind == "recent" and wish.order == "relevance")
    return by_date(table, place.ids, oldest_first=wish.order == "oldest", added=added)


def _arranged(table: PhotoTable, wish: Wish, results: Results, ranked: bool) -> GridContent:
    ids, confident = results.ids, results.confident
    if wish.request.photos:  # a photo is no answer to itself
        asked = np.isin(ids, np.array(wish.request.photos, np.int64))
        confident -= int(np.count_nonzero(asked[:confident]))
        ids = ids[~asked]
    if not ranked or wish.order != "relevance":
        shown = ids[:confident] if ranked else ids
        return by_date(table, shown, oldest_first=wish.order == "oldest", added=wish.order == "added")
    return by_relevance(table, ids, confident, results.further)


def _only_details(change: Change) -> bool:
    """Ratings and favourites: rows of the photo table that the grid does not show."""
    return bool(change.rows) and all(
        row.table == "photo" and set(row.after or {}) <= {"rating", "favourite"} for row in change.rows
    )
