"""From a photo file's bytes to upright sRGB pixels, thumbnails and a model's input.

The leaf that `clip` and `library` both stand on. Pillow does most of it; NumPy, LibRaw and the readers of
HEIF and JPEG XL are imported only for files that need them, so that decode workers start without them.
"""

from photoclip.pixels.colour import is_plain
from photoclip.pixels.decoding import Decoded, decode
from photoclip.pixels.header import Header, read_header
from photoclip.pixels.limits import PIXEL_LIMIT
from photoclip.pixels.model_input import (
    SHORTEST_SIDE,
    PixelSpec,
    decoded_side,
    model_image,
    model_pixels,
    scaled_size,
    thumbnail,
)

__all__ = [
    "PIXEL_LIMIT",
    "SHORTEST_SIDE",
    "Decoded",
    "Header",
    "PixelSpec",
    "decode",
    "decoded_side",
    "is_plain",
    "model_image",
    "model_pixels",
    "read_header",
    "scaled_size",
    "thumbnail",
]
