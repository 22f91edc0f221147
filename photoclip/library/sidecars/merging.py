"""What PhotoClip's labels and rating change in a sidecar, beside what other programs and people wrote there.

Which keywords are ours stands in the sidecar itself, in properties of our own namespace. A keyword that
another program wrote stays its own, in every list, though PhotoClip has a label of the same name.
"""

from __future__ import annotations

from dataclasses import dataclass

from photoclip.library.sidecars.described import Described
from photoclip.library.sidecars.names import (
    AUTOMATIC_LABELS,
    HIERARCHIES,
    KEYWORDS,
    LABELS,
    RATING,
    WRITTEN_RATING,
)
from photoclip.library.sidecars.splicing import EMPTY, SidecarText
from photoclip.library.sidecars.xmp import rating_of


@dataclass(frozen=True)
class Said:
    """What is to stand in a sidecar. A `rating` of 0 is none; None leaves what other programs wrote."""

    labels: tuple[str, ...] = ()
    automatic: tuple[str, ...] = ()
    rating: int | None = 0


@dataclass(frozen=True)
class Difference:
    """Keywords that come (a person's labels, automatic ones) and go; the rating before and after."""

    added: tuple[str, ...] = ()
    automatic: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    rating_before: int | None = None
    rating_after: int | None = None


@dataclass(frozen=True)
class Merged:
    """A sidecar's new bytes; None where there is none and nothing that the photo does not say itself."""

    data: bytes | None
    difference: Difference


def merge(before: bytes | None, said: Said, inside: Described) -> Merged:
    """What a sidecar becomes, of what it is (`before`, None where there is none) and what is `said`.

    Where it had no keywords, those `inside` the photo come with ours: many programs read the sidecar in their
    stead. Raises UnreadableXmp for a sidecar that cannot be changed.
    """
    text = SidecarText(EMPTY if before is None else before)
    standing = text.items(KEYWORDS)
    keywords = standing or list(inside.keywords)
    marked, marked_automatic = text.items(LABELS), text.items(AUTOMATIC_LABELS)
    ours_before = {*marked, *marked_automatic}
    theirs = set(keywords) - ours_before
    labels = [label for label in said.labels if label not in theirs]
    automatic = [label for label in said.automatic if label not in theirs and label not in labels]
    ours = [*labels, *automatic]
    if before is None and not ours and not said.rating:
        return Merged(None, Difference())
    if not ours:
        keywords, inside = standing, Described()
    staying = theirs.union(ours)
    kept = [keyword for keyword in keywords if keyword in staying]
    text.set_items(KEYWORDS, _with(kept, ours))
    text.set_items(LABELS, _in_order(marked, labels))
    text.set_items(AUTOMATIC_LABELS, _in_order(marked_automatic, automatic))
    for name, separator in HIERARCHIES.items():
        paths = text.items(name) or [separator.join(path) for path in inside.hierarchies]
        text.set_items(name, _list(paths, separator, ours_before, ours))
    rating_before, rating_after = _rate(text, said.rating)
    difference = Difference(
        added=tuple(label for label in labels if label not in keywords or label not in marked),
        automatic=tuple(x for x in automatic if x not in keywords or x not in marked_automatic),
        removed=tuple(keyword for keyword in keywords if keyword not in staying),
        rating_before=rating_before,
        rating_after=rating_after,
    )
    return Merged(text.result(), difference)


def _list(paths: list[str], separator: str, ours_before: set[str], ours: list[str]) -> list[str]:
    """A list of hierarchies with our labels at its top.

    A label that lies deeper already is not put there too, and one whose name holds the separator would be
    taken for several.
    """
    theirs = set(paths) - ours_before
    leaves = {path.rpartition(separator)[2] for path in theirs}
    wanted = [label for label in ours if label not in leaves and separator not in label]
    staying = theirs.union(wanted)
    return _with([path for path in paths if path in staying], wanted)


def _with(kept: list[str], wanted: list[str]) -> list[str]:
    return [*kept, *(item for item in wanted if item not in kept)]


def _in_order(before: list[str], wanted: list[str]) -> list[str]:
    """What is wanted, in the order it has been written in."""
    staying = set(wanted)
    return _with([item for item in before if item in staying], wanted)


def _rate(text: SidecarText, rating: int | None) -> tuple[int | None, int | None]:
    """Sets a rating, or takes away the one that PhotoClip wrote; returns it before and after."""
    standing, written = rating_of(text.text(RATING)), rating_of(text.text(WRITTEN_RATING))
    if rating is None:
        return standing, standing
    if rating:
        if standing != rating:
            text.set_text(RATING, str(rating))
        if standing != rating or written is not None:
            text.set_text(WRITTEN_RATING, str(rating))
        return standing, rating
    text.set_text(WRITTEN_RATING, "")
    if written is None or standing != written:
        return standing, standing
    text.set_text(RATING, "")
    return standing, None
