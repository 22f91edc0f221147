"""Other ways to say which photos answer a question: each a score per photo, to be cut at one value for all.

The cut is the best there is for these very questions, found with the labels: more than a program can know.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tests.evaluation.measures import Scores

Method = Callable[[Scores], Scores]  # cosines [N] of one question to scores [N]


def cosine(cosines: Scores) -> Scores:
    return cosines


def standardised(cosines: Scores) -> Scores:
    """In standard deviations above the library's mean for this question."""
    return (cosines - cosines.mean()) / cosines.std()


def from_the_best(cosines: Scores) -> Scores:
    return cosines - cosines.max()


def rank(cosines: Scores) -> Scores:
    """The same number of photos for every question."""
    ranks = np.empty(len(cosines))
    ranks[np.argsort(-cosines, kind="stable")] = np.arange(len(cosines))
    return -ranks


FLAT = "one cosine for all"
METHODS: dict[str, Method] = {
    FLAT: cosine,
    "standard deviations above the mean": standardised,
    "distance from the best photo": from_the_best,
    "a number of photos": rank,
}
