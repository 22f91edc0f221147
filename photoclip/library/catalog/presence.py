"""How the catalog names many photos, and the paths in a folder, in one statement."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

IN_IDS = "IN (SELECT value FROM json_each(?))"


def ids_json(ids: Iterable[int]) -> str:
    """Ids for `IN_IDS`: one parameter, however many there are."""
    return json.dumps([int(i) for i in ids])


def inside(folder: bytes) -> tuple[bytes, bytes]:
    r"""The half-open range of paths inside a folder: paths sort as bytes, and "/" is followed by "0".

    >>> inside(b"/photos")
    (b'/photos/', b'/photos0')
    """
    separator = b"\\" if b"\\" in folder and b"/" not in folder else b"/"
    stem = folder.rstrip(separator)
    return stem + separator, stem + bytes([separator[0] + 1])


def touch(connection: sqlite3.Connection, photo_ids: Iterable[int]) -> None:
    connection.execute("DELETE FROM touched")
    connection.execute("INSERT OR IGNORE INTO touched SELECT value FROM json_each(?)", (ids_json(photo_ids),))
