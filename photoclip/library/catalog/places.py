"""The names of the places where photos were taken, worked out from their positions after they were read."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from photoclip.library.catalog.changes import Change, noticed
from photoclip.library.catalog.connection import Catalog
from photoclip.library.catalog.presence import IN_IDS, ids_json
from photoclip.library.gazetteer import Place

PLACE_VERSION = 1
"""Raised when places are named otherwise than before: all positions are named again."""


def unplaced(catalog: Catalog, most: int) -> dict[int, tuple[float, float]]:
    """Latitude and longitude of contents whose place has not been named, by id; `most` of them."""
    found = catalog.query(
        "SELECT id, latitude, longitude FROM content"
        " WHERE latitude IS NOT NULL AND longitude IS NOT NULL AND place_version < ? LIMIT ?",
        (PLACE_VERSION, most),
    )
    return {row["id"]: (row["latitude"], row["longitude"]) for row in found}


def record_places(catalog: Catalog, places: Mapping[int, Place | None]) -> Change:
    """Writes the places of contents, in one transaction; the change's `photos` are those to show anew."""
    with catalog.write(durable=False) as connection:
        for content, place in places.items():
            connection.execute(
                "UPDATE content SET place_id = ?, place_version = ? WHERE id = ?",
                (None if place is None else _place_id(connection, place), PLACE_VERSION, content),
            )
        found = connection.execute(
            f"SELECT id FROM photo WHERE content_id {IN_IDS}", (ids_json(places),)
        ).fetchall()
    return noticed(catalog, "Name places", {row[0] for row in found}, {"content"})


def _place_id(connection: sqlite3.Connection, place: Place) -> int:
    connection.execute("INSERT OR IGNORE INTO place VALUES(NULL, ?, ?, ?, ?, ?)", place.names)
    found = connection.execute(
        "SELECT id FROM place WHERE (district, city, county, region, country) = (?, ?, ?, ?, ?)", place.names
    ).fetchone()
    return int(found[0])


def place_of(catalog: Catalog, place_id: int | None) -> Place | None:
    found = catalog.query(
        "SELECT district, city, county, region, country FROM place WHERE id = ?", (place_id,)
    )
    return Place(*found[0]) if found else None
