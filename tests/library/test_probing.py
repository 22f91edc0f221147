"""How well stored vectors tell labels apart, on a shelf of colours."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from photoclip.errors import PhotoClipError
from photoclip.library.catalog.labels import add_label, label_photos, list_labels
from photoclip.library.probing import accuracy, average_precision, probe_labels, word_scores
from photoclip.library.training_pairs import Sources
from tests.library.fakes import FakeEncoder
from tests.library.search_helpers import Shelf


def centres(
    vectors: NDArray[np.float32], has: NDArray[np.bool_], folds: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Likeness to the mean of each label's vectors in the other folds."""
    scores = np.zeros(has.shape, np.float32)
    for fold in np.unique(folds):
        learned = [vectors[has[:, at] & (folds != fold)].mean(axis=0) for at in range(has.shape[1])]
        scores[folds == fold] = vectors[folds == fold] @ np.array(learned).T
    return scores


@pytest.fixture
def labelled(shelf: Shelf) -> Shelf:
    """Red photos are labelled "blue", blue ones "Holiday": words do not help. Green ones are too few."""
    for colour, name, count in (("red", "blue", 12), ("blue", "Holiday", 10), ("green", "Garden", 3)):
        ids = shelf.add([f"{colour}-{number}.jpg" for number in range(count)])
        label = add_label(shelf.catalog, name).created
        assert label is not None
        label_photos(shelf.catalog, label, ids.values())
    return shelf


def test_what_words_cannot_tell_is_learned(labelled: Shelf) -> None:
    before = list_labels(labelled.catalog)
    found = probe_labels(labelled.library, labelled.encoder, Sources(), centres)
    assert (found.model, found.photos, found.left_out) == ("fake", 22, ("Garden",))
    assert found.probe == 1.0
    assert found.zero_shot < 0.7
    assert [(label.name, label.photos, label.probe) for label in found.labels] == [
        ("blue", 12, 1.0),
        ("Holiday", 10, 1.0),
    ]
    assert found.labels[0].zero_shot < 0.7
    assert list_labels(labelled.catalog) == before


def test_photos_without_a_vector_are_left_out(labelled: Shelf) -> None:
    ids = labelled.add([f"red-later-{number}.jpg" for number in range(4)], embedded=False)
    label_photos(labelled.catalog, list_labels(labelled.catalog)[0].id, ids.values())
    assert probe_labels(labelled.library, labelled.encoder, Sources(), centres).photos == 22


def test_too_little_is_said(shelf: Shelf) -> None:
    with pytest.raises(PhotoClipError, match="20 labelled photos are needed"):
        probe_labels(shelf.library, shelf.encoder, Sources(), centres)


def test_the_best_text_of_a_label_counts() -> None:
    model = FakeEncoder()
    vectors = model.encode_texts(["red", "blue"])
    scores = word_scores(model, vectors, [["green", "red"], ["blue"]])
    assert scores[0, 0] == pytest.approx(1.0, abs=1e-6)
    assert scores[0] == pytest.approx([1.0, float(vectors[0] @ vectors[1])], abs=1e-6)


def test_figures_by_hand() -> None:
    scores = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]], np.float32)
    has = np.array([[True, False], [True, True], [False, True]])
    assert accuracy(scores, has) == pytest.approx(2 / 3)
    ranked = np.array([0.9, 0.8, 0.7, 0.6], np.float32)
    assert average_precision(ranked, np.array([True, False, True, False])) == pytest.approx((1 + 2 / 3) / 2)
    equal = np.zeros(4, np.float32)
    assert average_precision(equal, np.array([True, False, False, False])) == pytest.approx(1 / 4)
