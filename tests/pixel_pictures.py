"""A picture whose four quarters tell which way up it is, and how each orientation stores it."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from photoclip.pixels import Decoded

CORNERS = {(0, 0): (220, 20, 20), (1, 0): (20, 180, 20), (0, 1): (20, 20, 220), (1, 1): (240, 240, 20)}
STORED_AS = {  # EXIF orientation -> how an upright picture is stored
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def upright(width: int = 96, height: int = 64) -> Image.Image:
    """Four plain quarters, each in a colour of its own."""
    image = Image.new("RGB", (width, height))
    for (column, row), colour in CORNERS.items():
        image.paste(
            colour,
            (column * width // 2, row * height // 2, (column + 1) * width // 2, height * (row + 1) // 2),
        )
    return image


def stored(orientation: int, width: int = 96, height: int = 64) -> Image.Image:
    """`upright` as a file with this orientation holds it."""
    turn = STORED_AS[orientation]
    return upright(width, height) if turn is None else upright(width, height).transpose(turn)


def oriented_exif(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def encoded(image: Image.Image, format: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def assert_upright(decoded: Decoded, width: int = 96, height: int = 64, *, tolerance: int = 30) -> None:
    """Every quarter is where it belongs and looks as it did, but for `tolerance`."""
    assert (decoded.width, decoded.height) == (width, height)
    shown = decoded.image
    for (column, row), colour in CORNERS.items():
        at = (int(shown.width * (0.25 + 0.5 * column)), int(shown.height * (0.25 + 0.5 * row)))
        difference = np.abs(np.array(shown.getpixel(at)) - np.array(colour)).max()
        assert difference < tolerance, (column, row, shown.getpixel(at))
