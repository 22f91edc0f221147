from __future__ import annotations

import io
import struct
import zlib
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photoclip import pixels
from photoclip.errors import UnreadablePhoto
from photoclip.pixels import PixelSpec, decode, model_pixels, thumbnail
from tests.pixel_pictures import CORNERS, assert_upright, encoded, upright


def test_jpeg_is_decoded_no_larger_than_needed() -> None:
    decoded = decode(encoded(upright(4000, 3000), "JPEG"), shortest_side=336)
    assert decoded.image.size == (500, 375)
    assert_upright(decoded, 4000, 3000)


def test_other_formats_are_reduced_after_decoding() -> None:
    decoded = decode(encoded(upright(1200, 900), "PNG"), shortest_side=300)
    assert decoded.image.size == (400, 300)
    assert_upright(decoded, 1200, 900)


@pytest.mark.parametrize("mode", ["L", "1", "P", "LA", "RGBA", "CMYK", "YCbCr", "I;16", "I", "F", "LAB"])
def test_every_mode_becomes_rgb(mode: str) -> None:
    grey = Image.new("L", (40, 30), 255)
    if mode == "I;16":
        image = Image.fromarray(np.full((30, 40), 65535, np.uint16))
    elif mode in ("I", "F"):
        image = Image.fromarray(np.full((30, 40), 65535, np.int32 if mode == "I" else np.float32))
        image.putpixel((0, 0), 0)
    elif mode == "LAB":
        image = Image.new("LAB", (40, 30), (255, 128, 128))
    else:
        image = grey.convert("RGB").convert(mode) if mode in ("CMYK", "YCbCr") else grey.convert(mode)
    decoded = decode(encoded(image, "TIFF" if mode not in ("P", "LA", "RGBA") else "PNG"), shortest_side=30)
    assert decoded.image.mode == "RGB"
    assert min(decoded.image.getpixel((20, 15))) > 245  # white stays white


def test_sixteen_bit_grey_is_scaled_not_clipped() -> None:
    ramp = np.linspace(0, 65535, 256, dtype=np.uint16)[None].repeat(16, 0)
    shown = np.asarray(decode(encoded(Image.fromarray(ramp), "PNG"), shortest_side=16).image)[8, :, 0]
    assert np.abs(shown.astype(int) - np.arange(256)).max() <= 1


def test_alpha_lies_over_white() -> None:
    image = Image.new("RGBA", (32, 32), (255, 0, 0, 0))
    image.paste((0, 0, 255, 255), (16, 0, 32, 32))
    shown = decode(encoded(image, "PNG"), shortest_side=32).image
    assert shown.getpixel((4, 4)) == (255, 255, 255)
    assert shown.getpixel((28, 4)) == (0, 0, 255)


def test_palette_with_a_transparent_entry() -> None:
    image = Image.new("P", (16, 16), 0)
    image.putpalette([10, 20, 30, 200, 0, 0])
    image.paste(1, (8, 0, 16, 16))
    shown = decode(encoded(image, "GIF", transparency=0), shortest_side=16).image
    assert (shown.getpixel((2, 2)), shown.getpixel((12, 2))) == ((255, 255, 255), (200, 0, 0))


def test_one_pixel() -> None:
    decoded = decode(encoded(Image.new("RGB", (1, 1), (9, 99, 199)), "PNG"), shortest_side=336)
    assert (decoded.width, decoded.height) == (1, 1)
    assert model_pixels(decoded.image, PixelSpec(32)).shape == (32, 32, 3)
    assert Image.open(io.BytesIO(thumbnail(decoded.image, 512))).size == (1, 1)


def test_a_hundred_megapixels_are_fine() -> None:
    decoded = decode(encoded(Image.new("L", (10_000, 10_000), 77), "JPEG"), shortest_side=336)
    assert (decoded.width, decoded.height) == (10_000, 10_000)
    assert 336 <= min(decoded.image.size) <= 1250


def bomb(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 99))
        + chunk(b"IEND", b"")
    )


def test_a_decompression_bomb_is_refused_before_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("it was decoded"))
    with pytest.raises(UnreadablePhoto, match="60000 x 50000 pixels"):
        decode(bomb(60_000, 50_000), shortest_side=64)


def test_the_limit_leaves_room_for_the_largest_cameras() -> None:
    assert pixels.PIXEL_LIMIT > 200_000_000


@cache
def noisy(format: str) -> bytes:
    return encoded(Image.open(io.BytesIO(noisy_jpeg())), format)


@cache
def noisy_jpeg() -> bytes:
    noise = np.random.default_rng(0).integers(0, 255, (300, 400, 3), np.uint8)
    return encoded(Image.fromarray(noise), "JPEG", quality=80)


def test_what_is_there_of_a_truncated_jpeg_is_shown_and_marked() -> None:
    whole = noisy_jpeg()
    full, half = decode(whole, shortest_side=300), decode(whole[: len(whole) // 2], shortest_side=300)
    assert (full.truncated, half.truncated) == (False, True)
    assert (half.width, half.height) == (400, 300)
    top = np.asarray(full.image)[:100].astype(int) - np.asarray(half.image)[:100]
    assert np.abs(top).max() == 0
    assert not decode(whole, shortest_side=300).truncated  # forgiving one does not last


@pytest.mark.parametrize("part", [0.001, 0.01, 0.03, 0.3, 0.9, 0.999])
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF"])
def test_truncation_anywhere_is_decoded_in_part_or_refused(format: str, part: float) -> None:
    whole = noisy(format)
    try:
        decoded = decode(whole[: int(len(whole) * part)], shortest_side=64)
    except UnreadablePhoto as refused:
        reason = str(refused)
    else:
        assert decoded.image.mode == "RGB"
        return
    assert reason.endswith(".")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "The file is empty."),
        (b"To whom it may concern,\nthis is a letter.\n", "text file"),
        (b"\x00\x01\x02\x03" * 99, "not a picture in a format"),
        (noisy_jpeg()[: noisy_jpeg().index(b"\xff\xda") + 14], "ends before any of the picture"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 64, "HEIF picture is damaged"),
    ],
)
def test_refusals_say_why(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadablePhoto, match=reason):
        decode(data, shortest_side=64)


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's remarks on odd metadata
def test_odd_photos_decode_or_refuse_with_a_sentence(test_data: Path) -> None:
    modes, reasons = [], []
    for path in sorted((test_data / "odd-photos").rglob("*.*")):
        try:
            modes.append(decode(path.read_bytes(), shortest_side=128).image.mode)
        except UnreadablePhoto as refused:
            reasons.append(str(refused))
    assert set(modes) == {"RGB"}
    assert len(modes) >= 44
    assert all(reason.endswith(".") for reason in reasons)


def test_model_pixels_equal_torchvisions() -> None:
    import torch

    from photoclip.clip.torchvision_compat import import_torchvision

    functional = import_torchvision("torchvision.transforms.functional")
    image = Image.fromarray(np.random.default_rng(1).integers(0, 255, (150, 257, 3), np.uint8))
    method = functional.InterpolationMode.BICUBIC
    theirs = functional.center_crop(functional.resize(image, 64, method), [64, 64])
    assert torch.equal(
        torch.from_numpy(model_pixels(image, PixelSpec(64)).copy()),
        functional.pil_to_tensor(theirs).permute(1, 2, 0),
    )


def test_squash_keeps_everything() -> None:
    pixels_ = model_pixels(upright(200, 50), PixelSpec(32, "squash", "bilinear"))
    assert pixels_[4, 4].tolist() == list(CORNERS[0, 0])
    assert pixels_[28, 28].tolist() == list(CORNERS[1, 1])


def test_a_panorama_is_cropped_to_its_middle() -> None:
    wide = Image.new("RGB", (4000, 40), "red")
    wide.paste((0, 0, 255), (1980, 0, 2020, 40))
    middle = model_pixels(wide, PixelSpec(32))
    assert middle.shape == (32, 32, 3)
    assert middle[16, 16].tolist() == [0, 0, 255]


def test_thumbnails_shrink_and_never_grow() -> None:
    assert Image.open(io.BytesIO(thumbnail(upright(2000, 1000), 512))).size == (512, 256)
    assert Image.open(io.BytesIO(thumbnail(upright(100, 60), 512))).size == (100, 60)
