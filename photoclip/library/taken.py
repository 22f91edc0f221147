"""When a photo was taken. The first that knows has the word, and is named as the source:

exif   the camera's date in EXIF
video  the date in a video's container, which has no EXIF
xmp    the date in XMP, of a sidecar before that inside the photo
name   a date in the file's name, as phones, cameras and programs write it
file   the file's own time, when nothing else is known
"""

from __future__ import annotations

import calendar
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Source = Literal["exif", "video", "xmp", "name", "file"]

_OFFSET = re.compile(r"([+-])(\d{2}):?(\d{2})$")
_ISO = re.compile(
    r"(\d{4})[-:](\d{2})[-:](\d{2})"  # darktable writes the colons of EXIF
    r"(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d+))?)?\s*(Z|[+-]\d{2}:?\d{2})?)?\s*$",
    re.ASCII,
)
# IMG_20230714_153012, PXL_20230714_153012345, 2023-07-14 15.30.12, IMG-20230714-WA0001, 20230714153012,
# Screenshot_2023-07-14-15-30-12, WhatsApp Image 2023-07-14 at 15.30.12, Screenshot 2023-07-14 at 3.30.12 PM
_NAME = re.compile(
    r"(?<!\d)((?:18|19|20)\d\d)([-_.]?)(\d\d)\2(\d\d)"
    r"(?:(?:[-_T]|\s+at\s+|\s|_at_)?(\d\d?)([-_.:]?)(\d\d)\6(\d\d)(?:[-_.]?(\d{3}))?(?!\d)(?:[\s\u202f]?([AP])M\b)?)?"
    r"(?!\d)",
    re.ASCII | re.IGNORECASE,
)
_UTC_NAMES = ("PXL_",)  # Pixel phones write names in UTC


@dataclass(frozen=True)
class Taken:
    """`at` is the local time of the place as if it were UTC, seconds; `offset` is minutes east, if known."""

    at: float
    offset: int | None
    source: Source


def from_name(name: bytes) -> Taken | None:
    """The date that a file's name tells; a day without a time begins at midnight."""
    text = os.fsdecode(name)
    for match in _NAME.finditer(text):
        for at in _readings(match):
            return Taken(at, 0 if text.upper().startswith(_UTC_NAMES) else None, "name")
    return None


def from_file(mtime_ns: int) -> Taken:
    """The file's time in this computer's zone."""
    seconds = mtime_ns // 1_000_000_000
    try:
        east = time.localtime(seconds).tm_gmtoff
    except (OverflowError, ValueError, OSError):  # a clock far out of any calendar
        east = 0
    return Taken(mtime_ns / 1e9 + east, None, "file")


def from_iso(text: str) -> tuple[float, int | None] | None:
    """XMP's date as (local seconds as if UTC, minutes east); None without a day or without meaning."""
    match = _ISO.match(text.strip())
    if match is None:
        return None
    day, clock, (fraction, zone) = match.groups()[:3], match.groups()[3:6], match.groups()[6:]
    seconds = civil_seconds([int(part or 0) for part in (*day, *clock)])
    if seconds is None:
        return None
    return seconds + (float(f"0.{fraction}") if fraction else 0.0), offset_minutes(zone or "")


def civil_seconds(parts: list[int]) -> float | None:
    """[year, month, day, hour, minute, second] as Unix seconds; None where no calendar has it."""
    year, month, day, hour, minute, second = parts
    if not (1826 <= year <= 2200 and 1 <= month <= 12 and hour < 24 and minute < 60 and second < 61):
        return None
    if not 1 <= day <= calendar.monthrange(year, month)[1]:
        return None
    return float(calendar.timegm((year, month, day, hour, minute, second)))


def offset_minutes(text: str) -> int | None:
    """`+02:00` as minutes east; None for what is no zone."""
    if text == "Z":
        return 0
    match = _OFFSET.match(text)
    if not match:
        return None
    minutes = int(match[2]) * 60 + int(match[3])
    return (-minutes if match[1] == "-" else minutes) if minutes <= 15 * 60 else None


def _readings(match: re.Match[str]) -> Iterator[float]:
    """What a date in a name may mean: with its time of day, and where that is none, the day alone."""
    year, _, month, day, hour, _, minute, second, thousandths, half = match.groups()
    date = [int(year), int(month), int(day)]
    if hour is not None:
        hours = int(hour) if half is None else int(hour) % 12 + (12 if half.upper() == "P" else 0)
        moment = civil_seconds([*date, hours, int(minute), int(second)])
        if moment is not None:
            yield moment + int(thousandths or 0) / 1000
    midnight = civil_seconds([*date, 0, 0, 0])
    if midnight is not None:
        yield midnight
