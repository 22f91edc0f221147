"""Finding photos: by words, by other photos, by both, within filters.

text -> Query -> who may be found (filters, scope) -> odds per photo (meaning) -> best first
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from photoclip.errors import PhotoClipError
from photoclip.library import filters, relevance
from photoclip.library.catalog.albums import album_of, album_photos
from photoclip.library.encoder import Encoder
from photoclip.library.evidence import Evidence, compare, table_rows
from photoclip.library.first_look import look
from photoclip.library.library import Library
from photoclip.library.live_albums import LiveAlbums
from photoclip.library.meaning import Meaning, meaning_of
from photoclip.library.neighbours import EXACT_BELOW, Neighbours
from photoclip.library.query import Node, Query, parse
from photoclip.library.query.tree import pushed_down
from photoclip.library.query_vectors import Vectors
from photoclip.library.sketch import SKETCHED_FROM, Sketch
from photoclip.library.snapshot import Snapshot, Snapshots

Ids = NDArray[np.int64]


class SearchCancelled(PhotoClipError):
    """A newer search made this one pointless."""


@dataclass(frozen=True)
class Results:
    """Photos, best first. A search without words or photos lists all, newest first, with no cosines (NaN)."""

    query: str
    model: str
    ids: Ids  # [N]
    scores: NDArray[np.float32]  # [N], 0 to 1, never rising
    cosines: NDArray[np.float32]  # [N], of the words, or else of the photos
    confident: int  # so many results, from the first on, are more likely right than not
    pending: int  # photos in scope that are not embedded yet and so cannot be found
    further: int = 0  # weaker matches that are not listed, since nobody would get to their end
    missing: bool = False  # whether missing photos were looked at, too

    def __len__(self) -> int:
        return len(self.ids)

    def first(self, count: int) -> Results:
        """The `count` best of these."""
        return Results(
            self.query,
            self.model,
            self.ids[:count],
            self.scores[:count],
            self.cosines[:count],
            min(self.confident, count),
            self.pending,
            self.further + max(0, len(self) - count),
            self.missing,
        )


@dataclass(frozen=True)
class AlbumPhotos:
    """The photos of an album; `ranked` tells that their order says something, else they are newest first."""

    ids: Ids  # [N]
    ranked: bool
    missing: bool = False  # whether missing photos may be among them


class SearchEngine:
    """Searches one library with one model; safe to use from any thread."""

    def __init__(
        self,
        library: Library,
        encoder: Encoder,
        *,
        today: Callable[[], date] = date.today,
        exact_below: int = EXACT_BELOW,
        sketched_from: int = SKETCHED_FROM,
    ) -> None:
        """`exact_below` is how many vectors make it worth asking a graph for the few most similar photos,
        `sketched_from` how many are first looked at as sketches instead.
        """
        self.library = library
        self.encoder = encoder
        self._today = today
        self._exact_below = exact_below
        self._sketched_from = sketched_from
        store = library.vectors(encoder.info)
        self._snapshots = Snapshots(library, store)
        self._neighbours = Neighbours(store, exact_below=exact_below)
        self._sketch = Sketch(store, sketched_from=sketched_from)
        self._evidence = Evidence(encoder)

    def refresh(self) -> None:
        """Picks up new photos and vectors; every search does so too."""
        self._snapshots.latest()

    def close(self) -> None:
        """Stops listening to the library and joins what runs for this engine."""
        self._snapshots.close()
        self._neighbours.close()
        self._sketch.close()

    def search(
        self,
        text: str,
        *,
        photos: Sequence[int] = (),
        images: Sequence[bytes] = (),
        within: Ids | None = None,
        missing: bool = False,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Results:
        """Photos for `text` (the query language), `photos` of the library and picture files, all together.

        Those that are there are looked at, and missing ones where the query asks for them; with `missing`,
        missing ones alone. `within` limits the search to those photos. Raises QueryError for a query that is
        wrong, ModelError where the model is needed and missing, SearchCancelled once `cancelled()` says so.
        """
        query = parse(text)
        tree = pushed_down(query.tree)
        snapshot = self._snapshot(tree, photos, missing=missing)
        _check(cancelled)
        conditions = self._live(snapshot, lambda: _check(cancelled)).conditions()
        if missing and snapshot.missing is not None:
            allowed = conditions.allowed(tree) & snapshot.missing
        else:
            allowed = conditions.found(tree)
        if within is not None:
            allowed &= filters.mask_of(snapshot.table, within)
        if not (query.has_meaning or photos or images):
            return self._listing(text, snapshot, allowed)
        meaning = meaning_of(self._evidence, snapshot, query, tree, photos, images, conditions.allowed)
        return self._ranked(text, snapshot, meaning, allowed, lambda: _check(cancelled))

    def album(self, album_id: int, cancelled: Callable[[], bool] = lambda: False) -> AlbumPhotos:
        """The photos of any album: in the order people gave it, or as a live album's query finds them now.

        Raises PhotoClipError where it is gone or its query is wrong by now, and else as `search` does.
        """
        catalog = self.library.catalog
        album = album_of(catalog, album_id)
        if album.query is None:
            return AlbumPhotos(album_photos(catalog, album_id), ranked=True)
        query = parse(album.query)
        snapshot = self._snapshot(pushed_down(query.tree), ())
        ids = self._live(snapshot, lambda: _check(cancelled)).photos(album)
        return AlbumPhotos(ids, query.has_meaning, snapshot.missing is not None)

    def similar(
        self,
        photos: Sequence[int] = (),
        *,
        images: Sequence[bytes] = (),
        words: str = "",
        limit: int | None = None,
    ) -> Results:
        """Photos like all of these, without the `photos` themselves; `words` narrow it as in `search`."""
        query = parse(words)
        tree = pushed_down(query.tree)
        snapshot = self._snapshot(tree, photos)
        conditions = self._live(snapshot, lambda: None).conditions()
        allowed = conditions.found(tree)
        allowed[table_rows(snapshot, photos)] = False
        if not (query.has_meaning or photos or images):
            return self._listing(words, snapshot, allowed)
        meaning = meaning_of(self._evidence, snapshot, query, tree, photos, images, conditions.allowed)
        graph_serves = self._exact_below <= len(snapshot.matrix) < self._sketched_from
        if limit is not None and not words and graph_serves:
            near = self._near(snapshot, meaning.vectors, limit + len(photos))
            if np.count_nonzero(allowed & near) >= limit:
                allowed &= near | (snapshot.rows < 0)
        results = self._ranked(words, snapshot, meaning, allowed, lambda: None)
        return results if limit is None else results.first(limit)

    def text_scores(
        self, descriptions: Sequence[str], ids: Ids | None = None
    ) -> tuple[Ids, NDArray[np.float32]]:
        """How well each photo fits any of the `descriptions`: ids and scores of the embedded ones."""
        texts = self._evidence.vectors.texts(descriptions)
        candidates, cosines, snapshot = self._compared(self._evidence.beside(texts), ids)
        if not len(candidates):
            return candidates, np.empty(0, np.float32)
        odds = relevance.any_of(self._evidence.text_odds(snapshot, texts, cosines))
        return snapshot.table.ids[candidates], relevance.score(odds)

    def text_cosines(self, texts: Sequence[str], ids: Ids | None = None) -> tuple[Ids, NDArray[np.float32]]:
        """The ids [N] of the photos that are embedded, and the cosines [N, K] of K texts to them."""
        candidates, cosines, snapshot = self._compared(self._evidence.vectors.texts(texts), ids)
        return snapshot.table.ids[candidates], cosines

    def _compared(self, vectors: Vectors, ids: Ids | None) -> tuple[Ids, NDArray[np.float32], Snapshot]:
        snapshot = self._snapshots.latest()
        allowed = np.ones(len(snapshot), np.bool_) if ids is None else filters.mask_of(snapshot.table, ids)
        candidates = np.flatnonzero(allowed & (snapshot.rows >= 0))
        return *compare(snapshot, candidates, vectors, lambda: None), snapshot

    def _snapshot(self, tree: Node, photos: Sequence[int], *, missing: bool = False) -> Snapshot:
        """With missing photos where they are asked for, or are among the `photos` to search by."""
        snapshot = self._snapshots.latest()
        unknown = bool((snapshot.table.rows_of(np.array(photos, np.int64)) < 0).any())
        if missing or unknown or filters.asks_for_missing(tree):
            return self._snapshots.latest(missing=True)
        return snapshot

    def _live(self, snapshot: Snapshot, between: Callable[[], None]) -> LiveAlbums:
        """The live albums of the library, looked up in this snapshot."""

        def find(query: Query, conditions: filters.Conditions) -> Ids:
            tree = pushed_down(query.tree)
            allowed = conditions.found(tree)
            if not query.has_meaning:
                return snapshot.table.ids[allowed]
            meaning = meaning_of(self._evidence, snapshot, query, tree, (), (), conditions.allowed)
            results = self._ranked("", snapshot, meaning, allowed, between)
            return results.ids[: results.confident]

        return LiveAlbums(self.library.catalog, snapshot, self._today(), find)

    def _near(self, snapshot: Snapshot, pictures: Vectors, count: int) -> filters.Mask:
        """Photos among which the `count` most like the pictures are, without looking at every vector.

        Twice as many are asked for, because some vectors are of photos that are gone.
        """
        direction = self._evidence.direction(snapshot, pictures)
        rows, _ = self._neighbours.nearest(direction, 2 * count)
        near = np.zeros(len(snapshot), np.bool_)
        near[snapshot.photos_at(rows[rows < len(snapshot.matrix)])] = True
        return near

    def _listing(self, text: str, snapshot: Snapshot, allowed: filters.Mask) -> Results:
        ids = snapshot.table.ids[allowed]
        count = len(ids)
        pending = int(np.count_nonzero(allowed & (snapshot.rows < 0)))
        scores, cosines = np.ones(count, np.float32), np.full(count, np.nan, np.float32)
        name, missing = self.encoder.info.name, snapshot.missing is not None
        return Results(text, name, ids, scores, cosines, count, pending, missing=missing)

    def _ranked(
        self,
        text: str,
        snapshot: Snapshot,
        meaning: Meaning,
        allowed: filters.Mask,
        between: Callable[[], None],
    ) -> Results:
        embedded = np.flatnonzero(allowed & (snapshot.rows >= 0))
        looked = look(self._sketch, snapshot, embedded, meaning, between)
        candidates, cosines = looked.candidates, looked.cosines
        odds = meaning.odds(candidates, cosines)
        between()
        order = relevance.best_first(odds)  # equal ones stay newest first
        scores = relevance.score(odds[order])
        return Results(
            query=text,
            model=self.encoder.info.name,
            ids=snapshot.table.ids[candidates[order]],
            scores=scores,
            cosines=meaning.shown(cosines)[order],
            confident=relevance.confident_count(scores),
            pending=int(np.count_nonzero(allowed)) - len(candidates) - looked.further,
            further=looked.further,
            missing=snapshot.missing is not None,
        )


def _check(cancelled: Callable[[], bool]) -> None:
    if cancelled():
        raise SearchCancelled("The search was cancelled.")
