"""Finding photos: by words, by other photos, by both, within filters.

text -> Query -> who may be found (filters, scope) -> odds per photo (relevance) -> best first
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from photoclip.errors import PhotoClipError
from photoclip.library import filters, relevance
from photoclip.library.encoder import Encoder
from photoclip.library.levels import RunningMean
from photoclip.library.library import Library
from photoclip.library.query import Query, parse
from photoclip.library.query_vectors import QueryVectors, Vectors
from photoclip.library.snapshot import Snapshot, Snapshots

Ids = NDArray[np.int64]

ROWS_AT_A_TIME = 65_536  # of vectors between two looks at `cancelled`: 5 ms


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
        )


@dataclass(frozen=True)
class Question:
    """What is asked of every photo, as vectors: [K, D] each, K may be 0."""

    words: Vectors
    excluded: Vectors
    pictures: Vectors

    def __len__(self) -> int:
        return len(self.words) + len(self.excluded) + len(self.pictures)

    def all(self) -> Vectors:
        return np.concatenate([self.words, self.excluded, self.pictures])


class SearchEngine:
    """Searches one library with one model; safe to use from any thread."""

    def __init__(self, library: Library, encoder: Encoder, *, today: Callable[[], date] = date.today) -> None:
        self.library = library
        self.encoder = encoder
        self._today = today
        self._snapshots = Snapshots(library, library.vectors(encoder.info))
        self._vectors = QueryVectors(encoder)
        self._level = RunningMean()  # of the generic prompts over the library
        self._average = RunningMean()  # of the vectors themselves

    def refresh(self) -> None:
        """Picks up new photos and vectors; every search does so too."""
        self._snapshots.latest()

    def close(self) -> None:
        self._snapshots.close()

    def search(
        self,
        text: str,
        *,
        photos: Sequence[int] = (),
        images: Sequence[bytes] = (),
        within: Ids | None = None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Results:
        """Photos for `text` (the query language), `photos` of the library and picture files, all together.

        `within` limits the search to those photos. Raises QueryError for a query that is wrong, ModelError
        where the model is needed and missing, SearchCancelled once `cancelled()` says so.
        """
        query = parse(text)
        snapshot = self._snapshots.latest()
        _check(cancelled)
        allowed = self._allowed(snapshot, query, within)
        if not (query.has_meaning or photos or images):
            return self._listing(text, snapshot, allowed)
        question = self._question(snapshot, query, photos, images)
        _check(cancelled)
        candidates = np.flatnonzero(allowed & (snapshot.rows >= 0))
        pending = int(np.count_nonzero(allowed)) - len(candidates)
        return self._ranked(text, snapshot, question, candidates, pending, cancelled)

    def similar(
        self,
        photos: Sequence[int] = (),
        *,
        images: Sequence[bytes] = (),
        words: str = "",
        limit: int | None = None,
    ) -> Results:
        """Photos like all of these, without the `photos` themselves; `words` narrow it as in `search`."""
        snapshot = self._snapshots.latest()
        query = parse(words)
        question = self._question(snapshot, query, photos, images)
        allowed = self._allowed(snapshot, query, None)
        allowed[_rows(snapshot, photos)] = False
        candidates = np.flatnonzero(allowed & (snapshot.rows >= 0))
        pending = int(np.count_nonzero(allowed)) - len(candidates)
        results = self._ranked(words, snapshot, question, candidates, pending, lambda: False)
        return results if limit is None else results.first(limit)

    def text_scores(
        self, descriptions: Sequence[str], ids: Ids | None = None
    ) -> tuple[Ids, NDArray[np.float32]]:
        """How well each photo fits any of the `descriptions`: ids and scores of the embedded ones."""
        candidates, cosines, snapshot = self._compared(descriptions, ids)
        odds = relevance.any_of(self._text_odds(snapshot, cosines))
        return snapshot.table.ids[candidates], relevance.score(odds)

    def text_cosines(self, texts: Sequence[str], ids: Ids | None = None) -> tuple[Ids, NDArray[np.float32]]:
        """The ids [N] of the photos that are embedded, and the cosines [N, K] of K texts to them."""
        candidates, cosines, snapshot = self._compared(texts, ids)
        return snapshot.table.ids[candidates], cosines

    def _compared(self, texts: Sequence[str], ids: Ids | None) -> tuple[Ids, NDArray[np.float32], Snapshot]:
        snapshot = self._snapshots.latest()
        allowed = np.ones(len(snapshot), np.bool_) if ids is None else filters.mask_of(snapshot.table, ids)
        candidates = np.flatnonzero(allowed & (snapshot.rows >= 0))
        vectors = self._vectors.texts(texts)
        return candidates, _cosines(snapshot, candidates, vectors, lambda: False), snapshot

    def _allowed(self, snapshot: Snapshot, query: Query, within: Ids | None) -> filters.Mask:
        allowed = filters.matching(self.library.catalog, snapshot, query.filters, self._today())
        if within is not None:
            allowed &= filters.mask_of(snapshot.table, within)
        return allowed

    def _listing(self, text: str, snapshot: Snapshot, allowed: filters.Mask) -> Results:
        ids = snapshot.table.ids[allowed]
        count = len(ids)
        pending = int(np.count_nonzero(allowed & (snapshot.rows < 0)))
        return Results(
            text,
            self.encoder.info.name,
            ids,
            np.ones(count, np.float32),
            np.full(count, np.nan, np.float32),
            count,
            pending,
        )

    def _question(
        self, snapshot: Snapshot, query: Query, photos: Sequence[int], images: Sequence[bytes]
    ) -> Question:
        texts = [*([query.words] if query.words else []), *query.excluded]
        vectors = self._vectors.texts(texts) if texts else self._none(snapshot)
        split = len(texts) - len(query.excluded)
        pictures = [self._vectors_of(snapshot, photos)]
        if images:
            pictures.append(self._vectors.pictures(images))
        return Question(vectors[:split], vectors[split:], np.concatenate(pictures))

    def _vectors_of(self, snapshot: Snapshot, photos: Sequence[int]) -> Vectors:
        """Stored vectors of photos; a photo that has none yet is read from its file."""
        rows = snapshot.rows[_rows(snapshot, photos)]
        if (rows >= 0).all():
            return snapshot.matrix[rows]
        raise PhotoClipError("This photo is not indexed yet; try again when indexing is done.")

    def _none(self, snapshot: Snapshot) -> Vectors:
        return np.empty((0, snapshot.matrix.shape[1]), np.float32)

    def _ranked(
        self,
        text: str,
        snapshot: Snapshot,
        question: Question,
        candidates: Ids,
        pending: int,
        cancelled: Callable[[], bool],
    ) -> Results:
        cosines = _cosines(snapshot, candidates, question.all(), cancelled)
        odds = self._odds(snapshot, question, cosines)
        _check(cancelled)
        order = relevance.best_first(odds)  # equal ones stay newest first
        scores = relevance.score(odds[order])
        shown = cosines[:, : len(question.words)]
        if not len(question.words):
            shown = cosines[:, len(question.excluded) :] if len(question.pictures) else cosines[:, :0]
        mean = shown.mean(axis=1) if shown.shape[1] else np.full(len(candidates), np.nan, np.float32)
        return Results(
            text,
            self.encoder.info.name,
            snapshot.table.ids[candidates[order]],
            scores,
            mean[order].astype(np.float32),
            relevance.confident_count(scores),
            pending,
        )

    def _odds(self, snapshot: Snapshot, question: Question, cosines: NDArray[np.float32]) -> relevance.Odds:
        """All the evidence of a question, for each candidate."""
        words, excluded = len(question.words), len(question.excluded)
        texts = cosines[:, : words + excluded]
        odds = self._text_odds(snapshot, texts) if texts.shape[1] else texts
        parts: list[relevance.Odds] = [odds[:, 0]] if words else []
        if len(question.pictures):
            parts.append(self._picture_odds(snapshot, question.pictures, cosines[:, words + excluded :]))
        if not parts:
            return -relevance.any_of(odds)
        found = parts[0] if len(parts) == 1 else relevance.both(*parts)
        return relevance.without(found, relevance.any_of(odds[:, words:])) if excluded else found

    def _text_odds(self, snapshot: Snapshot, cosines: NDArray[np.float32]) -> NDArray[np.float32]:
        """[N, K] for K texts."""
        if not len(cosines):
            return cosines
        prompts, scale = self._vectors.background(), self.encoder.info.logit_scale
        level = self._level.over(
            snapshot.matrix, lambda part: relevance.background_level(part @ prompts.T, scale)
        )
        return relevance.text_odds(cosines, float(level), scale)

    def _picture_odds(
        self, snapshot: Snapshot, pictures: Vectors, cosines: NDArray[np.float32]
    ) -> relevance.Odds:
        """Several photos as one query: the mean of their odds."""
        if not len(cosines):
            return cosines[:, 0]
        averages = pictures @ self._average.over(snapshot.matrix, lambda part: part)
        usual = [relevance.usual_cosine(float(average), len(snapshot.matrix)) for average in averages]
        odds = [relevance.image_odds(cosines[:, at], usual[at]) for at in range(len(pictures))]
        return np.asarray(np.mean(odds, axis=0), dtype=np.float32)


def _cosines(
    snapshot: Snapshot, candidates: Ids, vectors: Vectors, cancelled: Callable[[], bool]
) -> NDArray[np.float32]:
    """[N, K]: of each candidate's vector to each of `vectors` [K, D].

    Few candidates are picked out; of many, the whole matrix is multiplied where it lies, without a copy.
    """
    rows = snapshot.rows[candidates]
    if len(rows) * 4 < len(snapshot.matrix):
        return np.asarray(snapshot.matrix[rows] @ vectors.T, dtype=np.float32)
    cosines = np.empty((len(vectors), len(snapshot.matrix)), np.float32)
    for part in _parts(len(snapshot.matrix)):
        for vector, row in zip(vectors, cosines, strict=True):  # quicker than one thin matrix product
            _check(cancelled)
            np.dot(snapshot.matrix[part], vector, out=row[part])
    return cosines[:, rows].T


def _parts(count: int) -> Iterator[slice]:
    return (slice(start, start + ROWS_AT_A_TIME) for start in range(0, count, ROWS_AT_A_TIME))


def _rows(snapshot: Snapshot, photos: Sequence[int]) -> Ids:
    """Rows of photos in the table; raises PhotoClipError for one that is not there."""
    rows = snapshot.table.rows_of(np.array(photos, np.int64))
    if (rows < 0).any():
        raise PhotoClipError("This photo is no longer in the library.")
    return rows


def _check(cancelled: Callable[[], bool]) -> None:
    if cancelled():
        raise SearchCancelled("The search was cancelled.")
