"""The fields of the language, and what each takes for a value."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from photoclip.library.dates import parse_date

Bounds = tuple[tuple[str, float], ...]  # comparisons that must all hold, such as ((">=", 3.0), ("<=", 5.0))

FACTS = ("favourite", "unlabelled", "missing", "raw", "video")
_SPELLINGS = {"favorite": "favourite", "unlabeled": "unlabelled"}

_RAW = frozenset({"ARW", "CR2", "CR3", "DNG", "NEF", "ORF", "RAF", "RAW", "RW2"})
_VIDEO = frozenset({"AVI", "MKV", "MOV", "MP4", "WEBM"})
# What people call a file type, and the formats of the catalog that it stands for.
TYPES: dict[str, frozenset[str]] = {
    **{name.lower(): frozenset({name}) for name in (*_RAW, *_VIDEO, "AVIF", "BMP", "GIF", "PNG", "WEBP")},
    **dict.fromkeys(("jpeg", "jpg"), frozenset({"JPEG"})),
    **dict.fromkeys(("tiff", "tif"), frozenset({"TIFF"})),
    **dict.fromkeys(("heif", "heic"), frozenset({"HEIF"})),
    **dict.fromkeys(("jxl", "jpegxl"), frozenset({"JXL"})),
    "raw": _RAW,
    "video": _VIDEO,
}

USUAL_KM = 5.0  # how far from a place is near, unless the query says
_UNITS = {"b": ("bytes", 1.0), "kb": ("bytes", 1e3), "mb": ("bytes", 1e6), "gb": ("bytes", 1e9)}
_UNITS["mp"] = ("pixels", 1e6)

_COMPARED = re.compile(r"(>=|<=|>|<|=)\s*(\S.*)")
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)", re.ASCII)
_DEGREES = re.compile(r"([+-]?\d+(?:\.\d+)?)\s*,\s*([+-]?\d+(?:\.\d+)?)(?:\s*,\s*(\d+(?:\.\d+)?))?", re.ASCII)
_NAMED = re.compile(r"([^\W\d_].*?)(?:\s*,\s*(\d+(?:\.\d+)?))?", re.DOTALL)


@dataclass(frozen=True)
class Field:
    """`hint` says in an error what was expected; `accepts` whether a value is one, in any library."""

    hint: str
    accepts: Callable[[str], bool] = lambda value: True
    choices: tuple[str, ...] = ()  # to suggest one from


@dataclass(frozen=True)
class Near:
    """A circle on the earth."""

    latitude: float
    longitude: float
    km: float


@dataclass(frozen=True)
class NearTown:
    """A circle around a town, told by its name."""

    name: str
    km: float


def parse_rating(value: str) -> Bounds | None:
    """`4`, `>=3`, `2..4`: stars, 0 to 5; None when it is no rating."""
    return _bounds(value, lambda text: float(text) if text in "012345" and len(text) == 1 else None)


def parse_size(value: str) -> tuple[str, Bounds] | None:
    """`>10MB`, `<12MP`, `1MB..5MB`: "bytes" or "pixels" and the bounds; None when it is no size.

    A size alone is none: no file has exactly 10 MB.
    """
    measures: set[str] = set()

    def amount(text: str) -> float | None:
        match = _AMOUNT.fullmatch(text)
        if match is None or match[2] not in _UNITS:
            return None
        measure, factor = _UNITS[match[2]]
        measures.add(measure)
        return float(match[1]) * factor

    bounds = _bounds(value.lower(), amount)
    if bounds is None or len(measures) != 1 or bounds[0][0] == "=":
        return None
    return measures.pop(), bounds


def parse_near(value: str) -> Near | NearTown | None:
    """`48.86,2.35`, `Lisbon` or `Paris, Texas, 10`: degrees north and east, or a name; and kilometres.

    None when it is no place. Whether there is such a town is not known here.
    """
    match = _DEGREES.fullmatch(value.strip())
    if match is None:
        return _near_town(value)
    latitude, longitude = float(match[1]), float(match[2])
    km = float(match[3]) if match[3] else USUAL_KM
    inside = abs(latitude) <= 90 and abs(longitude) <= 180 and 0 < km < math.inf
    return Near(latitude, longitude, km) if inside else None


def _near_town(value: str) -> NearTown | None:
    match = _NAMED.fullmatch(value.strip())
    if match is None:
        return None
    km = float(match[2]) if match[2] else USUAL_KM
    return NearTown(match[1], km) if 0 < km < math.inf else None


def fact_of(value: str) -> str | None:
    """Which of FACTS is meant, in either spelling."""
    name = value.strip().lower()
    name = _SPELLINGS.get(name, name)
    return name if name in FACTS else None


def formats_of(value: str) -> frozenset[str] | None:
    """The formats, in capitals, that a file type stands for."""
    return TYPES.get(value.strip().lower().removeprefix("."))


def suggestion(wrong: str, choices: Iterable[str], form: str = "{0}") -> str:
    """The end of a sentence that asks for the nearest of the choices, in this form; else nothing."""
    near = get_close_matches(wrong.lower(), list(choices), n=1)
    return f"; did you mean “{form.format(near[0])}”?" if near else ""


def _bounds(value: str, number: Callable[[str], float | None]) -> Bounds | None:
    """`4`, `>3`, `>=3`, `2..4`, `2..` or `..4`, where `number` reads each number."""
    text = value.strip()
    if ".." in text:
        ends = [part.strip() for part in text.split("..", 1)]
        read = [(sign, number(end)) for sign, end in zip((">=", "<="), ends, strict=True) if end]
    else:
        match = _COMPARED.fullmatch(text)
        read = [(match[1], number(match[2])) if match else ("=", number(text))]
    bounds = tuple((sign, amount) for sign, amount in read if amount is not None)
    if not bounds or len(bounds) < len(read):
        return None
    return None if len(bounds) == 2 and bounds[0][1] > bounds[1][1] else bounds


FIELDS: dict[str, Field] = {
    "label": Field("the name of a label"),
    "album": Field("the name of an album"),
    "folder": Field("the name of a folder"),
    "date": Field(
        'a date such as 2023, 2023-07, 2023-07..2023-09, yesterday or "last summer"',
        lambda value: parse_date(value) is not None,
    ),
    "camera": Field("the name of a camera, or a part of it"),
    "lens": Field("the name of a lens, or a part of it"),
    "keyword": Field("a keyword that stands in your photos, such as Rome or Italy|Rome"),
    "title": Field("words of a photo's title"),
    "rating": Field(
        "stars from 0 to 5, such as 4, >=4 or 2..4", lambda value: parse_rating(value) is not None
    ),
    "is": Field(f"one of {', '.join(FACTS)}", lambda value: fact_of(value) is not None, FACTS),
    "type": Field(
        "a file type such as jpeg, png or heic", lambda value: formats_of(value) is not None, tuple(TYPES)
    ),
    "size": Field("a size such as >10MB, <12MP or 1MB..5MB", lambda value: parse_size(value) is not None),
    "similar": Field("the file name of a photo, such as IMG_1234.jpg"),
    "place": Field("the name of a city, a region or a country where photos were taken"),
    "near": Field(
        "a town, or latitude,longitude in degrees, and kilometres if you like: Lisbon,10 or 48.86,2.35",
        lambda value: parse_near(value) is not None,
    ),
}
