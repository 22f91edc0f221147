"""Photos: the table the grid and search work on, ratings, favourites, and where photos lie."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photoclip.library.catalog.changes import Change, perform
from photoclip.library.catalog.connection import Catalog
from photoclip.library.catalog.details import AppliedLabel, PhotoDetails, PhotoFile, details
from photoclip.library.catalog.presence import IN_IDS, ids_json, inside
from photoclip.library.catalog.rows import RowChange
from photoclip.library.catalog.schema import MISSING, PRESENT

__all__ = [
    "AppliedLabel",
    "Failure",
    "PhotoDetails",
    "PhotoFile",
    "PhotoTable",
    "details",
    "failures",
    "hashes_to_photos",
    "load_table",
    "path_of",
    "paths_of",
    "photo_at",
    "photos_below",
    "rate",
    "set_favourite",
    "together",
]


@dataclass(frozen=True, eq=False)
class PhotoTable:
    """Photos as columns, newest first; of the same moment, the one added last comes first.

    ids int64 [N]; taken float64 [N], the camera's local time as if UTC, the file's time where the photo has
    none; colours uint32 [N] 0xRRGGBB; widths, heights int32 [N], upright; hashes S16 [N], content hashes;
    added float64 [N], Unix seconds. `videos` has the length in seconds of every video, by id.

    NumPy drops trailing zero bytes when one hash is taken out of `hashes`: `hash_of` gives all sixteen.
    """

    ids: NDArray[np.int64]
    taken: NDArray[np.float64]
    colours: NDArray[np.uint32]
    widths: NDArray[np.int32]
    heights: NDArray[np.int32]
    hashes: NDArray[np.bytes_]
    added: NDArray[np.float64]
    videos: Mapping[int, float] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def _order(self) -> NDArray[np.int64]:
        return np.argsort(self.ids).astype(np.int64)

    def rows_of(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """The row of each photo id, [M] -> [M]; -1 where the table lacks it."""
        wanted = np.asarray(ids, dtype=np.int64)
        if not len(self.ids):
            return np.full(len(wanted), -1, dtype=np.int64)
        places = np.searchsorted(self.ids, wanted, sorter=self._order).clip(max=len(self.ids) - 1)
        rows = self._order[places]
        return np.where(self.ids[rows] == wanted, rows, -1)

    def hash_of(self, row: int) -> bytes:
        """The sixteen bytes of the content hash in this row."""
        return bytes(self.hashes[row]).ljust(16, b"\0")


@dataclass(frozen=True)
class Failure:
    """A file that could not be read as a photo; `at` is when that was tried, Unix seconds."""

    path: bytes
    reason: str
    at: float


# The order of the index photo_newest, which holds every column asked for.
_TABLE = """
SELECT id, taken_at, colour, width, height, added_at, hash FROM photo
WHERE presence = ? ORDER BY taken_at DESC, id DESC LIMIT ?
"""
# Videos have a small index of their own, so that a library of photos does not pay for the question.
_VIDEOS = (
    "SELECT photo.id, content.seconds FROM content JOIN photo ON photo.content_id = content.id"
    " WHERE content.seconds IS NOT NULL"
)
_ALL = -1  # SQLite's word for no limit


def load_table(catalog: Catalog, *, missing: bool = False, newest: int = _ALL) -> PhotoTable:
    """The photos that are there; with `missing`, those whose files are all gone instead.

    With `newest`, only so many of them: a window's first screen without the wait for all.
    """
    ids, taken, colours, widths, heights, added, hashes = catalog.columns(
        _TABLE, (MISSING if missing else PRESENT, newest)
    )
    return PhotoTable(
        ids=np.array(ids, dtype=np.int64),
        taken=np.array(taken, dtype=np.float64),
        colours=np.array(colours, dtype=np.uint32),
        widths=np.array(widths, dtype=np.int32),
        heights=np.array(heights, dtype=np.int32),
        hashes=_hashes(hashes),
        added=np.array(added, dtype=np.float64),
        videos=dict(zip(*catalog.columns(_VIDEOS), strict=True)),
    )


def together(one: PhotoTable, other: PhotoTable) -> PhotoTable:
    """The photos of two tables without a photo in common, as one table: newest first."""
    columns = [column.name for column in fields(PhotoTable) if column.name != "videos"]
    joined = {name: np.concatenate([getattr(one, name), getattr(other, name)]) for name in columns}
    order = np.lexsort((-joined["ids"], -joined["taken"]))
    return PhotoTable(
        **{name: column[order] for name, column in joined.items()}, videos={**one.videos, **other.videos}
    )


def hashes_to_photos(catalog: Catalog) -> tuple[NDArray[np.bytes_], NDArray[np.int64]]:
    """The content hashes of the photos that are there, S16 [N], and their ids, int64 [N], newest first."""
    hashes, ids = catalog.columns(
        "SELECT hash, id FROM photo WHERE presence = ? ORDER BY taken_at DESC, id DESC", (PRESENT,)
    )
    return _hashes(hashes), np.array(ids, dtype=np.int64)


def _hashes(hashes: Sequence[Any]) -> NDArray[np.bytes_]:
    return np.frombuffer(b"".join(hashes), dtype="S16")


# The best file of a photo comes first: there, in a watched folder, the oldest known.
BEST_FIRST = "folder.removed_at IS NOT NULL, file.missing_since IS NOT NULL, file.id"


def paths_of(catalog: Catalog, ids: Iterable[int]) -> dict[int, bytes]:
    """The best path of each photo; a photo without any file is left out."""
    found = catalog.query(
        f"SELECT file.photo_id, file.path FROM file JOIN folder ON folder.id = file.folder_id"
        f" WHERE file.photo_id {IN_IDS} ORDER BY {BEST_FIRST}",
        (ids_json(ids),),
    )
    paths: dict[int, bytes] = {}
    for photo_id, path in found:
        paths.setdefault(photo_id, path)
    return paths


def path_of(catalog: Catalog, photo_id: int) -> bytes | None:
    """The best path of the photo, or None when it has no file."""
    return paths_of(catalog, (photo_id,)).get(photo_id)


def photo_at(catalog: Catalog, path: bytes) -> int | None:
    """The photo whose file lies at this path, also while it is missing or its folder removed."""
    found = catalog.query("SELECT photo_id FROM file WHERE path = ?", (path,))
    return int(found[0][0]) if found else None


def photos_below(catalog: Catalog, folder: bytes) -> list[int]:
    """The photos that are there in this folder or anywhere below it, whether it is watched itself or not."""
    found = catalog.query(
        "SELECT DISTINCT photo_id FROM file JOIN folder ON folder.id = folder_id WHERE file.path >= ?"
        " AND file.path < ? AND missing_since IS NULL AND removed_at IS NULL ORDER BY photo_id",
        inside(folder),
    )
    return [int(row[0]) for row in found]


def failures(catalog: Catalog, folder_ids: Iterable[int] | None = None) -> list[Failure]:
    """The files in watched folders (None: all of them) that could not be read, latest first."""
    found = catalog.query(
        "SELECT failure.path, reason, at FROM failure JOIN folder ON folder.id = folder_id"
        f" WHERE removed_at IS NULL AND (? OR folder_id {IN_IDS}) ORDER BY at DESC, failure.path",
        (folder_ids is None, ids_json(folder_ids or ())),
    )
    return [Failure(*row) for row in found]


def rate(catalog: Catalog, ids: Iterable[int], rating: int) -> Change:
    """Gives the photos 1 to 5 stars; 0 takes the rating away."""
    if not 0 <= rating <= 5:
        raise ValueError(f"a rating is 0 to 5, not {rating}")
    ids = list(ids)
    words = f"Rate {counted(len(ids))}" if rating else f"Clear the rating of {counted(len(ids))}"
    return perform(catalog, words, lambda connection: _ratings(connection, ids, rating))


def set_favourite(catalog: Catalog, ids: Iterable[int], value: bool) -> Change:
    ids = list(ids)
    words = (
        f"Make {counted(len(ids))} favourite" if value else f"Take {counted(len(ids))} from the favourites"
    )
    return perform(catalog, words, lambda connection: _updates(connection, ids, "favourite", int(value)))


def _ratings(connection: sqlite3.Connection, ids: Iterable[int], rating: int) -> list[RowChange]:
    """A person's rating replaces one from the file, also by the same number of stars."""
    found = connection.execute(
        f"SELECT id, rating, rated FROM photo WHERE id {IN_IDS} AND (rating != ? OR (rating AND NOT rated))",
        (ids_json(ids), rating),
    ).fetchall()
    after = {"rating": rating, "rated": 1}
    return [RowChange("photo", {"id": row[0]}, {"rating": row[1], "rated": row[2]}, after) for row in found]


def _updates(connection: sqlite3.Connection, ids: Iterable[int], column: str, value: int) -> list[RowChange]:
    found = connection.execute(
        f"SELECT id, {column} FROM photo WHERE id {IN_IDS} AND {column} != ?", (ids_json(ids), value)
    ).fetchall()
    return [RowChange("photo", {"id": row[0]}, {column: row[1]}, {column: value}) for row in found]


def counted(count: int) -> str:
    """The number of photos in words: "1 photo", "1,204 photos"."""
    return "1 photo" if count == 1 else f"{count:,} photos"
