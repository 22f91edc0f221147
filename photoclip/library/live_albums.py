"""The photos of live albums: what the saved query finds, with those pinned in and without those kept out.

Of a query with a meaning, an album holds the confident matches. A live album may ask for others by name;
that it comes back to itself is refused when it is saved, and here once more, as undo may bring it about.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
from numpy.typing import NDArray

from photoclip.errors import PhotoClipError, QueryError
from photoclip.library.catalog.albums import Album, album_photos, refused_photos
from photoclip.library.catalog.connection import Catalog
from photoclip.library.catalog.saved_queries import circle_sentence
from photoclip.library.filters import Conditions, Mask, mask_of
from photoclip.library.query import Filter, Query, parse
from photoclip.library.snapshot import Snapshot

Ids = NDArray[np.int64]
Find = Callable[[Query, Conditions], Ids]
"""The photos that a query finds under these conditions, best first or, without a meaning, newest first."""

DEEPEST = 50  # live albums, each of which asks for the next: they are looked up by recursion


class BrokenAlbum(QueryError):
    """A live album that is asked for cannot be looked up; the sentence names it."""


class LiveAlbums:
    """Live albums as they are in one snapshot; each is looked up once, however often it is asked for."""

    def __init__(self, catalog: Catalog, snapshot: Snapshot, today: date, find: Find) -> None:
        self._catalog = catalog
        self._snapshot = snapshot
        self._today = today
        self._find = find
        self._masks: dict[int, Mask] = {}
        self._open: list[Album] = []  # being looked up, each for the one before

    def conditions(self) -> Conditions:
        """Conditions under which queries can ask for these albums."""
        return Conditions(self._catalog, self._snapshot, self._today, self._mask)

    def photos(self, album: Album) -> Ids:
        """The photos of the snapshot that a live album holds: best first, then those pinned in.

        Without a meaning all are in the order of the snapshot. Raises PhotoClipError for a wrong query.
        """
        try:
            return self._looked_up(album)
        except QueryError as error:
            raise PhotoClipError(str(error)) from error

    def _mask(self, album: Album, asked: Filter) -> Mask:
        """Which rows of the snapshot a live album holds that is `asked` for; not the caller's own."""
        if album.id not in self._masks:
            self._refuse_circle(album, asked)
            try:
                self._masks[album.id] = mask_of(self._snapshot.table, self._looked_up(album))
            except BrokenAlbum as error:
                raise BrokenAlbum(str(error), asked.position, error.expected) from error
        return self._masks[album.id]

    def _looked_up(self, album: Album) -> Ids:
        """Raises BrokenAlbum."""
        self._open.append(album)
        try:
            return self._found(album)
        except BrokenAlbum:
            raise
        except QueryError as error:
            sentence = f"The live album {album.name} cannot be looked up: {error}"
            raise BrokenAlbum(sentence, error.position, error.expected) from error
        finally:
            self._open.pop()

    def _found(self, album: Album) -> Ids:
        query = parse(album.query or "")
        found = self._find(query, self.conditions())
        found = found[~np.isin(found, refused_photos(self._catalog, album.id))]
        pinned = album_photos(self._catalog, album.id, missing=True)
        table = self._snapshot.table
        both = np.concatenate([found, pinned[~np.isin(pinned, found) & (table.rows_of(pinned) >= 0)]])
        return both if query.has_meaning else table.ids[mask_of(table, both)]

    def _refuse_circle(self, album: Album, asked: Filter) -> None:
        names = [each.name for each in self._open]
        for place, each in enumerate(self._open):
            if each.id == album.id:
                sentence = circle_sentence(names[place:])
                raise BrokenAlbum(sentence, asked.position, "an album that does not ask for this one")
        if len(names) >= DEEPEST:
            sentence = (
                f"{names[0]} asks for {names[1]}, that for another, and so on for {DEEPEST} live albums"
            )
            raise BrokenAlbum(f"{sentence}; let one ask for fewer.", asked.position, "an album less deep")
