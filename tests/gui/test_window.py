"""What a person does in the window, with real signals and a real library."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from photoclip.gui.session import Source
from photoclip.gui.window import Window
from photoclip.library.catalog import albums, labels, photos
from photoclip.library.courtesy import FULL, Manners, Verdict
from photoclip.library.library import Library
from photoclip.settings import choose_model, load_settings
from tests.gui.libraries import coloured

RED = {"red-0.jpg", "red-1.jpg", "red-2.jpg"}


def shown(window: Window, ids: dict[str, int]) -> list[str]:
    names = {photo: name for name, photo in ids.items()}
    content = window.grid.content
    return [names[photo] for photo in content.ids[: content.confident].tolist()]


def type_query(qtbot: QtBot, window: Window, text: str) -> None:
    qtbot.keyClicks(window.header.search.edit, text)
    settle(qtbot, window)


def settle(qtbot: QtBot, window: Window) -> None:
    search = window.header.search
    qtbot.waitUntil(lambda: search.is_asked and window.is_quiet)


def select(window: Window, *photo_ids: int) -> None:
    window.grid.select_ids(np.array(photo_ids))


def photo_menu(qtbot: QtBot, window: Window) -> QMenu:
    """The menu that a right click on the current photo opens."""
    window.grid.context_menu.emit(QPoint(10, 10))

    def is_open() -> bool:
        return isinstance(QApplication.activePopupWidget(), QMenu)

    qtbot.waitUntil(is_open)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    return menu


def action(menu: QMenu, text: str) -> QAction:
    found = {each.text().split("\t")[0]: each for each in menu.actions()}
    return found[text]


def choose(menu: QMenu, text: str) -> None:
    action(menu, text).trigger()
    menu.close()


def test_opens_with_all_photos_newest_first(window: Window, ids: dict[str, int]) -> None:
    assert shown(window, ids) == sorted(ids, key=lambda name: -ids[name])
    assert window.browser.title == "10 photos"
    assert len(window.grid.content.section_starts) > 3  # months


def test_typing_shows_results(qtbot: QtBot, window: Window, ids: dict[str, int]) -> None:
    type_query(qtbot, window, "red")
    assert set(shown(window, ids)[:3]) == RED
    assert "confident" in window.browser.caption
    assert window.header.order.text().startswith("Relevance")


def test_the_last_query_wins(qtbot: QtBot, window: Window, ids: dict[str, int]) -> None:
    search = window.header.search
    search.set_text("blue")
    search.set_text("red")
    settle(qtbot, window)
    assert window.browser.found is not None
    assert window.browser.found.wish.request.text == "red"
    assert set(shown(window, ids)[:3]) == RED


def test_a_wrong_query_leaves_the_photos_and_says_where(
    qtbot: QtBot, window: Window, ids: dict[str, int]
) -> None:
    before = shown(window, ids)
    with qtbot.waitSignal(window.browser.failed) as failed:
        qtbot.keyClicks(window.header.search.edit, "labl:snow")
    assert "label:" in failed.args[0]
    assert shown(window, ids) == before
    assert "labl:snow" in window.browser.error
    qtbot.keyClick(window.header.search.edit, Qt.Key.Key_Escape)
    settle(qtbot, window)
    assert window.browser.error == ""


def test_after_a_wrong_query_the_heading_says_what_is_shown(qtbot: QtBot, window: Window) -> None:
    type_query(qtbot, window, "red")
    heading = (window.browser.title, window.browser.caption)
    with qtbot.waitSignal(window.browser.failed):
        qtbot.keyClicks(window.header.search.edit, " labl:snow")
    for state in ("starting", "ready"):  # the model that the search bar's focus woke
        window.session.encoder_state.emit(state)
        assert (window.browser.title, window.browser.caption) == heading


def test_no_confident_match_is_an_answer(qtbot: QtBot, window: Window, ids: dict[str, int]) -> None:
    type_query(qtbot, window, "date:1999")
    assert window.grid.content.shown == 0
    assert "1999" in window.grid.empty_title


def test_right_click_find_similar(qtbot: QtBot, window: Window, ids: dict[str, int]) -> None:
    select(window, ids["red-0.jpg"])
    choose(photo_menu(qtbot, window), "Find similar")
    settle(qtbot, window)
    assert shown(window, ids)[:2] in (["red-1.jpg", "red-2.jpg"], ["red-2.jpg", "red-1.jpg"])
    assert "red-0.jpg" not in shown(window, ids)
    assert window.header.search.request().photos == (ids["red-0.jpg"],)


def test_search_with_a_photo_and_words(qtbot: QtBot, window: Window, ids: dict[str, int]) -> None:
    select(window, ids["red-0.jpg"])
    choose(photo_menu(qtbot, window), "Search with this photo plus words…")
    settle(qtbot, window)
    assert window.header.search.edit.hasFocus()
    qtbot.keyClicks(window.header.search.edit, "blue")
    settle(qtbot, window)
    request = window.header.search.request()
    assert (request.text, request.photos) == ("blue", (ids["red-0.jpg"],))


def test_label_from_the_menu_then_undo_and_redo(qtbot: QtBot, window: Window, ids: dict[str, int]) -> None:
    catalog = window.session.library.catalog
    label = labels.add_label(catalog, "Sunset").created
    assert label is not None
    select(window, ids["red-0.jpg"], ids["red-1.jpg"])
    menu = photo_menu(qtbot, window)
    submenu = action(menu, "Labels").menu()
    assert isinstance(submenu, QMenu)
    submenu.actions()[0].trigger()
    menu.close()
    both = {ids["red-0.jpg"], ids["red-1.jpg"]}
    qtbot.waitUntil(lambda: set(labels.labelled(catalog, label).tolist()) == both)
    qtbot.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: len(labels.labelled(catalog, label)) == 0)
    window.session.redo()
    qtbot.waitUntil(lambda: set(labels.labelled(catalog, label).tolist()) == both)


def test_keys_rate_and_favour(qtbot: QtBot, window: Window, ids: dict[str, int]) -> None:
    catalog, photo = window.session.library.catalog, ids["blue-5.jpg"]
    select(window, photo)
    window.grid.setFocus()
    qtbot.keyClick(window.grid, Qt.Key.Key_4)
    qtbot.waitUntil(lambda: photos.details(catalog, photo).rating == 4)
    qtbot.keyClick(window.grid, Qt.Key.Key_F)
    qtbot.waitUntil(lambda: photos.details(catalog, photo).favourite)


def test_letters_without_a_key_go_to_the_search(qtbot: QtBot, window: Window) -> None:
    window.grid.setFocus()
    qtbot.keyClick(window.grid, Qt.Key.Key_G)
    assert window.header.search.edit.text() == "g"
    assert window.header.search.edit.hasFocus()
    settle(qtbot, window)


def test_slash_focuses_the_search(qtbot: QtBot, window: Window) -> None:
    window.grid.setFocus()
    qtbot.keyClick(window.grid, Qt.Key.Key_Slash)
    assert window.header.search.edit.hasFocus()


def test_an_album_keeps_its_own_order(qtbot: QtBot, window: Window, ids: dict[str, int]) -> None:
    chosen = [ids["blue-5.jpg"], ids["red-0.jpg"], ids["white-7.jpg"]]
    album = albums.create_album(window.session.library.catalog, "Three", chosen).created
    window.show_source(Source("album", album))
    settle(qtbot, window)
    assert window.grid.content.ids.tolist() == chosen


def test_a_search_stays_in_its_place(qtbot: QtBot, window: Window, ids: dict[str, int]) -> None:
    chosen = [ids["blue-5.jpg"], ids["red-0.jpg"]]
    album = albums.create_album(window.session.library.catalog, "Two", chosen).created
    window.show_source(Source("album", album))
    type_query(qtbot, window, "red")
    assert set(window.grid.content.ids.tolist()) == set(chosen)
    assert shown(window, ids)[0] == "red-0.jpg"


def test_auto_tag_says_first_and_tags_then(qtbot: QtBot, window: Window, ids: dict[str, int]) -> None:
    catalog = window.session.library.catalog
    label = labels.add_label(catalog, "Red", ["red"], threshold=0.5).created
    album = albums.create_album(catalog, "Two", [ids["blue-5.jpg"], ids["red-0.jpg"]]).created
    assert label is not None
    assert album is not None
    window.auto_tag(album)
    qtbot.waitUntil(window.auto_tag_line.apply.isEnabled)
    assert "Red: 1 (0 already)" in window.auto_tag_line.text.text()
    assert len(labels.labelled(catalog, label)) == 0
    window.auto_tag_line.apply.click()
    qtbot.waitUntil(lambda: labels.labelled(catalog, label).tolist() == [ids["red-0.jpg"]])


def test_scroll_and_selection_survive_a_change(qtbot: QtBot, window: Window, ids: dict[str, int]) -> None:
    window.grid.set_cell(320)
    select(window, ids["red-1.jpg"])
    window.grid.verticalScrollBar().setValue(200)
    top = window.grid.visualRect(window.grid.currentIndex()).top()
    with qtbot.waitSignal(window.browser.shown):
        window.browser.find_again()
    assert window.grid.selected_ids().tolist() == [ids["red-1.jpg"]]
    assert window.grid.visualRect(window.grid.currentIndex()).top() == top


def test_first_run_is_shown_without_folders(
    qtbot: QtBot, tmp_path: Path, open_window: Callable[[], Window]
) -> None:
    window = open_window()
    assert type(window.pages.currentWidget()).__name__ == "FirstRunPage"
    pictures = tmp_path / "more"
    pictures.mkdir()
    window.add_folders([bytes(pictures)])
    qtbot.waitUntil(lambda: window.pages.currentWidget() is window.browser)


def test_a_folder_that_is_not_there_is_a_sentence(qtbot: QtBot, window: Window, tmp_path: Path) -> None:
    with qtbot.waitSignal(window.session.message) as said:
        window.add_folders([bytes(tmp_path / "nowhere")])
    assert said.args[0] == "error"
    assert "nowhere" in said.args[1]


def test_closing_keeps_size_and_panels(qtbot: QtBot, window: Window, tmp_path: Path) -> None:
    window.grid.set_cell(240)
    window.panels.toggle("details", window.width())
    choose_model(tmp_path / "library", "mine")  # from the terminal, while the window is open
    window.close()
    kept = load_settings(tmp_path / "library")
    assert kept.model == "mine"
    assert kept.tile_size == 240
    assert "-details" in kept.panels


@pytest.mark.parametrize(
    ("width", "sidebar", "details"), [(1400, True, True), (1000, True, False), (700, False, False)]
)
def test_panels_go_when_the_window_is_narrow(
    window: Window, qtbot: QtBot, width: int, sidebar: bool, details: bool
) -> None:
    window.resize(width, 700)
    qtbot.waitUntil(lambda: window.sidebar.isVisible() == sidebar and window.details.isVisible() == details)


def test_closing_while_indexing_leaves_nothing(
    qtbot: QtBot, tmp_path: Path, open_window: Callable[[], Window]
) -> None:
    folder = tmp_path / "arriving"
    folder.mkdir()
    for number in range(40):
        coloured("red", (400, 300), seed=number).save(folder / f"{number}.jpg")
    window = open_window()
    window.session.start()
    with qtbot.waitSignal(window.session.progress):
        window.add_folders([bytes(folder)])
    window.close()  # the fixture `nothing_left_running` looks for threads and processes
    with Library.open(tmp_path / "library") as library:
        assert library.catalog.query("SELECT count(*) FROM folder")[0][0] == 1


def test_photos_appear_while_indexing(
    qtbot: QtBot, tmp_path: Path, open_window: Callable[[], Window]
) -> None:
    folder = tmp_path / "arriving"
    folder.mkdir()
    for number in range(6):
        coloured("green", (400, 300), seed=number).save(folder / f"{number}.jpg")
    window = open_window()
    window.session.start()
    window.add_folders([bytes(folder)])
    qtbot.waitUntil(lambda: len(window.grid.content) == 6, timeout=30_000)
    type_query(qtbot, window, "green")
    assert window.grid.content.confident == 6


def test_models_are_reached_from_the_activity_line_and_left_again(qtbot: QtBot, window: Window) -> None:
    window.activity.model.click()
    page = window.pages.models_page
    assert page is not None
    assert window.pages.shows_models
    qtbot.waitUntil(lambda: bool(page.installed.lines))
    window.go_back()
    assert window.pages.shows_photos
    menu = {each.text(): each for each in window.menu.menu.actions()}
    menu["Models"].trigger()
    assert window.pages.shows_models
    page.back.click()
    assert window.pages.shows_photos


def test_escape_closes_a_question_of_the_models_before_the_page(qtbot: QtBot, window: Window) -> None:
    window.pages.show_models()
    page = window.pages.models_page
    assert page is not None
    qtbot.waitUntil(lambda: bool(page.installed.lines))
    page.ask_about(Path("/somewhere/model.pt"))
    window.go_back()
    assert page.form.isHidden()
    assert window.pages.shows_models
    window.go_back()
    assert window.pages.shows_photos


def test_a_compared_photo_is_viewed_and_left_for_the_models(
    qtbot: QtBot, window: Window, ids: dict[str, int]
) -> None:
    window.pages.show_models()
    page = window.pages.models_page
    assert page is not None
    page.photo_activated.emit(ids["red-0.jpg"], [ids["red-0.jpg"], ids["red-1.jpg"]])
    assert window.pages.shows_viewer
    window.go_back()
    assert window.pages.shows_models


def test_models_seen_on_the_first_run_lead_back_to_it(
    qtbot: QtBot, tmp_path: Path, open_window: Callable[[], Window]
) -> None:
    with Library.open(tmp_path / "library"):
        pass
    window = open_window()
    first_run = window.pages.first_run
    assert first_run is not None
    first_run.models_requested.emit()
    page = window.pages.models_page
    assert page is not None
    assert window.pages.shows_models
    assert page.back.text() == "Back"
    assert window.header.isHidden()
    assert window.sidebar.isHidden()
    window.focus_search("a")
    assert window.pages.shows_models
    page.back.click()
    assert window.pages.shows_first_run
    qtbot.waitUntil(lambda: window.is_quiet)
    assert window.pages.shows_first_run


def test_indexing_slows_down_while_the_window_is_in_use(qtbot: QtBot, window: Window) -> None:
    courtesy = window.session.courtesy
    assert courtesy.verdict(1000) == FULL
    handle = window.windowHandle()
    assert handle is not None
    qtbot.keyClick(handle, Qt.Key.Key_Right)
    assert courtesy.verdict(1000) == Verdict("slow", "use")


def test_how_indexing_yields_is_chosen_in_the_menu_and_kept(qtbot: QtBot, window: Window) -> None:
    actions = window.menu.indexing.actions
    assert actions["in_use"]["slow"].isChecked()
    assert actions["on_battery"]["pause"].isChecked()
    actions["in_use"]["full"].trigger()
    actions["on_battery"]["slow"].trigger()
    assert window.session.courtesy.manners == Manners("full", "slow")
    qtbot.waitUntil(lambda: window.session.is_settled)
    settings = load_settings(window.session.library.folder)
    assert (settings.in_use, settings.on_battery) == ("full", "slow")
