"""How strongly each photo answers a query's meaning, in the odds of `relevance`.

A query that only lists what must and must not be is one question to `Evidence`. One with OR, groups or
weights is a tree: its texts are compared all at once, and the tree says how their odds go together. Side by
side, the mean of the probabilities counts, as for words and photos together; in OR, a photo's best branch; a
weight multiplies the odds; a filter that is met in OR is certain.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from photoclip.library import relevance
from photoclip.library.evidence import Cosines, Evidence, Ids, Question, shown_cosines
from photoclip.library.filters import Mask, photo_named
from photoclip.library.query import And, Node, Not, Or, Query, SimilarTo, Words
from photoclip.library.query.tree import Meant, meanings, parts_of, unweighted
from photoclip.library.query_vectors import Vectors
from photoclip.library.relevance import Odds
from photoclip.library.snapshot import Snapshot

STRONGEST = 500.0  # log odds of what is certain; beyond 700, 64-bit probabilities are lost


class Meaning(Protocol):
    """What is asked of every photo."""

    @property
    def vectors(self) -> Vectors:
        """What photos are compared with, [K, D]."""

    def odds(self, candidates: Ids, cosines: Cosines) -> Odds:
        """All the evidence together, [N], of the candidates [N] with these cosines [N, K]."""

    def shown(self, cosines: Cosines) -> Cosines:
        """The one cosine [N] a result shows; NaN where nothing was asked for but exclusions."""


@dataclass(frozen=True)
class ListMeaning:
    """The meaning of a list, of photos and of pictures."""

    evidence: Evidence
    snapshot: Snapshot
    question: Question

    @property
    def vectors(self) -> Vectors:
        return self.question.all()

    def odds(self, candidates: Ids, cosines: Cosines) -> Odds:
        return self.evidence.odds(self.snapshot, self.question, cosines)

    def shown(self, cosines: Cosines) -> Cosines:
        return shown_cosines(self.question, cosines)


class TreeMeaning:
    """The meaning of a tree in which Not stands around single things only, with `pictures` beside it.

    Raises QueryError for a photo the library does not have, PhotoClipError for one that is not indexed.
    """

    def __init__(
        self,
        evidence: Evidence,
        snapshot: Snapshot,
        tree: Node,
        pictures: Question,
        allowed: Callable[[Node], Mask],
    ) -> None:
        """`allowed` says which photos of the snapshot meet the filters of a part of the tree."""
        self._evidence = evidence
        self._snapshot = snapshot
        self._tree = tree
        self._allowed = allowed
        meant = list(dict.fromkeys(map(unweighted, meanings(tree))))
        self._words = [one for one in meant if isinstance(one, Words)]
        self._photos = [one for one in meant if isinstance(one, SimilarTo)]
        texts = [words.text for words in self._words]
        self._texts = evidence.vectors.texts(texts) if texts else pictures.texts[:0]
        self._questions = [self._like(photo_named(snapshot, photo)) for photo in self._photos] + [pictures]
        self._said = evidence.beside(self._texts)
        self._vectors = np.concatenate([self._said, *(question.all() for question in self._questions)])

    def _like(self, photo: int) -> Question:
        return self._evidence.question(self._snapshot, Query(), [photo], ())

    @property
    def vectors(self) -> Vectors:
        return self._vectors

    def odds(self, candidates: Ids, cosines: Cosines) -> Odds:
        if not len(cosines):
            return np.empty(0, np.float32)
        said, *columns = self._columns(cosines)
        texts = list(self._evidence.match_odds(self._snapshot, self._texts, said).T) if self._words else []
        seen = [
            self._evidence.odds(self._snapshot, question, part)
            for question, part in zip(self._questions, columns, strict=True)
            if len(question)
        ]
        photos, pictures = seen[: len(self._photos)], seen[len(self._photos) :]
        meant: list[Meant] = [*self._words, *self._photos]
        known = dict(zip(meant, [*texts, *photos], strict=True))
        combined = _Combined(known, lambda part: self._allowed(part)[candidates])
        found = combined.all_of(parts_of(self._tree), pictures)
        assert found is not None  # nobody asks for the meaning of filters alone
        return found

    def shown(self, cosines: Cosines) -> Cosines:
        """The greatest of the words that are asked for, or else of the photos, or else the pictures' mean."""
        columns = self._shown(cosines, Words) or self._shown(cosines, SimilarTo)
        if columns:
            return np.asarray(np.max(columns, axis=0), dtype=np.float32)
        return shown_cosines(self._questions[-1], self._columns(cosines)[-1])

    def _shown(self, cosines: Cosines, kind: type[Words] | type[SimilarTo]) -> list[Cosines]:
        """Those [N] to each that is asked for."""
        said, *seen = self._columns(cosines)
        wanted = set(_wanted(self._tree))
        columns = said.T if kind is Words else [column[:, 0] for column in seen[: len(self._photos)]]
        meant = self._words if kind is Words else self._photos
        return [column for one, column in zip(meant, columns, strict=False) if one in wanted]

    def _columns(self, cosines: Cosines) -> list[Cosines]:
        """Those of the words and generic, then of each photo of the tree, then of the pictures."""
        ends = np.cumsum([len(self._said), *(len(question.all()) for question in self._questions)])
        return np.split(cosines, ends[:-1], axis=1)


@dataclass(frozen=True)
class _Combined:
    """Odds of the parts of a tree from those of what is meant in it, each [N]; None is filters alone."""

    known: dict[Meant, Odds]  # without weights
    allowed: Callable[[Node], Mask]  # [N]

    def of(self, node: Node) -> Odds | None:
        if isinstance(node, And):
            return self.all_of(node.parts, [])
        if isinstance(node, Or):
            return self._best_of(node.parts)
        if isinstance(node, (Words, SimilarTo)):
            return self._meant(node)
        unwanted = _unwanted(node)
        return None if unwanted is None else -self._meant(unwanted)

    def all_of(self, parts: Sequence[Node], seen: Sequence[Odds]) -> Odds | None:
        """Parts side by side, with what was `seen` in pictures."""
        unwanted = [meant for part in parts if (meant := _unwanted(part)) is not None]
        others = [self.of(part) for part in parts if _unwanted(part) is None]
        evidence = [*(odds for odds in others if odds is not None), *seen]
        found = mean_odds(evidence) if evidence else None
        if not unwanted:
            return found
        excluded = relevance.any_of(np.stack([self._meant(meant) for meant in unwanted], axis=1))
        return -excluded if found is None else relevance.without(found, excluded)

    def _best_of(self, parts: Sequence[Node]) -> Odds | None:
        odds = [self.of(part) for part in parts]
        if all(one is None for one in odds):
            return None
        branches = [
            np.where(self.allowed(part), STRONGEST if one is None else one, -STRONGEST)
            for part, one in zip(parts, odds, strict=True)
        ]
        return np.asarray(np.max(branches, axis=0), dtype=np.float32)

    def _meant(self, meant: Meant) -> Odds:
        odds = self.known[unweighted(meant)]
        return odds if meant.weight == 1 else np.minimum(odds * np.float32(meant.weight), STRONGEST)


def mean_odds(evidence: Sequence[Odds]) -> Odds:
    """Evidence of several kinds together, as `relevance.both` does for two: the geometric mean."""
    if len(evidence) == 1:
        return evidence[0]
    logs: NDArray[np.float64] = -np.logaddexp(0.0, -np.stack(evidence).astype(np.float64))
    mean = logs.mean(axis=0)
    return np.asarray(mean - np.log(-np.expm1(mean)), dtype=np.float32)


def meaning_of(
    evidence: Evidence,
    snapshot: Snapshot,
    query: Query,
    tree: Node,
    photos: Sequence[int],
    images: Sequence[bytes],
    allowed: Callable[[Node], Mask],
) -> Meaning:
    """The meaning of a query, and of photos of the library and picture files beside it."""
    if query.is_list:
        return ListMeaning(evidence, snapshot, evidence.question(snapshot, query, photos, images))
    pictures = evidence.question(snapshot, Query(), photos, images)
    return TreeMeaning(evidence, snapshot, tree, pictures, allowed)


def _wanted(node: Node) -> list[Meant]:
    """What a tree asks for and does not exclude, without weights."""
    if isinstance(node, (And, Or)):
        return [meant for part in node.parts for meant in _wanted(part)]
    return [unweighted(node)] if isinstance(node, (Words, SimilarTo)) else []


def _unwanted(node: Node) -> Meant | None:
    """The meaning that a part excludes."""
    return node.part if isinstance(node, Not) and isinstance(node.part, (Words, SimilarTo)) else None
