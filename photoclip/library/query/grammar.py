"""The grammar, and the tree it builds. Mistakes people make are a part of it, so that each has its sentence.

This module is imported on the first query that is more than plain words: lark takes a moment to load.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import NoReturn, cast

from lark import Lark, Token, Transformer, UnexpectedToken, v_args

from photoclip.errors import QueryError
from photoclip.library.query import mistakes
from photoclip.library.query.tree import (
    And,
    Exact,
    Filter,
    Node,
    SimilarTo,
    Words,
    conjunction,
    disjunction,
    meanings,
    negation,
    weighted,
)
from photoclip.library.query.values import FIELDS

# Terminals with a higher number are tried first. A parenthesis inside a word or a value belongs to it when
# it is closed there, as in `photo(2)`; a minus is one only before something; "^" weighs what it touches.
GRAMMAR = r"""
start: alternatives?
alternatives: conjunction (_OR conjunction)*
conjunction: part+
?part: single
     | QUOTED                               -> exact
     | _MINUS single                        -> excluded
     | _MINUS QUOTED [WEIGHT]               -> excluded_words
?single: WORD                               -> word
       | FILTER                             -> condition
       | _LPAR alternatives _RPAR [WEIGHT]  -> group
       | NO_VALUE                           -> no_value
       | OPEN_VALUE                         -> open_value
       | OPEN                               -> open_quotation

QUOTED.9: /"(?:[^"]|"")*"(?!")|“(?:[^”]|””)*”(?!”)|„(?:[^“]|““)*“(?!“)/
FILTER.8: NAME (QUOTED | VALUE)
NO_VALUE.7: /[^\W\d_]+:(?=[\s()]|\Z)/
OPEN_VALUE.7: /[^\W\d_]+:["“„]/
OPEN.6: /["“„]/
_OR.6: /OR(?=[\s()]|\Z)/
_MINUS.6: /(?<!-)-(?=[^\s)])/
WEIGHT.6: /(?<=[)"”“])\^[^\s()]*/
_LPAR.6: "("
_RPAR.6: ")"
WORD.1: /[^\s()"“„](?:[^\s()]|\([^\s()]*\))*/
NAME: /[^\W\d_]+:/
VALUE: /(?!["“„])(?:[^\s()]|\([^\s()]*\))+/
BLANK: /\s+/
%ignore BLANK
"""

CLOSING = {'"': '"', "“": "”", "„": "“"}  # text programs turn straight marks into curly ones by themselves
LEAST_WEIGHT, GREATEST_WEIGHT = 0.1, 10.0
MOST_GROUPS = 100  # nobody types a query so deep, and trees are walked by recursion
_NUMBER = re.compile(r"\d+(?:\.\d+)?", re.ASCII)


def parse_tree(text: str) -> Node:
    """The tree of a query; raises QueryError with the place and what was expected there."""
    if text.count("(") > MOST_GROUPS:
        raise mistakes.too_many_groups(text, MOST_GROUPS)
    try:
        return cast(Node, _parser().parse(text))  # what the transformer made
    except UnexpectedToken as error:
        raise _unexpected(text, error.token) from error


@cache
def _parser() -> Lark:
    return Lark(GRAMMAR, parser="lalr", lexer="basic", transformer=_Builder())


@v_args(inline=True)
class _Builder(Transformer[Token, Node]):
    """Makes nodes as the parser goes, so that the first mistake is the one that is told."""

    def start(self, tree: Node | None = None) -> Node:
        return And() if tree is None else tree

    def alternatives(self, *parts: Node) -> Node:
        return disjunction(parts)

    def conjunction(self, *parts: Node) -> Node:
        return conjunction(parts)

    def word(self, token: Token) -> Node:
        text, mark, weight = token.rpartition("^")
        if not text or token.startswith("^"):
            return Words(str(token))
        return _weighed(Words(text), _start(token) + len(text), mark + weight)

    def exact(self, token: Token) -> Node:
        return Exact(_unquoted(token, _start(token)), _start(token))

    def excluded(self, part: Node) -> Node:
        return negation(part)

    def excluded_words(self, token: Token, weight: Token | None) -> Node:
        words = Words(" ".join(_unquoted(token, _start(token)).split()))
        return negation(words if weight is None else _weighed(words, _start(weight), weight))

    def group(self, tree: Node, weight: Token | None) -> Node:
        return tree if weight is None else _weighed(tree, _start(weight), weight)

    def condition(self, token: Token) -> Node:
        typed, _, value = token.partition(":")
        name, where = _field(typed, _start(token)), _start(token) + len(typed) + 1
        if value[0] in CLOSING:
            value = _unquoted(value, where)
        if not FIELDS[name].accepts(value):
            raise mistakes.wrong_value(name, value, where)
        if name == "similar":
            return SimilarTo(value, position=_start(token))
        return Filter(name, value, _start(token))

    def no_value(self, token: Token) -> Node:
        name = token[:-1].lower()
        if name in FIELDS:
            raise mistakes.no_value(name, _start(token) + len(token))
        return Words(str(token))

    def open_value(self, token: Token) -> NoReturn:
        _field(token[:-2], _start(token))
        raise mistakes.open_quotation(_start(token) + len(token) - 1)

    def open_quotation(self, token: Token) -> NoReturn:
        raise mistakes.open_quotation(_start(token))


def _start(token: Token) -> int:
    return token.start_pos or 0


def _field(typed: str, position: int) -> str:
    name = typed.lower()
    if name not in FIELDS:
        raise mistakes.unknown_field(name, position)
    return name


def _unquoted(text: str, position: int) -> str:
    """What stands in the quotes of `text`. A closing mark written twice stands for itself."""
    closing = CLOSING[text[0]]
    value = text[1:-1].replace(closing * 2, closing).strip()
    if not value:
        raise mistakes.empty_quotation(position)
    return value


def _weighed(tree: Node, position: int, text: str) -> Node:
    """`tree` with the weight that `text` says, such as "^2"."""
    if _NUMBER.fullmatch(text[1:]) is None:
        raise mistakes.no_weight(position)
    if not any(meanings(tree)):
        raise mistakes.weight_without_words(position)
    result = weighted(tree, float(text[1:]))
    if not all(LEAST_WEIGHT <= meant.weight <= GREATEST_WEIGHT for meant in meanings(result)):
        raise mistakes.weight_out_of_range(position, LEAST_WEIGHT, GREATEST_WEIGHT)
    return result


def _unexpected(text: str, token: Token) -> QueryError:
    """Why the parser could not go on at `token`: a weight, an OR or a parenthesis out of place."""
    at = len(text) if token.type == "$END" else _start(token)
    before = [known for known in _parser().lex(text) if _start(known) < at]
    last = before[-1].type if before else ""
    if token.type == "WEIGHT":
        return mistakes.weight_without_words(at)
    if token.type == "_OR" or last == "_OR":
        return mistakes.lonely_or(at if token.type == "_OR" else _start(before[-1]))
    if token.type == "_RPAR":
        return mistakes.empty_group(at) if last == "_LPAR" else mistakes.nothing_opened(at)
    return mistakes.open_group(_innermost(before))


def _innermost(tokens: Iterable[Token]) -> int:
    """Where the last group begins that is still open."""
    opened: list[int] = []
    for token in tokens:
        if token.type == "_LPAR":
            opened.append(_start(token))
        elif token.type == "_RPAR":
            opened.pop()
    return opened[-1]
