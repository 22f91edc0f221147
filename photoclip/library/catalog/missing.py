"""Missing photos, all files of which are gone: they keep what was said of them until a person clears them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from photoclip.library.catalog.changes import Change, perform
from photoclip.library.catalog.connection import Catalog
from photoclip.library.catalog.photos import counted
from photoclip.library.catalog.presence import IN_IDS, ids_json
from photoclip.library.catalog.rows import RowChange, deletions
from photoclip.library.catalog.schema import HIDDEN, MISSING

_SAID = {
    "photo_label": "source = 'human'",  # automatic ones are right again when the photo comes back
    "album_photo": "TRUE",
    "album_refused": "TRUE",
}


@dataclass(frozen=True)
class MissingFile:
    """Where a missing photo was; `since` is when that was noticed, in Unix seconds."""

    photo: int
    path: bytes
    since: float


def missing_files(catalog: Catalog) -> list[MissingFile]:
    """The files of the missing photos, by path."""
    found = catalog.query(
        "SELECT photo.id, path, missing_since FROM photo JOIN file ON file.photo_id = photo.id"
        " WHERE presence = ? AND missing_since IS NOT NULL ORDER BY path",
        (MISSING,),
    )
    return [MissingFile(*row) for row in found]


def clear_missing(catalog: Catalog, ids: Iterable[int]) -> Change:
    """Lets go of those photos that are missing, and of all that people said of them; undo brings both back.

    When such a file appears again later, it is a photo like any other, of which nobody has said anything.
    """
    ids = list(ids)
    return perform(
        catalog, f"Clear {counted(len(ids))} from Missing", lambda connection: _clear(connection, ids)
    )


def clear_all_missing(catalog: Catalog) -> Change:
    """Lets go of all that are missing now."""
    return clear_missing(catalog, catalog.columns("SELECT id FROM photo WHERE presence = ?", (MISSING,))[0])


def _clear(connection: sqlite3.Connection, ids: Iterable[int]) -> list[RowChange]:
    """Presence apart from what was said, so that undo brings back whichever of them is as it was left."""
    photos = connection.execute(
        f"SELECT id, rating, rated, favourite FROM photo WHERE presence = {MISSING} AND id {IN_IDS}",
        (ids_json(ids),),
    ).fetchall()
    missing = (ids_json(photo["id"] for photo in photos),)
    rows = [
        row
        for table, which in _SAID.items()
        for row in deletions(connection, table, f"{which} AND photo_id {IN_IDS}", missing)
    ]
    for photo in photos:
        key = {"id": photo["id"]}
        said = {column: photo[column] for column in ("rating", "rated", "favourite")}
        if any(said.values()):
            rows.append(RowChange("photo", key, said, dict.fromkeys(said, 0)))
        rows.append(
            RowChange("photo", key, {"presence": MISSING, "cleared": 0}, {"presence": HIDDEN, "cleared": 1})
        )
    return rows
