"""What is known of every photo that matters here, as columns, a row per photo."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photoclip.library.catalog.connection import Catalog
from photoclip.library.catalog.presence import inside
from photoclip.library.catalog.schema import PRESENT
from photoclip.library.duplicates.stars import Rows
from photoclip.library.query.values import TYPES
from photoclip.library.snapshot import find_rows

Floats = NDArray[np.float64]

LEAST_BITS, MOST_BITS = 6, 58
"""A perceptual hash with fewer bits set, or more, is that of a plain picture or a gradient: many share it."""


@dataclass(frozen=True)
class File:
    """A file that is there. `written` is in seconds since 1970."""

    photo: int
    content: int
    path: bytes
    written: float


@dataclass(frozen=True, eq=False)
class Photos:
    """N photos as columns; `rows` are those of their vectors, -1 where there is none.

    `kinds` and `cameras` are numbers for equal names, -1 for no camera; `stems` are numbers for folder and
    name without extension, of the best file. `seconds` is the length of a video, NaN for photos.
    """

    ids: Rows
    contents: Rows
    rows: Rows
    bits: NDArray[np.uint64]  # perceptual hashes
    tells: NDArray[np.bool_]  # whether that hash tells anything
    taken: Floats  # by the camera's clock, NaN where it is not known
    dates: Floats  # what it is sorted by: the file's time where the camera's is not known
    cameras: Rows
    widths: Floats
    heights: Floats
    bytes: Floats
    raw: NDArray[np.bool_]  # RAW files, and photos that are one with a RAW file
    seconds: Floats
    liked: Rows  # stars, and six more for a favourite
    said: Rows  # 1 for labels given by hand, 1 for albums
    paths: NDArray[np.object_]  # tuples of bytes, the best file's first
    stems: Rows

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: Rows | NDArray[np.bool_]) -> Photos:
        """These rows alone, in this order."""
        return Photos(**{column.name: getattr(self, column.name)[rows] for column in fields(self)})

    def with_rows(self, rows: Rows) -> Photos:
        """The same photos with other vectors."""
        return replace(self, rows=rows)


_PHOTOS = """
SELECT photo.id, content.id, content.hash, content.perceptual_hash, content.taken_at, photo.taken_at,
content.camera, content.width, content.height, content.bytes, content.format, content.seconds,
photo.rating + 6 * photo.favourite FROM photo JOIN content ON content.id = photo.content_id
WHERE presence = ? ORDER BY photo.id
"""
_FILES = """
SELECT photo_id, content_id, file.path, mtime_ns / 1e9 FROM file JOIN folder ON folder.id = file.folder_id
WHERE missing_since IS NULL AND removed_at IS NULL ORDER BY photo_id, file.id
"""
_LABELLED = "SELECT DISTINCT photo_id FROM photo_label WHERE source = 'human' AND verdict = 1"
_IN_ALBUMS = "SELECT DISTINCT photo_id FROM album_photo"
_RAW = ", ".join(f"'{each}'" for each in sorted(TYPES["raw"]))
_WITH_RAW = (
    "SELECT DISTINCT lead_id FROM photo JOIN content ON content.id = photo.content_id"
    f" WHERE lead_id IS NOT NULL AND format IN ({_RAW})"
)


def load_files(
    catalog: Catalog, photos: Iterable[int] | None = None, folders: Sequence[bytes] = ()
) -> list[File]:
    """The files that are there: of these photos, where they are given, and in these folders, if any."""
    wanted = None if photos is None else set(photos)
    ranges = [inside(folder) for folder in folders]
    return [
        File(*values)
        for values in zip(*catalog.columns(_FILES), strict=True)
        if (wanted is None or values[0] in wanted)
        and (not ranges or any(low <= values[2] < high for low, high in ranges))
    ]


def load_photos(catalog: Catalog, files: Sequence[File], keys: NDArray[np.bytes_]) -> Photos:
    """The photos of these files, of which the best come first; `keys` are those of the stored vectors."""
    paths: dict[int, list[bytes]] = {}
    for file in files:
        paths.setdefault(file.photo, []).append(file.path)
    (ids, contents, hashes, bits, taken, dates, cameras, *measures, formats, seconds, liked) = (
        catalog.columns(_PHOTOS, (PRESENT,))
    )
    widths, heights, sizes = (np.array(each, np.float64) for each in measures)
    known = np.array(ids, np.int64)
    told = np.array([each is not None for each in bits], np.bool_)
    prints = np.array([each or 0 for each in bits], np.int64).view(np.uint64)
    ones = np.bitwise_count(prints)
    with_raw = _among(catalog, _WITH_RAW, known).astype(np.bool_)
    here = [tuple(paths.get(photo, ())) for photo in ids]
    every = Photos(
        ids=known,
        contents=np.array(contents, np.int64),
        rows=find_rows(keys, np.frombuffer(b"".join(hashes), "S16")),
        bits=prints,
        tells=told & (ones >= LEAST_BITS) & (ones <= MOST_BITS),
        taken=np.array(taken, np.float64),
        dates=np.array(dates, np.float64),
        cameras=_numbered(cameras),
        widths=widths,
        heights=heights,
        bytes=sizes,
        raw=np.array([each in TYPES["raw"] for each in formats], np.bool_) | with_raw,
        seconds=np.array(seconds, np.float64),
        liked=np.array(liked, np.int64),
        said=_among(catalog, _LABELLED, known) + _among(catalog, _IN_ALBUMS, known),
        paths=_objects(here),
        stems=_numbered([os.path.splitext(each[0])[0] if each else None for each in here]),
    )
    return every.take(np.array([bool(each) for each in here], np.bool_))


def _among(catalog: Catalog, sql: str, photos: Rows) -> Rows:
    """1 for those of the photos [N] that a query gives, else 0."""
    return np.isin(photos, catalog.columns(sql)[0]).astype(np.int64)


def _numbered(names: Sequence[Any]) -> Rows:
    """Equal names, equal numbers; -1 for None."""
    numbers: dict[Any, int] = {None: -1}
    return np.array([numbers.setdefault(name, len(numbers)) for name in names], np.int64)


def _objects(values: Sequence[tuple[bytes, ...]]) -> NDArray[np.object_]:
    column = np.empty(len(values), np.object_)
    column[:] = values
    return column
