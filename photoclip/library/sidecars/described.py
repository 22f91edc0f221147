"""What is said about a photo, wherever it was read."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from photoclip.errors import PhotoClipError

SIZE_LIMIT = (
    16 << 20
)  # bytes of XML; the largest sidecars, with every brush stroke of an edit, have a few million
TITLE_LIMIT, TEXT_LIMIT, KEYWORD_LIMIT = 1_000, 20_000, 500  # characters
KEYWORDS_KEPT = 2_000


class UnreadableXmp(PhotoClipError):
    """Metadata that is not read; the message is the reason, without the path."""


@dataclass(frozen=True)
class Region:
    """A marked part of the picture, in parts of its width and height; (x, y) is the middle.

    `kind` is "Face", "Pet", "Focus" or what a program wrote.
    """

    name: str
    kind: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Described:
    """`hierarchies` are keywords with what they lie in, outermost first; a `rating` of -1 is "rejected".

    `labels` and `automatic` are those of the keywords that PhotoClip wrote, for labels of a person and for
    labels it had put on by itself.
    `taken_at` and `taken_offset` are as in `Taken`.
    """

    title: str | None = None
    description: str | None = None
    keywords: tuple[str, ...] = ()
    hierarchies: tuple[tuple[str, ...], ...] = ()
    labels: tuple[str, ...] = ()
    automatic: tuple[str, ...] = ()
    rating: int | None = None
    colour_label: str | None = None
    regions: tuple[Region, ...] = ()
    taken_at: float | None = None
    taken_offset: int | None = None


def first_of(*sources: Described) -> Described:
    """For each value the first source that has it. Keywords go together, and so do a date and its zone."""
    found = Described()
    for source in sources:
        if found.keywords or found.hierarchies:
            source = dataclasses.replace(source, keywords=(), hierarchies=(), labels=(), automatic=())
        if found.taken_at is not None:
            source = dataclasses.replace(source, taken_at=None, taken_offset=None)
        missing = {name: value for name, value in vars(source).items() if getattr(found, name) in (None, ())}
        found = dataclasses.replace(found, **missing)
    return found


def line(text: str, limit: int) -> str:
    """The text on one line, without what cannot be shown."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:limit]


def lines(text: str, limit: int) -> str:
    """The text with its line breaks, without what else cannot be shown."""
    shown = "".join(c if c.isprintable() or c == "\n" else " " for c in text.replace("\r\n", "\n"))
    return shown.strip()[:limit]


def keyword_list(texts: list[str]) -> tuple[str, ...]:
    """Each keyword once, in order."""
    found = dict.fromkeys(line(text, KEYWORD_LIMIT) for text in texts)
    return tuple(keyword for keyword in found if keyword)[:KEYWORDS_KEPT]
