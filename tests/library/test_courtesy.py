from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photoclip.library.courtesy import FEW, FULL, IN_USE, LOOK, SPEEDS, Courtesy, Manners, Speed, Verdict
from photoclip.settings import Settings

MANY = FEW + 1


class World:
    """A clock, a battery, and how often it was looked at."""

    now = 0.0
    unplugged = False
    looks = 0

    def battery(self) -> bool:
        self.looks += 1
        return self.unplugged

    def courtesy(self, manners: Manners | None = None) -> Courtesy:
        return Courtesy(manners, battery=self.battery, clock=lambda: self.now)


@pytest.fixture
def world() -> World:
    return World()


def test_with_nobody_there_and_power_it_goes_on(world: World) -> None:
    assert world.courtesy().verdict(MANY) == FULL


def test_in_use_it_slows_down_until_the_person_rests(world: World) -> None:
    courtesy = world.courtesy()
    courtesy.touch()
    assert courtesy.verdict(MANY) == Verdict("slow", "use")
    world.now += IN_USE
    assert courtesy.verdict(MANY) == FULL


def test_on_battery_it_pauses_until_there_is_power(world: World) -> None:
    courtesy = world.courtesy()
    world.unplugged = True
    courtesy.touch()
    assert courtesy.verdict(MANY) == Verdict("pause", "battery")  # the slower of the two
    world.unplugged = False
    world.now += LOOK
    assert courtesy.verdict(MANY) == FULL


def test_a_few_new_photos_never_wait(world: World) -> None:
    courtesy = world.courtesy()
    world.unplugged = True
    assert courtesy.verdict(FEW) == FULL
    assert world.looks == 0


def test_the_battery_is_looked_at_rarely(world: World) -> None:
    courtesy = world.courtesy()
    for _ in range(100):
        courtesy.verdict(MANY)
        world.now += LOOK / 50
    assert world.looks == 2


def test_the_persons_word_goes_until_the_cause_is_over(world: World) -> None:
    courtesy = world.courtesy()
    world.unplugged = True
    assert courtesy.verdict(MANY).speed == "pause"
    courtesy.insist()
    assert courtesy.verdict(MANY) == FULL
    world.unplugged = False
    world.now += LOOK
    assert courtesy.verdict(MANY) == FULL
    world.unplugged = True
    world.now += LOOK
    assert courtesy.verdict(MANY) == Verdict("pause", "battery")  # unplugged anew


@given(
    in_use=st.sampled_from(SPEEDS),
    on_battery=st.sampled_from(SPEEDS),
    used=st.booleans(),
    plugged=st.booleans(),
)
def test_the_slowest_of_what_holds_is_followed(
    in_use: Speed, on_battery: Speed, used: bool, plugged: bool
) -> None:
    world = World()
    world.unplugged = not plugged
    courtesy = world.courtesy(Manners(in_use, on_battery))
    if used:
        courtesy.touch()
    holding = [in_use] * used + [on_battery] * (not plugged)
    verdict = courtesy.verdict(MANY)
    assert verdict.speed == max(holding, key=SPEEDS.index, default="full")
    assert (verdict.cause == "") == (verdict.speed == "full")


def test_the_speeds_are_in_order() -> None:
    assert get_args(Speed) == SPEEDS


def test_manners_come_from_the_settings() -> None:
    assert Manners.of(Settings(in_use="full", on_battery="slow")) == Manners("full", "slow")
    assert Manners.of(Settings(in_use="crawl")) == Manners()  # of another version
    assert Manners.of(Settings()) == Manners()
