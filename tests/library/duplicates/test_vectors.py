"""Pairs above a cosine: by few directions as by all."""

from __future__ import annotations

import numpy as np
import pytest

from photoclip.library.duplicates.vectors import VectorIndex, cosine_for, paired_cosines, sound_rows
from tests.library.duplicates.planted import towards


def clustered(count: int, dim: int = 96, seed: int = 1) -> np.ndarray:
    """Unit vectors, many of them near others, as halves."""
    random = np.random.default_rng(seed)
    base = random.standard_normal((count, dim)) * np.linspace(2, 0.2, dim) + 0.5
    base = (base / np.linalg.norm(base, axis=1, keepdims=True)).astype(np.float32)
    half = count // 2
    base[half : 2 * half] = towards(
        base[:half], base[half : 2 * half], np.linspace(0.5, 0.9999, half)[:, None]
    )
    return base.astype(np.float16)


@pytest.mark.parametrize("least", [0.5, 0.8, 0.95, 0.999])
def test_no_pair_above_the_cosine_is_missed(least: float) -> None:
    matrix = clustered(600)
    rows = np.random.default_rng(2).permutation(600)[:500]
    rows[::9] = -1
    free = np.ones(500, np.bool_)
    free[::7] = False
    leaders = np.flatnonzero(free)[::2]
    firsts, others = VectorIndex(matrix, rows).near(leaders, free, least)
    whole = matrix[rows].astype(np.float32) @ matrix[rows].astype(np.float32).T
    sure = {
        (a, b)
        for a in leaders.tolist()
        for b in range(a + 1, 500)
        if rows[a] >= 0 and rows[b] >= 0 and free[b] and whole[a, b] >= least + 1e-5
    }
    found = set(zip(firsts.tolist(), others.tolist(), strict=True))
    assert sure <= found
    assert all(whole[a, b] >= least - 1e-5 and a < b and free[b] for a, b in found)
    assert found


def test_photos_without_a_vector_have_no_cosine() -> None:
    matrix = clustered(4)
    found = paired_cosines(matrix, np.array([0, -1, 2]), np.array([0, 1, -1]))
    assert found[0] == pytest.approx(1, abs=2e-3)
    assert np.isnan(found[1:]).all()


def test_damaged_vectors_do_not_count() -> None:
    matrix = clustered(4)
    matrix[1] = np.nan
    matrix[2] *= 3
    assert sound_rows(matrix, np.array([3, 2, 1, 0, -1])).tolist() == [3, -1, -1, 0, -1]


def test_nearness_lies_between_what_is_usual_and_the_same() -> None:
    matrix = clustered(2000)
    average = matrix.astype(np.float64).mean(axis=0)
    assert cosine_for(matrix, 1.0) == pytest.approx(1)
    assert cosine_for(matrix, 0.0) == pytest.approx(average @ average, abs=0.01)
    assert cosine_for(matrix[:0], 0.5) == pytest.approx(0.75)  # nothing is known of an empty library
