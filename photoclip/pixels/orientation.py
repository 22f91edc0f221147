"""EXIF's eight orientations: how a stored picture is turned upright."""

from __future__ import annotations

from PIL import Image

ORIENTATION = 0x0112
"""The EXIF tag."""

UPRIGHT = {  # EXIF orientation -> what turns the stored picture upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
ON_ITS_SIDE = frozenset((5, 6, 7, 8))


def upright(image: Image.Image, orientation: int) -> Image.Image:
    """`image` turned; an orientation that does not exist says nothing."""
    turn = UPRIGHT.get(orientation)
    return image if turn is None else image.transpose(turn)


def upright_size(width: int, height: int, orientation: int) -> tuple[int, int]:
    """(width, height) of the picture once it is upright."""
    return (height, width) if orientation in ON_ITS_SIDE else (width, height)


def read_exif(image: Image.Image) -> Image.Exif:
    """A picture's EXIF; empty where it is broken, which never costs the photo."""
    try:
        exif = image.getexif()
        exif.get(ORIENTATION)
    except Exception:  # Pillow's parser raises anything on EXIF made to break it
        return Image.Exif()
    return exif
