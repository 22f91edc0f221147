"""The details panel: what it shows of one photo and of several, and what can be said there."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from photoclip.gui.chips import Chip, GuessChip, TagChip
from photoclip.gui.details import DetailsPanel
from photoclip.gui.details_load import breadcrumb, exposure_text
from photoclip.library.catalog import albums, labels, photos
from tests.gui.panels.room import Room


def panel_of(room: Room, *ids: int) -> DetailsPanel:
    panel = DetailsPanel(room.session)
    room.qtbot.addWidget(panel)
    panel.resize(288, 800)
    panel.show()
    panel.show_photos(ids)
    room.settle()
    return panel


def chips(panel: DetailsPanel, kind: type[Chip]) -> dict[str, Chip]:
    return {chip.text.text(): chip for chip in panel.tags.findChildren(kind) if not chip.isHidden()}


def facts(panel: DetailsPanel) -> list[str]:
    found = [panel.facts.itemAt(at).widget() for at in range(panel.facts.count())]
    return [widget.text() for widget in found if isinstance(widget, QLabel)]


def test_one_photo(room: Room) -> None:
    panel = panel_of(room, room.ids["red-0.jpg"])
    assert panel.name.text() == "red-0.jpg"
    assert panel.breadcrumb.text() == "Iceland"
    texts = facts(panel)
    assert texts[:2] == ["Taken", "14 Nov 2023, 22:13"]
    assert texts[texts.index("Size") + 1].startswith("64 × 48, ")
    assert not panel.preview._images[0].isNull()
    assert not panel.copies.isVisible()
    assert len(panel.similar.ids) == 7
    assert set(panel.similar.ids[:2]) == room.coloured("red") - {room.ids["red-0.jpg"]}


def test_nothing_selected_says_what_to_do(room: Room) -> None:
    panel = panel_of(room, room.ids["red-0.jpg"])
    panel.show_photos([])
    assert panel.empty.isVisible()


def test_the_last_photo_asked_for_is_shown(room: Room) -> None:
    panel = panel_of(room)
    for name in ("red-0.jpg", "green-3.jpg", "blue-5.jpg"):
        panel.show_photos([room.ids[name]])
    room.settle()
    assert panel.name.text() == "blue-5.jpg"


def test_old_content_stays_until_the_new_is_there(room: Room) -> None:
    panel = panel_of(room, room.ids["red-0.jpg"])
    panel.show_photos([room.ids["green-3.jpg"]])
    assert panel.name.text() == "red-0.jpg"
    room.qtbot.waitUntil(lambda: panel.name.text() == "green-3.jpg")


def test_rating_and_favourite(room: Room) -> None:
    photo = room.ids["red-0.jpg"]
    panel = panel_of(room, photo)
    panel.stars.setFocus()
    room.qtbot.keyClick(panel.stars, Qt.Key.Key_4)
    panel.favourite.click()
    room.settle()
    found = photos.details(room.catalog, photo)
    assert (found.rating, found.favourite) == (4, True)
    room.session.undo()
    room.session.undo()
    room.settle()
    room.qtbot.waitUntil(lambda: panel.stars.value == 0 and not panel.favourite.isChecked())


def test_a_click_on_a_star(room: Room) -> None:
    panel = panel_of(room, room.ids["red-0.jpg"])
    third = panel.stars._star(2).center()
    room.qtbot.mouseClick(panel.stars, Qt.MouseButton.LeftButton, pos=third)
    assert panel.stars.value == 3
    room.qtbot.mouseClick(panel.stars, Qt.MouseButton.LeftButton, pos=third)
    assert panel.stars.value == 0  # the last lit star puts them out


def test_human_and_automatic_labels_look_different(room: Room) -> None:
    photo = room.ids["red-0.jpg"]
    snow = labels.add_label(room.catalog, "Snow").created
    sledge = labels.add_label(room.catalog, "Sledge").created
    labels.label_photos(room.catalog, snow, [photo])
    labels.label_photos(room.catalog, sledge, [photo], source="auto", scores=[0.71])
    panel = panel_of(room, photo)
    assert [chip.property("kind") for chip in chips(panel, TagChip).values()] == ["human"]
    assert list(chips(panel, GuessChip)) == ["Sledge?  0.71"]

    room.qtbot.keyClick(chips(panel, GuessChip)["Sledge?  0.71"], Qt.Key.Key_Y)
    room.qtbot.waitUntil(lambda: sorted(chips(panel, TagChip)) == ["Sledge", "Snow"])
    room.qtbot.keyClick(chips(panel, TagChip)["Snow"], Qt.Key.Key_Delete)
    room.qtbot.waitUntil(lambda: list(chips(panel, TagChip)) == ["Sledge"])


def test_a_no_is_remembered(room: Room) -> None:
    photo = room.ids["red-0.jpg"]
    label = labels.add_label(room.catalog, "Sledge").created
    labels.label_photos(room.catalog, label, [photo], source="auto", scores=[0.71])
    panel = panel_of(room, photo)
    chips(panel, GuessChip)["Sledge?  0.71"].no_button.click()
    room.qtbot.waitUntil(lambda: not chips(panel, GuessChip))
    (said,) = photos.details(room.catalog, photo).labels
    assert (said.source, said.verdict) == ("human", 0)


def test_a_label_is_added_by_name_and_made_if_new(room: Room) -> None:
    photo = room.ids["red-0.jpg"]
    snow = labels.add_label(room.catalog, "Snow").created
    panel = panel_of(room, photo)
    for text in ("snow", "Holiday"):
        room.qtbot.keyClicks(panel.tags.field, text)
        room.qtbot.keyClick(panel.tags.field, Qt.Key.Key_Return)
        room.settle()
    room.qtbot.waitUntil(lambda: sorted(chips(panel, TagChip)) == ["Holiday", "Snow"])
    assert labels.labelled(room.catalog, snow).tolist() == [photo]


def test_several_photos_are_summed_up(room: Room) -> None:
    label = labels.add_label(room.catalog, "Rosy").created
    labels.label_photos(room.catalog, label, room.coloured("red"))
    panel = panel_of(room, *room.ids.values())
    assert panel.name.text() == "8 photos selected"
    assert list(chips(panel, TagChip)) == ["Rosy  3 of 8"]
    assert len(panel.preview._images) == 4
    panel.stars.rated.emit(5)
    room.settle()
    assert {photos.details(room.catalog, each).rating for each in room.ids.values()} == {5}


def test_albums_are_shown_and_left(room: Room) -> None:
    photo = room.ids["red-0.jpg"]
    album = albums.create_album(room.catalog, "Best", [photo]).created
    panel = panel_of(room, photo)
    chips(panel, TagChip)["Best"].remove_button.click()
    room.qtbot.waitUntil(lambda: not chips(panel, TagChip))
    assert not len(albums.album_photos(room.catalog, album))


def test_a_similar_photo_is_chosen(room: Room) -> None:
    panel = panel_of(room, room.ids["red-0.jpg"])
    first = panel.similar._buttons[0]
    with room.qtbot.waitSignal(panel.photo_chosen) as chosen:
        room.qtbot.keyClick(first, Qt.Key.Key_Return)
    assert chosen.args == [first.thumb.id]
    with room.qtbot.waitSignal(panel.similar_requested) as asked:
        panel.find_similar.click()
    assert asked.args == [[room.ids["red-0.jpg"]]]


def test_words_about_a_photo() -> None:
    watched = b"/home/anna/Pictures"
    assert breadcrumb(b"/home/anna/Pictures/2023 Iceland/a.jpg", watched) == "Pictures / 2023 Iceland"
    assert breadcrumb(b"/home/anna/Pictures/a.jpg", watched) == "Pictures"
    text = exposure_text({"focal_mm": 23.0, "f_number": 4.0, "seconds": 0.002, "iso": 200.0})
    assert text == "23\xa0mm, f/4, 1/500\xa0s, ISO\xa0200"
    assert exposure_text({"seconds": 2.5}) == "2.5\xa0s"
