"""The header alone tells the same as decoding does, in every format."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin

from photoclip.library.metadata import read_all
from photoclip.pixels import decode, read_header
from tests.library.xmp_samples import DIGIKAM
from tests.pixel_pictures import encoded
from tests.raw_files import dng


def exif() -> Image.Exif:
    found = Image.Exif()
    found[0x0110] = "X100V"
    found.get_ifd(0x8769)[0x9003] = "2019:07:21 14:33:05"
    return found


def told(data: bytes) -> tuple[object, object]:
    """By decoding, and by the header alone."""
    decoded, header = decode(data, shortest_side=16), read_header(io.BytesIO(data))
    return tuple(read_all(each.exif, each.info, b"/nowhere/x", 0) for each in (decoded, header))


@pytest.mark.parametrize("format", ["JPEG", "MPO", "PNG", "WEBP", "TIFF", "AVIF"])
def test_as_decoding_tells(format: str) -> None:
    options = {"save_all": True, "append_images": [Image.new("RGB", (16, 16))]} if format == "MPO" else {}
    data = encoded(Image.new("RGB", (16, 16), "red"), format, exif=exif(), xmp=DIGIKAM, **options)
    decoded, header = told(data)
    assert header == decoded
    assert header.camera.camera == "X100V"
    assert header.described.title == "A square" or format in ("PNG", "TIFF"), "Pillow writes no XMP there"


def test_text_after_the_picture_of_a_png() -> None:
    late = io.BytesIO()
    PngImagePlugin.putchunk(late, b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + DIGIKAM)
    data = encoded(Image.new("RGB", (16, 16), "red"), "PNG")
    end = data.rindex(b"IEND") - 4
    decoded, header = told(data[:end] + late.getvalue() + data[end:])
    assert header == decoded
    assert header.described.title == "A square"


def test_jpeg_xl_and_raw() -> None:
    pytest.importorskip("pylibjxl", reason="JPEG XL is read where pylibjxl is installed")
    import numpy as np
    import pylibjxl

    jxl = pylibjxl.encode(np.zeros((16, 16, 3), np.uint8))
    grey = Image.new("RGB", (96, 64), "grey")
    preview = encoded(grey, "JPEG", exif=exif(), xmp=DIGIKAM)
    for data in (jxl, dng(grey), dng(grey, preview=preview)):
        decoded, header = told(data)
        assert header == decoded


def test_real_photos_in_odd_formats(test_data: Path) -> None:
    count = 0
    for path in sorted((test_data / "odd-photos").rglob("*")):
        if path.is_file() and path.stat().st_size < 3_000_000:
            try:
                decoded, header = told(path.read_bytes())
            except Exception as error:  # not a photo: there is nothing to compare
                assert type(error).__name__ == "UnreadablePhoto"
                continue
            assert header == decoded, os.fspath(path)
            count += 1
    assert count > 10


@pytest.mark.parametrize(
    "data", [b"", b"a letter", b"\xff\xd8\xff", b"II*\0\xff\xff\xff\xff", b"\x89PNG\r\n"]
)
def test_what_cannot_be_read_says_nothing(data: bytes) -> None:
    header = read_header(io.BytesIO(data))
    assert (dict(header.exif), dict(header.info)) == ({}, {})


def test_of_a_jpeg_only_the_beginning_is_read() -> None:
    class Counted(io.BytesIO):
        count = 0

        def read(self, size: int | None = -1, /) -> bytes:
            found = super().read(size)
            self.count += len(found)
            return found

    data = encoded(Image.effect_noise((1500, 1500), 90), "JPEG", exif=exif())
    file = Counted(data)
    assert read_header(file).exif[0x0110] == "X100V"
    assert file.count < len(data) / 20
