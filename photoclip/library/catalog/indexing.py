"""What the indexer finds on disk, written in batches; the table in the package's docstring is kept here.

Such a change cannot be undone (the disk is as it is): it only tells which photos to show anew.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from photoclip.library.catalog.arrivals import mark_arrival
from photoclip.library.catalog.changes import Change, noticed
from photoclip.library.catalog.connection import Catalog
from photoclip.library.catalog.presence import IN_IDS, ids_json, inside, settle_photos
from photoclip.library.catalog.words import FileWords, record_words


@dataclass(frozen=True)
class KnownFile:
    """A file as it was when last read."""

    size: int
    mtime_ns: int
    file_id: int
    missing: bool


@dataclass(frozen=True)
class IndexedPhoto:
    """A file that was read. `hash` is the xxh3_128 of its bytes (16), width and height are upright."""

    path: bytes
    folder_id: int
    size: int
    mtime_ns: int
    hash: bytes
    width: int
    height: int
    format: str
    colour: int  # 0xRRGGBB
    taken_at: float | None = None  # the camera's local time as if UTC
    taken_offset: int | None = None  # minutes east of UTC
    taken_source: str | None = None  # "exif", "video", "xmp" or "name"
    camera: str | None = None
    lens: str | None = None
    exposure: Mapping[str, Any] = field(default_factory=dict)
    latitude: float | None = None
    longitude: float | None = None
    perceptual_hash: int | None = None  # 64 bits
    truncated: bool = False
    animated: bool = False
    words: FileWords | None = None  # None where they were not read
    seconds: float | None = None  # the length of a video
    codec: str | None = None
    poster_at: float | None = None  # seconds
    frames: int = 1  # vectors


@dataclass(frozen=True)
class UnreadableFile:
    """A file that could not be read as a photo, and why."""

    path: bytes
    folder_id: int
    size: int
    mtime_ns: int
    reason: str


def known_files(catalog: Catalog, folder_id: int) -> dict[bytes, KnownFile]:
    """Every file known in this folder, by path."""
    paths, *columns = catalog.columns(
        "SELECT path, size, mtime_ns, id, missing_since IS NOT NULL FROM file WHERE folder_id = ?",
        (folder_id,),
    )
    return {
        path: KnownFile(size, mtime_ns, file_id, bool(missing))
        for path, size, mtime_ns, file_id, missing in zip(paths, *columns, strict=True)
    }


def known_failures(catalog: Catalog, folder_id: int, *, curable: str = "") -> dict[bytes, tuple[int, int]]:
    """The (size, mtime_ns) at which each file here could not be read: try again when they differ.

    Without those that failed for a reason that is no more, `curable`.
    """
    found = catalog.query(
        "SELECT path, size, mtime_ns FROM failure WHERE folder_id = ? AND reason != ?", (folder_id, curable)
    )
    return {row[0]: (row[1], row[2]) for row in found}


def record_batch(
    catalog: Catalog, photos: Sequence[IndexedPhoto], failures: Sequence[UnreadableFile] = ()
) -> Change:
    """Writes what was read, in one transaction; the change's `photos` are those to show anew.

    A file that reads loses its failure. A known photo whose file no longer reads stays as it was.
    """
    with catalog.write(durable=False) as connection:
        touched = _Batch(connection, photos).record()
        settle_photos(connection, touched)
        connection.executemany("DELETE FROM failure WHERE path = ?", [(photo.path,) for photo in photos])
        connection.executemany(
            "INSERT OR REPLACE INTO failure(path, folder_id, size, mtime_ns, reason, at)"
            " VALUES(?, ?, ?, ?, ?, ?)",
            [(f.path, f.folder_id, f.size, f.mtime_ns, f.reason, time.time()) for f in failures],
        )
    tables = {"photo", "file", "content"} if photos else set()
    return noticed(catalog, "Index photos", touched, tables | ({"failure"} if failures else set()))


class _Batch:
    """Decides for each file of a batch which photo it belongs to."""

    def __init__(self, connection: sqlite3.Connection, photos: Sequence[IndexedPhoto]) -> None:
        self.connection = connection
        self.photos = photos
        self.hashes = {photo.path: photo.hash for photo in photos}

    def record(self) -> set[int]:
        """Returns every photo that gained, lost or changed a file."""
        touched: set[int] = set()
        for photo in self.photos:
            content_id = self._content(photo)
            previous = self._one("SELECT id, photo_id FROM file WHERE path = ?", photo.path)
            photo_id = self._photo(photo, content_id, previous)
            file_id = self._file(photo, content_id, photo_id)
            if photo.words is not None:
                record_words(self.connection, file_id, photo.words)
            touched.add(photo_id)
            if previous is not None:
                touched.add(previous["photo_id"])
        return touched

    def _content(self, photo: IndexedPhoto) -> int:
        """The content's row; read again, it gets the facts of the latest reading."""
        values = {
            "hash": photo.hash,
            "bytes": photo.size,
            "width": photo.width,
            "height": photo.height,
            "format": photo.format,
            "taken_at": photo.taken_at,
            "taken_offset": photo.taken_offset,
            "taken_source": photo.taken_source,
            "camera": photo.camera,
            "lens": photo.lens,
            "exposure": json.dumps(dict(photo.exposure)) if photo.exposure else None,
            "latitude": photo.latitude,
            "longitude": photo.longitude,
            "perceptual_hash": _signed(photo.perceptual_hash),
            "colour": photo.colour,
            "truncated": int(photo.truncated),
            "animated": int(photo.animated),
            "seconds": photo.seconds,
            "codec": photo.codec,
            "poster_at": photo.poster_at,
            "frames": photo.frames,
        }
        found = self.connection.execute(
            f"INSERT INTO content({', '.join(values)}) VALUES(:{', :'.join(values)})"
            f" ON CONFLICT(hash) DO UPDATE SET {', '.join(map(_renewed, values))}"
            " RETURNING id",
            {**values, "path": photo.path},
        ).fetchone()
        return int(found[0])

    def _photo(self, photo: IndexedPhoto, content_id: int, previous: sqlite3.Row | None) -> int:
        owner = self._one("SELECT id FROM photo WHERE content_id = ?", content_id)
        if owner is not None:
            return int(owner["id"])
        if previous is None:
            return _new_photo(self.connection, content_id)
        photo_id = int(previous["photo_id"])
        if self._copy_remains(photo_id, photo):
            return _split(self.connection, content_id, photo_id)
        self.connection.execute("UPDATE photo SET content_id = ? WHERE id = ?", (content_id, photo_id))
        mark_arrival(self.connection, photo_id)
        return photo_id

    def _copy_remains(self, photo_id: int, edited: IndexedPhoto) -> bool:
        """Whether another file still has the old content; one edited alike in this batch does not."""
        others = self.connection.execute(
            "SELECT path FROM file WHERE photo_id = ? AND path != ? AND missing_since IS NULL",
            (photo_id, edited.path),
        )
        return any(self.hashes.get(row["path"], b"") != edited.hash for row in others)

    def _file(self, photo: IndexedPhoto, content_id: int, photo_id: int) -> int:
        found = self.connection.execute(
            "INSERT INTO file(photo_id, content_id, folder_id, path, size, mtime_ns) VALUES(?, ?, ?, ?, ?, ?)"
            " ON CONFLICT(path) DO UPDATE SET photo_id = excluded.photo_id, content_id = excluded.content_id,"
            " folder_id = excluded.folder_id, size = excluded.size, mtime_ns = excluded.mtime_ns,"
            " missing_since = NULL RETURNING id",
            (photo_id, content_id, photo.folder_id, photo.path, photo.size, photo.mtime_ns),
        ).fetchone()
        return int(found[0])

    def _one(self, sql: str, value: bytes | int) -> sqlite3.Row | None:
        found: sqlite3.Row | None = self.connection.execute(sql, (value,)).fetchone()
        return found


def _new_photo(connection: sqlite3.Connection, content_id: int) -> int:
    found = connection.execute(
        "INSERT INTO photo(content_id, added_at, hash) SELECT id, ?, hash FROM content WHERE id = ?"
        " RETURNING id",
        (time.time(), content_id),
    ).fetchone()
    photo_id = int(found[0])
    mark_arrival(connection, photo_id)
    return photo_id


def _split(connection: sqlite3.Connection, content_id: int, source: int) -> int:
    """A photo of its own for one file of `source`, with all that people said about that photo so far."""
    new = _new_photo(connection, content_id)
    for sql in (
        "UPDATE photo SET (rating, rated, favourite) ="
        " (SELECT rating, rated, favourite FROM photo WHERE id = :source) WHERE id = :new",
        "INSERT INTO photo_label SELECT :new, label_id, source, verdict, NULL FROM photo_label"
        " WHERE photo_id = :source AND source = 'human'",
        "INSERT INTO album_photo SELECT album_id, :new, position FROM album_photo WHERE photo_id = :source",
        "INSERT INTO album_refused SELECT album_id, :new FROM album_refused WHERE photo_id = :source",
    ):
        connection.execute(sql, {"new": new, "source": source})
    return new


def _renewed(column: str) -> str:
    """What a content's column becomes when it is read again, perhaps at the path of a copy.

    Only the name may tell another date there, or none: the first name that told one has the word. A date
    from XMP stays for a copy without a sidecar, and goes with the sidecar of the only file.
    """
    if not column.startswith("taken_"):
        return f"{column} = excluded.{column}"
    stays = (
        "content.taken_source IS NOT NULL AND coalesce(excluded.taken_source, 'name') = 'name'"
        " AND (content.taken_source != 'xmp' OR EXISTS (SELECT 1 FROM file"
        " WHERE content_id = content.id AND path != :path AND missing_since IS NULL))"
    )
    return f"{column} = CASE WHEN {stays} THEN content.{column} ELSE excluded.{column} END"


def _signed(bits: int | None) -> int | None:
    """64 bits as SQLite's signed integer."""
    return None if bits is None else bits - (1 << 64) if bits >= 1 << 63 else bits


def mark_missing(catalog: Catalog, file_ids: Iterable[int]) -> Change:
    """These files are gone. A photo without another file is missing, and keeps all that was said."""
    return _mark(catalog, file_ids, time.time())


def mark_present(catalog: Catalog, file_ids: Iterable[int]) -> Change:
    """These files are back, with the size and time they had."""
    return _mark(catalog, file_ids, None)


def _mark(catalog: Catalog, file_ids: Iterable[int], since: float | None) -> Change:
    with catalog.write(durable=False) as connection:
        found = connection.execute(
            f"UPDATE file SET missing_since = ? WHERE id {IN_IDS} AND (missing_since IS NULL) != (? IS NULL)"
            " RETURNING photo_id",
            (since, ids_json(file_ids), since),
        ).fetchall()
        touched = {row[0] for row in found}
        if since is None:
            touched |= _regroup(connection, touched)
        settle_photos(connection, touched)
    words = "Files are back" if since is None else "Files are gone"
    return noticed(catalog, words, touched, {"photo", "file"} if touched else ())


def _regroup(connection: sqlite3.Connection, photo_ids: Iterable[int]) -> set[int]:
    """Gives files that came back with an older content of their photo to the photo of that content.

    While such a file was missing, another file of the photo was edited. Returns the photos it went to.
    """
    strays = connection.execute(
        "SELECT file.id, file.photo_id, file.content_id FROM file JOIN photo ON photo.id = file.photo_id"
        f" WHERE photo.id {IN_IDS} AND file.missing_since IS NULL AND file.content_id != photo.content_id",
        (ids_json(photo_ids),),
    ).fetchall()
    gained = set()
    for file_id, photo_id, content_id in strays:
        owner = connection.execute("SELECT id FROM photo WHERE content_id = ?", (content_id,)).fetchone()
        new = int(owner[0]) if owner is not None else _split(connection, content_id, photo_id)
        connection.execute("UPDATE file SET photo_id = ? WHERE id = ?", (new, file_id))
        gained.add(new)
    return gained


def files_under(catalog: Catalog, path: bytes) -> dict[bytes, int]:
    """The ids of the known files at this path or anywhere inside it, by path."""
    low, high = inside(path)
    found = catalog.query(
        "SELECT path, id FROM file WHERE path = ? OR (path >= ? AND path < ?)", (path, low, high)
    )
    return {row[0]: row[1] for row in found}


def forget_failures(catalog: Catalog, paths: Iterable[bytes]) -> Change:
    """These unreadable files are gone, or are to be tried again."""
    with catalog.write(durable=False) as connection:
        cursor = connection.executemany("DELETE FROM failure WHERE path = ?", [(path,) for path in paths])
        gone = cursor.rowcount
    return noticed(catalog, "Forget unreadable files", (), {"failure"} if gone > 0 else ())
