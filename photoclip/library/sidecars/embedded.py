"""XMP and IPTC inside a photo, as Pillow hands them over with the header."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from typing import Any

from PIL import Image

from photoclip.library.sidecars.described import Described, first_of
from photoclip.library.sidecars.iptc import read_iptc

_IPTC_IN_PHOTOSHOP = 0x0404  # the resource of a JPEG's APP13
_XMP_IN_TIFF, _IPTC_IN_TIFF = 700, 33723  # and in RAW files


def read_inner_xmp(info: Mapping[Any, Any], exif: Mapping[int, Any]) -> Described:
    """The XMP of a photo, given Pillow's `info` and EXIF; raises UnreadableXmp for what is refused."""
    packet = exif.get(_XMP_IN_TIFF) or info.get("xmp")
    if not isinstance(packet, bytes) or not packet.strip(b"\0 \t\r\n"):
        return Described()
    from photoclip.library.sidecars.xmp import read_xmp  # lxml, which most photos do not need

    return read_xmp(packet)


def read_inner_iptc(info: Mapping[Any, Any], exif: Mapping[int, Any]) -> Described:
    """The IPTC of a photo, given Pillow's `info` and EXIF."""
    resources = info.get("photoshop")
    found = resources.get(_IPTC_IN_PHOTOSHOP) if isinstance(resources, dict) else exif.get(_IPTC_IN_TIFF)
    return read_iptc(found) if isinstance(found, bytes) else Described()


def read_photo(path: bytes) -> Described:
    """What stands in a photo file, from its header alone; nothing where that cannot be read."""
    import pi_heif

    pi_heif.register_heif_opener()
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(os.fsdecode(path)) as image:
            exif = image.getexif()
            return first_of(read_inner_xmp(image.info, exif), read_inner_iptc(image.info, exif))
    except Exception:  # a header made to break readers may raise anything
        return Described()
