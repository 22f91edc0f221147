"""Which photos meet a filter on what is known of each: camera, rating, keyword, size, near and so on.

Each gives the ids of photos that are there or missing; the search keeps those it looks at. The catalog
answers in SQL where it can do so exactly; names are compared here, whatever their case in any script, and
distances on the earth are computed here.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from difflib import get_close_matches
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from photoclip.errors import QueryError
from photoclip.library.catalog.connection import Catalog
from photoclip.library.catalog.schema import MISSING
from photoclip.library.gazetteer import EARTH_KM
from photoclip.library.locating import photos_in, town
from photoclip.library.query import Filter, mistakes
from photoclip.library.query.values import (
    Bounds,
    Near,
    NearTown,
    fact_of,
    formats_of,
    parse_near,
    parse_rating,
    parse_size,
)
from photoclip.library.spoken import photos_titled, photos_with_keyword

T = TypeVar("T")
Ids = NDArray[np.int64]

_DEGREE_KM = EARTH_KM * np.pi / 180
_NAMES_SHOWN = 3
_MEASURES = {"bytes": "content.bytes", "pixels": "content.width * content.height"}
_FACTS = {
    "favourite": "photo.favourite",
    "missing": f"presence = {MISSING}",
    "unlabelled": "photo.id NOT IN (SELECT photo_id FROM photo_label WHERE verdict = 1)",
}


def photos_meeting(catalog: Catalog, condition: Filter) -> Ids:
    """The photos that meet a condition on one of FACT_FIELDS; QueryError for a name no photo has."""
    return _PHOTOS[condition.field](catalog, condition)


def _camera(catalog: Catalog, condition: Filter) -> Ids:
    return _named(catalog, condition, "content.camera")


def _lens(catalog: Catalog, condition: Filter) -> Ids:
    return _named(catalog, condition, "content.lens")


def _named(catalog: Catalog, condition: Filter, column: str) -> Ids:
    """Photos whose camera or lens contains the words; that none does is a mistake rather than a result."""
    (names,) = catalog.columns(
        f"SELECT DISTINCT {column} FROM photo JOIN content ON content.id = photo.content_id"
        f" WHERE presence >= ? AND {column} IS NOT NULL",
        (MISSING,),
    )
    wanted = " ".join(condition.value.casefold().split())
    found = [name for name in names if wanted in name.casefold()]
    if not found:
        kind = condition.field
        raise QueryError(
            f"No photo was taken with a {kind} named {condition.value}.{_nearest(wanted, names)}",
            condition.position,
            f"the name of a {kind} that took one of your photos",
        )
    return _ids(catalog, f"{column} IN (SELECT value FROM json_each(?))", json.dumps(found))


def _nearest(wanted: str, names: list[str]) -> str:
    """A further sentence with names that come near, as a whole or in one word; or with all of a few."""
    words: dict[str, str] = {}
    for name in sorted(names):
        for word in (name, *name.split()):
            words.setdefault(word.casefold(), name)
    near = get_close_matches(wanted, list(words), n=_NAMES_SHOWN, cutoff=0.7)
    if near:
        return f" Did you mean {' or '.join(dict.fromkeys(words[word] for word in near))}?"
    return f" There is {', '.join(sorted(names))}." if 0 < len(names) <= _NAMES_SHOWN else ""


def _rating(catalog: Catalog, condition: Filter) -> Ids:
    return _compared(catalog, "photo.rating", _read(condition, parse_rating))


def _size(catalog: Catalog, condition: Filter) -> Ids:
    measure, bounds = _read(condition, parse_size)
    return _compared(catalog, _MEASURES[measure], bounds)


def _compared(catalog: Catalog, column: str, bounds: Bounds) -> Ids:
    where = " AND ".join(f"{column} {sign} ?" for sign, _ in bounds)
    return _ids(catalog, where, *(number for _, number in bounds))


def _is(catalog: Catalog, condition: Filter) -> Ids:
    fact = _read(condition, fact_of)
    if fact in _FACTS:
        return _ids(catalog, _FACTS[fact])
    return _of_formats(catalog, formats_of(fact) or frozenset())


def _type(catalog: Catalog, condition: Filter) -> Ids:
    return _of_formats(catalog, _read(condition, formats_of))


def _of_formats(catalog: Catalog, formats: frozenset[str]) -> Ids:
    return _ids(catalog, "upper(content.format) IN (SELECT value FROM json_each(?))", json.dumps([*formats]))


def _near(catalog: Catalog, condition: Filter) -> Ids:
    place = _circle(condition)
    reach = place.km / _DEGREE_KM * 1.001  # degrees of latitude, and a little for rounding
    ids, latitudes, longitudes = catalog.columns(
        "SELECT photo.id, latitude, longitude FROM photo JOIN content ON content.id = photo.content_id"
        " WHERE presence >= ? AND latitude BETWEEN ? AND ? AND longitude IS NOT NULL",
        (MISSING, place.latitude - reach, place.latitude + reach),
    )
    distances = _kilometres(place, np.array(latitudes, np.float64), np.array(longitudes, np.float64))
    return np.array(ids, np.int64)[distances <= place.km]


def _circle(condition: Filter) -> Near:
    near = cast(Near | NearTown, _read(condition, parse_near))
    if isinstance(near, Near):
        return near
    middle = town(condition, near.name)
    return Near(middle.latitude, middle.longitude, near.km)


def _kilometres(
    place: Near, latitudes: NDArray[np.float64], longitudes: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The distance of each place, along the sphere (haversine)."""
    north, south = np.radians(latitudes), np.radians(place.latitude)
    across = np.radians(longitudes - place.longitude)
    half = np.sin((north - south) / 2) ** 2 + np.cos(north) * np.cos(south) * np.sin(across / 2) ** 2
    return np.asarray(2 * EARTH_KM * np.arcsin(np.sqrt(half.clip(0, 1))), dtype=np.float64)


def _read(condition: Filter, read: Callable[[str], T | None]) -> T:
    """The condition's value as `read` understands it."""
    value = read(condition.value)
    if value is None:  # a Filter that did not come from `parse`
        raise mistakes.wrong_value(condition.field, condition.value, condition.position)
    return value


def _ids(catalog: Catalog, where: str, *values: Any) -> Ids:
    (ids,) = catalog.columns(
        "SELECT photo.id FROM photo JOIN content ON content.id = photo.content_id"
        f" WHERE presence >= ? AND {where}",
        (MISSING, *values),
    )
    return np.array(ids, np.int64)


_PHOTOS: dict[str, Callable[[Catalog, Filter], Ids]] = {
    "camera": _camera,
    "lens": _lens,
    "keyword": photos_with_keyword,
    "title": photos_titled,
    "rating": _rating,
    "is": _is,
    "type": _type,
    "size": _size,
    "place": photos_in,
    "near": _near,
}
FACT_FIELDS = tuple(_PHOTOS)
