"""Means over all vectors, of a sample where they are very many."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from photoclip.library import levels
from photoclip.library.levels import SAMPLED, RunningMean, are_unit


@given(st.lists(st.integers(1, 9), min_size=1, max_size=5), st.booleans(), st.sets(st.integers(0, 9)))
def test_a_running_mean_is_the_mean_of_sound_rows(
    steps: list[int], begins_anew: bool, damaged: set[int]
) -> None:
    rows = np.random.default_rng(1).normal(size=(sum(steps), 3)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    for row, value in zip(damaged & set(range(len(rows))), (np.nan, np.inf, 3e38, 0.0) * 3, strict=False):
        rows[row, 1] = value
    mean = RunningMean()
    for matrix in [*(rows[:count] for count in np.cumsum(steps)), *([-rows[::-1]] if begins_anew else [])]:
        sound = matrix[are_unit(matrix)]
        expected = sound.astype(np.float32).mean(axis=0) if len(sound) else np.zeros(3)
        assert mean.over(matrix, lambda part: part) == pytest.approx(expected, abs=1e-5)


class Measured:
    """Takes rows as they are and counts them, but for the zeros that only ask for the shape of an answer."""

    def __init__(self) -> None:
        self.rows = 0

    def __call__(self, part: np.ndarray) -> np.ndarray:
        self.rows += len(part) if part.any() else 0
        return part


@pytest.fixture(scope="module")
def many() -> np.ndarray:
    """More than five times as many as a mean is of, about a centre of their own, as CLIP's are."""
    random = np.random.default_rng(2)
    rows = random.normal(size=(110_000, 8)).astype(np.float32) + 2 * np.eye(8, dtype=np.float32)[0]
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)


def test_of_very_many_a_sample_is_measured_and_close_to_all(many: np.ndarray) -> None:
    measured = Measured()
    found = RunningMean().over(many, measured)
    assert SAMPLED / 2 <= measured.rows <= SAMPLED
    spread = many.astype(np.float64).std(axis=0)
    assert (np.abs(found - many.astype(np.float64).mean(axis=0)) < 0.03 * spread).all()


def test_no_row_beside_the_sample_is_read(many: np.ndarray) -> None:
    damaged = np.full_like(many, np.nan)
    damaged[::8] = many[::8]
    assert RunningMean().over(damaged, Measured()).tolist() == RunningMean().over(many, Measured()).tolist()


def test_additions_are_cheap_and_end_where_all_at_once_would(many: np.ndarray) -> None:
    mean, measured = RunningMean(), Measured()
    for count in (*range(15_000, len(many), 1_000), len(many)):
        grown = mean.over(many[:count], measured)
    assert measured.rows < 4 * SAMPLED  # though it was asked for at a hundred sizes
    assert grown == pytest.approx(RunningMean().over(many, Measured()), abs=1e-6)


@given(st.lists(st.integers(1, 40), min_size=1, max_size=6))
def test_which_rows_count_depends_on_their_number_alone(steps: list[int]) -> None:
    rows = np.eye(4, dtype=np.float16)[np.random.default_rng(3).integers(0, 4, sum(steps))]
    with small_samples():
        mean = RunningMean()
        for count in np.cumsum(steps):
            grown = mean.over(rows[:count], lambda part: part)
        assert grown.tolist() == RunningMean().over(rows, lambda part: part).tolist()
        step = next(step for step in (1, 2, 4, 8, 16, 32) if len(rows[::step]) <= levels.SAMPLED)
    assert grown == pytest.approx(rows[::step].astype(np.float64).mean(axis=0))


@contextmanager
def small_samples() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(levels, "SAMPLED", 10)
        yield
