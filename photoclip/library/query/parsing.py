"""From the text a person typed to a query."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass

from photoclip.errors import QueryError
from photoclip.library.query.printing import to_text
from photoclip.library.query.tree import (
    And,
    Exact,
    Filter,
    Node,
    Not,
    Or,
    SimilarTo,
    Words,
    meanings,
    parts_of,
)

# Text without any of these is words: quotes, parentheses, a colon, a weight, a minus before something, OR.
_STRUCTURE = re.compile(r'["“„():^]|(?<!\S)-\S|(?<!\S)OR(?!\S)')
_GROUPING = re.compile(r"[()]|(?<!\S)OR(?!\S)")


@dataclass(frozen=True)
class Query:
    """A parsed query. `text` is what was typed; two that mean the same are equal, however typed."""

    tree: Node = And()  # noqa: RUF009 - frozen
    text: str = dataclasses.field(default="", compare=False)

    def __str__(self) -> str:
        return to_text(self.tree)

    @property
    def has_meaning(self) -> bool:
        """Whether a model is needed to answer."""
        return any(meanings(self.tree))

    @property
    def is_list(self) -> bool:
        """Whether it only lists words and filters that must or must not be, without OR, groups, weights."""
        single = all(_is_single(part) for part in parts_of(self.tree))
        return single and all(isinstance(meant, Words) and meant.weight == 1 for meant in meanings(self.tree))

    @property
    def words(self) -> str:
        """The meaning asked for, of a list."""
        return " ".join(part.text for part in parts_of(self.tree) if isinstance(part, Words))

    @property
    def excluded(self) -> tuple[str, ...]:
        """The meanings that should not be there, of a list."""
        negated = (part.part for part in parts_of(self.tree) if isinstance(part, Not))
        return tuple(part.text for part in negated if isinstance(part, Words))


def parse(text: str) -> Query:
    """The query that `text` says; raises QueryError with the position of what was not understood."""
    if _STRUCTURE.search(text) is None:
        words = " ".join(text.split())
        return Query(Words(words) if words else And(), text)
    from photoclip.library.query.grammar import parse_tree

    return Query(parse_tree(text), text)


def all_of(texts: Sequence[str]) -> str:
    """The text of a query that asks for all of these."""
    if len(texts) < 2:
        return "".join(texts)
    return " ".join(f"({text})" if _is_choice(text) else text for text in texts)


def warm_up() -> None:
    """Loads the grammar, which takes a tenth of a second; else the first query that needs it does."""
    from photoclip.library.query.grammar import parse_tree

    parse_tree("a OR b")


def is_grouped(text: str) -> bool:
    """Whether parts of `text` stand in OR or in an inner group: it cannot be taken apart at blanks."""
    try:
        tree = parse(text).tree
    except QueryError:
        return _GROUPING.search(text) is not None  # still being typed
    return not all(_is_single(part) for part in parts_of(tree))


def _is_choice(text: str) -> bool:
    try:
        return isinstance(parse(text).tree, Or)
    except QueryError:
        return False  # the search says what is wrong, with the text as it was typed


def _is_single(node: Node) -> bool:
    inner = node.part if isinstance(node, Not) else node
    return isinstance(inner, (Words, SimilarTo, Exact, Filter))
