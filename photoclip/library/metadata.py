"""What cameras, people and programs wrote about a photo, in plain values.

Broken metadata gives fewer values, never an error.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from PIL import Image

from photoclip.library.sidecars.described import Described, UnreadableXmp, first_of
from photoclip.library.sidecars.embedded import read_inner_iptc, read_inner_xmp
from photoclip.library.sidecars.places import read_sidecar, sidecars_of
from photoclip.library.taken import Source, Taken, civil_seconds, from_file, from_name, offset_minutes

_EXIF_IFD, _GPS_IFD = 0x8769, 0x8825
_MAKE, _MODEL, _LENS = 0x010F, 0x0110, 0xA434
# When the shutter opened, then when it was digitised, then the file's own date: (date, sub-seconds, offset).
_DATES = ((0x9003, 0x9291, 0x9011), (0x9004, 0x9292, 0x9012), (0x0132, 0x9290, 0x9010))
_EXPOSURE = {"seconds": 0x829A, "f_number": 0x829D, "iso": 0x8827, "focal_mm": 0x920A, "focal_35mm": 0xA405}
_DATE = re.compile(r"(\d{4})[:\-/.](\d{2})[:\-/.](\d{2})[ T](\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?")
_COMPANY = re.compile(
    r"[ ,]+(corporation|corp|company|co|ltd|inc|gmbh|ag|electronics|optical|imaging|digital|camera|"
    r"computer|communications|mobile)\b\.?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Metadata:
    """`taken_at` is the camera's local time as if it were UTC, seconds; `taken_offset` is minutes east, and
    `taken_source` says where the date is from.

    `exposure` has any of seconds, f_number, iso, focal_mm, focal_35mm. Latitude and longitude are in degrees.
    """

    taken_at: float | None = None
    taken_offset: int | None = None
    camera: str | None = None
    lens: str | None = None
    exposure: dict[str, float] = field(default_factory=dict)
    latitude: float | None = None
    longitude: float | None = None
    taken_source: Source | None = None


@dataclass(frozen=True)
class PhotoMetadata:
    """Everything about one file. `problems` are the sentences that say what metadata was refused, and why."""

    camera: Metadata
    described: Described
    taken: Taken
    problems: tuple[str, ...] = ()

    @property
    def facts(self) -> Metadata:
        """The camera's facts with the best date there is, but not the file's time: a file may be copied."""
        if self.taken.source == "file":
            return self.camera
        taken = self.taken
        return replace(self.camera, taken_at=taken.at, taken_offset=taken.offset, taken_source=taken.source)


def read_all(
    exif: Image.Exif,
    info: Mapping[Any, Any],
    path: bytes,
    mtime_ns: int,
    camera: Metadata | None = None,
) -> PhotoMetadata:
    """EXIF, XMP and IPTC of a photo, its sidecars, and when it was taken, by the best that is known of that.

    `info` is Pillow's, of the opened picture; the file itself is not read, its sidecars are. `camera` is what
    a file without EXIF says instead.
    """
    camera = camera or read(exif)
    described, problems = _described(exif, info, path)
    return PhotoMetadata(camera, described, _when(camera, described, path, mtime_ns), tuple(problems))


def read(exif: Image.Exif) -> Metadata:
    """Everything PhotoClip keeps of a photo's EXIF."""
    base = _tags(exif, None)
    tags = {**base, **_tags(exif, _EXIF_IFD)}
    taken_at, offset = _taken(tags)
    latitude, longitude = _position(_tags(exif, _GPS_IFD))
    return Metadata(
        taken_at=taken_at,
        taken_offset=offset,
        taken_source=None if taken_at is None else "exif",
        camera=camera_name(_text(tags.get(_MAKE)), _text(tags.get(_MODEL))),
        lens=_text(tags.get(_LENS)) or None,
        exposure=_exposure(tags),
        latitude=latitude,
        longitude=longitude,
    )


def _described(exif: Image.Exif, info: Mapping[Any, Any], path: bytes) -> tuple[Described, list[str]]:
    """What is said about a photo, sidecars before the photo itself, and what was refused of it."""
    sources: list[Described] = []
    problems: list[str] = []
    tags = _tags(exif, None)
    readers = [partial(_read_sidecar, sidecar) for sidecar in sidecars_of(path)]
    for reader in (*readers, partial(read_inner_xmp, info, tags)):
        try:
            sources.append(reader())
        except UnreadableXmp as error:
            problems.append(str(error))
        except OSError as error:
            problems.append(f"The sidecar cannot be read ({error.strerror or error}).")
    return first_of(*sources, read_inner_iptc(info, tags)), problems


def _read_sidecar(path: bytes) -> Described:
    from photoclip.library.sidecars.xmp import read_xmp  # lxml, which most photos do not need

    data = read_sidecar(path)
    return Described() if data is None else read_xmp(data)


def _when(camera: Metadata, described: Described, path: bytes, mtime_ns: int) -> Taken:
    if camera.taken_at is not None:
        return Taken(camera.taken_at, camera.taken_offset, camera.taken_source or "exif")
    if described.taken_at is not None:
        return Taken(described.taken_at, described.taken_offset, "xmp")
    return from_name(os.path.basename(path)) or from_file(mtime_ns)


def _tags(exif: Image.Exif, ifd: int | None) -> dict[int, Any]:
    try:
        return dict(exif if ifd is None else exif.get_ifd(ifd))
    except Exception:  # Pillow's parser raises anything on EXIF made to break it
        return {}


def _text(value: object) -> str:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str):
        return ""
    # Cut at NUL, and make what cannot be shown or stored as UTF-8 (stray surrogates) plain.
    clean = value.split("\0")[0].encode("utf-8", "replace").decode("utf-8")
    return " ".join("".join(c if c.isprintable() else " " for c in clean).split())[:200]


def _number(value: object) -> float | None:
    if isinstance(value, (tuple, list)):
        value = value[0] if value else None
    if value is None or isinstance(value, (str, bytes)):
        return None
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _taken(tags: Mapping[int, Any]) -> tuple[float | None, int | None]:
    for date, fraction, offset in _DATES:
        match = _DATE.match(_text(tags.get(date)))
        seconds = civil_seconds([int(part) for part in match.groups()[:6]]) if match else None
        if match is None or seconds is None:
            continue
        digits = re.match(r"\d+", _text(tags.get(fraction)))
        text = digits.group() if digits else match.group(7)
        return seconds + (float(f"0.{text}") if text else 0.0), offset_minutes(_text(tags.get(offset)))
    return None, None


def camera_name(make: str, model: str) -> str | None:
    """`NIKON CORPORATION` and `NIKON D750` become `Nikon D750`."""
    make = _COMPANY.sub("", make).strip(" ,.")
    name = make.title() if make.isupper() and len(make) > 3 else make
    if not model or not make:
        return model or name or None
    first = make.split()[0].lower()
    if model.lower().startswith(make.lower()):
        return f"{name}{model[len(make) :]}"
    if model.lower().startswith(
        first
    ):  # "Hewlett-Packard" / "HP …" stay apart, "OLYMPUS IMAGING" / "OLYMPUS" do not
        return f"{name.split()[0]}{model[len(first) :]}"
    return f"{name} {model}"


def _exposure(tags: Mapping[int, Any]) -> dict[str, float]:
    values = {name: _number(tags.get(tag)) for name, tag in _EXPOSURE.items()}
    return {name: value for name, value in values.items() if value is not None and value > 0}


def _position(gps: Mapping[int, Any]) -> tuple[float | None, float | None]:
    latitude = _degrees(gps.get(2), _text(gps.get(1)), "S", 90)
    longitude = _degrees(gps.get(4), _text(gps.get(3)), "W", 180)
    if (
        latitude is None or longitude is None or latitude == longitude == 0
    ):  # receivers without a fix write 0, 0
        return None, None
    return latitude, longitude


def _degrees(value: object, side: str, negative: str, limit: int) -> float | None:
    if not isinstance(value, (tuple, list)) or not 1 <= len(value) <= 3:
        return None
    parts = [_number(part) for part in value]
    degrees = 0.0
    for part, unit in zip(parts, (1.0, 60.0, 3600.0), strict=False):
        if part is None:
            return None
        degrees += part / unit
    if not 0 <= degrees <= limit:
        return None
    return round(-degrees if side.upper().startswith(negative) else degrees, 7)
