"""What people type, as values."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from photoclip.errors import QueryError
from photoclip.library.dates import parse_date
from photoclip.library.query import EXACT, FIELDS, Filter, Query, parse


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("", Query()),
        ("  two kids  on a\tred sled ", Query("two kids on a red sled")),
        ("a dog in snow -people", Query("a dog in snow", ("people",))),
        ('snow -"red car" dog', Query("snow dog", ("red car",))),
        ("black - white", Query("black - white")),
        ("well-known -x-ray", Query("well-known", ("x-ray",))),
        ('"IMG_1234"', Query(filters=(Filter(EXACT, "IMG_1234"),))),
        ("“IMG 1”", Query(filters=(Filter(EXACT, "IMG 1"),))),
        ('"say ""hi"""', Query(filters=(Filter(EXACT, 'say "hi"'),))),
        ("label:Beach", Query(filters=(Filter("label", "Beach"),))),
        ("-label:Beach", Query(filters=(Filter("label", "Beach", negated=True),))),
        ('ALBUM:"Summer in Rome" sea', Query("sea", filters=(Filter("album", "Summer in Rome"),))),
        ("folder:/home/me", Query(filters=(Filter("folder", "/home/me"),))),
        ("date:2023-07..2023-09", Query(filters=(Filter("date", "2023-07..2023-09"),))),
        ("at 12:30 noon", Query("at 12:30 noon")),
        ("Re: holiday", Query("Re: holiday")),
    ],
)
def test_parses(text: str, query: Query) -> None:
    assert parse(text) == query
    assert parse(text).text == text


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ('a "dog', 2, "not closed"),
        ('a ""', 2, "nothing between"),
        ("label:", 6, "needs the name of a label"),
        ("snow date: x", 10, "needs a date"),
        ("date:banana", 5, "“banana” is not a date"),
        ("date:2023-13", 5, "not a date"),
        ("date:2023-00", 5, "not a date"),
        ("date:2023-09..2023-07", 5, "not a date"),
        ("snow lable:Beach", 5, "did you mean “label:”"),
        ("camera:X100V", 0, "There is no filter “camera:”"),
    ],
)
def test_says_where_it_is_wrong_and_what_was_expected(text: str, position: int, words: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(text)
    assert caught.value.position == position
    assert words in str(caught.value)
    assert caught.value.expected


@given(st.text())
@example('-"x"')
@example("--x")
@example("-“”")
def test_any_text_parses_or_fails_politely(text: str) -> None:
    try:
        query = parse(text)
    except QueryError as error:
        assert 0 <= error.position <= len(text)
        assert str(error)
        assert error.expected
    else:
        assert parse(str(query)) == query


# Closer to what people type than any text: pieces of the language in any order.
PIECES = st.sampled_from(
    [*FIELDS, *(f"{field}:" for field in FIELDS), "-", '"', '""', " ", "  ", ":", "..", "2023", "07", "a",
     "Ä", "last summer", "“", "”", "\n", "x-y"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=12).map("".join))
def test_printing_and_parsing_is_the_identity(text: str) -> None:
    try:
        query = parse(text)
    except QueryError:
        return
    printed = str(query)
    assert parse(printed) == query
    assert str(parse(printed)) == printed


WORD = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1).filter(str.strip)


@given(
    excluded=st.lists(WORD, max_size=3),
    filters=st.lists(
        st.tuples(st.sampled_from(["label", "album", "folder"]), WORD, st.booleans()).map(
            lambda values: Filter(*values)
        ),
        max_size=3,
    ),
)
def test_any_value_survives_printing(excluded: list[str], filters: list[Filter]) -> None:
    query = Query("a dog", tuple(excluded), tuple(filters))
    assert parse(str(query)) == query


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
    ],
)
def test_dates(text: str, first: date | None, last: date | None) -> None:
    when = parse_date(text)
    assert when is not None
    assert (when(TODAY).first, when(TODAY).last) == (first, last)


@pytest.mark.parametrize(
    "text", ["", "..", "0000", "2023-02-30", "20233", "last", "last banana", "summer", "٢٠٢٣"]
)
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
