"""Groups around keepers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]

Near = Callable[[Rows, Mask], tuple[Rows, Rows]]
"""Pairs (leader, other) that are near each other: for these leaders [L], all others that are free [N]."""

_FEWEST, _MOST = 16, 512
_MANY_PAIRS = 1_000_000


def stars(count: int, near: Near) -> Rows:
    """Whose group each of `count` photos is in: its keeper's number, int64 [N]; -1 is in none.

    The photos are numbered in the order in which they would be kept. Each that is still free when its turn
    comes takes all that are free and near it. `near` is asked for many leaders at once, and for few where
    there are very many pairs: in a library of nothing but copies the first takes them all.
    """
    keepers = np.full(count, -1, np.int64)
    start, size = 0, _FEWEST
    while start < count:
        free = keepers < 0
        end = min(start + size, count)
        leaders = start + np.flatnonzero(free[start:end])
        firsts, others = near(leaders, free) if len(leaders) else (leaders, leaders)
        later = others > firsts
        _take(keepers, firsts[later], others[later])
        size = max(_FEWEST, size // 2) if len(firsts) > _MANY_PAIRS else min(_MOST, 2 * size)
        start = end
    return keepers


def _take(keepers: Rows, firsts: Rows, others: Rows) -> None:
    """Lets leaders take what is near them, one after the other."""
    if not len(firsts):
        return
    order = np.argsort(firsts, kind="stable")
    leaders, starts = np.unique(firsts[order], return_index=True)
    for leader, members in zip(leaders.tolist(), np.split(others[order], starts[1:]), strict=True):
        if keepers[leader] >= 0:
            continue
        taken = members[keepers[members] < 0]
        if len(taken):
            keepers[taken] = leader
            keepers[leader] = leader
