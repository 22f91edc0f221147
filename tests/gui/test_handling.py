"""Ways through the window: what Escape takes away, where the viewer leads back to, order by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from photoclip.gui.grid.reorder import moved, place_at, shifted
from photoclip.gui.session import Source
from photoclip.gui.window import Window
from photoclip.library.catalog import albums, labels


def press(key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """To whatever has the keyboard, as a person would."""
    widget = QApplication.focusWidget()
    assert widget is not None
    QTest.keyClick(widget, key, modifiers)


def open_album(qtbot: QtBot, window: Window, *photo_ids: int) -> int:
    album = albums.create_album(window.session.library.catalog, "Mine", photo_ids).created
    assert album is not None
    window.show_source(Source("album", album))
    qtbot.waitUntil(lambda: window.is_quiet and window.grid.content.shown == len(photo_ids))
    return album


def test_escape_closes_what_lies_over_the_photos_first(
    qtbot: QtBot, window: Window, ids: dict[str, int]
) -> None:
    album = open_album(qtbot, window, ids["blue-5.jpg"])
    window.grid.select_ids(np.array([ids["blue-5.jpg"]]))
    window.auto_tag(album)
    window.show_keys()
    window.sidebar.question.ask(1, "Pictures")
    for layer in (window._keys, window.sidebar.question, window.auto_tag_line):
        assert layer is not None
        assert layer.isVisible()
        press(Qt.Key.Key_Escape)
        assert layer.isHidden()
    qtbot.waitUntil(lambda: window.is_quiet)
    assert len(window.grid.selected_ids()) == 1


def test_the_auto_tag_line_belongs_to_its_album(qtbot: QtBot, window: Window, ids: dict[str, int]) -> None:
    album = open_album(qtbot, window, ids["blue-5.jpg"])
    assert window.browser.place_action.isVisible()
    window.browser.place_action.click()
    assert window.auto_tag_line.isVisible()
    qtbot.waitUntil(lambda: window.is_quiet)
    window.show_source(Source("all"))
    assert window.auto_tag_line.isHidden()
    qtbot.waitUntil(lambda: window.is_quiet)
    assert window.browser.place_action.isHidden()
    assert album


def test_the_viewer_leads_back_to_a_label_being_written(
    qtbot: QtBot, window: Window, ids: dict[str, int]
) -> None:
    window.edit_label(0)
    qtbot.waitUntil(lambda: window.is_quiet)
    page = window.pages.label_page
    assert page is not None
    qtbot.keyClicks(page.view.form.name, "Red")
    qtbot.waitUntil(lambda: page.view.apply.isEnabled() and len(page.view.above.ids) > 1)
    photo = page.view.above.ids[1]
    page.view.above.chosen.emit(photo)
    assert window.pages.currentWidget() is window.pages.viewer
    assert window.pages.viewer.photo == photo
    window.pages.viewer.step(-1)
    seen = window.pages.viewer.photo
    window.go_back()
    assert window.pages.currentWidget() is page
    assert page.view.form.draft.name == "Red"
    assert page.view.above.current() == seen


def test_tab_goes_down_the_label_page(qtbot: QtBot, window: Window) -> None:
    window.edit_label(0)
    qtbot.waitUntil(lambda: window.is_quiet)
    page = window.pages.label_page
    assert page is not None
    form = page.view.form
    form.add_button.click()
    qtbot.waitUntil(form.lines[1].text.isVisible)
    form.name.setFocus()
    for widget in (form.lines[0].text, form.lines[0].remove, form.lines[1].text, form.lines[1].remove):
        press(Qt.Key.Key_Tab)
        assert QApplication.focusWidget() is widget


def test_a_no_with_the_mouse(qtbot: QtBot, window: Window, ids: dict[str, int]) -> None:
    catalog = window.session.library.catalog
    label = labels.add_label(catalog, "Red", ["red"]).created
    assert label is not None
    window.edit_label(label)
    qtbot.waitUntil(
        lambda: window.is_quiet and bool(window.pages.label_page and window.pages.label_page.view.above.ids)
    )
    assert window.pages.label_page is not None
    strip = window.pages.label_page.view.above
    photo, button = strip.ids[0], strip._buttons[0]
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton, pos=button._spot(False).center())
    rejected = "SELECT 1 FROM photo_label WHERE label_id = ? AND photo_id = ? AND verdict = 0"
    qtbot.waitUntil(lambda: bool(catalog.query(rejected, (label, photo))))
    assert window.pages.currentWidget() is window.pages.label_page


def test_no_goes_on_to_the_next_photo(qtbot: QtBot, window: Window, ids: dict[str, int]) -> None:
    catalog = window.session.library.catalog
    label = labels.add_label(catalog, "Red").created
    assert label is not None
    labels.label_photos(catalog, label, [ids["red-0.jpg"], ids["red-1.jpg"], ids["red-2.jpg"]])
    window.show_source(Source("label", label))
    qtbot.waitUntil(lambda: window.is_quiet and window.grid.content.shown == 3)
    first, second, third = window.grid.content.ids.tolist()
    window.grid.select_ids(np.array([second]))
    window.grid.setFocus()
    press(Qt.Key.Key_N)
    qtbot.waitUntil(lambda: window.grid.content.shown == 2)
    assert window.grid.selected_ids().tolist() == [third]
    press(Qt.Key.Key_N)
    qtbot.waitUntil(lambda: window.grid.content.shown == 1)
    assert window.grid.selected_ids().tolist() == [first]


def test_an_album_is_ordered_by_drag_and_by_keys(qtbot: QtBot, window: Window, ids: dict[str, int]) -> None:
    a, b, c = ids["blue-5.jpg"], ids["red-0.jpg"], ids["white-7.jpg"]
    album = open_album(qtbot, window, a, b, c)
    assert window.header.order.text().startswith("Album order")
    catalog, grid = window.session.library.catalog, window.grid

    def order() -> list[int]:
        return albums.album_photos(catalog, album).tolist()

    grid.reordered.emit([c, a, b])  # what a drop tells
    qtbot.waitUntil(lambda: order() == [c, a, b] == grid.content.ids.tolist())
    grid.select_ids(np.array([b]))
    grid.setFocus()
    press(Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: order() == [c, b, a])
    window.session.undo()
    qtbot.waitUntil(lambda: order() == [c, a, b])


def test_only_an_albums_own_order_takes_drops(qtbot: QtBot, window: Window, ids: dict[str, int]) -> None:
    assert window.grid.dragDropMode() == window.grid.DragDropMode.DragOnly
    open_album(qtbot, window, ids["blue-5.jpg"], ids["red-0.jpg"])
    assert window.grid.dragDropMode() == window.grid.DragDropMode.DragDrop
    window.browser.sort("newest")
    qtbot.waitUntil(lambda: window.grid.dragDropMode() == window.grid.DragDropMode.DragOnly)
    assert window.header.order.text().startswith("Newest")


def test_moving_keeps_the_chosen_together() -> None:
    assert moved([1, 2, 3, 4, 5], {2, 4}, 5) == [1, 3, 5, 2, 4]
    assert moved([1, 2, 3, 4, 5], {2, 4}, 0) == [2, 4, 1, 3, 5]
    assert moved([1, 2, 3], {2}, 2) == [1, 2, 3]
    assert shifted([1, 2, 3], {1}, -1) == [1, 2, 3]
    assert shifted([1, 2, 3], {3}, 1) == [1, 2, 3]
    assert shifted([1, 2, 3], {1}, 1) == [2, 1, 3]
    assert shifted([1, 2, 3], set(), 1) == [1, 2, 3]


def test_a_drop_goes_to_the_nearest_gap(qtbot: QtBot, window: Window, ids: dict[str, int]) -> None:
    open_album(qtbot, window, *list(ids.values())[:7])
    layout = window.grid.geometry_now
    for row in range(7):
        x, y = layout.position(row)
        assert place_at(layout, x + 5, y + 5, 7)[0] == row
        assert place_at(layout, x + layout.cell - 5, y + 5, 7)[0] == row + 1
    assert place_at(layout, layout.width, layout.height + 500, 7)[0] == 7


def test_the_first_run_page_works_with_keys_and_has_no_search(
    qtbot: QtBot, open_window: Callable[[], Window]
) -> None:
    window = open_window()
    page = window.pages.first_run
    assert page is not None
    press(Qt.Key.Key_Slash)
    assert window.header.isHidden()
    assert not window.header.search.edit.hasFocus()
    with qtbot.waitSignal(page.add_button.clicked if not page.chosen else page.begin_button.clicked):
        press(Qt.Key.Key_Return)


def test_many_chips_do_not_make_the_window_wider(qtbot: QtBot, window: Window) -> None:
    window.resize(600, 700)
    with qtbot.waitSignal(window.browser.shown):
        window.header.search.set_text("red -water -snow -people date:2001..2030 folder:Pictures")
    qtbot.waitUntil(lambda: window.is_quiet)
    assert len(window.header.search.chips) == 5
    assert window.width() == 600
    assert window.header.minimumSizeHint().width() <= 600
    assert window.header.search.edit.width() >= 100


def test_only_the_wrong_word_is_marked(qtbot: QtBot, window: Window) -> None:
    with qtbot.waitSignal(window.browser.failed):
        window.header.search.set_text("date:20xx dog")
    assert 'underline">20xx</span>' in window.browser.error


def test_filters_that_let_nothing_through_say_so(qtbot: QtBot, window: Window) -> None:
    window.header.search.set_text("date:1999")
    qtbot.waitUntil(lambda: window.is_quiet and window.grid.content.shown == 0)
    assert window.grid.empty_title.startswith("Nothing found")
    assert window.browser.title == "0 photos"


def test_the_keys_fit_a_narrow_window(qtbot: QtBot, window: Window) -> None:
    window.show_keys()
    sheet = window._keys
    assert sheet is not None
    wide = sheet.width()
    window.resize(600, 800)
    qtbot.waitUntil(lambda: sheet.x() >= 0 and sheet.geometry().right() < 600)
    assert sheet.width() < wide
    window.resize(1300, 800)
    qtbot.waitUntil(lambda: sheet.width() == wide)
