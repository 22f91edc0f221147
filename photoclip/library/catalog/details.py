"""Everything the catalog knows about one photo."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import Any, TypeAlias

from photoclip.errors import PhotoClipError
from photoclip.library.catalog.connection import Catalog
from photoclip.library.catalog.places import place_of
from photoclip.library.catalog.schema import MISSING
from photoclip.library.catalog.words import FileWords, words_of
from photoclip.library.gazetteer import Place

# The type, where `bytes` is also the name of a field.
Raw: TypeAlias = bytes


@dataclass(frozen=True)
class PhotoFile:
    path: bytes
    size: int
    mtime: float  # Unix seconds
    missing: bool
    folder_id: int


@dataclass(frozen=True)
class AppliedLabel:
    label_id: int
    name: str
    source: str  # "human" or "auto"
    verdict: int  # 1, or 0 for a remembered No
    score: float | None


@dataclass(frozen=True)
class PhotoDetails:
    """One photo. `path` is the best of its files (None when none is left), `name` that file's own name."""

    id: int
    name: Raw
    path: Raw | None
    files: tuple[PhotoFile, ...]
    folder: Raw | None  # the watched folder
    folder_id: int | None
    bytes: int
    width: int
    height: int
    format: str
    taken_at: float | None  # None when only the file's time is known
    taken_offset: int | None
    taken_source: str | None  # "exif", "video", "xmp" or "name"
    camera: str | None
    lens: str | None
    exposure: dict[str, Any]
    latitude: float | None
    longitude: float | None
    place: Place | None  # None also while it has not been named
    truncated: bool
    animated: bool
    words: FileWords  # of the best file
    seconds: float | None  # the length of a video
    codec: str | None
    poster_at: float | None  # where the frame is that is shown, in seconds
    rating: int
    favourite: bool
    labels: tuple[AppliedLabel, ...]
    albums: tuple[tuple[int, str], ...]
    missing: bool
    file_time: float | None  # the oldest file's, as if UTC like `taken_at`: what sorts a photo without a date
    content_hash: Raw
    colour: int
    added_at: float


_PHOTO = """
SELECT content.*, photo.rating, photo.favourite, photo.presence, photo.added_at, photo.id AS photo_id,
photo.taken_at AS sorted_by
FROM photo JOIN content ON content.id = photo.content_id WHERE photo.id = ?
"""
_FILES = """
SELECT file.*, folder.path AS folder FROM file JOIN folder ON folder.id = file.folder_id
WHERE file.photo_id = ?
ORDER BY folder.removed_at IS NOT NULL, file.missing_since IS NOT NULL, file.id
"""
_LABELS = """
SELECT label.id, label.name, source, verdict, score FROM photo_label JOIN label ON label.id = label_id
WHERE photo_id = ? ORDER BY label.name
"""
_ALBUMS = """
SELECT album.id, album.name FROM album_photo JOIN album ON album.id = album_id
WHERE photo_id = ? ORDER BY album.name
"""


def details(catalog: Catalog, photo_id: int) -> PhotoDetails:
    """Raises PhotoClipError when the library has no such photo."""
    found = catalog.query(_PHOTO, (photo_id,))
    if not found:
        raise PhotoClipError(f"The library has no photo {photo_id}.")
    photo = found[0]
    files = catalog.query(_FILES, (photo_id,))
    best = files[0] if files else None
    return PhotoDetails(
        id=photo_id,
        name=os.path.basename(best["path"]) if best else b"",
        path=best["path"] if best else None,
        files=tuple(
            PhotoFile(
                f["path"], f["size"], f["mtime_ns"] / 1e9, f["missing_since"] is not None, f["folder_id"]
            )
            for f in files
        ),
        folder=best["folder"] if best else None,
        folder_id=best["folder_id"] if best else None,
        bytes=photo["bytes"],
        width=photo["width"],
        height=photo["height"],
        format=photo["format"],
        taken_at=photo["taken_at"],
        taken_offset=photo["taken_offset"],
        taken_source=photo["taken_source"],
        camera=photo["camera"],
        lens=photo["lens"],
        exposure=json.loads(photo["exposure"]) if photo["exposure"] else {},
        latitude=photo["latitude"],
        longitude=photo["longitude"],
        place=place_of(catalog, photo["place_id"]),
        truncated=bool(photo["truncated"]),
        animated=bool(photo["animated"]),
        words=words_of(catalog, best["id"]) if best else FileWords(),
        seconds=photo["seconds"],
        codec=photo["codec"],
        poster_at=photo["poster_at"],
        rating=photo["rating"],
        favourite=bool(photo["favourite"]),
        labels=tuple(AppliedLabel(*row) for row in catalog.query(_LABELS, (photo_id,))),
        albums=tuple((row[0], row[1]) for row in catalog.query(_ALBUMS, (photo_id,))),
        missing=photo["presence"] == MISSING,
        file_time=photo["sorted_by"] if photo["taken_at"] is None and files else None,
        content_hash=photo["hash"],
        colour=photo["colour"],
        added_at=photo["added_at"],
    )
