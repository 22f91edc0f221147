"""A tree as text that is read back as the same tree."""

from __future__ import annotations

import re

from photoclip.library.query.tree import And, Exact, Filter, Meant, Node, Or, SimilarTo, Words

_MARKS = re.compile(r'[\s()"“”„]')  # what ends or opens something
_NO_WORD = re.compile(r"OR$|-.|[^\W\d_]+:|.*\^", re.DOTALL)  # what begins so is read as something else


def to_text(node: Node) -> str:
    """The canonical text of a tree in normal form."""
    if isinstance(node, And):
        return " ".join(_part(part) for part in node.parts)
    if isinstance(node, Or):
        return " OR ".join(to_text(part) for part in node.parts)
    return _part(node)


def _part(node: Node) -> str:
    """What stands beside others."""
    if isinstance(node, (And, Or)):
        return f"({to_text(node)})"
    if isinstance(node, Exact):
        return _quoted(node.value)
    if isinstance(node, Filter):
        return _field(node.field, node.value)
    if isinstance(node, SimilarTo):
        similar = _field("similar", node.value)
        return similar if node.weight == 1 else f"({similar}){_weight(node)}"
    if isinstance(node, Words):
        return _words(node)
    return _negated(node.part)


def _negated(part: Node) -> str:
    if isinstance(part, Words):
        single = part.weight == 1 and _is_word(part.text)
        return f"-{part.text}" if single else f"-{_quoted(part.text)}{_weight(part)}"
    if isinstance(part, Filter) or (isinstance(part, SimilarTo) and part.weight == 1):
        return f"-{_part(part)}"
    return f"-({to_text(part)})"  # `-"…"` would exclude a meaning


def _field(name: str, value: str) -> str:
    return f"{name}:{_quoted(value) if _MARKS.search(value) else value}"


def _words(words: Words) -> str:
    """As typed where that is read as words, else as the opposite of an exclusion, which may be quoted."""
    if not all(map(_is_word, words.text.split())):
        return f"-({_negated(words)})"
    if words.weight == 1:
        return words.text
    return f"{words.text if words.text.isalnum() else f'({words.text})'}{_weight(words)}"


def _is_word(text: str) -> bool:
    return not (_MARKS.search(text) or _NO_WORD.match(text))


def _weight(meant: Meant) -> str:
    if meant.weight == 1:
        return ""
    short = f"{meant.weight:g}"
    return f"^{short if float(short) == meant.weight else repr(meant.weight)}"


def _quoted(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'
