"""Albums: hand-made, ordered lists of photos."""

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
from photoclip.library.catalog.schema import PRESENT


@dataclass(frozen=True)
class Album:
    """`photos` counts those that are there."""

    id: int
    name: str
    photos: int


def create_album(catalog: Catalog, name: str, ids: Iterable[int] = ()) -> Change:
    """Makes an album of the photos in this order; `created` is its id. PhotoClipError for a taken name."""
    name = check_name(name, "album")
    ids = list(ids)

    def build(connection: sqlite3.Connection) -> list[RowChange]:
        free_name(connection, "album", name)
        album_id = next_id(connection, "album")
        position = connection.execute("SELECT coalesce(max(position), 0) + 1 FROM album").fetchone()[0]
        row = RowChange("album", {"id": album_id}, None, {"name": name, "position": position})
        return [row, *_additions(connection, album_id, ids)]

    return perform(catalog, f"Create the album {name}", build, creates="album")


def rename_album(catalog: Catalog, album_id: int, name: str) -> Change:
    """Raises PhotoClipError for a name another album has."""
    name = check_name(name, "album")

    def build(connection: sqlite3.Connection) -> list[RowChange]:
        old = name_of(connection, "album", album_id)
        free_name(connection, "album", name, besides=album_id)
        return [] if old == name else [RowChange("album", {"id": album_id}, {"name": old}, {"name": name})]

    return perform(catalog, f"Rename the album to {name}", build)


def delete_album(catalog: Catalog, album_id: int) -> Change:
    """Deletes the album; its photos stay."""
    name = name_of(catalog.read(), "album", album_id)

    def build(connection: sqlite3.Connection) -> list[RowChange]:
        found = connection.execute("SELECT name, position FROM album WHERE id = ?", (album_id,)).fetchall()
        return [RowChange("album", {"id": album_id}, dict(row), None) for row in found]

    return perform(catalog, f"Delete the album {name}", build)


def add_to_album(catalog: Catalog, album_id: int, ids: Iterable[int]) -> Change:
    """Adds the photos at the end, in this order; those in the album already keep their place."""
    ids = list(ids)
    name = name_of(catalog.read(), "album", album_id)
    return perform(
        catalog,
        f"Add {counted(len(ids))} to {name}",
        lambda connection: _additions(connection, album_id, ids),
    )


def remove_from_album(catalog: Catalog, album_id: int, ids: Iterable[int]) -> Change:
    ids = list(ids)
    name = name_of(catalog.read(), "album", album_id)

    def build(connection: sqlite3.Connection) -> list[RowChange]:
        places = _places(connection, album_id)
        return [_place(album_id, i, places[i], None) for i in dict.fromkeys(ids) if i in places]

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
        "SELECT album.id, album.name, count(photo.id) AS photos FROM album"
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


def album_photos(catalog: Catalog, album_id: int, *, missing: bool = False) -> NDArray[np.int64]:
    """The album's photos in order, int64 [N]: those that are there, with `missing` all of them."""
    (ids,) = catalog.columns(
        "SELECT photo.id FROM album_photo JOIN photo ON photo.id = photo_id"
        " WHERE album_id = ? AND (? OR presence = ?) ORDER BY position, photo.id",
        (album_id, missing, PRESENT),
    )
    return np.array(ids, dtype=np.int64)


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
