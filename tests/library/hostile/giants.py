"""Pictures that are very large, or say so: made from small ones."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable

from PIL import Image

from tests.pixel_pictures import encoded
from tests.raw_files import dng

PHONE = (16_384, 12_288)
"""Of today's phones, 201 megapixels."""
GIGAPIXEL = (32_768, 32_768)
_SMALL = (48, 32)


def phone_jpeg(width: int, height: int) -> bytes:
    """A plain red JPEG of this size (multiples of 16): one of its rows of blocks, over and over.

    With a restart marker at each row's end, all rows of blocks are coded alike.
    """
    row = encoded(
        Image.new("RGB", (width, 16), (220, 30, 30)), "JPEG", quality=90, subsampling="4:2:0",
        restart_marker_rows=1,
    )  # fmt: skip
    scan = row.index(b"\xff\xda")
    start = scan + 2 + int.from_bytes(row[scan + 2 : scan + 4], "big")
    coded = row[start : row.rindex(b"\xff\xd9")]
    out = io.BytesIO()
    out.write(_sized_jpeg(row[:start], width, height))
    for number in range(height // 16):
        if number:
            out.write(bytes((0xFF, 0xD0 + (number - 1) % 8)))
        out.write(coded)
    out.write(b"\xff\xd9")
    return out.getvalue()


def claiming(format: str, width: int, height: int) -> bytes:
    """A small picture of this format that says it has so many pixels; raises struct.error if it cannot."""
    return CLAIMS[format](width, height)


def _plain() -> Image.Image:
    return Image.new("RGB", _SMALL, "red")


def _jpeg(width: int, height: int) -> bytes:
    return _sized_jpeg(encoded(_plain(), "JPEG"), width, height)


def _sized_jpeg(data: bytes, width: int, height: int) -> bytes:
    at = data.index(b"\xff\xc0") + 5
    return data[:at] + struct.pack(">HH", height, width) + data[at + 4 :]


def _png(width: int, height: int) -> bytes:
    data = encoded(_plain(), "PNG")
    header = struct.pack(">4sII", b"IHDR", width, height) + data[24:29]
    return data[:12] + header + struct.pack(">I", zlib.crc32(header)) + data[33:]


def _gif(width: int, height: int) -> bytes:
    data = encoded(_plain(), "GIF")
    size = struct.pack("<HH", width, height)
    at = data.index(b",\0\0\0\0") + 5  # the frame's own
    return data[:6] + size + data[10:at] + size + data[at + 4 :]


def _bmp(width: int, height: int) -> bytes:
    data = encoded(_plain(), "BMP")
    return data[:18] + struct.pack("<II", width, height) + data[26:]


def _tiff(width: int, height: int) -> bytes:
    return _tagged(encoded(_plain(), "TIFF"), width, height)


def _raw(width: int, height: int) -> bytes:
    return _tagged(dng(_plain()), width, height)


def _tagged(data: bytes, width: int, height: int) -> bytes:
    """A little-endian TIFF file whose first directory has this size."""
    tags = bytearray(data)
    (at,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, at)
    for place in range(at + 2, at + 2 + 12 * count, 12):
        (tag,) = struct.unpack_from("<H", data, place)
        if tag in (0x0100, 0x0101):
            struct.pack_into("<HHII", tags, place, tag, 4, 1, width if tag == 0x0100 else height)
    return bytes(tags)


def _avif(width: int, height: int) -> bytes:
    data = encoded(_plain(), "AVIF")
    at = data.index(b"ispe") + 8
    return data[:at] + struct.pack(">II", width, height) + data[at + 8 :]


CLAIMS: dict[str, Callable[[int, int], bytes]] = {
    "JPEG": _jpeg,
    "PNG": _png,
    "GIF": _gif,
    "BMP": _bmp,
    "TIFF": _tiff,
    "RAW": _raw,
    "AVIF": _avif,
}
"""The formats whose size stands in their header as a plain number."""
