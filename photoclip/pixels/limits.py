"""How large a picture may be, asked when its header is read; the worker's memory limit stands behind."""

from __future__ import annotations

from PIL import Image

from photoclip.errors import UnreadablePhoto

PIXEL_LIMIT = 268_000_000
"""Pictures with more pixels are refused before decoding; 200-megapixel phones stay well inside."""

# Lower where the reader needs many bytes for each pixel: JPEG XL computes in floats, and GIF lays every frame
# on a picture of its own.
_LIMITS = {"JXL": 210_000_000, "GIF": 134_000_000}

TOO_MUCH_MEMORY = "The picture needs more memory than PhotoClip gives one photo."

# The limit is ours, not Pillow's.
Image.MAX_IMAGE_PIXELS = None


def pixel_limit(format: str) -> int:
    """The most pixels that a picture of this format may have."""
    return min(PIXEL_LIMIT, _LIMITS.get(format, PIXEL_LIMIT))


def check_size(width: int, height: int, format: str) -> None:
    """Raises `UnreadablePhoto` for a picture larger than its format's limit."""
    limit = pixel_limit(format)
    if width * height > limit:
        raise UnreadablePhoto(
            f"The picture claims {width} x {height} pixels, more than the {limit // 1_000_000}"
            " megapixels PhotoClip accepts (a decompression bomb?)."
        )
