"""Groups around keepers, against a slow reference."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from photoclip.library.duplicates import stars as module
from photoclip.library.duplicates.stars import stars

LINKS = st.integers(0, 60).flatmap(
    lambda count: st.tuples(
        st.just(count),
        st.sets(st.tuples(st.integers(0, max(0, count - 1)), st.integers(0, max(0, count - 1)))),
    )
)


def near_by(links: set[tuple[int, int]]) -> module.Near:
    both = {(min(pair), max(pair)) for pair in links if pair[0] != pair[1]}

    def near(leaders: np.ndarray, free: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        wanted = set(leaders.tolist())
        found = [(a, b) for a, b in both if a in wanted and free[b]]
        return np.array([a for a, _ in found], np.int64), np.array([b for _, b in found], np.int64)

    return near


def slowly(count: int, links: set[tuple[int, int]]) -> list[int]:
    """One after the other takes all later ones that are free and near it."""
    keepers = [-1] * count
    for leader in range(count):
        near = [at for at in range(leader + 1, count) if (leader, at) in links or (at, leader) in links]
        taken = [at for at in near if keepers[at] < 0]
        if keepers[leader] < 0 and taken:
            for at in (leader, *taken):
                keepers[at] = leader
    return keepers


@given(LINKS)
def test_groups_are_those_of_the_slow_way(case: tuple[int, set[tuple[int, int]]]) -> None:
    count, links = case
    assert stars(count, near_by(links)).tolist() == slowly(count, links)


def test_every_member_is_near_its_keeper_and_chains_break() -> None:
    chain = {(at, at + 1) for at in range(200)}
    keepers = stars(201, near_by(chain))
    for member, keeper in enumerate(keepers.tolist()):
        assert keeper in (-1, member, member - 1)
    assert np.bincount(keepers[keepers >= 0]).max() == 2


def test_nothing_but_copies_is_one_group_found_with_few_questions() -> None:
    asked = []

    def near(leaders: np.ndarray, free: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        asked.append(len(leaders))
        others = np.flatnonzero(free)
        return np.repeat(leaders, len(others)), np.tile(others, len(leaders))

    assert (stars(5000, near) == 0).all()
    assert sum(asked) == 16
