"""What is asked of every photo, and how strongly each photo answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from photoclip.errors import PhotoClipError
from photoclip.library import relevance
from photoclip.library.cosines import cosines_of
from photoclip.library.encoder import Encoder
from photoclip.library.levels import ROUNDING, RunningMean, are_unit
from photoclip.library.query import Query
from photoclip.library.query_vectors import QueryVectors, Vectors
from photoclip.library.snapshot import Snapshot

Ids = NDArray[np.int64]
Cosines = NDArray[np.float32]


@dataclass(frozen=True)
class Question:
    """What is asked, as vectors: [K, D] each, K may be 0."""

    words: Vectors
    excluded: Vectors
    generic: Vectors  # as `Evidence.beside` adds it to texts
    pictures: Vectors

    def __len__(self) -> int:
        return len(self.words) + len(self.excluded) + len(self.pictures)

    @property
    def texts(self) -> Vectors:
        return np.concatenate([self.words, self.excluded])

    def all(self) -> Vectors:
        return np.concatenate([self.words, self.excluded, self.generic, self.pictures])

    def columns(self, cosines: Cosines) -> tuple[Cosines, Cosines]:
        """The cosines [N, K] to `all()` as those to texts and generic, and those to pictures."""
        said = len(self.words) + len(self.excluded) + len(self.generic)
        return cosines[:, :said], cosines[:, said:]


class Evidence:
    """Turns questions into odds for one model's vectors. Thread-safe."""

    def __init__(self, encoder: Encoder) -> None:
        self.vectors = QueryVectors(encoder)
        self._scale = encoder.info.logit_scale
        self._level = RunningMean()  # of the generic prompts over the library
        self._average = RunningMean()  # of the stored vectors themselves

    def question(
        self, snapshot: Snapshot, query: Query, photos: Sequence[int], images: Sequence[bytes]
    ) -> Question:
        """The vectors of a query's words, of photos of the library and of picture files."""
        none = np.empty((0, snapshot.matrix.shape[1]), np.float32)
        words = [query.words] if query.words else []
        texts = self.vectors.texts([*words, *query.excluded]) if query.has_meaning else none
        pictures = self.vectors.pictures(images) if images else none
        stored = snapshot.matrix[_embedded_rows(snapshot, photos)].astype(np.float32)
        return Question(
            words=texts[: len(words)],
            excluded=texts[len(words) :],
            generic=self.beside(texts)[len(texts) :],
            pictures=np.concatenate([stored, pictures]),
        )

    def beside(self, texts: Vectors) -> Vectors:
        """`texts` [K, D] and, to judge cosines to them by, the generic prompts' mean; nothing for none."""
        return np.concatenate([texts, self.vectors.background().mean(axis=0)[None]]) if len(texts) else texts

    def odds(self, snapshot: Snapshot, question: Question, cosines: Cosines) -> relevance.Odds:
        """All the evidence together, [N], from the cosines [N, K] to `question.all()`."""
        if not len(cosines):
            return np.empty(0, np.float32)
        words = len(question.words)
        to_texts, to_pictures = question.columns(cosines)
        said = self.match_odds(snapshot, question.texts, to_texts) if to_texts.shape[1] else to_texts
        found = said[:, 0] if words else None
        if len(question.pictures):
            seen = self._picture_odds(snapshot, question.pictures, to_pictures)
            found = seen if found is None else relevance.both(found, seen)
        if not len(question.excluded):
            assert found is not None
            return found
        unwanted = relevance.any_of(said[:, words:])
        return -unwanted if found is None else relevance.without(found, unwanted)

    def match_odds(self, snapshot: Snapshot, texts: Vectors, cosines: Cosines) -> Cosines:
        """`text_odds`, each text's moved so that those above 0 are what a search for it is confident of."""
        odds = self.text_odds(snapshot, texts, cosines)
        return np.stack([relevance.beside_the_best(column) for column in odds.T], axis=1)

    def text_odds(self, snapshot: Snapshot, texts: Vectors, cosines: Cosines) -> Cosines:
        """[N, K] for `texts` [K, D], from the cosines [N, K + 1] to `beside(texts)`; each photo by itself."""
        prompts = self.vectors.background()
        level = self._level.over(
            snapshot.matrix, lambda part: relevance.background_level(part @ prompts.T, self._scale)
        )
        average = self._average.over(snapshot.matrix, lambda part: part).astype(np.float32)
        usual = float(prompts.mean(axis=0) @ average)
        centred = relevance.centred(cosines[:, :-1], cosines[:, -1], texts @ average, usual)
        return relevance.text_odds(centred, float(level) + relevance.RARITY, self._scale)

    def direction(self, snapshot: Snapshot, pictures: Vectors) -> Vectors:
        """The direction [D] in which photos are most like all `pictures`.

        The mean of the pictures' odds is linear in a photo's vector, so one direction stands for it.
        """
        weights = np.array([1 / (1 - usual) for usual in self._usual(snapshot, pictures)], np.float32)
        total = weights @ pictures
        return np.asarray(total / np.linalg.norm(total), dtype=np.float32)

    def _picture_odds(self, snapshot: Snapshot, pictures: Vectors, cosines: Cosines) -> relevance.Odds:
        """Several photos as one query: the mean of their odds."""
        usual = self._usual(snapshot, pictures)
        odds = [relevance.image_odds(cosines[:, at], usual[at]) for at in range(len(pictures))]
        return np.asarray(np.mean(odds, axis=0), dtype=np.float32)

    def _usual(self, snapshot: Snapshot, pictures: Vectors) -> list[float]:
        """The cosine to each picture that is nothing special in this library."""
        averages = pictures @ self._average.over(snapshot.matrix, lambda part: part)
        return [relevance.usual_cosine(float(average), len(snapshot.matrix)) for average in averages]


def shown_cosines(question: Question, cosines: Cosines) -> Cosines:
    """The one cosine [N] a result shows: of the words, or else the photos' mean; NaN of exclusions alone."""
    words = len(question.words)
    chosen = cosines[:, :words] if words else question.columns(cosines)[1]
    if not chosen.shape[1]:
        return np.full(len(cosines), np.nan, np.float32)
    return np.asarray(chosen.mean(axis=1), dtype=np.float32)


def are_sound(cosines: Cosines) -> NDArray[np.bool_]:
    """Which rows [N] of [N, K] can be of vectors that are not damaged."""
    return np.asarray((np.abs(cosines) <= 1 + ROUNDING).all(axis=1))  # False for NaN, too


def compare(
    snapshot: Snapshot, candidates: Ids, vectors: Vectors, between: Callable[[], None]
) -> tuple[Ids, Cosines]:
    """The candidates [N] and the cosines [N, K] of their vectors to each of `vectors` [K, D].

    A candidate whose vector is damaged is left out: it counts as not embedded until indexing has made its
    vector again. `between` is called in between.
    """
    cosines = exact_cosines(snapshot, candidates, vectors, between)
    sound = are_sound(cosines)
    return (candidates, cosines) if sound.all() else (candidates[sound], cosines[sound])


def exact_cosines(
    snapshot: Snapshot, candidates: Ids, vectors: Vectors, between: Callable[[], None]
) -> Cosines:
    """[N, K]: of a photo, its vector's to each of `vectors` [K, D]; of a video, its best frame's."""

    def of_rows(rows: Ids) -> Cosines:
        return cosines_of(snapshot.matrix, rows, vectors, between)

    cosines = of_rows(snapshot.rows[candidates])
    snapshot.frames.lift(candidates, cosines, of_rows)
    return cosines


def table_rows(snapshot: Snapshot, photos: Sequence[int]) -> Ids:
    """Rows of photos in the table; raises PhotoClipError for one that is not there."""
    rows = snapshot.table.rows_of(np.array(photos, np.int64))
    if (rows < 0).any():
        raise PhotoClipError("This photo is not in the library any more.")
    return rows


def _embedded_rows(snapshot: Snapshot, photos: Sequence[int]) -> Ids:
    rows = snapshot.rows[table_rows(snapshot, photos)]
    if (rows < 0).any() or not are_unit(snapshot.matrix[rows]).all():
        raise PhotoClipError("This photo is not indexed yet; try again when indexing is done.")
    return rows
