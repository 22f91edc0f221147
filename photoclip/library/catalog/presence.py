"""What is derived: which folder a file belongs to, whether a photo is there, what the grid shows of it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

IN_IDS = "IN (SELECT value FROM json_each(?))"

# A photo's own facts. Without a date of its own a photo is as old as its oldest file, in local time like
# a camera's; a photo without any file keeps what was known.
_DERIVE = """
UPDATE photo SET
    (colour, width, height, hash) =
        (SELECT colour, width, height, hash FROM content WHERE content.id = photo.content_id),
    taken_at = coalesce(
        (SELECT content.taken_at FROM content WHERE content.id = photo.content_id),
        (SELECT s / 1e9 + coalesce(
            strftime('%s', s / 1000000000, 'unixepoch', 'localtime') - s / 1000000000, 0)
         FROM (SELECT min(mtime_ns) AS s FROM file WHERE file.photo_id = photo.id)),
        taken_at),
    presence = coalesce(
        (SELECT max(CASE WHEN folder.removed_at IS NOT NULL THEN 0
                         WHEN file.missing_since IS NOT NULL THEN 1 ELSE 2 END)
         FROM file JOIN folder ON folder.id = file.folder_id WHERE file.photo_id = photo.id), 1)
WHERE id IN (SELECT id FROM touched)
"""

_PRESENCE = """
UPDATE photo SET presence = now.presence FROM (
    SELECT file.photo_id AS id, max(CASE WHEN folder.removed_at IS NOT NULL THEN 0
                                         WHEN file.missing_since IS NOT NULL THEN 1 ELSE 2 END) AS presence
    FROM file JOIN folder ON folder.id = file.folder_id
    WHERE file.photo_id IN (SELECT id FROM touched) GROUP BY file.photo_id) AS now
WHERE photo.id = now.id AND photo.presence != now.presence
RETURNING photo.id
"""

# A missing file says nothing when the same content is there at another path: the photo has moved, or one
# of its copies is gone.
_FORGET_MOVED = """
DELETE FROM file WHERE photo_id IN (SELECT id FROM touched) AND missing_since IS NOT NULL AND EXISTS (
    SELECT 1 FROM file AS other JOIN folder ON folder.id = other.folder_id
    WHERE other.photo_id = file.photo_id AND other.content_id = file.content_id
    AND other.missing_since IS NULL AND folder.removed_at IS NULL)
"""

# Folders that are watched never lie inside each other, so at most one of them holds a path.
_REHOME = """
UPDATE file SET folder_id = :folder WHERE path >= :low AND path < :high AND folder_id != :folder
AND (SELECT removed_at FROM folder WHERE folder.id = file.folder_id) IS NOT NULL
"""


# A person's rating has the word. Until a person rates a photo here (which putting out all stars is, too), it
# has the rating that the best of its files with one tells; "rejected", -1, is no star.
_RATING = """
UPDATE photo SET rating = coalesce(
    (SELECT max(words.rating, 0) FROM file JOIN words ON words.file_id = file.id
     JOIN folder ON folder.id = file.folder_id WHERE file.photo_id = photo.id AND words.rating IS NOT NULL
     ORDER BY folder.removed_at IS NOT NULL, file.missing_since IS NOT NULL, file.id LIMIT 1), 0)
WHERE rated = 0 AND id IN (SELECT id FROM touched)
"""


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


def settle_photos(connection: sqlite3.Connection, photo_ids: Iterable[int]) -> None:
    """Derives everything about these photos again, after their files or contents changed."""
    touch(connection, photo_ids)
    connection.execute(_FORGET_MOVED)
    connection.execute(_DERIVE)
    connection.execute(_RATING)


def settle_folders(connection: sqlite3.Connection, folder_ids: Iterable[int]) -> frozenset[int]:
    """Derives homes and presence after folders came or went; returns the photos that came or went."""
    folders = connection.execute(
        f"SELECT id, path FROM folder WHERE id {IN_IDS}", (ids_json(folder_ids),)
    ).fetchall()
    watched = connection.execute("SELECT id, path FROM folder WHERE removed_at IS NULL").fetchall()
    for folder in watched:
        low, high = inside(folder["path"])
        connection.execute(_REHOME, {"folder": folder["id"], "low": low, "high": high})
    connection.execute("DELETE FROM touched")
    for folder in folders:
        low, high = inside(folder["path"])
        connection.execute(
            "INSERT OR IGNORE INTO touched SELECT photo_id FROM file"
            " WHERE folder_id = ? OR (path >= ? AND path < ?)",
            (folder["id"], low, high),
        )
    return frozenset(row[0] for row in connection.execute(_PRESENCE).fetchall())
