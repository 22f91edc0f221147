"""How good a cut through a ranking is, and how good any cut could be.

A ranking is the scores [N] of pictures for one question; a cut takes those that reach a value. F1 is the
harmonic mean of precision and recall. Pictures that may be right are left out of both.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.evaluation.questions import Question

Scores = NDArray[np.floating]


@dataclass(frozen=True)
class Curve:
    """F1 of one question's cuts: after each distinct score, the highest first, which cuts take in turn."""

    scores: NDArray[np.float64]  # [C], falling
    f1: NDArray[np.float64]  # [C]


def f1(taken: NDArray[np.int64], question: Question) -> float:
    """Of the pictures `taken`; 0 where none of them is right."""
    certain = set(taken.tolist()) - question.unsure
    return 2 * len(certain & question.right) / (len(certain) + len(question.right))


def curve(scores: Scores, question: Question) -> Curve:
    """All the cuts there are; equal scores are taken together."""
    asked = np.setdiff1d(np.arange(len(scores)), list(question.unsure))
    order = asked[np.argsort(-scores[asked], kind="stable")]
    right = np.isin(order, list(question.right)).cumsum()
    found = 2 * right / (np.arange(1, len(order) + 1) + len(question.right))
    falling = scores[order].astype(np.float64)
    last = np.append(np.diff(falling) < 0, True)
    return Curve(falling[last], found[last])


def oracle(curves: Sequence[Curve]) -> float:
    """Mean F1 where each question has the best cut of its own: what the rankings allow at most."""
    return float(np.mean([one.f1.max() for one in curves]))


def best_flat(curves: Sequence[Curve]) -> tuple[float, float]:
    """The one cut that is best in mean F1 over all questions: that F1, and the score to reach."""
    scores = np.concatenate([one.scores for one in curves])
    gains = np.concatenate([np.diff(one.f1, prepend=0.0) for one in curves])
    order = np.argsort(-scores, kind="stable")
    falling, sums = scores[order], gains[order].cumsum()
    sums[np.append(np.diff(falling) == 0, False)] = -np.inf
    best = int(sums.argmax())
    return float(sums[best] / len(curves)), float(falling[best])


def flat_at(curves: Sequence[Curve], cut: float) -> float:
    """Mean F1 with this one cut."""
    taken = [int(np.count_nonzero(one.scores >= cut)) for one in curves]
    return float(
        np.mean([one.f1[count - 1] if count else 0.0 for one, count in zip(curves, taken, strict=True)])
    )


def silent_cut(scores: Sequence[Scores], share: float) -> float:
    """The lowest cut that at least this share of questions has no picture to reach."""
    highest = np.sort([one.max() for one in scores])
    silent = math.ceil(share * len(highest) - 1e-9)
    return float(np.nextafter(highest[silent - 1], np.inf)) if silent else -np.inf


def reaching(scores: Sequence[Scores], cut: float) -> float:
    """The share of questions of which a picture reaches the cut."""
    return float(np.mean([one.max() >= cut for one in scores]))
