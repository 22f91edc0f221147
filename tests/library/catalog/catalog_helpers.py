"""Photos and folders for catalog tests: no picture is needed, only what a worker would tell of one."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np

from photoclip.library.catalog.connection import Catalog
from photoclip.library.catalog.folders import add_folder
from photoclip.library.catalog.indexing import IndexedPhoto, record_batch
from photoclip.library.catalog.photos import photo_at

JULY = 1_500_000_000.0

# What people said, as far as they see it. A folder that was never added and one that was removed look alike.
STATED = {
    "label": "SELECT * FROM label ORDER BY id",
    "photo_label": "SELECT * FROM photo_label ORDER BY label_id, photo_id",
    "album": "SELECT * FROM album ORDER BY id",
    "album_photo": "SELECT * FROM album_photo ORDER BY album_id, photo_id",
    "folder": "SELECT id, path FROM folder WHERE removed_at IS NULL ORDER BY id",
    "photo": "SELECT id, rating, favourite, presence, cleared FROM photo ORDER BY id",
    "file": "SELECT id, photo_id, folder_id FROM file ORDER BY id",
}


def stated(catalog: Catalog) -> dict[str, list[tuple[object, ...]]]:
    return {name: [tuple(row) for row in catalog.query(sql)] for name, sql in STATED.items()}


def make_folder(path: Path) -> bytes:
    path.mkdir(parents=True, exist_ok=True)
    return os.fsencode(path)


def watch(catalog: Catalog, path: Path) -> int:
    """Makes and adds a folder; returns its id."""
    created = add_folder(catalog, make_folder(path)).created
    assert created is not None
    return created


def indexed(path: bytes, folder_id: int, content: str, **facts: object) -> IndexedPhoto:
    """What a worker tells of a file whose bytes are named by `content`."""
    values: dict[str, object] = {"size": 1000, "mtime_ns": 10**18, "colour": 0x336699, **facts}
    digest = hashlib.md5(content.encode()).digest()
    return IndexedPhoto(
        path=path,
        folder_id=folder_id,
        hash=digest,
        width=40,
        height=30,
        format="JPEG",
        **values,  # type: ignore[arg-type]
    )


def record(catalog: Catalog, folder_id: int, files: dict[bytes, str]) -> list[int]:
    """Indexes path -> content in one batch; returns the photo at each path."""
    record_batch(catalog, [indexed(path, folder_id, content) for path, content in files.items()])
    return [at(catalog, path) for path in files]


def at(catalog: Catalog, path: bytes) -> int:
    photo_id = photo_at(catalog, path)
    assert photo_id is not None
    return photo_id


def ids(values: object) -> list[int]:
    return np.asarray(values).tolist()
