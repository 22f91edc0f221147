"""The query language: what a person types, as a value.

    a dog in snow            free words are meaning
    -people  -"red car"      meanings that should not be in the picture
    "IMG_1234"               exact: the file name, a label or an album contains it
    label: album: folder: date:      filters; a value with blanks goes in quotes, "-" in front negates

A quotation mark inside quotes is written twice. `str(query)` is the canonical text, and
`parse(str(query)) == query` for every query. The parser knows nothing of a library: whether a label exists is
found out by the search.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from difflib import get_close_matches

from photoclip.errors import QueryError
from photoclip.library.dates import parse_date

FIELDS = ("label", "album", "folder", "date")
EXACT = "exact"
# What opens a quotation and what closes it: text programs turn straight marks into curly ones by themselves.
QUOTES = {'"': '"', "\u201c": "\u201d", "\u201e": "\u201c"}

_VALUE_HINT = {
    "label": "the name of a label",
    "album": "the name of an album",
    "folder": "the name of a folder",
    "date": 'a date such as 2023, 2023-07, 2023-07..2023-09, yesterday or "last summer"',
}


@dataclass(frozen=True)
class Filter:
    """A condition that a photo meets or not: `field` is one of FIELDS or EXACT."""

    field: str
    value: str
    negated: bool = False
    position: int = dataclasses.field(default=0, compare=False)  # in the text typed

    def __str__(self) -> str:
        if self.field == EXACT:
            return _quoted(self.value)
        value = self.value if _is_plain(self.value) else _quoted(self.value)
        return f"{'-' if self.negated else ''}{self.field}:{value}"


@dataclass(frozen=True)
class Query:
    """A parsed query. `text` is what was typed; two that mean the same are equal, however typed."""

    words: str = ""
    excluded: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()
    text: str = dataclasses.field(default="", compare=False)

    def __str__(self) -> str:
        excluded = [f"-{word if _is_plain(word) else _quoted(word)}" for word in self.excluded]
        return " ".join([*self.words.split(), *excluded, *map(str, self.filters)])

    @property
    def has_meaning(self) -> bool:
        """Whether a model is needed to answer."""
        return bool(self.words or self.excluded)


def parse(text: str) -> Query:
    """The query that `text` says; raises QueryError with the position of what was not understood."""
    scanner = _Scanner(text)
    words: list[str] = []
    excluded: list[str] = []
    filters: list[Filter] = []
    while scanner.skip_blanks():
        start = scanner.position
        negated = scanner.take_minus()
        name = scanner.take_field()
        if name:
            filters.append(_filter(name, scanner, negated, start))
        elif scanner.at_quote():
            phrase = scanner.take_quoted()
            if negated:
                excluded.append(phrase)
            else:
                filters.append(Filter(EXACT, phrase, position=start))
        else:
            (excluded if negated else words).append(scanner.take_word())
    return Query(" ".join(words), tuple(excluded), tuple(filters), text)


def _filter(name: str, scanner: _Scanner, negated: bool, start: int) -> Filter:
    hint = _VALUE_HINT[name]
    if scanner.at_blank():
        raise QueryError(f"“{name}:” needs {hint} after it.", scanner.position, hint)
    where = scanner.position
    value = scanner.take_quoted() if scanner.at_quote() else scanner.take_word()
    if name == "date" and parse_date(value) is None:
        raise QueryError(f"“{value}” is not a date; expected {hint}.", where, hint)
    return Filter(name, value, negated, start)


class _Scanner:
    """A place in the text of a query."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0

    def skip_blanks(self) -> bool:
        """Goes to the next character that is not blank; False at the end."""
        while self.position < len(self.text) and self.text[self.position].isspace():
            self.position += 1
        return self.position < len(self.text)

    def at_blank(self) -> bool:
        return self.position >= len(self.text) or self.text[self.position].isspace()

    def at_quote(self) -> bool:
        return self.text[self.position : self.position + 1] in QUOTES

    def take_minus(self) -> bool:
        """A minus that has something after it; one that stands alone is a word."""
        here = self.text[self.position : self.position + 2]
        if len(here) < 2 or here[0] != "-" or here[1].isspace():
            return False
        self.position += 1
        return True

    def take_field(self) -> str | None:
        """The field that begins here, or None; raises QueryError for one that does not exist."""
        end = self.position
        while end < len(self.text) and self.text[end].isalpha():
            end += 1
        if end == self.position or self.text[end : end + 1] != ":":
            return None
        name = self.text[self.position : end].lower()
        if name in FIELDS:
            self.position = end + 1
            return name
        if end + 1 >= len(self.text) or self.text[end + 1].isspace():
            return None
        known = ", ".join(f"{field}:" for field in FIELDS)
        near = get_close_matches(name, FIELDS, n=1)
        hint = f"; did you mean “{near[0]}:”?" if near else f"; known are {known}"
        raise QueryError(f"There is no filter “{name}:”{hint}", self.position, f"one of {known}")

    def take_word(self) -> str:
        start = self.position
        while not self.at_blank():
            self.position += 1
        return self.text[start : self.position]

    def take_quoted(self) -> str:
        """What stands in the quotes that open here. A closing mark written twice stands for itself."""
        start = self.position
        closing = QUOTES[self.text[start]]
        characters: list[str] = []
        at = start + 1
        while at < len(self.text):
            if self.text[at] != closing:
                characters.append(self.text[at])
            elif self.text[at + 1 : at + 2] == closing:
                characters.append(closing)
                at += 1
            else:
                break
            at += 1
        else:
            raise QueryError(
                'The quotation is not closed; expected another quotation mark (").',
                start,
                'a closing quotation mark (")',
            )
        self.position = at + 1
        value = "".join(characters).strip()
        if not value:
            raise QueryError(
                "There is nothing between the quotation marks; expected words.",
                start,
                "words between the quotation marks",
            )
        return value


def _is_plain(value: str) -> bool:
    """Whether `value` is read back as the same single value without quotes."""
    return value.isalnum()


def _quoted(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'
