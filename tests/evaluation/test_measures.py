"""The arithmetic of the evaluation, on rankings small enough to count by hand."""

from __future__ import annotations

from collections.abc import Set

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from tests.evaluation import measures
from tests.evaluation.methods import METHODS
from tests.evaluation.questions import ABSENT, Labelled, Question, found_after_all, questions

SCORES = np.array([0.9, 0.8, 0.7, 0.6, 0.5])


def question(right: Set[int], unsure: Set[int] = frozenset()) -> Question:
    return Question("a thing", frozenset(right), frozenset(unsure), frozenset({"made up"}))


def test_f1_is_the_mean_of_precision_and_recall() -> None:
    asked = question({0, 1, 4})
    assert measures.f1(np.array([0, 1]), asked) == pytest.approx(2 / (1 / 1.0 + 1 / (2 / 3)))
    assert measures.f1(np.array([0, 2]), asked) == pytest.approx(2 / (1 / 0.5 + 1 / (1 / 3)))
    assert measures.f1(np.array([0, 1, 4]), asked) == 1
    assert measures.f1(np.array([2, 3]), asked) == measures.f1(np.array([], np.int64), asked) == 0


def test_what_may_be_right_counts_neither_way() -> None:
    asked = question({0, 3}, unsure={1, 2})
    assert measures.f1(np.array([0, 1, 2, 3]), asked) == 1
    assert measures.curve(SCORES, asked).scores.tolist() == [0.9, 0.6, 0.5]


def test_a_curve_has_the_f1_of_every_cut() -> None:
    curve = measures.curve(SCORES, question({0, 2}))
    assert curve.scores.tolist() == SCORES.tolist()
    assert curve.f1 == pytest.approx([2 / 3, 2 / 4, 4 / 5, 4 / 6, 4 / 7])


def test_equal_scores_are_cut_together() -> None:
    curve = measures.curve(np.array([0.5, 0.9, 0.5]), question({0}))
    assert curve.scores.tolist() == [0.9, 0.5]
    assert curve.f1 == pytest.approx([0, 2 / 4])


def test_the_oracle_cuts_each_ranking_for_itself_and_the_flat_cut_all_alike() -> None:
    curves = [
        measures.curve(SCORES, question({0, 1})),  # best cut at 0.8: F1 1
        measures.curve(SCORES - 0.4, question({0, 1, 2})),  # best cut at 0.3: F1 1
    ]
    assert measures.oracle(curves) == 1
    f1, cut = measures.best_flat(curves)
    assert cut == pytest.approx(0.3)  # all five of the first, three of the second
    assert f1 == pytest.approx((4 / 7 + 1) / 2)


@given(st.data())
def test_the_best_flat_cut_is_the_best_of_all_that_there_are(data: st.DataObject) -> None:
    scores = [
        data.draw(npst.arrays(np.float64, 6, elements=st.integers(0, 8).map(lambda each: each / 8)))
        for _ in range(3)
    ]
    right = st.sets(st.integers(0, 4), min_size=1, max_size=3)
    asked = [question(data.draw(right), unsure={5}) for _ in scores]
    curves = [measures.curve(one, each) for one, each in zip(scores, asked, strict=True)]

    def f1_at(cut: float) -> float:
        taken = zip(scores, asked, strict=True)
        return float(np.mean([measures.f1(np.flatnonzero(one >= cut), each) for one, each in taken]))

    f1, cut = measures.best_flat(curves)
    assert f1 == pytest.approx(f1_at(cut)) == pytest.approx(measures.flat_at(curves, cut))
    assert f1 == pytest.approx(max(f1_at(each) for each in np.unique(scores)))
    assert f1 <= measures.oracle(curves) + 1e-12


def test_rates_of_answers_at_a_cut() -> None:
    scores = [SCORES, SCORES - 0.2, SCORES - 0.4]
    assert measures.reaching(scores, 0.7) == pytest.approx(2 / 3)
    cut = measures.silent_cut(scores, 2 / 3)
    assert measures.reaching(scores, cut) == pytest.approx(1 / 3)
    assert measures.reaching(scores, cut - 1e-9) == pytest.approx(2 / 3)
    assert measures.reaching(scores, measures.silent_cut(scores, 0)) == 1
    assert measures.reaching(scores, measures.silent_cut(scores, 1)) == 0


@pytest.mark.parametrize("name", METHODS)
def test_no_method_changes_the_order_of_one_question(name: str) -> None:
    cosines = np.random.default_rng(4).uniform(size=20)
    assert np.argsort(METHODS[name](cosines)).tolist() == np.argsort(cosines).tolist()


def test_questions_know_which_pictures_are_right() -> None:
    pictures = [
        Labelled("caltech101", ("airplanes", "plane")),
        Labelled("tiny-imagenet-0", ("golden retriever", "dog")),
        Labelled("flickr8k", ("A dog runs.", "Two dogs play.", "A lawn.")),
        Labelled("flickr8k", ("A dog runs.", "An animal on a lawn.")),
        Labelled("flickr8k", ("A man.", "Somebody.")),
    ]
    asked = {each.text: each for each in questions(pictures)}
    assert asked["airplane"].right == {0}
    assert (asked["dog"].right, asked["dog"].unsure) == ({1, 2}, {3})
    assert asked["dog"].keys == {"tiny-imagenet", "flickr8k"}
    assert "cat" not in asked


def test_what_is_not_there_must_not_be_spoken_of() -> None:
    assert len(ABSENT) == 50
    assert found_after_all([Labelled("flickr8k", ("A tiger and two zebras.",))]) == ["a zebra", "a tiger"]
