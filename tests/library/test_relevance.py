"""Odds and probabilities."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from photoclip.library import relevance

ODDS = npst.arrays(np.float32, st.integers(1, 30), elements=st.floats(-150, 150, width=32))


def test_generic_prompts_are_read_from_the_resources() -> None:
    prompts = relevance.background_prompts()
    assert len(prompts) == len(set(prompts)) >= 10
    assert not any(prompt.startswith("#") or not prompt.strip() for prompt in prompts)


def test_a_text_alone_has_the_probability_of_a_softmax() -> None:
    rng = np.random.default_rng(0)
    prompts = rng.uniform(-0.2, 0.4, (1, 7)).astype(np.float32)
    cosine = np.array([0.3], np.float32)
    level = relevance.background_level(prompts, 50.0)
    everything = np.exp(50.0 * np.concatenate([cosine, prompts[0]]).astype(np.float64))
    found = relevance.score(relevance.text_odds(cosine, float(level[0]), 50.0))
    assert found[0] == pytest.approx(everything[0] / everything.sum(), rel=1e-3)


def test_ranking_is_that_of_the_cosines_also_where_the_score_is_full() -> None:
    cosines = np.array([0.9, 0.95, 1.0], np.float32)
    odds = relevance.text_odds(cosines, 0.0, 100.0)
    assert (relevance.score(odds) == 1.0).all()
    assert np.argsort(odds).tolist() == [0, 1, 2]


@given(ODDS)
def test_scores_are_probabilities_in_the_order_of_the_odds(odds: np.ndarray) -> None:
    scores = relevance.score(np.sort(odds))
    assert ((scores >= 0) & (scores <= 1)).all()
    assert (np.diff(scores) >= 0).all()


@given(
    npst.arrays(
        np.float32, st.integers(0, 30), elements=st.sampled_from([-1e30, -2, -1e-30, -0.0, 0, 3, 1e30])
    )
)
def test_best_first_is_a_stable_sort(odds: np.ndarray) -> None:
    expected = sorted(range(len(odds)), key=lambda at: (-odds[at], np.signbit(odds[at]), at))
    assert relevance.best_first(odds).tolist() == expected


@given(ODDS, ODDS)
def test_both_lies_between_its_parts(first: np.ndarray, second: np.ndarray) -> None:
    count = min(len(first), len(second))
    first, second = first[:count], second[:count]
    low, high = np.minimum(first, second), np.maximum(first, second)
    together = relevance.both(first, second)
    slack = 1e-3 * (1 + np.abs(low) + np.abs(high))
    assert (together >= low - slack).all()
    assert (together <= high + slack).all()


def test_both_needs_both() -> None:
    sure, no = np.array([20.0], np.float32), np.array([-20.0], np.float32)
    assert relevance.score(relevance.both(sure, no))[0] < 0.01
    assert relevance.score(relevance.both(sure, sure))[0] > 0.99


def test_an_exclusion_sinks_what_shows_it_and_leaves_the_rest_in_order() -> None:
    odds = np.array([9.0, 5.0, 4.0, -3.0], np.float32)
    excluded = np.array([6.0, -2.0, -8.0, 1.0], np.float32)
    assert relevance.without(odds, excluded).tolist() == [-6.0, 5.0, 4.0, -3.0]


def test_likeness_is_even_half_way_from_the_usual_to_the_same() -> None:
    odds = relevance.image_odds(np.array([0.6, 0.8, 1.0], np.float32), 0.6)
    assert relevance.score(odds) == pytest.approx([0.0067, 0.5, 0.9933], abs=1e-3)


def test_the_usual_cosine_follows_a_library_as_it_grows() -> None:
    assert relevance.usual_cosine(0.9, 0) == relevance.USUAL_COSINE
    assert relevance.USUAL_COSINE < relevance.usual_cosine(0.9, 5) < relevance.usual_cosine(0.9, 500) < 0.9
    assert relevance.usual_cosine(1.0, 10**9) < 1


def test_centring_takes_off_what_lies_in_photo_or_text_alone() -> None:
    cosines = np.array([[0.5, 0.5], [0.5, 0.5]], np.float32)
    generic, typical = np.array([0.2, 0.4], np.float32), np.array([0.3, 0.5], np.float32)
    found = relevance.centred(cosines, generic, typical, 0.3)
    share = relevance.CENTRING
    assert found == pytest.approx(
        0.5 - share * np.array([[-0.1 + 0.0, -0.1 + 0.2], [0.1 + 0.0, 0.1 + 0.2]]), abs=1e-6
    )


@given(npst.arrays(np.float32, st.integers(1, 12), elements=st.floats(-1, 1, width=32)), st.floats(-1, 1))
def test_centring_leaves_a_text_the_order_of_photos_that_answer_alike_to_anything(
    cosines: np.ndarray, typical: float
) -> None:
    generic = np.full(len(cosines), 0.25, np.float32)
    found = relevance.centred(cosines[:, None], generic, np.array([typical], np.float32), 0.1)[:, 0]
    assert (np.diff(found[np.argsort(cosines)]) >= 0).all()


@given(ODDS)
def test_a_confident_match_is_sure_or_near_one_that_is(odds: np.ndarray) -> None:
    moved = relevance.beside_the_best(odds)
    best = odds.max()
    assert (np.diff(moved[np.argsort(odds)]) >= 0).all()
    assert (moved <= odds).all()
    if best < relevance.SURE:
        assert (moved < 0).all()
    else:
        assert moved.max() >= 0
        wanted = (odds >= 0) & (odds >= best - relevance.REACH)
        unclear = np.abs(moved) < 1e-4
        assert ((moved >= 0) == wanted)[~unclear].all()


def test_damaged_vectors_have_no_say_in_what_is_best() -> None:
    moved = relevance.beside_the_best(np.array([np.nan, 5.0, 1.0], np.float32))
    assert moved[1:].tolist() == [5.0 - 2.0, 1.0 - 2.0]
    assert np.isnan(relevance.beside_the_best(np.full(2, np.nan, np.float32))).all()


def test_shares_add_up() -> None:
    shares = relevance.shares(np.array([0.31, 0.25, 0.1], np.float32), 100.0)
    assert shares.sum() == pytest.approx(1.0)
    assert shares[0] / shares[1] == pytest.approx(np.exp(6.0), rel=1e-3)


def test_confident_counts_from_the_first() -> None:
    assert relevance.confident_count(np.array([0.9, 0.5, 0.49], np.float32)) == 2
    assert relevance.confident_count(np.empty(0, np.float32)) == 0
