"""A linear probe: how much a linear classifier makes of a model's vectors, and a quick classifier in itself.

L2-regularised multinomial logistic regression by L-BFGS on vectors as they are, after Radford et al.,
"Learning Transferable Visual Models From Natural Language Supervision" (2021), section 3.2 and appendix A.3:
the regularisation is looked for on a held-out share, on a logarithmic grid of 8 steps a decade that is
refined around its best place, and the probe is then fitted to everything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from photoclip.errors import PhotoClipError

HELD_OUT = 0.2  # of each class
DECADES = (-6.0, -4.0, -2.0, 0.0, 2.0, 4.0, 6.0)  # where the search begins, as powers of ten
FINEST = 1 / 8  # decades
ITERATIONS = 1000
STEEPEST = 1e-5  # the largest entry of a gradient that counts as none; float32 gets little further

Vectors = Tensor | NDArray[np.floating]
Labels = Tensor | NDArray[np.integer] | Sequence[int]


@dataclass(frozen=True)
class Probe:
    """`strength` is the regularisation that was picked: the factor of half the weights' squared length,
    beside the sum of the cross entropies (scikit-learn's 1 / C)."""

    weight: Tensor  # [C, D]
    bias: Tensor  # [C]
    classes: Tensor  # int64 [C], the labels in order
    strength: float

    def predict(self, vectors: Vectors) -> Tensor:
        """The likeliest label of each of `vectors` [N, D], int64 [N]."""
        return self.classes[self.logits(vectors).argmax(dim=1)]

    def logits(self, vectors: Vectors) -> Tensor:
        """[N, C] of `vectors` [N, D], in the order of `classes`; a softmax makes probabilities of them."""
        return F.linear(_floats(vectors), self.weight, self.bias)

    def accuracy(self, vectors: Vectors, labels: Labels) -> float:
        """The share of `vectors` [N, D] whose label is predicted."""
        return (self.predict(vectors) == _integers(labels)).float().mean().item()


def fit(vectors: Vectors, labels: Labels, seed: int = 0) -> Probe:
    """A probe on `vectors` [N, D] with `labels` [N]; the same seed holds out the same share.

    Raises PhotoClipError where there is nothing to tell apart, or a vector holds what is not a number.
    """
    x, given = _floats(vectors), _integers(labels)
    if x.ndim != 2 or given.shape != x.shape[:1]:
        raise PhotoClipError(
            f"A probe needs vectors [N, D] and N labels; these are {list(x.shape)} and {list(given.shape)}."
        )
    if not x.isfinite().all():
        raise PhotoClipError("The vectors for the probe hold values that are not numbers.")
    classes, y = given.unique(return_inverse=True)
    if len(classes) < 2:
        raise PhotoClipError("A probe needs at least two different labels.")
    held = _held_out(y, len(classes), seed)
    strength = 10 ** _best_power(x, y, len(classes), held) if held.any() else 1.0
    weight, bias = _fit(x, y, len(classes), strength)
    return Probe(weight, bias, classes, strength)


def held_out_scores(
    vectors: NDArray[np.float32], has: NDArray[np.bool_], folds: NDArray[np.int64], seed: int = 0
) -> NDArray[np.float32]:
    """How likely each label is for each vector, [N, C], by a probe fitted to the other folds alone.

    `vectors` are [N, D], `folds` [N]; `has`, [N, C], says which labels a vector has: with several it counts
    once for each. A label that no other fold has scores 0. Raises PhotoClipError as `fit` does.
    """
    scores = np.zeros(has.shape, np.float32)
    for fold in np.unique(folds):
        held = folds == fold
        rows, labels = np.nonzero(has & ~held[:, None])
        found = fit(vectors[rows], labels, seed)
        likely = found.logits(vectors[held]).softmax(dim=1).numpy()
        scores[np.ix_(held.nonzero()[0], found.classes.numpy())] = likely
    return scores


def _held_out(y: Tensor, classes: int, seed: int) -> Tensor:
    """Boolean [N]: a seeded share of each class, never all of it."""
    random = torch.Generator().manual_seed(seed)
    held = torch.zeros(len(y), dtype=torch.bool)
    for number in range(classes):
        rows = (y == number).nonzero()[:, 0]
        count = min(round(HELD_OUT * len(rows)), len(rows) - 1)
        held[rows[torch.randperm(len(rows), generator=random)[:count]]] = True
    return held


def _best_power(x: Tensor, y: Tensor, classes: int, held: Tensor) -> float:
    """The power of ten with the best accuracy on what is held out; of equals the one of least loss there."""
    known: dict[float, tuple[float, float]] = {}

    def score(power: float) -> tuple[float, float]:
        if power not in known:
            weight, bias = _fit(x[~held], y[~held], classes, 10**power)
            logits = F.linear(x[held], weight, bias)
            right = (logits.argmax(dim=1) == y[held]).float().mean().item()
            known[power] = right, -F.cross_entropy(logits, y[held]).item()
        return known[power]

    best, distance = max(DECADES, key=score), DECADES[1] - DECADES[0]
    while distance > FINEST:
        distance /= 2
        best = max((best, best - distance, best + distance), key=score)
    return best


def _fit(x: Tensor, y: Tensor, classes: int, strength: float) -> tuple[Tensor, Tensor]:
    """Weights [C, D] and biases [C] that are best for `x` and `y`; the biases are not regularised."""
    weight = torch.zeros(classes, x.shape[1], requires_grad=True)
    bias = torch.zeros(classes, requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [weight, bias], max_iter=ITERATIONS, tolerance_grad=STEEPEST, line_search_fn="strong_wolfe"
    )

    def loss() -> Tensor:
        optimizer.zero_grad()
        value = F.cross_entropy(F.linear(x, weight, bias), y)
        value = value + strength / (2 * len(x)) * weight.square().sum()
        value.backward()
        return value

    with torch.enable_grad():
        optimizer.step(loss)
    return weight.detach(), bias.detach()


def _floats(vectors: Vectors) -> Tensor:
    return torch.as_tensor(vectors).detach().cpu().float()


def _integers(labels: Labels) -> Tensor:
    return torch.as_tensor(labels).cpu().long()
