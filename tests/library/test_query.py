"""What people type, as values."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from photoclip.errors import QueryError
from photoclip.library.query import (
    FIELDS,
    And,
    Exact,
    Filter,
    Node,
    Not,
    Or,
    Query,
    SimilarTo,
    Words,
    all_of,
    is_grouped,
    parse,
)
from photoclip.library.query.grammar import MOST_GROUPS, parse_tree
from photoclip.library.query.printing import to_text
from photoclip.library.query.tree import conjunction, disjunction, negation

PLAIN = [
    ("", And()),
    ("  two kids  on a\tred sled ", Words("two kids on a red sled")),
    ("a dog in snow -people", And((Words("a dog in snow"), Not(Words("people"))))),
    ('snow -"red car" dog', And((Words("snow dog"), Not(Words("red car"))))),
    ("black - white", Words("black - white")),
    ("well-known -x-ray", And((Words("well-known"), Not(Words("x-ray"))))),
    ("--x", Not(Words("-x"))),
    ('"IMG_1234"', Exact("IMG_1234")),
    ("“IMG 1”", Exact("IMG 1")),
    ("„IMG 1“", Exact("IMG 1")),
    ('"say ""hi"""', Exact('say "hi"')),
    ('"a"b', And((Words("b"), Exact("a")))),
    ("label:Beach", Filter("label", "Beach")),
    ("-label:Beach", Not(Filter("label", "Beach"))),
    ('ALBUM:"Summer in Rome" sea', And((Words("sea"), Filter("album", "Summer in Rome")))),
    ("folder:/home/me(2)", Filter("folder", "/home/me(2)")),
    ("date:2023-07..2023-09", Filter("date", "2023-07..2023-09")),
    ("at 12:30 noon", Words("at 12:30 noon")),
    ("Re: holiday", Words("Re: holiday")),
    ("cats or dogs", Words("cats or dogs")),
    ("photo(2)", Words("photo(2)")),
    ("^_^ smile", Words("^_^ smile")),
]
STRUCTURED = [
    ("dog OR cat", Or((Words("dog"), Words("cat")))),
    ("a dog OR -cat label:Pets", Or((Words("a dog"), And((Not(Words("cat")), Filter("label", "Pets")))))),
    ("(dog OR cat) snow", And((Words("snow"), Or((Words("dog"), Words("cat")))))),
    ("a OR (b OR c)", Or((Words("a"), Words("b"), Words("c")))),
    ("a cat (black)", Words("a cat black")),
    ("-(dog OR cat)", Not(Or((Words("dog"), Words("cat"))))),
    ("-(-people)", Words("people")),
    ('-("IMG")', Not(Exact("IMG"))),
    ("(label:A)OR(label:B)", Or((Filter("label", "A"), Filter("label", "B")))),
    ("sunset^2 sea", And((Words("sea"), Words("sunset", 2)))),
    ("(red car)^0.5", Words("red car", 0.5)),
    ('-"red car"^2', Not(Words("red car", 2))),
    ("(a^2 OR b -label:C)^3", Or((Words("a", 6), And((Words("b", 3), Not(Filter("label", "C"))))))),
    ("(sunset^2)^0.5 sea", Words("sunset sea")),
    ("rating:>=4 is:favourite", And((Filter("rating", ">=4"), Filter("is", "favourite")))),
    ("size:>10MB type:JPEG", And((Filter("size", ">10MB"), Filter("type", "JPEG")))),
    ("near:48.86,2.35,10", Filter("near", "48.86,2.35,10")),
    ('near:"São Tomé, 10" place:Italy', And((Filter("near", "São Tomé, 10"), Filter("place", "Italy")))),
    ('camera:X100V lens:"23 mm"', And((Filter("camera", "X100V"), Filter("lens", "23 mm")))),
    ('date:"3 days ago"', Filter("date", "3 days ago")),
    ("similar:IMG_1.jpg dog", And((Words("dog"), SimilarTo("IMG_1.jpg")))),
    ('-(similar:"a b")^2', Not(SimilarTo("a b", 2))),
]


@pytest.mark.parametrize(("text", "tree"), PLAIN + STRUCTURED)
def test_parses(text: str, tree: Node) -> None:
    query = parse(text)
    assert query == Query(tree)
    assert query.text == text
    assert parse(str(query)) == query


@pytest.mark.parametrize(
    ("text", "is_list", "words", "excluded"),
    [
        ("", True, "", ()),
        ('a dog -cat -"red car" label:A', True, "a dog", ("cat", "red car")),
        ("sunset^2", False, "", ()),
        ("similar:a", False, "", ()),
        ("a OR b", False, "", ()),
    ],
)
def test_a_list_tells_its_words(text: str, is_list: bool, words: str, excluded: tuple[str, ...]) -> None:
    query = parse(text)
    assert query.is_list == is_list
    if is_list:
        assert (query.words, query.excluded) == (words, excluded)
    assert query.has_meaning == bool(text)


MISTAKES = [
    ('a "dog', 2, "not closed"),
    ('a ""', 2, "nothing between"),
    ("label:", 6, "needs the name of a label"),
    ("(label:)", 7, "needs the name of a label"),
    ("snow date: x", 10, "needs a date"),
    ('snow label:"x', 11, "not closed"),
    ("keyword: x", 8, "needs a keyword"),
    ("date:banana", 5, "“banana” is not a date"),
    ("date:2023-13", 5, "not a date"),
    ("date:2023-09..2023-07", 5, "not a date"),
    ("snow lable:Beach", 5, "did you mean “label:”"),
    ("-lable:Beach", 1, "did you mean “label:”"),
    ("xyzzy:1", 0, "known are label:, album:"),
    ('lable:"x', 0, "did you mean “label:”"),
    ("is:favorit", 3, "did you mean “is:favourite”"),
    ("is:banana", 3, "one of favourite, unlabelled"),
    ("type:jpge", 5, "did you mean “type:jp"),
    ("rating:6", 7, "stars from 0 to 5"),
    ("rating:4..2", 7, "stars from 0 to 5"),
    ("rating:>", 7, "stars from 0 to 5"),
    ("size:10MB", 5, "such as >10MB"),
    ("size:>10", 5, "such as >10MB"),
    ("size:1MB..2MP", 5, "such as >10MB"),
    ("near:91,0", 5, "latitude,longitude"),
    ("near:1", 5, "latitude,longitude"),
    ("near:1,1,0", 5, "latitude,longitude"),
    ("near:Lisbon,0", 5, "latitude,longitude"),
    ("near:,5", 5, "latitude,longitude"),
    ("OR dog", 0, "both sides"),
    ("dog OR", 4, "both sides"),
    ("(dog OR ) cat", 5, "both sides"),
    ("dog OR OR cat", 7, "both sides"),
    ("-OR", 1, "both sides"),
    ("dog (cat OR (a) b", 4, "“(” is not closed"),
    ("dog (", 4, "“(” is not closed"),
    ("dog) cat", 3, "closes nothing"),
    ("dog ()", 5, "nothing between the parentheses"),
    ("sunset^", 6, "needs a number"),
    ("sunset^two", 6, "needs a number"),
    ("(a b)^2^3", 5, "needs a number"),
    ("sunset^100", 6, "from 0.1 to 10"),
    ("(a^5 b)^5", 7, "from 0.1 to 10"),
    ("(label:A)^2", 9, "a weight is for words"),
    ('similar:"a b"^2', 13, "a weight is for words"),
    ('"IMG"^2', 5, "a weight is for words"),
    ("(" * (MOST_GROUPS + 1) + "a" + ")" * (MOST_GROUPS + 1), MOST_GROUPS, "at most 100 parentheses"),
]


@pytest.mark.parametrize(("text", "position", "words"), MISTAKES)
def test_says_where_it_is_wrong_and_what_was_expected(text: str, position: int, words: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(text)
    assert caught.value.position == position
    assert words.lower() in str(caught.value).lower()
    assert caught.value.expected


# Closer to what people type than any text: pieces of the language in any order.
PIECES = st.sampled_from(
    [*FIELDS, *(f"{field}:" for field in FIELDS), "-", '"', '""', " ", "  ", ":", "..", "2023", "07", "a",
     "^2", "^", "(", ")", " OR ", "OR", "Ä", "last summer", "“", "”", "\n", "x-y", "4", ">=", "MB", "jpeg",
     "48,2"]
)  # fmt: skip
TYPED = st.lists(PIECES, max_size=14).map("".join)


@given(st.text() | TYPED)
@example('-"x"')
@example("--x")
@example("-“”")
@example("\ud800 OR \x1c")
@example("ſize: (ſize:)")
def test_any_text_parses_or_fails_politely(text: str) -> None:
    try:
        query = parse(text)
    except QueryError as error:
        assert 0 <= error.position <= len(text)
        assert re.match(r"[“\"A-Z].*[.?:]$", str(error), re.DOTALL)
        assert error.expected
    else:
        printed = str(query)
        assert parse(printed) == query
        assert str(parse(printed)) == printed


VALUES = st.text(min_size=1).map(str.strip).filter(bool)
LEAVES = st.one_of(
    st.builds(
        Words,
        (VALUES | st.sampled_from(["OR", "a dog", "-", "x^2", "Re: b", "(c)"])).map(
            lambda t: " ".join(t.split())
        ),
        st.sampled_from([1.0, 1.0, 2.0, 0.1, 0.1 + 0.2]),
    ),
    st.builds(SimilarTo, VALUES, st.sampled_from([1.0, 2.0, 0.3])),
    st.builds(Exact, VALUES),
    st.builds(
        Filter,
        st.sampled_from(["label", "album", "folder", "camera", "lens", "keyword", "title", "place"]),
        VALUES,
    ),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=4).map(conjunction),
        st.lists(inner, min_size=1, max_size=4).map(disjunction),
        inner.map(negation),
    ),
    max_leaves=12,
)


@given(TREES)
def test_printing_and_parsing_is_the_identity(tree: Node) -> None:
    assert parse(to_text(tree)).tree == tree


@given(TYPED | st.text())
def test_plain_words_need_no_grammar(text: str) -> None:
    """The short way for plain words gives what the grammar gives."""
    try:
        expected = parse_tree(text)
    except QueryError as error:
        with pytest.raises(QueryError) as caught:
            parse(text)
        assert (str(caught.value), caught.value.position) == (str(error), error.position)
    else:
        assert parse(text).tree == expected


def test_plain_words_do_not_load_the_grammar() -> None:
    check = "parse('a dog'); assert 'lark' not in sys.modules"
    program = f"import sys; from photoclip.library.query import parse; {check}"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([], ""),
        (["a OR b"], "a OR b"),
        (["label:A", "a dog"], "label:A a dog"),
        (["label:A", "a OR b"], "label:A (a OR b)"),
        (["label:A", "a OR"], "label:A a OR"),
        (["label:A", "OR label:B"], "label:A OR label:B"),
    ],
)
def test_queries_together(texts: list[str], expected: str) -> None:
    assert all_of(texts) == expected


@pytest.mark.parametrize(
    ("text", "grouped"),
    [
        ("a dog label:A -b", False),
        ("date:never x", False),
        ("folder:/a(2) x", False),
        ("label:A OR b", True),
        ("label:A (b OR c)", True),
        ("-(label:A b)", True),
        ("(label:A still typing", True),
        ("label:A OR", True),
    ],
)
def test_what_cannot_be_taken_apart(text: str, grouped: bool) -> None:
    assert is_grouped(text) == grouped
