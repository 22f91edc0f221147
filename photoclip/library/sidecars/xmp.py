"""Reading XMP, in every form of RDF that programs write it. Broken values are left out."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import islice
from typing import TypeAlias

from lxml import etree

from photoclip.library.sidecars.described import (
    KEYWORD_LIMIT,
    KEYWORDS_KEPT,
    TEXT_LIMIT,
    TITLE_LIMIT,
    Described,
    Region,
    keyword_list,
    line,
    lines,
)
from photoclip.library.sidecars.names import (
    AUTOMATIC_LABELS,
    CONTAINERS,
    HIERARCHIES,
    KEYWORDS,
    LABELS,
    RATING,
    RDF_DESCRIPTION,
    RDF_LI,
    RDF_RDF,
    named,
)
from photoclip.library.sidecars.parsing import parse
from photoclip.library.taken import from_iso

Element: TypeAlias = etree._Element
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
DESCRIPTIONS_READ = 500
"""Of one element; programs write one or two, and each is looked through for every property."""
_DATES = ("exif:DateTimeOriginal", "photoshop:DateCreated", "xmp:CreateDate")
_OF_DARKTABLE = "darktable"  # the root of the tags that darktable keeps for itself


def read_xmp(data: bytes) -> Described:
    """Everything PhotoClip keeps of an XMP packet or sidecar; raises UnreadableXmp for what is refused."""
    root = parse(data, forgiving=True)
    rdf = next(root.iter(RDF_RDF), None)
    nodes = [] if rdf is None else _descriptions(rdf)
    hierarchies = tuple(dict.fromkeys(_hierarchies(nodes)))[:KEYWORDS_KEPT]
    keywords = [*_items(nodes, KEYWORDS), *(path[-1] for path in hierarchies)]
    taken_at, taken_offset = _taken(nodes)
    return Described(
        title=line(_text(nodes, "dc:title"), TITLE_LIMIT) or None,
        description=lines(_text(nodes, "dc:description"), TEXT_LIMIT) or None,
        keywords=keyword_list(keywords),
        hierarchies=hierarchies,
        labels=keyword_list(_items(nodes, LABELS)),
        automatic=keyword_list(_items(nodes, AUTOMATIC_LABELS)),
        rating=rating_of(_text(nodes, RATING)),
        colour_label=line(_text(nodes, "xmp:Label"), KEYWORD_LIMIT) or None,
        regions=tuple(_regions(nodes)),
        taken_at=taken_at,
        taken_offset=taken_offset,
    )


def rating_of(text: str) -> int | None:
    """`3` and `3.0` as 3; None for what is no rating from -1 (rejected) to 5."""
    value = _number(text)
    return round(value) if value is not None and -1 <= value <= 5 else None


def _descriptions(element: Element) -> list[Element]:
    return list(islice(element.iterfind(RDF_DESCRIPTION), DESCRIPTIONS_READ))


def _value(node: Element, name: str) -> Element | str | None:
    """A property of a node, or of the description inside it: an element, or an attribute's text."""
    wanted = named(name)
    for holder in (node, *_descriptions(node)):
        attribute = holder.get(wanted)
        if attribute is not None:
            return str(attribute)
        child = holder.find(wanted)
        if child is not None:
            return child
    return None


def _property(nodes: list[Element], name: str) -> Element | str | None:
    return next((value for node in nodes if (value := _value(node, name)) is not None), None)


def _entries(value: Element | str | None) -> list[Element]:
    """The entries of a property that is a list."""
    if value is None or isinstance(value, str):
        return []
    return [entry for holder in value if holder.tag in CONTAINERS for entry in holder.iterfind(RDF_LI)]


def _items(nodes: list[Element], name: str) -> list[str]:
    """The texts of a list, or the one text of a property that should have been one."""
    value = _property(nodes, name)
    entries = _entries(value)
    if entries:
        return [_content(entry) for entry in entries[:KEYWORDS_KEPT]]
    return [] if value is None else [_content(value)]


def _text(nodes: list[Element], name: str) -> str:
    """A property's text; of several languages the default one."""
    value = _property(nodes, name)
    entries = _entries(value)
    if not entries:
        return _content(value)
    default = [entry for entry in entries if entry.get(_LANGUAGE) == "x-default"]
    return _content((default or entries)[0])


def _content(value: Element | str | None) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return "".join(value.itertext())


def _hierarchies(nodes: list[Element]) -> Iterator[tuple[str, ...]]:
    for name, separator in HIERARCHIES.items():
        for item in _items(nodes, name):
            path = tuple(part for part in (line(p, KEYWORD_LIMIT) for p in item.split(separator)) if part)
            if path and path[0] != _OF_DARKTABLE:
                yield path


def _taken(nodes: list[Element]) -> tuple[float | None, int | None]:
    for name in _DATES:
        found = from_iso(_text(nodes, name))
        if found is not None:
            return found
    return None, None


def _regions(nodes: list[Element]) -> Iterator[Region]:
    regions = _property(nodes, "mwg-rs:Regions")
    if regions is None or isinstance(regions, str):
        return
    for entry in _entries(_value(regions, "mwg-rs:RegionList"))[:KEYWORDS_KEPT]:
        area = _value(entry, "mwg-rs:Area")
        if area is None or isinstance(area, str):
            continue
        x, y, width, height = (_part(area, f"stArea:{name}") for name in ("x", "y", "w", "h"))
        if x is None or y is None or width is None or height is None:
            continue
        name, kind = (line(_content(_value(entry, f"mwg-rs:{n}")), KEYWORD_LIMIT) for n in ("Name", "Type"))
        yield Region(name, kind, x, y, width, height)


def _part(node: Element, name: str) -> float | None:
    """A number from 0 to 1."""
    number = _number(_content(_value(node, name)))
    return number if number is not None and 0 <= number <= 1 else None


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
