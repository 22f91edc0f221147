"""Dates as people say them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photoclip.library.dates import parse_date

TODAY = date(2024, 1, 17)  # a Wednesday in winter


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2023", date(2023, 1, 1), date(2023, 12, 31)),
        ("2024-2", date(2024, 2, 1), date(2024, 2, 29)),
        ("2023-07-14", date(2023, 7, 14), date(2023, 7, 14)),
        ("2023-07..2023-09", date(2023, 7, 1), date(2023, 9, 30)),
        ("2023..", date(2023, 1, 1), None),
        ("..2023-06", None, date(2023, 6, 30)),
        ("today", TODAY, TODAY),
        ("Yesterday", date(2024, 1, 16), date(2024, 1, 16)),
        ("this week", date(2024, 1, 15), date(2024, 1, 21)),
        ("last week", date(2024, 1, 8), date(2024, 1, 14)),
        ("last month", date(2023, 12, 1), date(2023, 12, 31)),
        ("this month", date(2024, 1, 1), date(2024, 1, 31)),
        ("last year", date(2023, 1, 1), date(2023, 12, 31)),
        ("last  summer", date(2023, 6, 1), date(2023, 8, 31)),
        ("last autumn", date(2023, 9, 1), date(2023, 11, 30)),
        ("last winter", date(2022, 12, 1), date(2023, 2, 28)),
        ("this winter", date(2023, 12, 1), date(2024, 2, 29)),
        ("summer 2022", date(2022, 6, 1), date(2022, 8, 31)),
        ("winter 2023", date(2023, 12, 1), date(2024, 2, 29)),
        ("July 2021", date(2021, 7, 1), date(2021, 7, 31)),
        ("9999", date(9999, 1, 1), date(9999, 12, 31)),
        (">=2023-07", date(2023, 7, 1), None),
        ("> 2023-07", date(2023, 8, 1), None),
        ("<=2023", None, date(2023, 12, 31)),
        ("<last summer", None, date(2023, 5, 31)),
        (">9999", date(9999, 12, 31), None),
        ("<0001", None, date(1, 1, 1)),
        ("0 days ago", TODAY, TODAY),
        ("3 days ago", date(2024, 1, 14), date(2024, 1, 14)),
        ("1 week ago", date(2024, 1, 8), date(2024, 1, 14)),
        ("14 months ago", date(2022, 11, 1), date(2022, 11, 30)),
        ("2 years ago", date(2022, 1, 1), date(2022, 12, 31)),
        ("last 7 days", date(2024, 1, 11), TODAY),
        ("last 2 weeks", date(2024, 1, 4), TODAY),
        ("last 2 months", date(2023, 11, 18), TODAY),
        ("last 1 year", date(2023, 1, 18), TODAY),
    ],
)
def test_dates(text: str, first: date | None, last: date | None) -> None:
    when = parse_date(text)
    assert when is not None
    assert (when(TODAY).first, when(TODAY).last) == (first, last)


@pytest.mark.parametrize(
    "text", ["", "..", "0000", "2023-02-30", "20233", "last", "last banana", "summer", "٢٠٢٣",
     ">", ">=", ">>2023", ">..2023", "<2023..2024", "last 0 days", "100 days ago", "-1 days ago",
     "3 springs ago"]
)  # fmt: skip
def test_what_is_no_date(text: str) -> None:
    assert parse_date(text) is None


@given(
    st.dates(min_value=date(2, 1, 1)),
    st.sampled_from(["last summer", "last winter", "last week", "last month"]),
)
def test_what_was_last_is_over(today: date, text: str) -> None:
    when = parse_date(text)
    assert when is not None
    span = when(today)
    assert span.first is not None
    assert span.last is not None
    assert span.first <= span.last < today
    assert (today - span.last).days <= 366


def test_a_range_is_half_open_in_seconds() -> None:
    when = parse_date("1970-01-02")
    assert when is not None
    assert when(TODAY).seconds() == (86_400.0, 172_800.0)


@given(
    st.dates(min_value=date(1900, 1, 1)),
    st.integers(1, 99),
    st.sampled_from(["day", "week", "month", "year"]),
)
def test_the_last_units_end_today_and_grow(today: date, count: int, unit: str) -> None:
    when, longer = parse_date(f"last {count} {unit}s"), parse_date(f"last {min(count + 1, 99)} {unit}s")
    assert when is not None
    assert longer is not None
    span = when(today)
    assert span.first is not None
    assert span.last == today
    assert span.first <= today
    further = longer(today).first
    assert further is not None
    assert further <= span.first


@given(st.sampled_from(["2023", "2023-02", "last week", "yesterday"]), st.integers(-800, 800))
def test_comparisons_cut_the_days_in_two(text: str, offset: int) -> None:
    day = TODAY + timedelta(days=offset)

    def holds(text: str) -> bool:
        when = parse_date(text)
        assert when is not None
        span = when(TODAY)
        return (span.first or date.min) <= day <= (span.last or date.max)

    assert [holds(f"<{text}"), holds(text), holds(f">{text}")].count(True) == 1
    assert holds(f"<={text}") == (not holds(f">{text}"))
    assert holds(f">={text}") == (not holds(f"<{text}"))
