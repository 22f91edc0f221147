"""Albums: hand-made, ordered lists of photos, and live ones, which are a saved query.

What a live album's query finds is the business of the search. Here are the photos that a person pinned in or
keeps out of it: putting one in pins it, taking one out keeps it out.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from photoclip.errors import PhotoClipError
from photoclip.library.catalog.changes import Change, perform
from photoclip.library.catalog.connection import Catalog
from photoclip.library.catalog.names import check_name, free_name, name_of, nearest, plain
from photoclip.library.catalog.photos import counted
from photoclip.library.catalog.presence import IN_IDS, ids_json
from photoclip.library.catalog.rows import RowChange, next_id
from photoclip.library.catalog.saved_queries import check_query, refuse_circle
from photoclip.library.catalog.schema import PRESENT


@dataclass(frozen=True)
class Album:
    """`photos` counts those that are there; in a live album, which has a query, of those pinned in."""

    id: int
    name: str
    photos: int
    query: str | None = None


def create_album(catalog: Catalog, name: str, ids: Iterable[int] = ()) -> Change:
    """Makes an album of the photos in this order; `created` is its id. PhotoClipError for a taken name."""
    name = check_name(name, "album")
    ids = list(ids)

    def build(connection: sqlite3.Connection) -> list[RowChange]:
        row = _new_album(connection, name, None)
        return [row, *_additions(connection, row.key["id"], ids)]

    return perform(catalog, f"Create the album {name}", build, creates="album")


def save_live_album(catalog: Catalog, name: str, query: str) -> Change:
    """Saves a query as an album; `created` is its id.

    Raises PhotoClipError for a taken name and where albums would ask for each other in a circle, QueryError
    for a query that is wrong.
    """
    name, query = check_name(name, "album"), check_query(query)

    def build(connection: sqlite3.Connection) -> list[RowChange]:
        row = _new_album(connection, name, query)
        refuse_circle(connection, row.key["id"], name, query)
        return [row]

    return perform(catalog, f"Save the live album {name}", build, creates="album")


def change_query(catalog: Catalog, album_id: int, query: str) -> Change:
    """Gives a live album another query; what is pinned in or kept out stays so. Raises as saving does."""
    query = check_query(query)
    name = name_of(catalog.read(), "album", album_id)

    def build(connection: sqlite3.Connection) -> list[RowChange]:
        old = query_of(connection, album_id)
        if old is None:
            raise PhotoClipError(f"The album {name} is made by hand; only a live album has a query.")
        refuse_circle(connection, album_id, name, query)
        return (
            [] if old == query else [RowChange("album", {"id": album_id}, {"query": old}, {"query": query})]
        )

    return perform(catalog, f"Change the query of {name}", build)


def rename_album(catalog: Catalog, album_id: int, name: str) -> Change:
    """Raises PhotoClipError for a name another album has."""
    name = check_name(name, "album")

    def build(connection: sqlite3.Connection) -> list[RowChange]:
        old = name_of(connection, "album", album_id)
        free_name(connection, "album", name, besides=album_id)
        query = query_of(connection, album_id)
        if query is not None:
            refuse_circle(connection, album_id, name, query)
        return [] if old == name else [RowChange("album", {"id": album_id}, {"name": old}, {"name": name})]

    return perform(catalog, f"Rename the album to {name}", build)


def delete_album(catalog: Catalog, album_id: int) -> Change:
    """Deletes the album; its photos stay."""
    name = name_of(catalog.read(), "album", album_id)

    def build(connection: sqlite3.Connection) -> list[RowChange]:
        columns = "name, position, query"
        found = connection.execute(f"SELECT {columns} FROM album WHERE id = ?", (album_id,)).fetchall()
        return [RowChange("album", {"id": album_id}, dict(row), None) for row in found]

    return perform(catalog, f"Delete the album {name}", build)


def add_to_album(catalog: Catalog, album_id: int, ids: Iterable[int]) -> Change:
    """Adds the photos at the end, in this order; those in the album already keep their place.

    Of a live album they are photos from then on, whatever its query finds.
    """
    ids = list(ids)
    name = name_of(catalog.read(), "album", album_id)
    return perform(
        catalog,
        f"Add {counted(len(ids))} to {name}",
        lambda connection: [
            *_refusals(connection, album_id, ids, refused=False),
            *_additions(connection, album_id, ids),
        ],
    )


def remove_from_album(catalog: Catalog, album_id: int, ids: Iterable[int]) -> Change:
    """Takes the photos out; a live album is without them from then on, whatever its query finds."""
    ids = list(ids)
    name = name_of(catalog.read(), "album", album_id)

    def build(connection: sqlite3.Connection) -> list[RowChange]:
        places = _places(connection, album_id)
        rows = [_place(album_id, i, places[i], None) for i in dict.fromkeys(ids) if i in places]
        if query_of(connection, album_id) is None:
            return rows
        return [*rows, *_refusals(connection, album_id, ids, refused=True)]

    return perform(catalog, f"Remove {counted(len(ids))} from {name}", build)


def reorder_album(catalog: Catalog, album_id: int, ids_in_order: Iterable[int]) -> Change:
    """Puts the album in this order; photos of it that are not named follow in the order they had."""
    wanted = list(ids_in_order)
    name = name_of(catalog.read(), "album", album_id)

    def build(connection: sqlite3.Connection) -> list[RowChange]:
        places = _places(connection, album_id)
        order = [i for i in dict.fromkeys([*wanted, *places]) if i in places]
        return [
            _place(album_id, photo_id, places[photo_id], position)
            for position, photo_id in enumerate(order)
            if places[photo_id] != position
        ]

    return perform(catalog, f"Reorder the album {name}", build)


def list_albums(catalog: Catalog) -> list[Album]:
    """All albums, by their position."""
    found = catalog.query(
        "SELECT album.id, album.name, count(photo.id) AS photos, album.query FROM album"
        " LEFT JOIN album_photo ON album_id = album.id"
        " LEFT JOIN photo ON photo.id = photo_id AND presence = ?"
        " GROUP BY album.id ORDER BY album.position, album.id",
        (PRESENT,),
    )
    return [Album(*row) for row in found]


def find_album(catalog: Catalog, name: str) -> Album:
    """The album of this name, in any case; raises PhotoClipError naming near ones."""
    name, albums = plain(name), list_albums(catalog)
    for album in albums:
        if album.name.casefold() == name.casefold():
            return album
    raise PhotoClipError(f"There is no album named {name}.{nearest(name, [a.name for a in albums])}")


def album_of(catalog: Catalog, album_id: int) -> Album:
    """Raises PhotoClipError when the album has been deleted."""
    for album in list_albums(catalog):
        if album.id == album_id:
            return album
    raise PhotoClipError("This album is not there any more.")


def album_photos(catalog: Catalog, album_id: int, *, missing: bool = False) -> NDArray[np.int64]:
    """The album's photos in order, int64 [N]: those that are there, with `missing` all of them."""
    (ids,) = catalog.columns(
        "SELECT photo.id FROM album_photo JOIN photo ON photo.id = photo_id"
        " WHERE album_id = ? AND (? OR presence = ?) ORDER BY position, photo.id",
        (album_id, missing, PRESENT),
    )
    return np.array(ids, dtype=np.int64)


def refused_photos(catalog: Catalog, album_id: int) -> NDArray[np.int64]:
    """The photos that a person keeps out of a live album, int64 [N]."""
    (ids,) = catalog.columns("SELECT photo_id FROM album_refused WHERE album_id = ?", (album_id,))
    return np.array(ids, dtype=np.int64)


def saved_query(catalog: Catalog, album_id: int) -> str | None:
    """The query of a live album; None for one made by hand, or deleted."""
    found = catalog.query("SELECT query FROM album WHERE id = ?", (album_id,))
    return found[0]["query"] if found else None


def query_of(connection: sqlite3.Connection, album_id: int) -> str | None:
    """The query of a live album; None for one made by hand. PhotoClipError when it has been deleted."""
    name_of(connection, "album", album_id)
    found = connection.execute("SELECT query FROM album WHERE id = ?", (album_id,)).fetchone()[0]
    return None if found is None else str(found)


def _new_album(connection: sqlite3.Connection, name: str, query: str | None) -> RowChange:
    """A new row, last in order; raises PhotoClipError for a taken name."""
    free_name(connection, "album", name)
    position = connection.execute("SELECT coalesce(max(position), 0) + 1 FROM album").fetchone()[0]
    values = {"name": name, "position": position, "query": query}
    return RowChange("album", {"id": next_id(connection, "album")}, None, values)


def _refusals(
    connection: sqlite3.Connection, album_id: int, ids: list[int], *, refused: bool
) -> list[RowChange]:
    """One row change per photo of the library that is kept out and shall not be, or the other way round."""
    found = connection.execute(
        "SELECT photo.id, album_refused.photo_id IS NOT NULL FROM photo LEFT JOIN album_refused"
        f" ON photo_id = photo.id AND album_id = ? WHERE photo.id {IN_IDS} ORDER BY photo.id",
        (album_id, ids_json(ids)),
    )
    kept_out = [
        RowChange("album_refused", {"album_id": album_id, "photo_id": photo}, None, {})
        for photo, now in found
        if bool(now) != refused
    ]
    return kept_out if refused else [row.inverse() for row in kept_out]


def _additions(connection: sqlite3.Connection, album_id: int, ids: list[int]) -> list[RowChange]:
    known = connection.execute(f"SELECT id FROM photo WHERE id {IN_IDS}", (ids_json(ids),)).fetchall()
    exists = {row[0] for row in known}
    places = _places(connection, album_id)
    new = [int(i) for i in dict.fromkeys(ids) if i in exists and i not in places]
    start = max(places.values(), default=-1) + 1
    return [_place(album_id, photo_id, None, start + offset) for offset, photo_id in enumerate(new)]


def _place(album_id: int, photo_id: int, before: int | None, after: int | None) -> RowChange:
    return RowChange(
        "album_photo",
        {"album_id": album_id, "photo_id": int(photo_id)},
        None if before is None else {"position": before},
        None if after is None else {"position": after},
    )


def _places(connection: sqlite3.Connection, album_id: int) -> dict[int, int]:
    """Position by photo, in order."""
    found = connection.execute(
        "SELECT photo_id, position FROM album_photo WHERE album_id = ? ORDER BY position, photo_id",
        (album_id,),
    )
    return {row[0]: row[1] for row in found}
