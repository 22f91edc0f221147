"""The linear probe: it learns what is linear, regularises what is noise, and says what it cannot use."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from photoclip.clip.training import probe
from photoclip.errors import PhotoClipError


def clouds(count: int, spread: float, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Unit vectors [count, 12] around three directions, labelled 2, 5 and 9."""
    random = torch.Generator().manual_seed(seed)
    middles = torch.eye(12)[:3]
    labels = torch.randint(0, 3, (count,), generator=random)
    vectors = middles[labels] + spread * torch.randn(count, 12, generator=random)
    return torch.nn.functional.normalize(vectors, dim=-1), torch.tensor([2, 5, 9])[labels]


def test_it_tells_clouds_apart_that_it_has_not_seen() -> None:
    found = probe.fit(*clouds(45, 0.15, 0), seed=1)
    assert found.classes.tolist() == [2, 5, 9]
    assert found.accuracy(*clouds(300, 0.15, 1)) > 0.98
    assert set(found.predict(clouds(40, 0.15, 2)[0]).tolist()) == {2, 5, 9}


def test_the_same_seed_gives_the_same_probe_and_half_precision_arrays_will_do() -> None:
    vectors, labels = clouds(30, 0.4, 0)
    first, second = (probe.fit(vectors, labels, seed=4) for _ in range(2))
    assert torch.equal(first.weight, second.weight)
    assert first.strength == second.strength
    halves = probe.fit(vectors.numpy().astype(np.float16), labels.tolist(), seed=4)
    assert halves.accuracy(vectors, labels) == pytest.approx(first.accuracy(vectors, labels), abs=0.1)


def test_noise_is_regularised_more_than_what_is_plain() -> None:
    """The picked strength is no worse on unseen data than hardly any at all."""
    vectors, labels = clouds(45, 0.6, 0)
    found = probe.fit(vectors, labels)
    classes, y = labels.unique(return_inverse=True)
    weight, bias = probe._fit(vectors, y, 3, 1e-6)
    loose = probe.Probe(weight, bias, classes, 1e-6)
    unseen = clouds(400, 0.6, 1)
    assert found.accuracy(*unseen) >= loose.accuracy(*unseen)
    assert found.weight.norm() < loose.weight.norm()


def test_the_fit_is_where_the_gradient_vanishes() -> None:
    vectors, labels = clouds(60, 0.4, 3)
    y = labels.unique(return_inverse=True)[1]
    weight, bias = probe._fit(vectors, y, 3, 2.0)
    weight.requires_grad_()
    logits = vectors @ weight.T + bias
    loss = torch.nn.functional.cross_entropy(logits, y, reduction="sum") + weight.square().sum()
    loss.backward()
    assert weight.grad is not None
    assert weight.grad.abs().max() < 1e-3


def test_one_vector_a_class_is_enough_to_fit() -> None:
    found = probe.fit(torch.eye(3), [0, 1, 2])
    assert found.predict(torch.eye(3)).tolist() == [0, 1, 2]


def test_each_fold_is_judged_by_a_probe_that_has_not_seen_it() -> None:
    """Labels that are chance in one fold are at chance there, however well they could be learned by heart."""
    vectors, labels = clouds(60, 0.15, 0)
    has = (labels[:, None] == torch.tensor([2, 5, 9])).numpy()
    folds = np.arange(60) % 3
    scores = probe.held_out_scores(vectors.numpy(), has, folds)
    assert scores.shape == (60, 3)
    assert scores.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert (scores.argmax(axis=1) == has.argmax(axis=1)).mean() > 0.95
    wrong = np.where((folds == 1)[:, None], np.roll(has, 1, axis=1), has)
    scores = probe.held_out_scores(vectors.numpy(), wrong, np.where(folds == 1, 1, 0))
    assert (scores.argmax(axis=1) == wrong.argmax(axis=1))[folds == 1].mean() < 0.1


def test_a_label_of_one_fold_alone_cannot_be_learned_for_it() -> None:
    has = np.eye(3, dtype=bool)[[0, 1, 0, 1, 2]]
    vectors = np.eye(3, dtype=np.float32)[[0, 1, 0, 1, 2]]
    scores = probe.held_out_scores(vectors, has, np.array([0, 0, 1, 1, 0]))
    assert scores[:2, 2].tolist() == [0.0, 0.0]
    assert scores[2:4, 2].min() > 0.0


@pytest.mark.parametrize(
    ("vectors", "labels", "sentence"),
    [
        (torch.eye(3), [1, 1, 1], "two different labels"),
        (torch.eye(3), [1, 2], "N labels"),
        (torch.full((2, 2), float("nan")), [1, 2], "not numbers"),
        (torch.zeros(0, 3), [], "two different labels"),
    ],
)
def test_what_it_cannot_use_it_says(vectors: torch.Tensor, labels: list[int], sentence: str) -> None:
    with pytest.raises(PhotoClipError, match=sentence):
        probe.fit(vectors, labels)
