"""Embedded colour profiles: pictures in any other colour space than sRGB are converted to it.

A missing profile means sRGB, and so does a broken one: it never costs the photo.
"""

from __future__ import annotations

import io
from functools import lru_cache
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from PIL import ImageCms

_SPACES = {"RGB": b"RGB ", "L": b"GRAY", "CMYK": b"CMYK"}
"""By Pillow's mode, what a profile that speaks of such pixels calls its colour space."""

_HEADER, _TAG = 128, 12  # bytes
_MOST_TAGS = 100
_LARGEST = 16 << 20  # bytes; those of printers have a few million


def profile_of(image: Image.Image) -> bytes | None:
    """The embedded profile, None where there is none, it says sRGB, or it is too large to be one."""
    profile = image.info.get("icc_profile")
    if not isinstance(profile, bytes) or len(profile) > _LARGEST or _is_srgb(profile):
        return None
    return profile


def is_plain(image: Image.Image) -> bool:
    """Whether the pixels are shown right as they are: no embedded profile, or sRGB."""
    return profile_of(image) is None


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """`image` in sRGB, mode RGB. Returned as it is where the profile does not speak of its mode."""
    if profile is None or _SPACES.get(image.mode) != profile[16:20]:
        return image
    transform = _transform(profile, image.mode)
    return image if transform is None else transform.apply(image)


def _is_srgb(profile: bytes) -> bool:
    """By its name, which tells without starting the colour management: most profiles in photos are sRGB's."""
    name = _description(profile).replace(b"\0", b"")  # ASCII, or UTF-16 with every other byte zero
    return b"sRGB" in name and b"linear" not in name.lower()


def _description(profile: bytes) -> bytes:
    count = min(int.from_bytes(profile[_HEADER : _HEADER + 4], "big"), _MOST_TAGS)
    for at in range(_HEADER + 4, _HEADER + 4 + count * _TAG, _TAG):
        if profile[at : at + 4] == b"desc":
            start = int.from_bytes(profile[at + 4 : at + 8], "big")
            return profile[start : start + int.from_bytes(profile[at + 8 : at + 12], "big")]
    return b""


@lru_cache(maxsize=4)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """Kept for the next photos: those of one camera have one profile."""
    from PIL import ImageCms

    try:
        theirs = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.buildTransform(theirs, ImageCms.createProfile("sRGB"), mode, "RGB")
    except Exception:  # a profile made to break readers may raise anything
        return None
