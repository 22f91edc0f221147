"""Where the elements and attributes of an XML text stand, in bytes. lxml does not say; expat does."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from xml.parsers import expat

from photoclip.library.sidecars.described import UnreadableXmp

_TAG = re.compile(rb"""<([^\s/>]+)(?:[^>"']|"[^"]*"|'[^']*')*>""")
_ATTRIBUTE = re.compile(rb"""([^\s=/>"']+)\s*=\s*("[^"]*"|'[^']*')""")
NODE_LIMIT = 100_000  # a long edit has a few thousand


@dataclass(frozen=True)
class Attribute:
    """`start` to `end` is all of it; the value's bytes stand between the quotes."""

    value: str
    start: int
    value_start: int
    end: int


@dataclass(eq=False)
class Node:
    """An element and where it stands: `start` to `end` is all, `inner` to `close` what is between its tags.

    All three last ones are the same where the element is empty in one tag.
    """

    name: str
    start: int
    inner: int
    close: int = -1
    end: int = -1
    parts: list[str] = field(default_factory=list)
    attributes: dict[str, Attribute] = field(default_factory=dict)
    children: list[Node] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What stands directly in it, on one line."""
        return " ".join("".join(self.parts).split())

    @property
    def whole_text(self) -> str:
        """The same with what stands in the elements inside."""
        return " ".join("".join([*self.parts, *(child.whole_text for child in self.children)]).split())


def located(data: bytes) -> Node:
    """The document as nodes that know their places; `data` is well-formed and in UTF-8.

    Raises UnreadableXmp for more elements than there can be sense in.
    """
    parser = expat.ParserCreate("utf-8", namespace_separator=" ")
    parser.ordered_attributes = True
    root = Node("", 0, 0)
    open_nodes = [root]
    count = itertools.count(1)

    def start(name: str, attributes: list[str]) -> None:
        at = parser.CurrentByteIndex
        tag = _TAG.match(data, at)
        if tag is None or next(count) > NODE_LIMIT:
            raise UnreadableXmp("The sidecar is larger or other than any that PhotoClip knows.")
        node = Node(_clark(name), at, tag.end())
        node.attributes = _attributes(tag, attributes)
        open_nodes[-1].children.append(node)
        open_nodes.append(node)

    def end(name: str) -> None:
        node = open_nodes.pop()
        if data[node.inner - 2 : node.inner] == b"/>":
            node.close = node.end = node.inner
        else:
            node.close = parser.CurrentByteIndex
            node.end = data.index(b">", node.close) + 1

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = lambda text: open_nodes[-1].parts.append(text)
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise UnreadableXmp(f"The sidecar is not well-formed XML ({error}).") from error
    return root


def _attributes(tag: re.Match[bytes], parsed: list[str]) -> dict[str, Attribute]:
    """Where the attributes stand; expat tells their names and values in the same order, without xmlns."""
    every = _ATTRIBUTE.finditer(tag.string, tag.end(1), tag.end())
    written = [match for match in every if match[1] != b"xmlns" and not match[1].startswith(b"xmlns:")]
    found = {}
    for match, name, value in zip(written, parsed[::2], parsed[1::2], strict=True):
        found[_clark(name)] = Attribute(value, match.start(), match.start(2) + 1, match.end())
    return found


def _clark(name: str) -> str:
    """expat's `namespace local` as `{namespace}local`."""
    space, _, local = name.rpartition(" ")
    return f"{{{space}}}{local}" if space else local


def raw_name(data: bytes, node: Node) -> bytes:
    """The name as the file writes it, with its prefix."""
    tag = _TAG.match(data, node.start)
    assert tag is not None  # it was found by this pattern
    return tag[1]
