"""A library of 100,000 photos that exist only in the catalog, with vectors and the first thumbnails."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import skimage
from PIL import Image

from photoclip.library.encoder import EncoderInfo
from photoclip.library.library import Library
from photoclip.pixels import PixelSpec, thumbnail
from tests.bench.photos import NAMES
from tests.library.synthetic import fill

PHOTOS = 100_000
THUMBNAILS = 3000  # of the newest photos, as many as are scrolled through
INFO = EncoderInfo("bench", "bench-512", 512, PixelSpec(224), logit_scale=100.0)


def make_library(folder: Path) -> None:
    """Makes the library in `folder`: catalog and thumbnails, no vectors."""
    with Library.open(folder) as library:
        fill(library.catalog, PHOTOS, thumbnails=lambda rows: _store(library, rows))


def add_vectors(folder: Path, rows: np.ndarray) -> None:
    """Gives every photo one of `rows` [PHOTOS, 512] as its vector of the model INFO."""
    with Library.open(folder) as library:
        hashes = [bytes(row["hash"]) for row in library.catalog.query("SELECT hash FROM content ORDER BY id")]
        library.vectors(INFO).append(hashes, rows)


def _store(library: Library, rows: Iterator[tuple[bytes, int]]) -> None:
    pictures = [_picture(name) for name in NAMES]
    items = enumerate(islice(rows, THUMBNAILS))
    library.thumbnails.put_many((key, pictures[number % len(pictures)]) for number, (key, _colour) in items)


def _picture(name: str) -> bytes:
    path = Path(skimage.__file__).parent / "data" / name
    with Image.open(io.BytesIO(path.read_bytes())) as opened:
        return thumbnail(opened.convert("RGB"), 512)
