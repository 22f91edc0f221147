"""All eight orientations, in every format that has them: each picture comes out upright, turned once."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pylibjxl
import pytest
from PIL import Image

from photoclip.pixels import decode
from tests.pixel_pictures import STORED_AS, assert_upright, encoded, oriented_exif, stored, upright
from tests.raw_files import dng

TURNS = tuple(STORED_AS.values())


@pytest.mark.parametrize("orientation", STORED_AS)
@pytest.mark.parametrize(
    ("format", "options"),
    [
        ("JPEG", {"quality": 95}),
        ("PNG", {}),
        ("WEBP", {"quality": 95}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("TIFF", {"save_all": True, "append_images": [Image.new("RGB", (30, 20))]}),
        ("AVIF", {"quality": 95}),
    ],
)
def test_orientation_is_applied_exactly_once(format: str, options: dict, orientation: int) -> None:
    data = encoded(stored(orientation), format, exif=oriented_exif(orientation), **options)
    decoded = decode(data, shortest_side=64)
    assert decoded.format == format
    assert_upright(decoded)


@pytest.mark.parametrize("orientation", STORED_AS)
def test_jpeg_xl_is_turned_by_its_reader_and_not_again_by_us(orientation: int) -> None:
    """A JPEG made into JPEG XL: its EXIF stays as it is, and the codestream says the same."""
    jpeg = encoded(stored(orientation), "JPEG", exif=oriented_exif(orientation), quality=95)
    decoded = decode(pylibjxl.jpeg_to_jxl(jpeg), shortest_side=64)
    assert decoded.format == "JXL"
    assert_upright(decoded)


@pytest.mark.parametrize("orientation", STORED_AS)
def test_raw_of_half_size(orientation: int) -> None:
    decoded = decode(dng(stored(orientation, 192, 128), orientation=orientation), shortest_side=64)
    assert decoded.format == "DNG"
    assert sorted(decoded.image.size) == [64, 96]
    assert_upright(decoded, 192, 128, tolerance=70)


@pytest.mark.parametrize("orientation", STORED_AS)
def test_raw_preview_as_the_sensor_saw_it(orientation: int) -> None:
    preview = encoded(stored(orientation, 192, 128), "JPEG", quality=95)
    sensor = Image.new("RGB", stored(orientation, 192, 128).size, "gray")
    decoded = decode(dng(sensor, orientation=orientation, preview=preview), shortest_side=64)
    assert decoded.format == "DNG"
    assert_upright(decoded, 192, 128)


@pytest.mark.parametrize("orientation", [6, 8])
def test_raw_preview_that_the_camera_turned_already(orientation: int) -> None:
    preview = encoded(upright(128, 192), "JPEG", quality=95)
    sensor = Image.new("RGB", (192, 128), "gray")
    decoded = decode(dng(sensor, orientation=orientation, preview=preview), shortest_side=64)
    assert_upright(decoded, 128, 192)


def test_sixteen_real_photos_come_out_upright(test_data: Path) -> None:
    for kind in ("landscape", "portrait"):
        folder = test_data / "odd-photos" / "orientation"
        shown = [
            decode((folder / f"{kind}_{n}.jpg").read_bytes(), shortest_side=64).image for n in range(1, 9)
        ]
        for image in shown[1:]:
            assert image.size == shown[0].size
            alike = {
                turn: likeness(shown[0], image if turn is None else image.transpose(turn)) for turn in TURNS
            }
            assert max(alike, key=lambda turn: alike[turn]) is None, alike
            assert alike[None] > 0.95


def likeness(one: Image.Image, other: Image.Image) -> float:
    """Correlation: the photos of the collection are not equally bright."""
    grey = [np.asarray(image.convert("L").resize((60, 60))).ravel() for image in (one, other)]
    return float(np.corrcoef(*grey)[0, 1])


MIRRORED = {0: Image.Transpose.FLIP_TOP_BOTTOM, 1: Image.Transpose.FLIP_LEFT_RIGHT}  # by HEIF's axis
ROTATED = {
    1: Image.Transpose.ROTATE_90,
    2: Image.Transpose.ROTATE_180,
    3: Image.Transpose.ROTATE_270,
}  # by HEIF's angle


@pytest.mark.parametrize(("angle", "axis"), [*product(range(4), (None, 0, 1))])
def test_heif_is_turned_by_its_reader_and_not_again_by_us(
    test_data: Path, angle: int, axis: int | None
) -> None:
    data = (test_data / "odd-photos" / "heif" / "hevc32.heif").read_bytes()
    plain = decode(turned_heif(data, 0, None), shortest_side=32).image
    turned = decode(turned_heif(data, angle, axis), shortest_side=32)
    wanted = plain.transpose(ROTATED[angle]) if angle else plain
    wanted = wanted.transpose(MIRRORED[axis]) if axis is not None else wanted
    assert turned.format == "HEIF"
    assert np.abs(np.asarray(turned.image, np.int16) - np.asarray(wanted, np.int16)).mean() < 2


def turned_heif(data: bytes, angle: int, axis: int | None) -> bytes:
    """Two properties that the picture does not need make room for a rotation and a mirror image.

    Both come after its cropping, as the standard wants it.
    """
    depth, colours = data.index(b"pixi"), data.index(b"colr")
    data = data[:depth] + b"irot" + bytes((angle, 0, 0, 0, 0, 0)) + data[depth + 10 :]
    mirror = b"free" if axis is None else b"imir"
    data = data[:colours] + mirror + bytes((axis or 0,)) + bytes(10) + data[colours + 15 :]
    return data.replace(b"\x81\x02\x03\x05\x84", b"\x81\x03\x84\x05\x02")
