"""The folders PhotoClip watches. They never lie inside each other; a removed one is remembered, hidden."""

from __future__ import annotations

import os
import sqlite3
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from photoclip.errors import PhotoClipError
from photoclip.library.catalog.changes import Change, perform
from photoclip.library.catalog.connection import Catalog
from photoclip.library.catalog.presence import inside
from photoclip.library.catalog.rows import RowChange, deletions
from photoclip.library.catalog.schema import MISSING, PRESENT
from photoclip.library.watching.places import is_folder
from photoclip.paths import display


@dataclass(frozen=True)
class Folder:
    """`photos` counts those that are there; `online` is whether the folder can be seen right now."""

    id: int
    path: bytes
    photos: int
    online: bool


def add_folder(catalog: Catalog, path: bytes) -> Change:
    """Watches a folder from now on; `created` is its id, also for one that was removed before.

    A folder that holds watched ones takes their place. Raises PhotoClipError for one that does not exist,
    cannot be read, is watched already, or lies inside a watched one.
    """
    path = os.path.abspath(path)
    _check(path)
    now = time.time()
    folder_id = _dormant(catalog, path, now)

    def build(connection: sqlite3.Connection) -> list[RowChange]:
        watched = connection.execute("SELECT id, path FROM folder WHERE removed_at IS NULL").fetchall()
        for other in watched:
            _refuse_inside(path, other["path"])
        removed_at = connection.execute(
            "SELECT removed_at FROM folder WHERE id = ?", (folder_id,)
        ).fetchone()[0]
        within = [other["id"] for other in watched if _holds(path, other["path"])]
        return [
            *(RowChange("folder", {"id": i}, {"removed_at": None}, {"removed_at": now}) for i in within),
            RowChange("folder", {"id": folder_id}, {"removed_at": removed_at}, {"removed_at": None}),
        ]

    change = perform(catalog, f"Add the folder {display(path)}", build)
    return Change(**{**vars(change), "created": folder_id})


def _check(path: bytes) -> None:
    shown = display(path)
    if not os.path.lexists(path):
        raise PhotoClipError(f"The folder {shown} does not exist.")
    if not os.path.isdir(path):
        raise PhotoClipError(f"{shown} is not a folder; choose the folder it lies in.")
    try:
        with os.scandir(path) as entries:
            next(entries, None)
    except OSError as error:
        raise PhotoClipError(
            f"The folder {shown} cannot be read ({error.strerror}); check its permissions."
        ) from error


def _dormant(catalog: Catalog, path: bytes, now: float) -> int:
    """The folder's row, made as a removed one when new: files hang on it, so undo never deletes it."""
    with catalog.write() as connection:
        connection.execute(
            "INSERT INTO folder(path, added_at, removed_at) VALUES(?, ?, ?) ON CONFLICT(path) DO NOTHING",
            (path, now, now),
        )
        return int(connection.execute("SELECT id FROM folder WHERE path = ?", (path,)).fetchone()[0])


def _refuse_inside(path: bytes, watched: bytes) -> None:
    if os.path.realpath(path) == os.path.realpath(watched):
        raise PhotoClipError(f"The folder {display(path)} is watched already.")
    if _holds(watched, path):
        raise PhotoClipError(
            f"The folder {display(path)} lies inside {display(watched)}, which is watched already with all"
            " that is in it."
        )


def _holds(outer: bytes, inner: bytes) -> bool:
    low, high = inside(os.path.realpath(outer))
    return low <= os.path.realpath(inner) < high


def remove_folder(catalog: Catalog, folder_id: int, *, keep_labels: bool) -> Change:
    """Stops watching a folder and hides its photos; the files stay untouched.

    Without `keep_labels`, the labels of the photos that are nowhere else are deleted in the same change.
    Raises PhotoClipError for a folder that is not watched.
    """
    folder = _watched(catalog, folder_id)

    def build(connection: sqlite3.Connection) -> list[RowChange]:
        rows = [RowChange("folder", {"id": folder_id}, {"removed_at": None}, {"removed_at": time.time()})]
        if not keep_labels:
            rows += deletions(
                connection, "photo_label", f"photo_id IN ({_ONLY_HERE})", (folder_id, folder_id)
            )
        return rows

    return perform(catalog, f"Remove the folder {display(folder['path'])}", build)


_ONLY_HERE = """
SELECT photo_id FROM file WHERE folder_id = ? AND photo_id NOT IN (
    SELECT photo_id FROM file JOIN folder ON folder.id = folder_id
    WHERE folder_id != ? AND removed_at IS NULL AND missing_since IS NULL)
"""


def _watched(catalog: Catalog, folder_id: int) -> sqlite3.Row:
    found = catalog.query("SELECT * FROM folder WHERE id = ? AND removed_at IS NULL", (folder_id,))
    if not found:
        raise PhotoClipError("This folder is not watched any more.")
    return found[0]


def list_folders(catalog: Catalog) -> list[Folder]:
    """The watched folders, by path. Looks at the disk to tell which are online."""
    found = catalog.query(
        "SELECT folder.id, folder.path, count(DISTINCT photo.id) AS photos FROM folder"
        " LEFT JOIN file ON file.folder_id = folder.id AND file.missing_since IS NULL"
        " LEFT JOIN photo ON photo.id = file.photo_id AND photo.presence = ?"
        " WHERE folder.removed_at IS NULL GROUP BY folder.id ORDER BY folder.path",
        (PRESENT,),
    )
    return [Folder(row["id"], row["path"], row["photos"], is_folder(row["path"])) for row in found]


def folder_photos(catalog: Catalog, folder_id: int, *, missing: bool = False) -> NDArray[np.int64]:
    """The photos in a folder, int64 [N]: those that are there, with `missing` those that were as well."""
    (ids,) = catalog.columns(
        "SELECT DISTINCT photo_id FROM file JOIN photo ON photo.id = photo_id"
        " WHERE folder_id = ? AND (missing_since IS NULL OR (? AND presence = ?))",
        (folder_id, missing, MISSING),
    )
    return np.array(ids, np.int64)
