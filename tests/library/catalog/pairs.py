"""Files that may be one photo, for the tests of pairs."""

from __future__ import annotations

from dataclasses import replace

from photoclip.library.catalog.connection import Catalog
from photoclip.library.catalog.indexing import (
    IndexedPhoto,
)
from photoclip.library.catalog.labels import add_label
from photoclip.library.catalog.photos import (
    load_table,
)
from tests.library.catalog.catalog_helpers import JULY, indexed

LIVE = "5F2C1A50-1234"


def photo_of(path: bytes, folder: int, format: str, content: str = "", **facts: object) -> IndexedPhoto:
    facts = {"taken_at": JULY, "taken_source": "exif", **facts}
    if format in ("MOV", "MP4"):
        facts = {"seconds": 2.5, "codec": "hevc", "poster_at": 0.0, "taken_source": "video", **facts}
        facts["taken_source"] = "video" if facts["taken_source"] else None
    return replace(indexed(path, folder, content or path.decode(), **facts), format=format)


def inner(catalog: Catalog, path: bytes) -> int:
    """The photo a file hangs on inside the catalog, a companion too."""
    return int(catalog.query("SELECT photo_id FROM file WHERE path = ?", (path,))[0][0])


def shown(catalog: Catalog) -> set[int]:
    return set(load_table(catalog).ids.tolist())


def label_of(catalog: Catalog) -> int:
    created = add_label(catalog, "Seen").created
    assert created is not None
    return created
