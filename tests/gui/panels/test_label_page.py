"""The label page: words, preview, line, apply, teach, undo."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from PySide6.QtCore import Qt

from photoclip.errors import ModelError
from photoclip.gui.label_page import LabelPage
from photoclip.library.catalog import albums, labels
from photoclip.library.labelling import Scope
from tests.gui.panels.room import Room


def page_of(room: Room, label_id: int | None = None, scope: Scope | None = None) -> LabelPage:
    page = LabelPage(room.session)
    room.qtbot.addWidget(page)
    page.resize(900, 800)
    page.show()
    page.edit(label_id, scope or Scope("all"))
    room.settle()
    return page


def seen(room: Room, page: LabelPage) -> None:
    """Wait until the preview of what the form says is on the page."""
    room.qtbot.waitUntil(
        lambda: page.view.apply.isEnabled() and room.session.is_settled and not page._timer.isActive(),
        timeout=10_000,
    )


def put_line_under(room: Room, page: LabelPage, wanted: set[int]) -> None:
    """Move the line so that just these photos are above it."""
    scores = dict(zip(page._preview.ids.tolist(), page._preview.scores.tolist(), strict=True))
    low = min(scores[photo] for photo in wanted)
    high = max(score for photo, score in scores.items() if photo not in wanted)
    assert high < low
    page.view.histogram._change((low + high) / 2)
    seen(room, page)


def test_make_preview_apply_undo(room: Room) -> None:
    page = page_of(room)
    assert not page.view.apply.isEnabled()
    room.qtbot.keyClicks(page.view.form.name, "Rosy")
    room.qtbot.keyClicks(page.view.form.lines[0].text, "red")
    assert not page.view.apply.isEnabled()  # nothing is tagged before it is seen
    seen(room, page)
    put_line_under(room, page, room.coloured("red"))
    assert set(page.view.above.ids) == room.coloured("red")
    assert page.view.apply.text() == "Tag 3 photos"
    assert labels.list_labels(room.catalog) == []

    page.view.apply.click()
    room.settle()
    (label,) = labels.list_labels(room.catalog)
    assert (label.name, label.descriptions, label.auto) == ("Rosy", ("red",), 3)
    assert set(labels.labelled(room.catalog, label.id).tolist()) == room.coloured("red")

    room.session.undo()
    room.settle()
    assert labels.list_labels(room.catalog)[0].auto == 0


def test_scope_limits_what_is_tagged(room: Room) -> None:
    one = room.ids["red-0.jpg"]
    album = albums.create_album(room.catalog, "Best", [one, room.ids["blue-5.jpg"]]).created
    label = labels.add_label(room.catalog, "Rosy", ["red"]).created
    page = page_of(room, label, Scope("album", album))
    assert page.view.scope.currentText() == "Album: Best"
    seen(room, page)
    put_line_under(room, page, {one})
    page.view.apply.click()
    room.settle()
    assert labels.labelled(room.catalog, label).tolist() == [one]


def test_typing_changes_the_preview_and_waits_for_it(room: Room) -> None:
    label = labels.add_label(room.catalog, "Colour", ["red"]).created
    page = page_of(room, label)
    seen(room, page)
    best = int(page._preview.ids[0])
    assert best in room.coloured("red")
    line = page.view.form.lines[0].text
    line.selectAll()
    room.qtbot.keyClicks(line, "blue")
    assert not page.view.apply.isEnabled()
    seen(room, page)
    assert int(page._preview.ids[0]) in room.coloured("blue")
    page.view.save.click()
    room.settle()
    assert labels.list_labels(room.catalog)[0].descriptions == ("blue",)
    assert not page.view.save.isEnabled()


def test_descriptions_are_added_and_removed(room: Room) -> None:
    page = page_of(room, labels.add_label(room.catalog, "Colour", ["red"]).created)
    page.view.form.add_button.click()
    room.qtbot.keyClicks(page.view.form.lines[1].text, " blue ")
    assert page.view.form.draft.descriptions == ("red", "blue")
    page.view.form.lines[0].remove.click()
    assert page.view.form.draft.descriptions == ("blue",)
    page.view.form.lines[0].remove.click()
    assert page.view.form.draft.descriptions == ()
    assert len(page.view.form.lines) == 1  # a line to write on stays


def test_y_and_n_teach(room: Room) -> None:
    label = labels.add_label(room.catalog, "Rosy", ["red"]).created
    page = page_of(room, label)
    seen(room, page)
    put_line_under(room, page, room.coloured("red"))
    yes, no = page.view.above.ids[0], page.view.above.ids[1]
    buttons = {button.thumb.id: button for button in page.view.above._buttons}
    room.qtbot.keyClick(buttons[yes], Qt.Key.Key_Y)
    room.qtbot.keyClick(buttons[no], Qt.Key.Key_N)
    room.settle()
    assert labels.labelled(room.catalog, label).tolist() == [yes]
    seen(room, page)
    assert no not in page._preview.ids  # a No is remembered
    page.view.apply.click()
    room.settle()
    assert no not in labels.labelled(room.catalog, label)


def test_the_line_moves_with_keys_and_the_count_follows_at_once(room: Room) -> None:
    page = page_of(room, labels.add_label(room.catalog, "Rosy", ["red"]).created)
    seen(room, page)
    histogram = page.view.histogram
    histogram.setFocus()
    room.qtbot.keyClick(histogram, Qt.Key.Key_Home)
    assert histogram.threshold == 0.0
    assert page.view.apply.text() == "Tag 8 photos"
    room.qtbot.keyClick(histogram, Qt.Key.Key_Right)
    assert histogram.threshold == 0.01


def test_delete_can_be_undone(room: Room) -> None:
    page = page_of(room, labels.add_label(room.catalog, "Rosy", ["red"]).created)
    with room.qtbot.waitSignal(page.closed):
        page.view.delete.click()
    room.settle()
    assert labels.list_labels(room.catalog) == []
    room.session.undo()
    room.settle()
    assert [label.name for label in labels.list_labels(room.catalog)] == ["Rosy"]


def test_a_taken_name_is_refused_in_a_sentence(room: Room) -> None:
    labels.add_label(room.catalog, "Beach")
    page = page_of(room)
    room.qtbot.keyClicks(page.view.form.name, "Beach")
    with room.qtbot.waitSignal(room.session.message) as said:
        page.view.save.click()
    assert said.args[0] == "error"
    assert "Beach" in said.args[1]


def test_keep_applied_is_saved(room: Room) -> None:
    page = page_of(room)
    room.qtbot.keyClicks(page.view.form.name, "Rosy")
    page.view.keep_applied.setChecked(True)
    page.view.save.click()
    room.settle()
    assert labels.list_labels(room.catalog)[0].keep_applied


def test_undo_elsewhere_shows_on_the_page(room: Room) -> None:
    label = labels.add_label(room.catalog, "Rosy", ["red"]).created
    page = page_of(room, label)
    labels.edit_label(room.catalog, label, name="Ruddy")
    room.qtbot.waitUntil(lambda: page.view.title.text() == "Ruddy")
    assert page.view.form.name.text() == "Ruddy"


def test_a_model_that_is_missing_is_said_and_nothing_waits(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_texts: Sequence[str]) -> None:
        raise ModelError("The model is missing.")

    monkeypatch.setattr(room.session.encoder, "encode_texts", missing)
    page = page_of(room)
    with room.qtbot.waitSignal(room.session.message) as said:
        room.qtbot.keyClicks(page.view.form.lines[0].text, "red")
    assert said.args == ["error", "The model is missing."]
    assert page.view.state.text() == ""
    assert not page.view.apply.isEnabled()


def test_while_the_first_preview_is_made_nothing_is_asked_for(room: Room) -> None:
    page = page_of(room)
    assert "Say what the label looks like" in page.view.count.text()
    room.qtbot.keyClicks(page.view.form.lines[0].text, "r")
    assert (page.view.count.text(), page.view.state.text()) == ("", "Looking at the photos…")
    room.qtbot.keyClick(page.view.form.lines[0].text, Qt.Key.Key_Backspace)
    room.qtbot.waitUntil(lambda: "Say what the label looks like" in page.view.count.text())
    assert page.view.state.text() == ""
