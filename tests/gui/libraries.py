"""Small libraries made without the indexer: pictures on disk, recorded, with thumbnails and fake vectors."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import xxhash
from PIL import Image

from photoclip import pixels
from photoclip.library.catalog.folders import add_folder
from photoclip.library.catalog.indexing import IndexedPhoto, record_batch
from photoclip.library.library import Library
from tests.library.fakes import COLOURS, FakeEncoder

DAY = 86_400.0
FIRST_DAY = 1_700_000_000.0  # 14 November 2023


def coloured(colour: str, size: tuple[int, int] = (64, 48), seed: int = 0) -> Image.Image:
    """A picture of nearly one colour, that differs in bytes for each seed."""
    noise = np.random.default_rng(seed).integers(-8, 8, (size[1], size[0], 3))
    return Image.fromarray(np.clip(np.array(COLOURS[colour]) + noise, 0, 255).astype(np.uint8))


def fill(library: Library, folder: Path, pictures: Mapping[str, Image.Image]) -> dict[str, int]:
    """Writes the pictures into `folder`, watches it, and indexes them, a day apart; ids by name."""
    folder.mkdir(parents=True, exist_ok=True)
    added = add_folder(library.catalog, str(folder).encode())
    assert added.created is not None
    found = []
    for number, (name, picture) in enumerate(pictures.items()):
        path = folder / name
        picture.save(path, quality=90)
        found.append(_indexed(library, path, added.created, FIRST_DAY + number * 20 * DAY))
    record_batch(library.catalog, found)
    rows = library.catalog.query("SELECT photo_id, path FROM file")
    return {Path(row["path"].decode()).name: row["photo_id"] for row in rows}


def _indexed(library: Library, path: Path, folder_id: int, taken: float) -> IndexedPhoto:
    data = path.read_bytes()
    key = xxhash.xxh3_128_digest(data)
    decoded = pixels.decode(data, shortest_side=512)
    encoder = FakeEncoder()
    vector = encoder.encode_pixels(pixels.model_pixels(decoded.image, encoder.info.pixel_spec)[None])
    library.thumbnails.put_many([(key, pixels.thumbnail(decoded.image, 512))])
    library.vectors(encoder.info).append([key], vector)
    red, green, blue = np.asarray(decoded.image).reshape(-1, 3).mean(axis=0).astype(int).tolist()
    return IndexedPhoto(
        path=bytes(path),
        folder_id=folder_id,
        size=len(data),
        mtime_ns=path.stat().st_mtime_ns,
        hash=key,
        width=decoded.width,
        height=decoded.height,
        format=decoded.format,
        colour=red << 16 | green << 8 | blue,
        taken_at=taken,
        truncated=decoded.truncated,
    )


def jpeg(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG")
    return out.getvalue()
