"""Naming the places of photos, and finding photos by the name of a place; all offline."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from photoclip.errors import PhotoClipError, QueryError
from photoclip.library.catalog.connection import Catalog
from photoclip.library.catalog.names import nearest
from photoclip.library.catalog.places import record_places, unplaced
from photoclip.library.catalog.schema import PRESENT
from photoclip.library.gazetteer import Town, fold, gazetteer
from photoclip.library.query import Filter

BATCH = 256
_ALIKE, _COMPARED = 2, 2000  # a suggestion begins as what was typed, and is the nearest of so many at most
_PLACES = """
SELECT DISTINCT place.id, district, city, county, region, country FROM place
JOIN content ON content.place_id = place.id JOIN photo ON photo.content_id = content.id WHERE presence = ?
"""


def name_places(catalog: Catalog, stop: threading.Event) -> Iterator[frozenset[int]]:
    """Names the places of photos that have a position and no name yet, batch by batch; yields the photos.

    The table of towns is read only where there are such photos. Raises PhotoClipError where it cannot be.
    """
    while not stop.is_set() and (positions := unplaced(catalog, BATCH)):
        towns = gazetteer()
        yield record_places(
            catalog, {content: towns.place_at(*position) for content, position in positions.items()}
        ).photos


def photos_in(catalog: Catalog, condition: Filter) -> NDArray[np.int64]:
    """Photos taken in a district, city, county, region or country that contains the words.

    `Lisbon, Portugal` asks for both. Raises QueryError where no photo was.
    """
    wanted = [part for part in map(fold, condition.value.split(",")) if part]
    places = list(zip(*catalog.columns(_PLACES, (PRESENT,)), strict=True))
    met = [
        place[0]
        for place in places
        if all(any(part in fold(name) for name in place[1:] if name) for part in wanted)
    ]
    if not met:
        names = sorted({name for place in places for name in place[1:] if name})
        raise QueryError(
            f"No photo was taken in a place named {condition.value}.{nearest(condition.value, names)}",
            condition.position,
            "a place where one of your photos was taken",
        )
    (ids,) = catalog.columns(
        "SELECT photo.id FROM photo JOIN content ON content.id = photo.content_id"
        " WHERE presence = ? AND place_id IN (SELECT value FROM json_each(?))",
        (PRESENT, json.dumps(met)),
    )
    return np.array(ids, np.int64)


def town(condition: Filter, name: str) -> Town:
    """The town that a filter names; QueryError where there is none, or where the towns cannot be read."""
    expected = "the name of a town, or latitude,longitude"
    try:
        towns = gazetteer()
    except PhotoClipError as error:
        raise QueryError(str(error), condition.position, expected) from error
    found = towns.town_named(name)
    if found is not None:
        return found
    if towns.is_area(name):
        raise QueryError(
            f"{name} is no town but a larger area; photos from there are found by “place:{name}”.",
            condition.position,
            expected,
        )
    alike = towns.alike(name, begin=_ALIKE, most=_COMPARED)
    raise QueryError(f"There is no town named {name}.{nearest(name, alike)}", condition.position, expected)
