"""What stands in a photo file beside the picture, read without decoding it wherever the format allows."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from PIL import Image

from photoclip.pixels import raw
from photoclip.pixels.formats import open_header, open_picture
from photoclip.pixels.orientation import read_exif

_JPEG = b"\xff\xd8\xff"
# PNG may have text after the picture, and the reader of JPEG XL gives all at once.
_KNOWN_WHEN_LOADED = frozenset(("PNG", "JXL"))
_MAKE = 0x010F


@dataclass(frozen=True)
class Header:
    """`exif` and `info` as in `Decoded`."""

    exif: Image.Exif = field(default_factory=Image.Exif)
    info: Mapping[Any, Any] = field(default_factory=dict)


def read_header(file: BinaryIO) -> Header:
    """What decoding tells, too; empty where it cannot be read. Of a JPEG only the beginning is read."""
    start = file.read(len(_JPEG))
    file.seek(0)
    try:
        if start == _JPEG:
            return _of(open_header(file, start))
        data = file.read()
        return _of(open_picture(data)) if raw.format_of(data) is None else _of_raw(data)
    except Exception:  # a header made to break readers may raise anything
        return Header()


def _of(image: Image.Image) -> Header:
    if image.format in _KNOWN_WHEN_LOADED:
        with suppress(Exception):  # damaged pixels: what stands before them is known
            image.load()
    return Header(read_exif(image), image.info)


def _of_raw(data: bytes) -> Header:
    """The RAW file's own EXIF, and what stands in its preview."""
    exif = raw.read_exif(data)
    with raw.opened(data) as file:
        preview = Header() if file.preview is None else _of(open_picture(file.preview))
    return Header(exif if _MAKE in exif else preview.exif, preview.info)
