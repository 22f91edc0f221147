"""Live albums in the window: saved from a search, opened, edited, renamed, deleted, pinned, and refused."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from photoclip.gui.session import Source
from photoclip.gui.window import Window
from photoclip.library.catalog import albums, labels
from photoclip.library.catalog.connection import Catalog
from tests.gui.test_window import RED, action, choose, photo_menu, select, settle, shown, type_query

CTRL = Qt.KeyboardModifier.ControlModifier


def catalog_of(window: Window) -> Catalog:
    return window.session.library.catalog


def live(window: Window, name: str, query: str) -> int:
    created = albums.save_live_album(catalog_of(window), name, query).created
    assert created is not None
    return created


def open_album(qtbot: QtBot, window: Window, album: int) -> None:
    window.show_source(Source("album", album))
    settle(qtbot, window)


def chips(window: Window) -> list[str]:
    return [f"{chip.kind.text()}:{chip.value.text()}" for chip in window.header.search.chips]


def names(window: Window) -> dict[str, str | None]:
    return {album.name: album.query for album in albums.list_albums(catalog_of(window))}


def begin_to_save(qtbot: QtBot, window: Window) -> None:
    qtbot.keyClick(window, Qt.Key.Key_S, CTRL)
    qtbot.waitUntil(lambda: window.live_albums.line.isVisible())


def save_as(qtbot: QtBot, window: Window, name: str) -> None:
    line = window.live_albums.line
    line.name.selectAll()
    qtbot.keyClicks(line.name, name)
    qtbot.keyClick(line.name, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.session.is_settled)


def sidebar_row(window: Window, text: str) -> tuple[bool, int | None]:
    found = [(row.live, row.count) for row in window.sidebar.model.rows if row.text == text]
    return found[0] if found else (False, None)


def test_a_search_is_saved_and_opens_as_an_album(qtbot: QtBot, window: Window, ids: dict[str, int]) -> None:
    assert not window.header.save.isVisible()
    type_query(qtbot, window, "red -blue ")
    assert window.header.save.isVisible()
    window.header.save.click()
    line = window.live_albums.line
    qtbot.waitUntil(line.isVisible)
    assert (line.name.text(), line.query.text(), line.name.hasFocus()) == ("Red", "-blue red", True)
    save_as(qtbot, window, "Red ones")
    settle(qtbot, window)
    assert names(window) == {"Red ones": "-blue red"}
    assert not line.isVisible()
    assert window.browser.wish.source.kind == "album"
    assert set(shown(window, ids)) == RED
    assert not window.header.save.isVisible()  # nothing has been changed
    qtbot.waitUntil(lambda: sidebar_row(window, "Red ones") == (True, 3))
    assert window.sidebar.current == window.browser.wish.source


def test_an_opened_album_shows_its_query_as_chips(qtbot: QtBot, window: Window, ids: dict[str, int]) -> None:
    album = live(window, "Red ones", "red -blue")
    type_query(qtbot, window, "green")
    open_album(qtbot, window, album)
    assert (chips(window), window.header.search.edit.text()) == (["not:blue"], "red")
    assert set(shown(window, ids)) == RED
    assert window.header.order.text().startswith("Relevance")
    window.show_source(Source("all"))
    settle(qtbot, window)
    assert window.header.search.request().is_empty
    assert window.grid.content.shown == 10


def test_a_query_is_edited_and_saved_again(qtbot: QtBot, window: Window, ids: dict[str, int]) -> None:
    album = live(window, "Plain", "red")
    open_album(qtbot, window, album)
    window.header.search.edit.selectAll()
    type_query(qtbot, window, "blue")
    assert {"blue-5.jpg", "blue-6.jpg"} == set(shown(window, ids)[:2])  # everywhere, not among the red ones
    assert names(window) == {"Plain": "red"}
    begin_to_save(qtbot, window)
    line = window.live_albums.line
    assert (line.name.text(), line.save.text()) == ("Plain", "Save changes")
    line.save.click()
    settle(qtbot, window)
    assert names(window) == {"Plain": "blue"}
    assert window.browser.wish == type(window.browser.wish)(Source("album", album))
    assert window.header.search.is_at_rest
    window.session.undo()
    qtbot.waitUntil(lambda: window.header.search.edit.text() == "red")
    qtbot.waitUntil(lambda: set(shown(window, ids)) == RED)


def test_an_edited_query_is_given_up_with_escape_or_kept_under_another_name(
    qtbot: QtBot, window: Window
) -> None:
    open_album(qtbot, window, live(window, "Plain", "red"))
    type_query(qtbot, window, " -white ")
    begin_to_save(qtbot, window)
    assert window.live_albums.line.save.text() == "Save changes"
    qtbot.keyClicks(window.live_albums.line.name, "er")
    assert window.live_albums.line.save.text() == "Save as album"
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert not window.live_albums.line.isVisible()
    assert chips(window) == ["not:white"]
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    settle(qtbot, window)
    assert (chips(window), window.header.search.edit.text()) == ([], "red")
    type_query(qtbot, window, " -white ")
    begin_to_save(qtbot, window)
    save_as(qtbot, window, "Plainer")
    settle(qtbot, window)
    assert names(window) == {"Plain": "red", "Plainer": "-white red"}


@pytest.mark.parametrize(
    ("query", "name", "sentence"),
    [
        ("blue", "plain", "There is an album named Plain already; choose another name."),
        ("blue", " ", "The album needs a name."),
        ("album:Round", "Round", "The live album Round asks for itself; change its query."),
    ],
)
def test_what_is_wrong_is_said_in_the_form(
    qtbot: QtBot, window: Window, query: str, name: str, sentence: str
) -> None:
    albums.create_album(catalog_of(window), "Plain")
    qtbot.keyClicks(window.header.search.edit, query)
    begin_to_save(qtbot, window)
    save_as(qtbot, window, name)
    line = window.live_albums.line
    assert (line.isVisible(), line.error.isVisible(), line.error.text()) == (True, True, sentence)
    assert list(names(window)) == ["Plain"]
    qtbot.keyClicks(line.name, "x")
    assert not line.error.isVisible()


def test_a_circle_is_refused_when_the_query_is_edited(qtbot: QtBot, window: Window) -> None:
    album = live(window, "Round", "red")
    open_album(qtbot, window, album)
    type_query(qtbot, window, " album:Round ")
    begin_to_save(qtbot, window)
    window.live_albums.line.save.click()
    qtbot.waitUntil(lambda: window.live_albums.line.error.isVisible())
    assert window.live_albums.line.error.text() == "The live album Round asks for itself; change its query."
    assert names(window) == {"Round": "red"}


@pytest.mark.parametrize("place", ["label", "album", "folder", "missing"])
def test_the_place_that_was_searched_is_part_of_the_query(qtbot: QtBot, window: Window, place: str) -> None:
    catalog = catalog_of(window)
    label = labels.add_label(catalog, "Two words").created
    album = albums.create_album(catalog, "Best").created
    (folder,) = catalog.query("SELECT id, path FROM folder")
    sources = {"label": label, "album": album, "folder": folder["id"], "missing": None}
    window.show_source(Source(place, sources[place]))  # type: ignore[arg-type]
    type_query(qtbot, window, "rating:>=4 OR red")
    begin_to_save(qtbot, window)
    asked = {
        "label": 'label:"Two words"',
        "album": "album:Best",
        "folder": f"folder:{folder['path'].decode()}",
        "missing": "is:missing",
    }
    assert window.live_albums.line.query.text() == f"{asked[place]} (rating:>=4 OR red)"


def test_nothing_to_save_is_said(qtbot: QtBot, window: Window, ids: dict[str, int]) -> None:
    with qtbot.waitSignal(window.session.message) as told:
        qtbot.keyClick(window, Qt.Key.Key_S, CTRL)
    assert told.args[0] == "info"
    window.header.search.set_photos((ids["red-0.jpg"],))
    with qtbot.waitSignal(window.session.message) as told:
        qtbot.keyClick(window, Qt.Key.Key_S, CTRL)
    assert told.args == ["error", "A live album keeps words and filters; take the picture out to save them."]


def test_photos_are_pinned_in_and_kept_out_and_that_is_undone(
    qtbot: QtBot, window: Window, ids: dict[str, int]
) -> None:
    album = live(window, "Red ones", "red")
    select(window, ids["blue-5.jpg"])
    menu = photo_menu(qtbot, window)
    submenu = action(menu, "Add to album").menu()
    assert isinstance(submenu, QMenu)
    action(submenu, "Red ones").trigger()
    menu.close()
    open_album(qtbot, window, album)
    assert set(shown(window, ids)) == {*RED, "blue-5.jpg"}
    select(window, ids["red-1.jpg"])
    menu = photo_menu(qtbot, window)
    assert "Later in this album" not in [each.text().split("\t")[0] for each in menu.actions()]
    choose(menu, "Remove from this album")
    qtbot.waitUntil(lambda: set(shown(window, ids)) == {"red-0.jpg", "red-2.jpg", "blue-5.jpg"})
    qtbot.keyClick(window, Qt.Key.Key_Z, CTRL)
    qtbot.waitUntil(lambda: "red-1.jpg" in shown(window, ids))
    qtbot.keyClick(window, Qt.Key.Key_Z, CTRL)
    qtbot.waitUntil(lambda: set(shown(window, ids)) == RED)


def test_renamed_deleted_and_brought_back(qtbot: QtBot, window: Window, ids: dict[str, int]) -> None:
    album = live(window, "Red ones", "red")
    open_album(qtbot, window, album)
    sidebar, source = window.sidebar, Source("album", album)
    qtbot.waitUntil(lambda: sidebar_row(window, "Red ones") == (True, 3))
    index = sidebar.model.index(sidebar.model.place_of(source))
    assert index.data(Qt.ItemDataRole.AccessibleTextRole) == "Red ones, live album, 3 photos"
    assert sidebar.model.setData(index, "Reds")
    qtbot.waitUntil(lambda: sidebar_row(window, "Reds") == (True, 3))
    sidebar.select(source)
    sidebar.view.setFocus()  # Delete means the photos where they have the keyboard
    qtbot.keyClick(sidebar.view, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: names(window) == {})
    settle(qtbot, window)
    assert window.browser.wish.source == Source("all")
    assert window.header.search.request().is_empty
    window.session.undo()
    qtbot.waitUntil(lambda: sidebar_row(window, "Reds") == (True, 3))


def test_undoing_the_save_leads_back_to_all_photos(qtbot: QtBot, window: Window) -> None:
    type_query(qtbot, window, "red")
    begin_to_save(qtbot, window)
    save_as(qtbot, window, "Red ones")
    qtbot.waitUntil(lambda: sidebar_row(window, "Red ones")[0])
    window.session.undo()
    qtbot.waitUntil(lambda: window.browser.wish.source == Source("all"))
    settle(qtbot, window)
    assert window.sidebar.current == Source("all")
    assert window.grid.content.shown == 10


def test_an_album_that_cannot_be_looked_up_says_why_and_is_mended(
    qtbot: QtBot, window: Window, ids: dict[str, int]
) -> None:
    label = labels.add_label(catalog_of(window), "Snow").created
    assert label is not None
    album = live(window, "Snowy", "label:Snow")
    labels.delete_label(catalog_of(window), label)
    open_album(qtbot, window, album)
    assert window.grid.content.shown == 0
    assert window.grid.empty_title == "This album cannot be looked up"
    assert chips(window) == ["label:Snow"]
    window.header.search.chips[0].removed.emit()
    type_query(qtbot, window, "red")
    begin_to_save(qtbot, window)
    window.live_albums.line.save.click()
    settle(qtbot, window)
    assert set(shown(window, ids)) == RED


def test_edit_query_leads_to_the_search_bar(qtbot: QtBot, window: Window) -> None:
    album = live(window, "Red ones", "red")
    qtbot.waitUntil(lambda: sidebar_row(window, "Red ones")[0])
    choose(window.sidebar.menu_for(Source("album", album)), "Edit query")
    settle(qtbot, window)
    assert window.header.search.edit.text() == "red"
    assert window.header.search.edit.hasFocus()


def test_counts_of_live_albums_are_there_when_the_window_opens(
    qtbot: QtBot, window: Window, ids: dict[str, int], open_window: Callable[[], Window]
) -> None:
    live(window, "Red ones", "red")
    live(window, "Broken", "label:Nothing")
    albums.add_to_album(catalog_of(window), live(window, "None", "rating:5"), [ids["red-0.jpg"]])
    second = open_window()
    qtbot.waitUntil(lambda: sidebar_row(second, "Red ones") == (True, 3))
    assert sidebar_row(second, "Broken") == (True, None)
    assert sidebar_row(second, "None") == (True, 1)
    assert np.array_equal(second.grid.content.ids, window.grid.content.ids)
