"""Dates as people say them: 2023, 2023-07, 2023-07..2023-09, >=2023-05, "last summer", "2 weeks ago".

Days are the camera's local days. Weeks begin on Monday; seasons are the northern ones, of whole months
(summer is June to August), and a winter is named after the year it begins in. "2 weeks ago" is that week,
"last 2 weeks" are the 14 days up to today.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}  # the month each begins with
MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_DAY = timedelta(days=1)
_NUMERIC = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?", re.ASCII)
_COMPARED = re.compile(r"(>=|<=|>|<) ?(.+)")
_LAST_DAYS = re.compile(r"last (\d{1,2}) (day|week|month|year)s?", re.ASCII)
_AGO = re.compile(r"(\d{1,2}) (day|week|month|year)s? ago", re.ASCII)


@dataclass(frozen=True)
class DateRange:
    """Days from `first` to `last`, both included; None is open."""

    first: date | None
    last: date | None

    def seconds(self) -> tuple[float, float]:
        """The range as [from, until) in Unix seconds of local time read as UTC, as the catalog keeps it."""
        start = _midnight(self.first) if self.first else float("-inf")
        if self.last is None or self.last == date.max:
            return start, float("inf")
        return start, _midnight(self.last + _DAY)


When = Callable[[date], DateRange]  # what a spoken date means, said today


def parse_date(text: str) -> When | None:
    """What `text` means as a date, as a function of today; None when it is no date."""
    words = " ".join(text.lower().split())
    if compared := _COMPARED.fullmatch(words):
        return _beside(compared[1], _single(compared[2]))
    return _span(words) if ".." in words else _single(words)


def _single(words: str) -> When | None:
    """A day, week, month, season or year, as digits or as said."""
    fixed = _numeric(words)
    if fixed is not None:
        return lambda today: fixed
    if words == "today":
        return lambda today: DateRange(today, today)
    if words == "yesterday":
        return lambda today: DateRange(today - _DAY, today - _DAY)
    if match := _LAST_DAYS.fullmatch(words):
        return _up_to_today(int(match[1]), match[2])
    if match := _AGO.fullmatch(words):
        return _relative(match[2], int(match[1]))
    first, _, second = words.partition(" ")
    if first in ("last", "this") and second:
        return _relative(second, 1 if first == "last" else 0)
    return _named(first, second)


def _beside(sign: str, when: When | None) -> When | None:
    """The days before or after a date, with its own days where the sign says so."""
    if when is None:
        return None

    def beside(today: date) -> DateRange:
        span = when(today)
        assert span.first is not None
        assert span.last is not None
        if sign in (">", ">="):
            return DateRange(span.first if sign == ">=" else min(span.last, date.max - _DAY) + _DAY, None)
        return DateRange(None, span.last if sign == "<=" else max(span.first, date.min + _DAY) - _DAY)

    return beside


def _span(words: str) -> When | None:
    """`a..b`, `a..` or `..b` of two numeric dates."""
    left, _, right = (part.strip() for part in words.partition(".."))
    start, end = _numeric(left), _numeric(right)
    if (left and not start) or (right and not end) or not (start or end):
        return None
    span = DateRange(start.first if start else None, end.last if end else None)
    if span.first and span.last and span.first > span.last:
        return None
    return lambda today: span


def _numeric(words: str) -> DateRange | None:
    """A year, a month or a day."""
    match = _NUMERIC.fullmatch(words)
    if match is None:
        return None
    year, month, day = match.groups()
    try:
        if day:
            only = date(int(year), int(month), int(day))
            return DateRange(only, only)
        first = date(int(year), int(month or 1), 1)
        return _months(first.year, first.month, 1 if month else 12)
    except ValueError:
        return None


def _up_to_today(count: int, unit: str) -> When | None:
    """So many units, the last of which ends today."""
    if count < 1:
        return None
    if unit in ("day", "week"):
        days = count * (7 if unit == "week" else 1)
        return lambda today: DateRange(today - (days - 1) * _DAY, today)
    months = count * (12 if unit == "year" else 1)
    return lambda today: DateRange(_months_before(today, months) + _DAY, today)


def _months_before(day: date, count: int) -> date:
    """The same day of an earlier month, or that month's last day where it is shorter."""
    month = _months(day.year, day.month - count, 1)
    assert month.first is not None
    assert month.last is not None
    return min(month.first + (day.day - 1) * _DAY, month.last)


def _relative(unit: str, back: int) -> When | None:
    """The running day, week, month, year or season, or the one so many `back` (a season: one at most)."""
    if unit == "day":
        return lambda today: DateRange(today - back * _DAY, today - back * _DAY)
    if unit == "week":
        return lambda today: _week(today - today.weekday() * _DAY - 7 * back * _DAY)
    if unit == "month":
        return lambda today: _months(today.year, today.month - back, 1)
    if unit == "year":
        return lambda today: _months(today.year - back, 1, 12)
    if unit in SEASONS:
        return lambda today: _season_near(today, SEASONS[unit], back)
    return None


def _named(name: str, year: str) -> When | None:
    """A season or a month with its year."""
    if not re.fullmatch(r"\d{4}", year, re.ASCII) or not 1 <= int(year) < 9999:
        return None
    if name in SEASONS:
        season = _months(int(year), SEASONS[name], 3)
        return lambda today: season
    if name in MONTHS:
        month = _months(int(year), MONTHS.index(name) + 1, 1)
        return lambda today: month
    return None


def _season_near(today: date, month: int, back: int) -> DateRange:
    """The newest season beginning with `month` that has begun (back = 0) or is over (back = 1)."""
    season = _months(today.year, month, 3)
    while _is_later(season, today, back):
        assert season.first is not None
        season = _months(season.first.year - 1, month, 3)
    return season


def _is_later(season: DateRange, today: date, back: int) -> bool:
    edge = season.last if back else season.first
    assert edge is not None
    return edge >= today if back else edge > today


def _week(monday: date) -> DateRange:
    return DateRange(monday, monday + 6 * _DAY)


def _months(year: int, month: int, count: int) -> DateRange:
    """`count` months from `month` (0 is December of the year before)."""
    year, month = (year * 12 + month - 1) // 12, (month - 1) % 12 + 1
    first = date(year, month, 1)
    end_year, end_month = divmod(year * 12 + month - 1 + count, 12)
    last = date.max if end_year > 9999 else date(end_year, end_month + 1, 1) - _DAY
    return DateRange(first, last)


def _midnight(day: date) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
