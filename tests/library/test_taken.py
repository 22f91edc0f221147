"""Dates in file names and in XMP, and the order in which dates are believed."""

from __future__ import annotations

import calendar
import os
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photoclip.library.taken import from_file, from_iso, from_name

MOMENT = (2023, 7, 14, 15, 30, 12)
DAY = (2023, 7, 14, 0, 0, 0)


@pytest.mark.parametrize(
    ("name", "moment"),
    [
        ("IMG_20230714_153012.jpg", MOMENT),
        ("2023-07-14 15.30.12.jpg", MOMENT),
        ("2023-07-14 15.30.12-1.jpg", MOMENT),
        ("20230714_153012(0).jpg", MOMENT),
        ("20230714153012.jpg", MOMENT),
        ("WhatsApp Image 2023-07-14 at 15.30.12.jpeg", MOMENT),
        ("WhatsApp Image 2023-07-14 at 3.30.12 PM (2).jpeg", MOMENT),
        ("Screenshot_20230714-153012.png", MOMENT),
        ("Screenshot_2023-07-14-15-30-12-123_com.example.app.png", (*MOMENT, 0.123)),
        ("Screenshot 2023-07-14 at 3.30.12\u202fPM.png", MOMENT),
        ("Screenshot 2023-07-14 at 12.00.01 AM.png", (2023, 7, 14, 0, 0, 1)),
        ("signal-2023-07-14-15-30-12-123.jpg", (*MOMENT, 0.123)),
        ("IMG-20230714-WA0001.jpg", DAY),
        ("2023-07-14.jpg", DAY),
        ("scan 1965.08.02 beach.tif", (1965, 8, 2, 0, 0, 0)),
        ("20230714_256199.jpg", DAY),
        ("IMG_20231399_153012.jpg", None),
        ("2023-02-30.jpg", None),
        ("DSC_0123.jpg", None),
        ("120230714999.jpg", None),
        ("2023-07 14.jpg", None),
        ("2023-0714.jpg", None),
    ],
)
def test_dates_in_names(name: str, moment: tuple[float, ...] | None) -> None:
    found = from_name(os.fsencode(name))
    if moment is None:
        assert found is None
        return
    assert found is not None
    expected = calendar.timegm(tuple(map(int, moment[:6]))) + sum(moment[6:])
    assert (found.at, found.offset, found.source) == (pytest.approx(expected), None, "name")


def test_pixel_phones_name_their_photos_in_utc() -> None:
    found = from_name(b"PXL_20230714_153012345.MP.jpg")
    assert found is not None
    assert (found.at, found.offset) == (pytest.approx(calendar.timegm(MOMENT) + 0.345), 0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2023-07-14T15:30:12.25+02:00", (calendar.timegm(MOMENT) + 0.25, 120)),
        ("2023-07-14T15:30:12Z", (calendar.timegm(MOMENT), 0)),
        ("2023-07-14T15:30", (calendar.timegm((2023, 7, 14, 15, 30, 0)), None)),
        ("2023-07-14", (calendar.timegm(DAY), None)),
        ("2023-07", None),
        ("2023-07-14T25:00", None),
        ("0000-00-00T00:00:00", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_dates_of_xmp(text: str, expected: tuple[float, int | None] | None) -> None:
    assert from_iso(text) == expected


def test_the_time_of_a_file_is_local() -> None:
    now = 1_700_000_000
    assert from_file(now * 10**9).at == now + time.localtime(now).tm_gmtoff
    assert from_file(2**62).source == "file"  # a clock far off


@given(st.binary(max_size=60) | st.from_regex(rb"(IMG|PXL)[_-]\d{6,16}[_ -]\d{0,9}.{0,9}"))
def test_no_name_makes_it_fail(name: bytes) -> None:
    found = from_name(name)
    assert found is None or found.source == "name"
