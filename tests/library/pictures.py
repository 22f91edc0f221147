"""Photo files made on the spot, each different from every other."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

from tests.library.fakes import COLOURS


def picture(colour: str, seed: int = 0, size: tuple[int, int] = (64, 48)) -> Image.Image:
    """A picture of nearly one colour; another seed gives other bytes."""
    noise = np.random.default_rng(seed).integers(-8, 8, (size[1], size[0], 3))
    return Image.fromarray(np.clip(np.array(COLOURS[colour]) + noise, 0, 255).astype(np.uint8))


def jpeg(colour: str, seed: int = 0, **options: object) -> bytes:
    """The bytes of such a picture."""
    out = io.BytesIO()
    picture(colour, seed).save(out, "JPEG", quality=90, **options)
    return out.getvalue()


def write_photos(folder: Path, count: int, *, first: int = 0) -> list[Path]:
    """`count` different JPEGs in all colours, named 000.jpg and on."""
    folder.mkdir(parents=True, exist_ok=True)
    names = list(COLOURS)
    paths = [folder / f"{number:03}.jpg" for number in range(first, first + count)]
    for number, path in enumerate(paths, first):
        path.write_bytes(jpeg(names[number % len(names)], number))
    return paths
