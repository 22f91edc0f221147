"""What the details panel shows of what the photo's files say."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from PySide6.QtWidgets import QLabel

from photoclip.gui.details import DetailsPanel
from photoclip.gui.details_words import (
    KEYWORDS_SHOWN,
    LONGEST_TEXT,
    place_text,
    said_rows,
    shortened,
    taken_rows,
)
from photoclip.library.catalog.indexing import IndexedPhoto, record_batch
from photoclip.library.catalog.photos import PhotoDetails, details
from photoclip.library.catalog.places import record_places
from photoclip.library.catalog.words import FileWords, Keyword
from photoclip.library.gazetteer import Place
from photoclip.library.sidecars.described import Region
from tests.gui.panels.room import Room

WORDS = FileWords(
    title="A square",
    description="Two lines\nof words",
    keywords=(Keyword(("Places", "Italy", "Rome")), Keyword(("Café",))),
    rating=3,
    colour_label="Green",
    regions=(
        Region("Ada", "Face", 0.5, 0.25, 0.1, 0.2),
        Region("", "Face", 0.1, 0.1, 0.1, 0.1),
        Region("Tree", "Focus", 0.1, 0.1, 0.1, 0.1),
        Region("Bo", "face", 0.7, 0.1, 0.1, 0.1),
        Region("Ada", "Face", 0.1, 0.25, 0.1, 0.2),
    ),
)
LISBON = Place("Anjos", "Lisbon", "Lisbon", "Lisbon", "Portugal")


def say(room: Room, name: str, **facts: Any) -> int:
    """Record a photo of the room again, with more that is known of it."""
    photo = room.ids[name]
    before = details(room.catalog, photo)
    (file,) = before.files
    record_batch(
        room.catalog,
        [
            IndexedPhoto(
                path=file.path,
                folder_id=file.folder_id,
                size=file.size,
                mtime_ns=round(file.mtime * 1e9),
                hash=before.content_hash,
                **{
                    "width": before.width,
                    "height": before.height,
                    "format": before.format,
                    "colour": before.colour,
                    **facts,
                },
            )
        ],
    )
    return photo


def shown(panel: DetailsPanel) -> dict[str, str]:
    texts = [panel.facts.itemAt(at).widget() for at in range(panel.facts.count())]
    labels = [label.text() for label in texts if isinstance(label, QLabel)]
    return dict(zip(labels[::2], labels[1::2], strict=True))


@pytest.fixture
def panel(room: Room) -> DetailsPanel:
    made = DetailsPanel(room.session)
    room.qtbot.addWidget(made)
    made.resize(288, 900)
    made.show()
    return made


def test_everything_that_is_said(room: Room, panel: DetailsPanel) -> None:
    photo = say(
        room,
        "red-0.jpg",
        words=WORDS,
        taken_at=1_563_719_585.0,
        taken_source="exif",
        latitude=38.726,
        longitude=-9.135,
    )
    content = room.catalog.query("SELECT content_id FROM photo WHERE id = ?", (photo,))[0][0]
    record_places(room.catalog, {content: LISBON})
    panel.show_photos([photo])
    room.settle()
    assert (panel.heading.text(), panel.description.text()) == ("A square", "Two lines\nof words")
    facts = shown(panel)
    assert (facts["Taken"], facts["Date from"]) == ("21 Jul 2019, 14:33", "The camera")
    assert facts["Place"] == "Anjos, Lisbon, Portugal\n38.7260°\u00a0N, 9.1350°\u00a0W"
    assert facts["People"] == "Ada, Bo"
    assert facts["Keywords"] == "Places › Italy › Rome, Café"
    assert facts["Colour label"] == "Green"
    assert "Rating in file" not in facts  # the photo has it
    assert panel.stars.value == 3
    assert not panel.remark.isVisible()


def test_nothing_is_said_of_what_is_not_there(room: Room, panel: DetailsPanel) -> None:
    panel.show_photos([say(room, "red-0.jpg", words=FileWords())])
    room.settle()
    assert not panel.heading.isVisible()
    assert not panel.description.isVisible()
    assert set(shown(panel)) == {"Taken", "Date from", "Size", "Format"}
    assert shown(panel)["Date from"] == "The file's time"


def test_words_that_change_are_shown_at_once(room: Room, panel: DetailsPanel) -> None:
    photo = say(room, "red-0.jpg", words=WORDS)
    panel.show_photos([photo])
    room.settle()
    say(room, "red-0.jpg", words=FileWords(title="Another", problems=("The sidecar is too large.",)))
    room.qtbot.waitUntil(lambda: panel.heading.text() == "Another")
    assert "can be read: The sidecar is too large." in panel.remark.text()
    assert panel.remark.isVisible()
    panel.show_photos([photo, room.ids["green-3.jpg"]])
    room.qtbot.waitUntil(lambda: not panel.heading.isVisible())
    assert not panel.description.isVisible()
    assert not panel.remark.isVisible()


@pytest.mark.parametrize(
    ("source", "words"), [("exif", "The camera"), ("xmp", "XMP"), ("name", "The file's name"), (None, None)]
)
def test_where_a_date_is_from(room: Room, source: str | None, words: str | None) -> None:
    known = dataclasses.replace(_known(room), taken_at=0.0, taken_source=source)
    assert dict(taken_rows(known)).get("Date from") == words


@pytest.mark.parametrize(("rating", "row"), [(None, None), (4, None), (3, "3"), (-1, "Rejected")])
def test_a_rating_in_the_file_that_is_not_the_photos(room: Room, rating: int | None, row: str | None) -> None:
    known = dataclasses.replace(_known(room), rating=4, words=FileWords(rating=rating))
    assert dict(said_rows(known)).get("Rating in file") == row


def test_much_is_cut(room: Room) -> None:
    many = tuple(Keyword((f"k{number}",)) for number in range(KEYWORDS_SHOWN + 12))
    known = dataclasses.replace(_known(room), words=FileWords(keywords=many))
    text = dict(said_rows(known))["Keywords"]
    assert text.endswith(f"k{KEYWORDS_SHOWN - 1} and 12 more")
    assert shortened("x" * 5000) == "x" * LONGEST_TEXT + "…"
    assert shortened(None) == ""


def test_each_name_of_a_place_once() -> None:
    assert place_text(LISBON) == "Anjos, Lisbon, Portugal"
    assert place_text(Place("", "Porto", "Somewhere", "", "Portugal")) == "Porto, Somewhere, Portugal"


def _known(room: Room) -> PhotoDetails:
    return details(room.catalog, room.ids["red-0.jpg"])
