"""What cameras and phones write about a video, in the container's tags: when, where, with what."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping

from photoclip.library.metadata import Metadata, camera_name
from photoclip.library.taken import from_iso

# Apple's, then what Android and cameras write; PyAV's names in small letters.
_LOCAL_DATES = ("com.apple.quicktime.creationdate",)
_UTC_DATES = ("creation_time", "date_utc")
_PLACES = ("com.apple.quicktime.location.iso6709", "location", "location-eng")
_MAKES = ("com.apple.quicktime.make", "com.android.manufacturer", "make")
_MODELS = ("com.apple.quicktime.model", "com.android.model", "model")
_ISO_6709 = re.compile(r"([+-]\d{2}(?:\.\d+)?)([+-]\d{3}(?:\.\d+)?)", re.ASCII)
_EARLIEST = 473_385_600.0
"""1985: a clock that was never set counts from 1904, 1970 or 1980."""


def read(tags: Mapping[str, str]) -> Metadata:
    """Everything PhotoClip keeps of a video's tags; broken ones give fewer values, never an error."""
    taken_at, offset = _taken(tags)
    latitude, longitude = _position(_first(tags, _PLACES))
    return Metadata(
        taken_at=taken_at,
        taken_offset=offset,
        taken_source=None if taken_at is None else "video",
        camera=camera_name(_first(tags, _MAKES), _first(tags, _MODELS)),
        latitude=latitude,
        longitude=longitude,
    )


def _first(tags: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((tags[name] for name in names if tags.get(name)), "")


def _taken(tags: Mapping[str, str]) -> tuple[float | None, int | None]:
    """The camera's local time as if UTC, and minutes east.

    Only Apple writes the zone. Others write UTC, which is told in this computer's zone, like a file's time.
    """
    local = from_iso(_first(tags, _LOCAL_DATES))
    if local is not None and local[0] >= _EARLIEST:
        return local
    utc = from_iso(_first(tags, _UTC_DATES))
    if utc is None or utc[0] < _EARLIEST:
        return None, None
    seconds = utc[0] - 60 * (utc[1] or 0)
    try:
        east = time.localtime(seconds).tm_gmtoff
    except (OverflowError, ValueError, OSError):  # a clock far out of any calendar
        return None, None
    return seconds + east, east // 60


def _position(text: str) -> tuple[float | None, float | None]:
    """Degrees north and east, from ISO 6709: +48.8577+002.2950+035.0/."""
    match = _ISO_6709.match(text.strip())
    if match is None:
        return None, None
    latitude, longitude = float(match[1]), float(match[2])
    if abs(latitude) > 90 or abs(longitude) > 180 or latitude == longitude == 0:
        return None, None
    return latitude, longitude
