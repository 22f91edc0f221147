from __future__ import annotations

import threading

import pytest

from photoclip.library.watching import system
from photoclip.library.watching.system import ASLEEP, SleepClock, SystemEvents


class Clocks:
    """One that runs on while the machine sleeps, and one that does not."""

    through = 1000.0
    awake = 500.0

    def pass_(self, seconds: float, *, asleep: float = 0.0) -> None:
        self.through += seconds + asleep
        self.awake += seconds


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


def test_sleep_is_what_one_clock_is_ahead_of_the_other(clocks: Clocks) -> None:
    sleep = SleepClock(lambda: clocks.through, lambda: clocks.awake)
    clocks.pass_(3600)
    assert sleep.slept() == 0
    clocks.pass_(10, asleep=7200)
    assert sleep.slept() == 7200
    assert sleep.slept() == 0


def test_waking_up_is_told_once(clocks: Clocks) -> None:
    woken: list[float] = []
    events = SystemEvents(
        lambda: woken.append(clocks.through),
        lambda: None,
        sleep=SleepClock(lambda: clocks.through, lambda: clocks.awake),
    )
    try:
        events.look()
        clocks.pass_(1, asleep=ASLEEP / 2)  # the clocks are not read at the same moment
        events.look()
        assert woken == []
        clocks.pass_(1, asleep=3600)
        events.look()
        events.look()
        assert len(woken) == 1
    finally:
        events.close()


def test_this_machine_has_not_slept_meanwhile() -> None:
    assert abs(SleepClock().slept()) < ASLEEP


def test_its_thread_is_joined() -> None:
    events = SystemEvents(lambda: None, lambda: None)
    assert "photoclip-system" in {thread.name for thread in threading.enumerate()}
    events.close()
    assert "photoclip-system" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.skipif(not system.TELLS_ALL, reason="Linux")
def test_an_alarm_for_changes_of_the_clock_can_be_had() -> None:
    import os

    timer = system._clock_alarm()
    assert timer is not None
    assert system._set_alarm(timer)
    with pytest.raises(BlockingIOError):  # the clock was not set
        os.read(timer, 8)
    os.close(timer)
