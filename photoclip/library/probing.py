"""How well stored vectors tell a person's labels apart: by the labels' words, and by what can be learned.

Nothing is changed by it. A photo is judged by what was learned without it: fold by fold, of `training_pairs`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from photoclip.library.encoder import Encoder
from photoclip.library.labelling import prompts
from photoclip.library.levels import are_unit
from photoclip.library.library import Library
from photoclip.library.snapshot import find_rows
from photoclip.library.training_pairs import (
    Filed,
    Sources,
    chosen_labels,
    filed_photos,
    names_with_enough,
    require_enough,
)

Vectors = NDArray[np.float32]  # [N, D]
Scores = NDArray[np.float32]  # [N, C]
Learn = Callable[[Vectors, NDArray[np.bool_], NDArray[np.int64]], Scores]
"""From vectors, labels bool [N, C] and folds [N]: each fold's scores, as learned from the other folds."""


@dataclass(frozen=True)
class LabelQuality:
    """How many photos have a label, and the average precision of finding them in either way."""

    name: str
    photos: int
    zero_shot: float
    probe: float


@dataclass(frozen=True)
class Probing:
    """`zero_shot` and `probe` are the shares of photos whose best label is one that a person gave them."""

    model: str
    photos: int
    zero_shot: float
    probe: float
    labels: tuple[LabelQuality, ...]
    left_out: tuple[str, ...]  # labels with too few photos


def probe_labels(library: Library, model: Encoder, sources: Sources, learn: Learn) -> Probing:
    """Judges the stored vectors of `model` by a person's labels; `learn` is the linear probe.

    Left out are photos without a vector, and labels with too few photos. Raises PhotoClipError where that
    leaves too little to judge by, ModelError.
    """
    photos, vectors = _with_vectors(library, model, filed_photos(library.catalog, sources))
    require_enough(photos)
    names = names_with_enough(photos)
    labels = [label for label in chosen_labels(library.catalog, sources) if label.name in names]
    has = np.array([[label.name in photo.names for label in labels] for photo in photos], np.bool_)
    kept = has.any(axis=1)
    vectors, has = vectors[kept], has[kept]
    folds = np.array([photo.fold for photo in photos], np.int64)[kept]
    said = [prompts(label.name, label.descriptions) for label in labels]
    by_words, by_probe = word_scores(model, vectors, said), learn(vectors, has, folds)
    return Probing(
        model=model.info.name,
        photos=len(vectors),
        zero_shot=accuracy(by_words, has),
        probe=accuracy(by_probe, has),
        labels=tuple(
            LabelQuality(
                label.name,
                int(has[:, at].sum()),
                average_precision(by_words[:, at], has[:, at]),
                average_precision(by_probe[:, at], has[:, at]),
            )
            for at, label in enumerate(labels)
        ),
        left_out=tuple(sorted({name for photo in photos for name in photo.names} - set(names))),
    )


def word_scores(model: Encoder, vectors: Vectors, said: Sequence[Sequence[str]]) -> Scores:
    """Cosines [N, C] to the best of each label's texts, by which `labelling` orders photos."""
    texts = model.encode_texts([text for each in said for text in each])
    cosines = vectors @ texts.T  # [N, K]
    starts = np.cumsum([0, *(len(each) for each in said[:-1])])
    return np.asarray(np.maximum.reduceat(cosines, starts, axis=1), dtype=np.float32)


def accuracy(scores: Scores, has: NDArray[np.bool_]) -> float:
    """The share of rows whose best column is one of their own, from [N, C]."""
    return float(has[np.arange(len(has)), scores.argmax(axis=1)].mean())


def average_precision(scores: NDArray[np.float32], right: NDArray[np.bool_]) -> float:
    """The mean, over the right ones, of the precision down to each, from [N]; of equals, wrong ones first."""
    order = np.lexsort((right, -scores))
    found = right[order]
    precision = np.cumsum(found) / np.arange(1, len(found) + 1)
    return float(precision[found].mean())


def _with_vectors(library: Library, model: Encoder, photos: list[Filed]) -> tuple[list[Filed], Vectors]:
    """The photos that have a sound vector of this model, and their vectors."""
    store = library.vectors(model.info)
    store.refresh()
    keys, matrix = store.snapshot()
    rows = find_rows(keys, np.frombuffer(b"".join(photo.content for photo in photos), "S16"))
    known = np.flatnonzero(rows >= 0)
    vectors = np.asarray(matrix[rows[known]], dtype=np.float32)
    sound = are_unit(vectors)
    return [photos[at] for at in known[sound]], vectors[sound]
