"""Tiny DNG files, as a camera could have written them."""

from __future__ import annotations

import io
import struct

import numpy as np
from PIL import Image

_KINDS = {"byte": (1, "B", 1), "ascii": (2, "B", 1), "short": (3, "H", 1), "long": (4, "I", 1)}
_KINDS |= {"rational": (5, "I", 2), "srational": (10, "i", 2)}  # name -> (number, struct's letter, numbers)
_FILTERS = (0x828D, 0x828E)
Tags = dict[int, tuple[str, list[int]]]

_FROM_XYZ = [32406, -15372, -4986, -9689, 18758, 415, 557, -2040, 10570]  # to linear sRGB, ten-thousandths


def dng(
    picture: Image.Image,
    *,
    orientation: int = 1,
    preview: bytes = b"",
    maker: bytes = b"PhotoClip",
    version: bytes = b"\1\4\0\0",
    monochrome: bool = False,
) -> bytes:
    """A sensor (RGGB, 16 bits, uncompressed) that saw `picture`, and a JPEG preview where given.

    Without a version it is no DNG, but a TIFF file that a camera might write. A `monochrome` sensor has no
    colour filters.
    """
    camera = _camera(orientation, maker, version)
    file = bytearray(b"II*\0\0\0\0\0")
    sensor = _sensor(file, picture)
    if monochrome:
        sensor = {tag: value for tag, value in sensor.items() if tag not in _FILTERS}
        sensor[0x0106] = ("short", [34892])  # linear raw
    if preview:
        reduced = _preview(file, preview, sub_directory=_append_directory(file, sensor))
        first = reduced | camera
    else:
        first = sensor | camera
    at = _append_directory(file, first)
    file[4:8] = struct.pack("<I", at)
    return bytes(file)


def _sensor(file: bytearray, picture: Image.Image) -> Tags:
    linear = (np.asarray(picture, np.float64) / 255) ** 2.2 * 65535
    mosaic = linear[:, :, 1].copy()
    mosaic[0::2, 0::2] = linear[0::2, 0::2, 0]
    mosaic[1::2, 1::2] = linear[1::2, 1::2, 2]
    data = mosaic.astype("<u2").tobytes()
    return {
        0x00FE: ("long", [0]),
        0x0100: ("long", [picture.width]),
        0x0101: ("long", [picture.height]),
        0x0102: ("short", [16]),
        0x0103: ("short", [1]),
        0x0106: ("short", [32803]),  # a colour filter array
        0x0111: ("long", [_append(file, data)]),
        0x0115: ("short", [1]),
        0x0116: ("long", [picture.height]),
        0x0117: ("long", [len(data)]),
        0x011C: ("short", [1]),
        0x828D: ("short", [2, 2]),
        0x828E: ("byte", [0, 1, 1, 2]),  # red, green, green, blue
        0xC61D: ("long", [65535]),
    }


def _preview(file: bytearray, jpeg: bytes, *, sub_directory: int) -> Tags:
    width, height = Image.open(io.BytesIO(jpeg)).size
    return {
        0x00FE: ("long", [1]),  # a reduced picture
        0x0100: ("long", [width]),
        0x0101: ("long", [height]),
        0x0102: ("short", [8, 8, 8]),
        0x0103: ("short", [7]),  # JPEG
        0x0106: ("short", [6]),
        0x0111: ("long", [_append(file, jpeg)]),
        0x0115: ("short", [3]),
        0x0116: ("long", [height]),
        0x0117: ("long", [len(jpeg)]),
        0x011C: ("short", [1]),
        0x014A: ("long", [sub_directory]),
    }


def _camera(orientation: int, maker: bytes, version: bytes) -> Tags:
    tags: Tags = {
        0x010F: ("ascii", list(maker + b"\0")),
        0x0110: ("ascii", list(b"Pinhole\0")),
        0x0112: ("short", [orientation]),
        0xC612: ("byte", list(version)),
        0xC614: ("ascii", list(b"PhotoClip Pinhole\0")),
        0xC621: ("srational", [number for value in _FROM_XYZ for number in (value, 10_000)]),
        0xC628: ("rational", [1, 1] * 3),
        0xC65A: ("short", [21]),  # daylight, 6504 K
    }
    return {tag: value for tag, value in tags.items() if value[1]}


def _append(file: bytearray, data: bytes) -> int:
    at = len(file)
    file += data + b"\0" * (len(data) % 2)
    return at


def _append_directory(file: bytearray, tags: Tags) -> int:
    """Writes a TIFF directory, and behind it the values that do not fit into it; returns its place."""
    behind = len(file) + 2 + 12 * len(tags) + 4
    entries, values = b"", b""
    for tag, (kind, numbers) in sorted(tags.items()):
        number, letter, each = _KINDS[kind]
        packed = struct.pack(f"<{len(numbers)}{letter}", *numbers)
        packed += b"\0" * (len(packed) % 2)
        entries += struct.pack("<HHI", tag, number, len(numbers) // each)
        if len(packed) <= 4:
            entries += packed.ljust(4, b"\0")
        else:
            entries += struct.pack("<I", behind + len(values))
            values += packed
    return _append(file, struct.pack("<H", len(tags)) + entries + bytes(4) + values)
