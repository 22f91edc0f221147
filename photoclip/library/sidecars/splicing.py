"""Changing single properties of a sidecar and leaving every other byte as it is.

New properties go into a description of their own at the end, which declares its own prefixes.
"""

from __future__ import annotations

from xml.sax.saxutils import escape

from photoclip.library.sidecars.described import UnreadableXmp
from photoclip.library.sidecars.located import Attribute, Node, located, raw_name
from photoclip.library.sidecars.names import (
    CONTAINERS,
    PREFIXES,
    RDF,
    RDF_ABOUT,
    RDF_DESCRIPTION,
    RDF_LI,
    RDF_RDF,
    named,
)
from photoclip.library.sidecars.parsing import parse

EMPTY = f"""<?xml version="1.0" encoding="UTF-8"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="PhotoClip">
 <rdf:RDF xmlns:rdf="{RDF}">
 </rdf:RDF>
</x:xmpmeta>
""".encode()
_OURS = f"{{{PREFIXES['photoclip']}}}"
_ORDERED = frozenset({"digiKam:TagsList"})  # a Seq by custom; the other lists are Bags
_BLANKS = b" \t\r\n"


class SidecarText:
    """A sidecar's bytes; changes are collected and made together by `result`. One change to a property."""

    def __init__(self, data: bytes) -> None:
        """Raises UnreadableXmp for what cannot be changed safely: broken, no XMP, another encoding."""
        declared = parse(data, forgiving=False).getroottree().docinfo.encoding or "UTF-8"
        if declared.upper() != "UTF-8" or not _is_utf8(data):
            raise UnreadableXmp("The sidecar is not in UTF-8.")
        rdf = _find_rdf(located(data))
        if rdf is None:
            raise UnreadableXmp("The sidecar is XML, but there is no XMP in it.")
        self._data = data
        self._rdf = rdf
        self._descriptions = [child for child in rdf.children if child.name == RDF_DESCRIPTION]
        self._newline = "\r\n" if b"\r\n" in data else "\n"
        self._edits: list[tuple[int, int, bytes]] = []
        self._removed: list[Node] = []
        self._new: list[str] = []

    def items(self, name: str) -> list[str]:
        """The texts of a list property, or the one text of a property that should have been one."""
        found = self._property(name)
        if found is None:
            return []
        if isinstance(found, tuple):
            texts = [" ".join(found[1].value.split())]
        else:
            holder = _holder(found)
            texts = [found.text] if holder is None else [child.whole_text for child in holder.children]
        return [text for text in texts if text]

    def text(self, name: str) -> str:
        """A simple property's text; empty where there is none."""
        return next(iter(self.items(name)), "")

    def set_items(self, name: str, items: list[str]) -> None:
        """Makes the list hold exactly these: entries that stay are not touched, new ones come last."""
        found = self._property(name)
        holder = _holder(found) if isinstance(found, Node) else None
        if items == self.items(name):
            return
        if holder is None or not items:
            self._remove(found)
            self._add_list(name, items)
            return
        present, wanted = set(self.items(name)), set(items)
        for child in holder.children:
            if child.whole_text not in wanted:
                self._cut(child.start, child.end, holder.inner)
        self._append(holder, [item for item in items if item not in present])

    def set_text(self, name: str, value: str) -> None:
        """Sets a simple property; an empty value takes it away."""
        found = self._property(name)
        if value == self.text(name):
            return
        if value and isinstance(found, tuple):
            self._edits.append((found[1].value_start, found[1].end - 1, _escaped(value)))
        elif value and isinstance(found, Node) and not found.children and found.inner < found.end:
            self._edits.append((found.inner, found.close, _escaped(value)))
        else:
            self._remove(found)
            if value:
                self._new.append(f"   <{name}>{_escaped(value).decode()}</{name}>")

    def result(self) -> bytes:
        """The bytes with all changes."""
        edits = list(self._edits)
        for description in filter(self._is_left_over, self._descriptions):
            edits = [edit for edit in edits if not description.start < edit[0] < description.end]
            edits.append((self._after_content(description.start, self._rdf.inner), description.end, b""))
        if self._new:
            edits.append(self._new_description())
        pieces, at = [], 0
        for start, end, replacement in sorted(edits):
            pieces += [self._data[at:start], replacement]
            at = end
        return b"".join([*pieces, self._data[at:]])

    def _property(self, name: str) -> Node | tuple[Node, Attribute] | None:
        """A property as an element, or as an attribute and the description that has it."""
        wanted = named(name)
        for description in self._descriptions:
            if wanted in description.attributes:
                return description, description.attributes[wanted]
            for child in description.children:
                if child.name == wanted:
                    return child
        return None

    def _remove(self, found: Node | tuple[Node, Attribute] | None) -> None:
        if isinstance(found, tuple):
            self._cut(found[1].start, found[1].end, found[0].start)
        elif found is not None:
            if found.children and _holder(found) is None and not _is_empty_list(found):
                raise UnreadableXmp("The sidecar has keywords or a rating in a form PhotoClip does not know.")
            self._removed.append(found)
            self._cut(found.start, found.end, self._rdf.inner)

    def _is_left_over(self, description: Node) -> bool:
        """Whether a description that PhotoClip made has nothing in it any more."""
        made = any(child.name.startswith(_OURS) for child in description.children)
        return made and all(child in self._removed for child in description.children)

    def _cut(self, start: int, end: int, limit: int) -> None:
        """Takes bytes out, with the blanks before them, though never before `limit`."""
        self._edits.append((self._after_content(start, limit), end, b""))

    def _after_content(self, at: int, limit: int) -> int:
        """Where the blanks before `at` begin."""
        while at > limit and self._data[at - 1] in _BLANKS:
            at -= 1
        return at

    def _append(self, holder: Node, items: list[str]) -> None:
        """Further entries at the end of a list, set as its first one is."""
        if not items:
            return
        entry = raw_name(self._data, holder.children[0])
        before = self._data[holder.inner : holder.children[0].start]
        before = before if not before.strip(_BLANKS) else b""
        added = b"".join(b"%s<%s>%s</%s>" % (before, entry, _escaped(item), entry) for item in items)
        at = self._after_content(holder.close, holder.inner)
        self._edits.append((at, at, added))

    def _add_list(self, name: str, items: list[str]) -> None:
        if not items:
            return
        kind = "rdf:Seq" if name in _ORDERED else "rdf:Bag"
        entries = [f"     <rdf:li>{_escaped(item).decode()}</rdf:li>" for item in items]
        self._new += [f"   <{name}>", f"    <{kind}>", *entries, f"    </{kind}>", f"   </{name}>"]

    def _new_description(self) -> tuple[int, int, bytes]:
        """A description of the same thing as the others, with the new properties."""
        first = self._descriptions[0].attributes.get(RDF_ABOUT) if self._descriptions else None
        about = '""' if first is None else self._data[first.value_start - 1 : first.end].decode()
        used = [prefix for prefix in PREFIXES if any(f"<{prefix}:" in line for line in self._new)]
        spaces = "".join(f'{self._newline}    xmlns:{p}="{PREFIXES[p]}"' for p in used)
        lines = [
            "",
            f'  <rdf:Description rdf:about={about} xmlns:rdf="{RDF}"{spaces}>',
            *self._new,
            "  </rdf:Description>",
        ]
        block = self._newline.join(lines).encode()
        if self._rdf.inner < self._rdf.end:
            at = self._after_content(self._rdf.close, self._rdf.inner)
            return at, at, block
        slash = self._data.rindex(b"/", self._rdf.start, self._rdf.end)  # <rdf:RDF .../> is opened
        closing = b"%s</%s>" % (self._newline.encode(), raw_name(self._data, self._rdf))
        return slash, self._rdf.end, b">" + block + closing


def _is_utf8(data: bytes) -> bool:
    try:
        return "\0" not in data.decode("utf-8")  # as there are in UTF-16
    except UnicodeDecodeError:
        return False


def _find_rdf(root: Node) -> Node | None:
    """rdf:RDF as the root, or inside the root as in x:xmpmeta."""
    for node in root.children:
        for candidate in (node, *node.children):
            if candidate.name == RDF_RDF:
                return candidate
    return None


def _holder(node: Node) -> Node | None:
    """The container of a list property with entries and nothing else."""
    if len(node.children) == 1 and node.children[0].name in CONTAINERS:
        holder = node.children[0]
        if holder.children and all(child.name == RDF_LI for child in holder.children):
            return holder
    return None


def _is_empty_list(node: Node) -> bool:
    return len(node.children) == 1 and node.children[0].name in CONTAINERS and not node.children[0].children


def _escaped(text: str) -> bytes:
    return escape(text, {'"': "&quot;", "'": "&apos;"}).encode()
