"""A query as a tree of what it asks for.

`conjunction`, `disjunction`, `negation` and `weighted` build the one normal form that parsing gives and that
printing is read back to: nothing nested in its own kind, and the plain words of a conjunction as one text,
first.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Words:
    """A meaning, in words. The weight multiplies the log odds of a photo showing it."""

    text: str
    weight: float = 1.0


@dataclass(frozen=True)
class SimilarTo:
    """What a photo of the library shows, told by the name of its file."""

    value: str
    weight: float = 1.0
    position: int = dataclasses.field(default=0, compare=False)  # in the text typed


@dataclass(frozen=True)
class Exact:
    """Words that the file name, a label, an album, the title, the description or a keyword contains."""

    value: str
    position: int = dataclasses.field(default=0, compare=False)


@dataclass(frozen=True)
class Filter:
    """A condition that a photo meets or not; `field` is one of `values.FIELDS`, but not "similar"."""

    field: str
    value: str
    position: int = dataclasses.field(default=0, compare=False)


@dataclass(frozen=True)
class Not:
    part: Node


@dataclass(frozen=True)
class And:
    """All parts; without any, every photo."""

    parts: tuple[Node, ...] = ()


@dataclass(frozen=True)
class Or:
    parts: tuple[Node, ...]


Meant: TypeAlias = Words | SimilarTo
Condition: TypeAlias = Exact | Filter
Node: TypeAlias = "Words | SimilarTo | Exact | Filter | Not | And | Or"


def conjunction(parts: Iterable[Node]) -> Node:
    flat = list(_flattened(And, parts))
    words = [part.text for part in flat if isinstance(part, Words) and part.weight == 1]
    rest = [part for part in flat if not (isinstance(part, Words) and part.weight == 1)]
    joined = [Words(" ".join(words)), *rest] if words else rest
    return joined[0] if len(joined) == 1 else And(tuple(joined))


def disjunction(parts: Iterable[Node]) -> Node:
    flat = tuple(_flattened(Or, parts))
    return flat[0] if len(flat) == 1 else Or(flat)


def negation(part: Node) -> Node:
    return part.part if isinstance(part, Not) else Not(part)


def weighted(node: Node, weight: float) -> Node:
    """`node` with the weight on every meaning in it; weights multiply."""
    if isinstance(node, (Words, SimilarTo)):
        return dataclasses.replace(node, weight=node.weight * weight)
    if isinstance(node, Not):
        return negation(weighted(node.part, weight))
    if isinstance(node, And):
        return conjunction(weighted(part, weight) for part in node.parts)
    if isinstance(node, Or):
        return disjunction(weighted(part, weight) for part in node.parts)
    return node


def unweighted(meant: Meant) -> Meant:
    return dataclasses.replace(meant, weight=1.0)


def pushed_down(node: Node, *, negated: bool = False) -> Node:
    """The same with Not around single meanings and conditions only, for evaluation."""
    if isinstance(node, Not):
        return pushed_down(node.part, negated=not negated)
    if isinstance(node, (And, Or)):
        kind: type[And] | type[Or] = And if isinstance(node, And) != negated else Or
        parts = (pushed_down(part, negated=negated) for part in node.parts)
        return kind(tuple(_flattened(kind, parts)))
    return Not(node) if negated else node


def meanings(node: Node) -> Iterator[Meant]:
    """All meanings in the tree, in order, those that are excluded too."""
    if isinstance(node, (Words, SimilarTo)):
        yield node
    elif isinstance(node, Not):
        yield from meanings(node.part)
    elif isinstance(node, (And, Or)):
        for part in node.parts:
            yield from meanings(part)


def parts_of(node: Node) -> tuple[Node, ...]:
    """What must all hold."""
    return node.parts if isinstance(node, And) else (node,)


def _flattened(kind: type[And] | type[Or], parts: Iterable[Node]) -> Iterator[Node]:
    for part in parts:
        if isinstance(part, kind):
            yield from part.parts
        else:
            yield part
