"""How fast indexing goes."""

from __future__ import annotations

import pytest

from photoclip.library import progress
from photoclip.library.progress import Pace


class Clock:
    """Stands where it is put."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    return clock


def said(pace: Pace, clock: Clock, *steps: tuple[float, int]) -> list[float]:
    """Photos a second after each (seconds later, done)."""
    speeds = []
    for seconds, done in steps:
        clock.now += seconds
        speeds.append(pace.per_second(done))
    return speeds


def test_the_loading_of_the_model_does_not_count(clock: Clock) -> None:
    loading = said(Pace(), clock, *[(0.25, 100)] * 80, (0.25, 132), (1.0, 164), (1.0, 196))
    assert loading == [0.0] * 81 + [32.0, 32.0]


def test_only_the_last_seconds_count(clock: Clock) -> None:
    quick_then_slow = [
        (0.0, 0),
        *[(1.0, 100 * n) for n in range(1, 20)],
        *[(1.0, 1900 + n) for n in range(40)],
    ]
    speeds = said(Pace(), clock, *quick_then_slow)
    assert speeds[15] == 100.0
    assert speeds[-1] == 1.0
