"""What is wrong with a query, each as one sentence with its place and what was expected there."""

from __future__ import annotations

from photoclip.errors import QueryError
from photoclip.library.query.values import FIELDS, suggestion


def unknown_field(name: str, position: int) -> QueryError:
    known = ", ".join(f"{field}:" for field in FIELDS)
    hint = suggestion(name, FIELDS, "{0}:") or f"; known are {known}"
    return QueryError(f"There is no filter “{name}:”{hint}", position, f"one of {known}")


def no_value(name: str, position: int) -> QueryError:
    hint = FIELDS[name].hint
    return QueryError(f"“{name}:” needs {hint} after it.", position, hint)


def wrong_value(name: str, value: str, position: int) -> QueryError:
    field = FIELDS[name]
    what = "a date" if name == "date" else f"something that “{name}:” knows"
    near = suggestion(value, field.choices, f"{name}:{{0}}")
    hint = near or f"; expected {field.hint}."
    return QueryError(f"“{value}” is not {what}{hint}", position, field.hint)


def open_quotation(position: int) -> QueryError:
    return QueryError(
        'The quotation is not closed; expected another quotation mark (").',
        position,
        'a closing quotation mark (")',
    )


def empty_quotation(position: int) -> QueryError:
    return QueryError(
        "There is nothing between the quotation marks; expected words.",
        position,
        "words between the quotation marks",
    )


def open_group(position: int) -> QueryError:
    return QueryError("“(” is not closed; expected a “)” after it.", position, "a closing parenthesis “)”")


def nothing_opened(position: int) -> QueryError:
    return QueryError(
        "This “)” closes nothing; take it away, or put a “(” before it.", position, "no “)” without a “(”"
    )


def empty_group(position: int) -> QueryError:
    return QueryError(
        "There is nothing between the parentheses; expected words or filters.",
        position,
        "words or filters between the parentheses",
    )


def too_many_groups(text: str, most: int) -> QueryError:
    position = [at for at, character in enumerate(text) if character == "("][most]
    return QueryError(f"A query can have at most {most} parentheses.", position, "fewer parentheses")


def lonely_or(position: int) -> QueryError:
    return QueryError(
        "“OR” needs words or filters on both sides; in small letters, “or” is a word.",
        position,
        "words or filters on both sides of “OR”",
    )


def no_weight(position: int) -> QueryError:
    return QueryError(
        "“^” needs a number after it that says how much the words count, such as “^2”.",
        position,
        "a number such as 2 or 0.5",
    )


def weight_out_of_range(position: int, least: float, greatest: float) -> QueryError:
    numbers = f"{least:g} to {greatest:g}"
    return QueryError(
        f"A weight goes from {numbers}; weights multiply.", position, f"a weight from {numbers}"
    )


def weight_without_words(position: int) -> QueryError:
    return QueryError(
        "A weight is for words or a group, such as “(red car)^2”; a filter or an exact match holds or not.",
        position,
        "a weight after words or after a group with words in it",
    )
