"""What a photo's files say about it, as rows of the details panel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from photoclip.gui import words

if TYPE_CHECKING:
    from photoclip.library.catalog.photos import PhotoDetails
    from photoclip.library.gazetteer import Place

LONGEST_TEXT = 800  # characters; more would push everything else out of sight
KEYWORDS_SHOWN = 30
INSIDE = " › "
_FACE = "face"

Row = tuple[str, str]  # caption and value


def taken_rows(details: PhotoDetails) -> list[Row]:
    """When, and where that is known from; the file's time where nothing else is known."""
    tr = QCoreApplication.translate
    sources = {
        "exif": tr("details", "The camera"),
        "xmp": tr("details", "XMP"),
        "name": tr("details", "The file's name"),
        "file": tr("details", "The file's time"),
    }
    at, source = details.taken_at, details.taken_source
    if at is None and details.file_time is not None:
        at, source = details.file_time, "file"
    if at is None:
        return []
    rows = [(tr("details", "Taken"), words.moment(at))]
    if source in sources:
        rows.append((tr("details", "Date from"), sources[source]))
    return rows


def said_rows(details: PhotoDetails) -> list[Row]:
    """The place, the people, the keywords, the colour label, and a rating that is not the photo's."""
    tr, said = QCoreApplication.translate, details.words
    rows = []
    if details.latitude is not None and details.longitude is not None:
        # A number and its N or W do not part at a line's end.
        position = words.coordinates(details.latitude, details.longitude).replace("° ", "°\u00a0")
        place = f"{place_text(details.place)}\n{position}" if details.place else position
        rows.append((tr("details", "Place"), place))
    faces = [each.name for each in said.regions if each.name and each.kind.casefold() in (_FACE, "")]
    if faces:
        rows.append((tr("details", "People"), ", ".join(dict.fromkeys(faces))))
    if said.keywords:
        rows.append((tr("details", "Keywords"), _keywords([each.path for each in said.keywords])))
    if said.colour_label:
        rows.append((tr("details", "Colour label"), said.colour_label))
    if said.rating == -1:
        rows.append((tr("details", "Rating in file"), tr("details", "Rejected")))
    elif said.rating is not None and said.rating != details.rating:
        rows.append((tr("details", "Rating in file"), words.number(said.rating)))
    return rows


def place_text(place: Place) -> str:
    """ "Camden Town, London, England, United Kingdom": each name once, the county only without a region."""
    names = (place.district, place.city, place.region or place.county, place.country)
    return ", ".join(dict.fromkeys(name for name in names if name))


def shortened(text: str | None) -> str:
    """A title or a description that leaves room for the rest."""
    text = text or ""
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT].rstrip()}…"


def remarks(details: PhotoDetails) -> list[str]:
    """Why something that stands in the file or beside it is not shown."""
    sentence = QCoreApplication.translate(
        "details", "Not all that is written about this photo can be read: {0}"
    )
    return [sentence.format(problem) for problem in details.words.problems]


def _keywords(paths: list[tuple[str, ...]]) -> str:
    shown = ", ".join(INSIDE.join(path) for path in paths[:KEYWORDS_SHOWN])
    more = len(paths) - KEYWORDS_SHOWN
    if more <= 0:
        return shown
    return QCoreApplication.translate("details", "{0} and {1} more").format(shown, words.number(more))
