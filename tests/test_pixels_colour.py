"""Embedded colour profiles: what is shown is sRGB, and a profile that is broken never costs the photo."""

from __future__ import annotations

import io

import numpy as np
import pylibjxl
import pytest
from PIL import Image, ImageCms

from photoclip.pixels import colour, decode, is_plain
from tests.colour_profiles import linear_grey, red_ink, swapped_rgb
from tests.pixel_pictures import encoded
from tests.raw_files import dng

RED, BLUE = (200, 0, 0), (0, 0, 200)
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def shown(data: bytes) -> np.ndarray:
    """The colour in the middle, int [3]."""
    image = decode(data, shortest_side=32).image
    assert image.mode == "RGB"
    return np.asarray(image)[image.height // 2, image.width // 2].astype(int)


def plain(colour: tuple[int, int, int], mode: str = "RGB") -> Image.Image:
    return Image.new("RGB", (48, 32), colour).convert(mode)


@pytest.mark.parametrize(
    ("format", "options"),
    [
        ("JPEG", {"subsampling": 0}),
        ("PNG", {}),
        ("WEBP", {"lossless": True}),
        ("TIFF", {}),
        ("AVIF", {"subsampling": "4:4:4", "quality": 95}),
    ],
)
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_profiles_are_followed_in_every_format(format: str, options: dict, mode: str) -> None:
    picture = plain(RED, "RGB" if format == "JPEG" else mode)
    data = encoded(picture, format, icc_profile=swapped_rgb(), **options)
    assert np.abs(shown(data) - BLUE).max() < 12
    assert np.abs(shown(encoded(picture, format, **options)) - RED).max() < 12


def test_profiles_are_followed_in_jpeg_xl() -> None:
    data = pylibjxl.encode(np.asarray(plain(RED)), lossless=True, icc=swapped_rgb())
    assert np.abs(shown(data) - BLUE).max() < 12


def test_palettes_have_profiles_too() -> None:
    data = encoded(plain(RED).quantize(4), "PNG", icc_profile=swapped_rgb())
    assert np.abs(shown(data) - BLUE).max() < 12


@pytest.mark.parametrize("format", ["JPEG", "TIFF"])
def test_inks_are_mixed_as_their_profile_says(format: str) -> None:
    picture = Image.new("CMYK", (48, 32), (255, 0, 0, 0))
    red, green, blue = shown(encoded(picture, format, icc_profile=red_ink()))
    assert red > 180 > 80 > max(green, blue)
    red, green, blue = shown(encoded(picture, format))
    assert min(green, blue) > 180 > red  # without, it is cyan


def test_grey_is_as_bright_as_its_profile_says() -> None:
    picture = Image.new("L", (48, 32), 55)
    assert abs(shown(encoded(picture, "PNG", icc_profile=linear_grey()))[0] - 128) < 6
    assert shown(encoded(picture, "PNG"))[0] == 55


def test_raw_previews_have_profiles_too() -> None:
    preview = encoded(Image.new("RGB", (192, 128), RED), "JPEG", subsampling=0, icc_profile=swapped_rgb())
    assert np.abs(shown(dng(Image.new("RGB", (192, 128)), preview=preview)) - BLUE).max() < 12


@pytest.mark.parametrize(
    "profile",
    [
        b"not a profile",
        swapped_rgb()[:200],
        swapped_rgb().replace(b"rXYZ", b"????"),
        red_ink(),
        linear_grey(),
        b"\xff" * 5000,
    ],
)
def test_a_profile_that_is_broken_or_of_another_kind_is_ignored(profile: bytes) -> None:
    assert np.abs(shown(encoded(plain(RED), "PNG", icc_profile=profile)) - RED).max() == 0


@pytest.mark.parametrize("profile", [SRGB, swapped_rgb("sRGB IEC61966-2.1")])
def test_srgb_costs_nothing(profile: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(colour, "_transform", lambda profile, mode: pytest.fail("it was converted"))
    data = encoded(plain(RED), "PNG", icc_profile=profile)
    assert np.abs(shown(data) - RED).max() == 0
    assert is_plain(Image.open(io.BytesIO(data)))
    assert not is_plain(
        Image.open(io.BytesIO(encoded(plain(RED), "PNG", icc_profile=swapped_rgb("linear sRGB"))))
    )


def test_profiles_of_one_camera_are_read_once() -> None:
    colour._transform.cache_clear()
    for red in range(100, 110):
        shown(encoded(plain((red, 0, 0)), "PNG", icc_profile=swapped_rgb()))
    assert colour._transform.cache_info().misses == 1
