"""What is derived: which folder a file belongs to, whether a photo is there, what the grid shows of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from photoclip.library.catalog.pairing import settle_pairs
from photoclip.library.catalog.presence import IN_IDS, ids_json, inside, touch

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
    presence = iif(lead_id IS NOT NULL, 0, coalesce(
        (SELECT max(CASE WHEN folder.removed_at IS NOT NULL THEN 0
                         WHEN file.missing_since IS NOT NULL THEN 1 ELSE 2 END)
         FROM file JOIN folder ON folder.id = file.folder_id WHERE file.photo_id = photo.id), 1))
WHERE id IN (SELECT id FROM touched)
"""

_PRESENCE = """
UPDATE photo SET presence = now.presence FROM (
    SELECT file.photo_id AS id, max(CASE WHEN folder.removed_at IS NOT NULL THEN 0
                                         WHEN file.missing_since IS NOT NULL THEN 1 ELSE 2 END) AS presence
    FROM file JOIN folder ON folder.id = file.folder_id
    WHERE file.photo_id IN (SELECT id FROM touched) GROUP BY file.photo_id) AS now
WHERE photo.id = now.id AND photo.presence != now.presence AND photo.lead_id IS NULL
AND NOT (photo.cleared AND now.presence = 1)
RETURNING photo.id
"""

# What a person cleared away stays so until one of its files is back.
_CLEARED = """
UPDATE photo SET cleared = presence < 2, presence = CASE presence WHEN 2 THEN 2 ELSE 0 END
WHERE cleared AND id IN (SELECT id FROM touched)
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
# has the rating that the best of its files with one tells, or else a companion's; "rejected", -1, is no star.
_RATING = """
UPDATE photo SET rating = coalesce(
    (SELECT max(words.rating, 0) FROM photo AS one JOIN file ON file.photo_id = one.id
     JOIN words ON words.file_id = file.id JOIN folder ON folder.id = file.folder_id
     WHERE (one.id = photo.id OR one.lead_id = photo.id) AND words.rating IS NOT NULL
     ORDER BY one.lead_id IS NOT NULL, folder.removed_at IS NOT NULL, file.missing_since IS NOT NULL, file.id
     LIMIT 1), 0)
WHERE rated = 0 AND id IN (SELECT id FROM touched)
"""


def settle_photos(connection: sqlite3.Connection, photo_ids: Iterable[int]) -> set[int]:
    """Derives everything about these photos again, after their files or contents changed.

    Returns them and those that became one with them, or are so no more.
    """
    settled = set(photo_ids)
    touch(connection, settled)
    connection.execute(_FORGET_MOVED)
    settled |= settle_pairs(connection, settled)
    _derive(connection, settled)
    return settled


def _derive(connection: sqlite3.Connection, photo_ids: Iterable[int]) -> None:
    touch(connection, photo_ids)
    connection.execute(_DERIVE)
    connection.execute(_CLEARED)
    connection.execute(_RATING)


def settle_folders(connection: sqlite3.Connection, folder_ids: Iterable[int]) -> frozenset[int]:
    """Derives homes, presence and pairs after folders came or went; returns the photos that came or went."""
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
    moved = {row[0] for row in connection.execute(_PRESENCE).fetchall()}
    touched = [row[0] for row in connection.execute("SELECT id FROM touched").fetchall()]
    paired = settle_pairs(connection, touched)
    _derive(connection, paired)
    return frozenset(moved | paired)
