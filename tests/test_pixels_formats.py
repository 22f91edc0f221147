"""What is particular to one format: inks, depths, pages, frames, JPEG XL, RAW, and each one's limit."""

from __future__ import annotations

import base64
import io
import struct
import sys
import zlib

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from photoclip.errors import UnreadablePhoto
from photoclip.library import metadata
from photoclip.pixels import PIXEL_LIMIT, decode, limits, raw
from tests.pixel_pictures import assert_upright, encoded, oriented_exif, upright
from tests.raw_files import dng

pylibjxl = pytest.importorskip("pylibjxl", reason="JPEG XL is read where pylibjxl is installed")

FRAMES = [Image.new("RGB", (16, 16), colour) for colour in ("red", "blue")]


def moving(format: str, **options: object) -> bytes:
    return encoded(FRAMES[0], format, save_all=True, append_images=FRAMES[1:], duration=100, **options)


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}])
@pytest.mark.parametrize("mode", ["RGB", "CMYK"])
def test_jpeg(mode: str, options: dict) -> None:
    decoded = decode(encoded(upright().convert(mode), "JPEG", quality=95, **options), shortest_side=64)
    assert decoded.format == "JPEG"
    assert_upright(decoded)


def test_the_first_view_of_a_multi_picture_jpeg() -> None:
    data = encoded(upright(), "MPO", save_all=True, append_images=[Image.new("RGB", (96, 64))], quality=95)
    decoded = decode(data, shortest_side=64)
    assert (decoded.format, decoded.animated) == ("JPEG", False)
    assert_upright(decoded)


@pytest.mark.parametrize("format", ["GIF", "PNG"])
def test_palettes(format: str) -> None:
    assert_upright(decode(encoded(upright().quantize(8), format), shortest_side=64))


def sixteen_bit_png(picture: Image.Image) -> bytes:
    """RGB with 16 bits each, which Pillow reads and does not write."""
    wide = np.asarray(picture, np.uint16) * 257
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in wide)
    out = io.BytesIO(b"\x89PNG\r\n\x1a\n")
    out.seek(0, io.SEEK_END)
    header = struct.pack(">IIBBBBB", picture.width, picture.height, 16, 2, 0, 0, 0)
    for kind, body in ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")):
        PngImagePlugin.putchunk(out, kind, body)
    return out.getvalue()


def test_png_of_16_bits() -> None:
    assert_upright(decode(sixteen_bit_png(upright()), shortest_side=64), tolerance=2)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_tiff_of_16_bits(mode: str, planar: str, order: str) -> None:
    tifffile = pytest.importorskip("tifffile")
    wide = np.asarray(upright().convert(mode), np.uint16) * 257
    out = io.BytesIO()
    values = wide if planar == "contig" else wide.transpose(2, 0, 1)
    extra = ["unassalpha"] if mode == "RGBA" else None
    tifffile.imwrite(out, values, photometric="rgb", planarconfig=planar, byteorder=order, extrasamples=extra)
    assert_upright(decode(out.getvalue(), shortest_side=64), tolerance=2)


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "jpeg"])
def test_the_first_page_of_a_tiff(compression: str | None) -> None:
    pages = [Image.new("RGB", (40, 30), "gray")]
    data = encoded(upright(), "TIFF", save_all=True, append_images=pages, compression=compression)
    decoded = decode(data, shortest_side=64)
    assert not decoded.animated
    assert_upright(decoded)


@pytest.mark.parametrize(
    ("format", "options"),
    [
        ("GIF", {}),
        ("WEBP", {"lossless": True}),
        ("PNG", {}),
        ("AVIF", {"quality": 100, "subsampling": "4:4:4"}),
    ],
)
def test_of_an_animation_the_first_frame_and_a_mark(format: str, options: dict) -> None:
    decoded = decode(moving(format, **options), shortest_side=16)
    assert decoded.animated
    assert np.abs(np.asarray(decoded.image)[8, 8].astype(int) - (255, 0, 0)).max() < 10
    assert not decode(encoded(FRAMES[0], format, **options), shortest_side=16).animated


def test_an_animated_png_shows_what_other_programs_do() -> None:
    """The picture before its animation, where it has one."""
    data = moving("PNG", default_image=True)
    decoded = decode(data, shortest_side=16)
    assert decoded.animated
    assert np.asarray(decoded.image)[8, 8].tolist() == [255, 0, 0]


def test_an_animation_whose_second_frame_is_damaged() -> None:
    data = moving("GIF")
    assert np.asarray(decode(data[: len(data) - 20], shortest_side=16).image)[8, 8].tolist() == [255, 0, 0]


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
def test_jpeg_xl(mode: str) -> None:
    picture = upright().convert(mode)
    data = pylibjxl.encode(np.asarray(picture), lossless=True)
    decoded = decode(data, shortest_side=64)
    assert (decoded.format, decoded.animated, decoded.image.size) == ("JXL", False, (96, 64))
    assert np.array_equal(np.asarray(decoded.image), np.asarray(picture.convert("RGB")))


def test_jpeg_xl_without_its_package_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    data = pylibjxl.encode(np.asarray(upright()), lossless=True)
    monkeypatch.delitem(sys.modules, "photoclip.pixels.jxl", raising=False)
    monkeypatch.setitem(sys.modules, "pylibjxl", None)
    with pytest.raises(UnreadablePhoto, match="need the package pylibjxl"):
        decode(data, shortest_side=64)


def test_jpeg_xl_has_its_metadata() -> None:
    exif = oriented_exif(1)
    exif[0x010F], exif[0x0110] = "PhotoClip", "Pinhole"
    data = pylibjxl.encode(np.asarray(upright()), exif=exif.tobytes().removeprefix(b"Exif\0\0"))
    assert metadata.read(decode(data, shortest_side=64).exif).camera == "PhotoClip Pinhole"


def test_of_a_moving_jpeg_xl_the_first_frame_and_a_mark() -> None:
    """Red, then blue, as libjxl wrote it; the library used here writes single pictures."""
    data = base64.b64decode("/wpDBE0AICYIBAEAPABLGIsVgF30/wAihRQApz8IBAUAPABLGIsVgF30/wCiqJsBpz8=")
    decoded = decode(data, shortest_side=16)
    assert (decoded.format, decoded.animated) == ("JXL", True)
    assert np.asarray(decoded.image)[8, 8].tolist() == [255, 0, 0]


@pytest.mark.parametrize("part", [0.05, 0.5, 0.95])
@pytest.mark.parametrize(
    "data", [pylibjxl.encode(np.asarray(upright()), lossless=True), dng(upright(192, 128))]
)
def test_half_a_file_is_decoded_in_part_or_refused(data: bytes, part: float) -> None:
    try:
        decoded = decode(data[: int(len(data) * part)], shortest_side=64)
    except UnreadablePhoto as refused:
        assert str(refused).endswith(".")
    else:
        assert decoded.image.mode == "RGB"


def test_raw_without_a_preview_is_decoded_at_half_its_size() -> None:
    decoded = decode(dng(upright(192, 128)), shortest_side=1000)
    assert (decoded.format, decoded.image.size) == ("DNG", (96, 64))
    assert_upright(decoded, 192, 128, tolerance=70)


def test_raw_of_a_monochrome_sensor() -> None:
    halves = Image.new("RGB", (192, 128), (60, 60, 60))
    halves.paste((180, 180, 180), (96, 0, 192, 128))
    decoded = decode(dng(halves, monochrome=True), shortest_side=1000)
    assert (decoded.format, decoded.width, decoded.height, decoded.image.mode) == ("DNG", 192, 128, "RGB")
    dark, bright = (decoded.image.getpixel((decoded.image.width * part // 4, 32)) for part in (1, 3))
    assert len(set(dark)) == len(set(bright)) == 1  # grey
    assert bright[0] > dark[0] + 80


def test_raw_preview_that_is_too_small_is_passed_over() -> None:
    preview = encoded(Image.new("RGB", (48, 32), "gray"), "JPEG")
    decoded = decode(dng(upright(192, 128), preview=preview), shortest_side=64)
    assert_upright(decoded, 192, 128, tolerance=70)


def test_raw_preview_that_is_damaged_is_passed_over() -> None:
    preview = encoded(upright(192, 128), "JPEG")
    damaged = preview[: preview.index(b"\xff\xda") + 14]
    decoded = decode(dng(upright(192, 128), preview=damaged), shortest_side=64)
    assert_upright(decoded, 192, 128, tolerance=70)


def test_a_small_preview_is_better_than_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(self: raw.RawFile) -> Image.Image:
        raise UnreadablePhoto("LibRaw does not know this.")

    monkeypatch.setattr(raw.RawFile, "half_size", unknown)
    preview = encoded(upright(48, 32), "JPEG", quality=95)
    decoded = decode(dng(Image.new("RGB", (192, 128)), preview=preview), shortest_side=64)
    assert decoded.image.size == (48, 32)
    assert_upright(decoded, 192, 128)
    with pytest.raises(UnreadablePhoto, match="LibRaw does not know"):
        decode(dng(Image.new("RGB", (192, 128))), shortest_side=64)


def test_raw_has_its_own_metadata() -> None:
    data = dng(upright(192, 128), preview=encoded(upright(192, 128), "JPEG"))
    assert metadata.read(decode(data, shortest_side=64).exif).camera == "PhotoClip Pinhole"
    for magic in (b"IIRO", b"IIU\0"):  # Olympus and Panasonic write TIFF under another number
        assert raw.read_exif(magic + data[4:])[0x0110] == "Pinhole"


@pytest.mark.parametrize(
    ("start", "format"),
    [
        (b"FUJIFILMCCD-RAW 0201", "RAF"),
        (b"IIRO\x08\0\0\0", "ORF"),
        (b"IIU\0\x18\0\0\0", "RW2"),
        (b"\0\0\0\x18ftypcrx \0\0\0\x01", "CR3"),
        (b"II*\0\x10\0\0\0CR\x02\0", "CR2"),
        (b"II\x1a\0\0\0HEAPCCDR", "RAW"),
    ],
)
def test_raw_files_are_known_by_their_first_bytes_and_refused_politely(start: bytes, format: str) -> None:
    assert raw.format_of(start) == format
    with pytest.raises(UnreadablePhoto, match="RAW file is damaged"):
        decode(start + bytes(2000), shortest_side=64)


@pytest.mark.parametrize(
    ("maker", "format"), [(b"NIKON CORPORATION", "NEF"), (b"SONY", "ARW"), (b"PENTAX", "RAW"), (b"", "RAW")]
)
def test_raw_files_that_are_tiff_are_told_by_their_maker(maker: bytes, format: str) -> None:
    for preview in (b"", encoded(upright(), "JPEG")):
        data = dng(upright(192, 128), preview=preview, maker=maker, version=b"")
        assert raw.format_of(data) == format


def test_plain_tiff_is_not_raw() -> None:
    assert raw.format_of(encoded(upright(), "TIFF")) is None
    assert raw.format_of(encoded(upright(), "TIFF")[:60]) is None
    assert raw.format_of(dng(upright(192, 128))) == "DNG"


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "JXL", "RAW"])
def test_each_format_has_its_limit(format: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert limits.pixel_limit(format) <= PIXEL_LIMIT
    if format in ("JPEG", "RAW", "JXL"):
        assert limits.pixel_limit(format) > 200_000_000  # what telephones take today
    monkeypatch.setitem(limits._LIMITS, format, 96 * 64 - 1)
    data = {
        "JXL": lambda: pylibjxl.encode(np.asarray(upright())),
        "RAW": lambda: dng(upright()),
    }.get(format, lambda: encoded(upright(), format))()
    with pytest.raises(UnreadablePhoto, match="96 x 64 pixels"):
        decode(data, shortest_side=64)
