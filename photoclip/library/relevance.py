"""How well a photo answers a query, as a number that means the same for every query and model.

CLIP's raw cosines cannot be compared between queries. Everything here works on *log odds*: a photo's odds
that it shows what was asked rather than just any picture. `score` makes a probability of them. Evidence of
different kinds (words, photos, exclusions) is combined in these odds and probabilities, never by adding
vectors.

All arrays are float32 of one dimension, a number per photo.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from photoclip.paths import resource

Odds = NDArray[np.float32]

# At even odds a photo is as likely to show the thing as not: the natural place for the divider.
CONFIDENT = 0.5

# How well a photo answers to generic prompts, and a text to the whole library, says little of whether the one
# shows the other: of both, this share is taken off (centring against hubs, Suzuki et al. 2013).
CENTRING = 0.25

# Log odds, chosen on training pictures and the same for every model, see docs/relevance.md. Few photos of a
# library show what is asked: a text has to beat the generic prompts by RARITY. Where its best photo is not
# SURE beyond that, there is none; and one that is REACH less likely than the best is a weaker match.
RARITY = 1.75
SURE = 1.5
REACH = 3.0

# A photo half way between the library's average and an identical copy gets even odds; the slope takes the
# average photo to 0.007 and a copy to 0.993.
SIMILARITY_SLOPE = 10.0

# The average cosine between unrelated photos, until a library's own average is known: it counts as this many
# photos, so that a library of three does not decide what "average" is.
USUAL_COSINE = 0.5
USUAL_COSINE_WEIGHT = 8

HIGHEST_USUAL = 0.999  # in a library of nothing but copies

LARGEST = 80.0  # odds beyond which float32 knows only 0 and 1


@cache
def background_prompts() -> tuple[str, ...]:
    """The generic descriptions that a query has to beat, one a line in the resource file."""
    lines = resource("prompts/background.txt").read_text(encoding="utf-8").splitlines()
    return tuple(line for line in map(str.strip, lines) if line and not line.startswith("#"))


def background_level(cosines: NDArray[np.float32], logit_scale: float) -> Odds:
    """The logit a query must reach in a picture to be as likely as all generic prompts together.

    `cosines` is [N, P], a column per generic prompt. A query is held against the mean of this over the
    library, not picture by picture: taking all of it off each picture cost two fifths of the first places
    (captions against photos) with the starter model. A share of it helps, which is for `centred`.
    """
    logits = cosines * np.float32(logit_scale)
    top = logits.max(axis=1)
    mass = np.exp(logits - top[:, None]).sum(axis=1)
    return np.asarray(top + np.log(mass), dtype=np.float32)


def text_odds(cosines: NDArray[np.float32], level: float, logit_scale: float) -> Odds:
    """Log odds of a text against the generic prompts, as in a softmax over it and them."""
    return np.asarray(cosines * np.float32(logit_scale) - np.float32(level), dtype=np.float32)


def centred(
    cosines: NDArray[np.float32],
    generic: NDArray[np.float32],
    typical: NDArray[np.float32],
    usual: float,
) -> NDArray[np.float32]:
    """Cosines [N, K] of photos and texts, less a share of what lies in the photo or in the text alone.

    `generic` [N] is each photo's mean cosine to the generic prompts, `typical` [K] each text's to the photos
    of the library, and `usual` the mean of either for prompts and library.
    """
    photo = np.float32(CENTRING) * generic
    text = np.float32(CENTRING) * (typical - np.float32(2 * usual))
    found = cosines - photo[:, None]
    found -= text
    return np.asarray(found, dtype=np.float32)


def beside_the_best(odds: Odds) -> Odds:
    """The odds [N] of one text, moved together so that its confident matches, if any, are those above 0."""
    best = float(np.fmax.reduce(odds, initial=-np.inf))  # damaged vectors, NaN, have no say
    divider = max(0.0, best - REACH) if best >= SURE else SURE
    return np.asarray(odds - np.float32(divider), dtype=np.float32)


def shares(cosines: NDArray[np.float32], logit_scale: float) -> NDArray[np.float32]:
    """Probabilities of texts against each other, for one picture: they add up to 1. `cosines` is [K]."""
    logits = cosines.astype(np.float64) * logit_scale
    shares = np.exp(logits - logits.max())
    return np.asarray(shares / shares.sum(), dtype=np.float32)


def any_of(odds: NDArray[np.float32]) -> Odds:
    """Several descriptions of one thing, [N, K]: the best of them counts."""
    return np.asarray(odds.max(axis=1), dtype=np.float32)


def usual_cosine(average: float, photos: int) -> float:
    """What cosine to a query photo is nothing special: the library's `average` over so many `photos`."""
    weight = USUAL_COSINE_WEIGHT
    return min((average * photos + USUAL_COSINE * weight) / (photos + weight), HIGHEST_USUAL)


def image_odds(cosines: NDArray[np.float32], usual: float) -> Odds:
    """Log odds that photos are alike: even half way between `usual` and 1, by SIMILARITY_SLOPE."""
    nearness = (cosines - usual) / (1.0 - usual)
    return np.asarray(SIMILARITY_SLOPE * (nearness - 0.5), dtype=np.float32)


def both(first: Odds, second: Odds) -> Odds:
    """Evidence of two kinds together: the geometric mean of their probabilities.

    Among photos that surely meet one, the other decides; a photo that fails either is out.
    """
    log_mean = (_log_probability(first) + _log_probability(second)) / 2
    return np.asarray(log_mean - np.log(-np.expm1(log_mean)), dtype=np.float32)


def without(odds: Odds, excluded: Odds) -> Odds:
    """Takes an excluded meaning out: what more likely shows it than not is at most as likely as its absence.

    Photos that do not show it keep their odds and so their order.
    """
    return np.where(excluded > 0, np.minimum(odds, -excluded), odds)


def score(odds: Odds) -> NDArray[np.float32]:
    """Log odds as a probability, 0 to 1, in the same order (ties only where float32 runs out)."""
    return np.asarray(1 / (1 + np.exp(np.clip(-odds, -LARGEST, LARGEST))), dtype=np.float32)


def best_first(odds: Odds) -> NDArray[np.int64]:
    """The order from the best to the worst; of equals, the first comes first.

    Twice as fast as a stable argsort: each number becomes an integer that sorts the other way round, with
    its place behind it, and integers are what NumPy sorts fastest.
    """
    bits = odds.astype(np.float32).view(np.uint32)
    descending = np.where(bits >> 31, bits, ~bits & 0x7FFF_FFFF)
    keys = descending.astype(np.uint64) << 32 | np.arange(len(odds), dtype=np.uint64)
    keys.sort()
    return (keys & 0xFFFF_FFFF).astype(np.int64)


def confident_count(scores: NDArray[np.float32]) -> int:
    """How many leading results are more likely right than not; `scores` is sorted, best first."""
    return int(np.count_nonzero(scores >= CONFIDENT))


def _log_probability(odds: Odds) -> NDArray[np.float64]:
    return -np.logaddexp(0.0, -odds.astype(np.float64))
