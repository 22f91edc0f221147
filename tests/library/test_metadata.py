from __future__ import annotations

import calendar
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from photoclip.library.metadata import Metadata, read
from photoclip.library.worker import Prepared, Task, picture_of, prepare
from photoclip.pixels import PixelSpec
from tests.library.xmp_samples import LIGHTROOM


def exif(
    base: dict[int, Any], details: dict[int, Any] | None = None, gps: dict[int, Any] | None = None
) -> Image.Exif:
    made = Image.Exif()
    made.update(base)
    made.get_ifd(0x8769).update(details or {})
    made.get_ifd(0x8825).update(gps or {})
    return made


def test_date_with_fraction_and_offset() -> None:
    found = read(exif({}, {0x9003: "2019:07:21 14:33:05", 0x9291: "25", 0x9011: "-03:30"}))
    assert found.taken_at == calendar.timegm((2019, 7, 21, 14, 33, 5)) + 0.25
    assert (found.taken_offset, found.taken_source) == (-210, "exif")


@pytest.mark.parametrize(
    ("tags", "year"),
    [
        ({0x9003: "0000:00:00 00:00:00", 0x9004: "2005:01:02 03:04:05"}, 2005),
        ({0x9003: "    :  :     :  :  ", 0x0132: "2006-01-02T03:04:05"}, 2006),
        ({0x9003: "2007:13:02 03:04:05"}, None),
        ({0x9003: "2007:02:30 03:04:05"}, None),
        ({0x9003: b"2008:01:02 03:04:05\0\0"}, 2008),
        ({0x9003: 17}, None),
    ],
)
def test_dates_that_mean_nothing_are_passed_over(tags: dict[int, Any], year: int | None) -> None:
    base = {tag: value for tag, value in tags.items() if tag == 0x0132}
    taken = read(exif(base, {tag: value for tag, value in tags.items() if tag != 0x0132})).taken_at
    assert taken == (None if year is None else calendar.timegm((year, 1, 2, 3, 4, 5)))


@pytest.mark.parametrize(
    ("make", "model", "camera"),
    [
        ("NIKON CORPORATION", "NIKON D750", "Nikon D750"),
        ("Canon", "Canon EOS 5D", "Canon EOS 5D"),
        ("SONY", "ILCE-7M3", "Sony ILCE-7M3"),
        ("OLYMPUS IMAGING CORP.  ", "E-M5MarkII", "Olympus E-M5MarkII"),
        ("OLYMPUS OPTICAL CO.,LTD", "C2500L", "Olympus C2500L"),
        ("Apple", "iPhone 12\0\0", "Apple iPhone 12"),
        ("samsung", "SM-G991B", "samsung SM-G991B"),
        ("", "X100", "X100"),
        ("FUJIFILM", "", "Fujifilm"),
        ("", "", None),
    ],
)
def test_camera_names_are_tidied(make: str, model: str, camera: str | None) -> None:
    assert read(exif({0x010F: make, 0x0110: model})).camera == camera


def test_lens_and_exposure() -> None:
    details = {
        0xA434: "EF50mm f/1.8",
        0x829A: IFDRational(1, 250),
        0x829D: 2.8,
        0x8827: (400, 0),
        0x920A: 0,
        0xA405: 75,
    }
    found = read(exif({}, details))
    assert found.lens == "EF50mm f/1.8"
    assert found.exposure == {"seconds": 0.004, "f_number": 2.8, "iso": 400.0, "focal_35mm": 75.0}


def test_position() -> None:
    gps = {1: "S", 2: (33.0, 52.0, 7.68), 3: "E", 4: (151.0, 12.0, 33.48)}
    found = read(exif({}, None, gps))
    assert found.latitude == pytest.approx(-33.8688, abs=1e-6)
    assert found.longitude == pytest.approx(151.2093, abs=1e-6)


@pytest.mark.parametrize(
    "gps",
    [
        {1: "N", 2: (0.0, 0.0, 0.0), 3: "E", 4: (0.0, 0.0, 0.0)},
        {1: "N", 2: (97.0, 0.0, 0.0), 3: "E", 4: (10.0, 0.0, 0.0)},
        {1: "N", 2: (IFDRational(1, 0), 0.0, 0.0), 3: "E", 4: (10.0, 0.0, 0.0)},
        {1: "N", 2: 12.5, 3: "E", 4: (10.0, 0.0, 0.0)},
        {2: (10.0, 0.0, 0.0)},
    ],
)
def test_positions_that_mean_nothing(gps: dict[int, Any]) -> None:
    found = read(exif({}, None, gps))
    assert (found.latitude, found.longitude) == (None, None)


values = st.one_of(
    st.none(),
    st.integers(),
    st.floats(),
    st.text(),
    st.binary(),
    st.tuples(st.floats(), st.floats()),
    st.lists(st.text()),
)


@given(
    st.dictionaries(
        st.sampled_from([0x010F, 0x0110, 0x0132, 1, 2, 3, 4, 0x9003, 0x9291, 0x9011, 0x829A]), values
    )
)
def test_no_value_makes_it_fail(tags: dict[int, Any]) -> None:
    found = read(exif(tags, tags, tags))
    assert found.camera is None or found.camera.isprintable()
    (found.camera or "").encode()  # storable as UTF-8


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's remarks on odd metadata
def test_real_gps_and_broken_exif(test_data: Path) -> None:
    odd = test_data / "odd-photos"
    for path in sorted((odd / "gps").iterdir()):
        found = picture_of(path.read_bytes(), PixelSpec(32), os.fsencode(path), 0)[1].facts
        assert found.latitude == pytest.approx(43.468, abs=0.01)
        assert found.longitude == pytest.approx(11.883, abs=0.01)
        assert found.camera == "Nikon COOLPIX P6000"
        assert found.taken_at == pytest.approx(calendar.timegm((2008, 10, 22, 17, 0, 0)), abs=7200)
    for path in sorted((odd / "invalid-exif").iterdir()):
        assert isinstance(
            picture_of(path.read_bytes(), PixelSpec(32), os.fsencode(path), 0)[1].facts, Metadata
        )


def test_a_worker_finds_the_date_in_the_name_or_beside_the_photo(tmp_path: Path) -> None:
    def found(name: str) -> Metadata:
        path = tmp_path / name
        Image.new("RGB", (8, 8)).save(path)
        prepared = prepare(Task(os.fsencode(path), PixelSpec(32)))
        assert isinstance(prepared, Prepared)
        return prepared.said.facts

    moment = calendar.timegm((2023, 7, 14, 15, 30, 12))
    assert (found("IMG_20230714_153012.jpg").taken_at, found("IMG_20230714_153012.jpg").taken_source) == (
        moment,
        "name",
    )
    assert (found("photo.jpg").taken_at, found("photo.jpg").taken_source) == (None, None)
    (tmp_path / "photo.jpg.xmp").write_bytes(LIGHTROOM)
    beside = found("photo.jpg")
    assert (beside.taken_at, beside.taken_offset, beside.taken_source) == (moment, 120, "xmp")
