"""The sidebar: rows with counts, choosing, renaming, removing, dropping."""

from __future__ import annotations

import os

from PySide6.QtCore import QMimeData, QPoint, Qt
from PySide6.QtWidgets import QLineEdit, QToolButton

from photoclip.gui.counts import CountKeeper
from photoclip.gui.grid.model import IDS_MIME
from photoclip.gui.session import Source
from photoclip.gui.sidebar import Sidebar
from photoclip.gui.sidebar_draw import SectionHeader
from photoclip.library.catalog import albums, folders, labels
from tests.gui.panels.room import Room


def sidebar_of(room: Room) -> Sidebar:
    sidebar = Sidebar(room.session)
    room.qtbot.addWidget(sidebar)
    sidebar.resize(224, 700)
    sidebar.show()
    room.qtbot.waitUntil(lambda: shown(sidebar).get("All photos") == 8)
    return sidebar


def shown(sidebar: Sidebar) -> dict[str, int | None]:
    return {row.text: row.count for row in sidebar.model.rows}


def add_button(sidebar: Sidebar, name: str) -> QToolButton:
    headers = sidebar.findChildren(SectionHeader)
    return next(each.button for each in headers if each.button.accessibleName() == name)


def menu_action(sidebar: Sidebar, source: Source, text: str) -> None:
    menu = sidebar.menu_for(source)
    next(action for action in menu.actions() if action.text() == text).trigger()


def drop(sidebar: Sidebar, source: Source, ids: list[int]) -> bool:
    mime = QMimeData()
    mime.setData(IDS_MIME, ",".join(map(str, ids)).encode())
    index = sidebar.model.index(sidebar.model.place_of(source))
    return sidebar.model.dropMimeData(mime, Qt.DropAction.CopyAction, -1, -1, index)


def test_counts_follow_the_library(room: Room) -> None:
    album = albums.create_album(room.catalog, "Best", list(room.ids.values())[:2]).created
    sidebar = sidebar_of(room)
    assert shown(sidebar) == {
        "All photos": 8, "Recently added": 8, "Missing": 0, "Folders": None, "Iceland": 8,
        "Albums": None, "Best": 2, "Labels": None,
    }  # fmt: skip
    albums.add_to_album(room.catalog, album, list(room.ids.values()))
    labels.add_label(room.catalog, "Snow")
    room.qtbot.waitUntil(lambda: shown(sidebar).get("Best") == 8 and shown(sidebar).get("Snow") == 0)


def test_an_offline_folder_says_so(room: Room) -> None:
    gone = room.folder.parent / "Stick"
    gone.mkdir()
    folders.add_folder(room.catalog, os.fsencode(gone))
    gone.rmdir()
    sidebar = sidebar_of(room)
    assert {row.text: row.note for row in sidebar.model.rows}["Stick"] == "offline"


def test_a_folder_that_goes_while_the_window_is_open_is_noticed(room: Room) -> None:
    sidebar = sidebar_of(room)
    keeper = CountKeeper.of(room.session)
    room.folder.rename(room.folder.parent / "elsewhere")
    with room.qtbot.waitSignal(keeper.counted):
        keeper.look_at_disk()
    assert {row.text: row.note for row in sidebar.model.rows}[room.folder.name] == "offline"


def test_arrow_keys_choose_and_skip_headings(room: Room) -> None:
    sidebar = sidebar_of(room)
    sidebar.select(Source("missing"))
    with room.qtbot.waitSignal(sidebar.source_chosen) as chosen:
        room.qtbot.keyClick(sidebar.view, Qt.Key.Key_Down)
    assert chosen.args[0].kind == "folder"


def test_a_click_chooses_and_select_says_nothing(room: Room) -> None:
    sidebar = sidebar_of(room)
    place = sidebar.view.visualRect(sidebar.model.index(sidebar.model.place_of(Source("recent"))))
    with room.qtbot.waitSignal(sidebar.source_chosen) as chosen:
        room.qtbot.mouseClick(
            sidebar.view.viewport(), Qt.MouseButton.LeftButton, pos=place.center() + QPoint(0, 0)
        )
    assert chosen.args[0] == Source("recent")
    with room.qtbot.assertNotEmitted(sidebar.source_chosen):
        sidebar.select(Source("all"))
    assert sidebar.current == Source("all")


def test_a_new_album_is_named_in_place(room: Room) -> None:
    sidebar = sidebar_of(room)
    add_button(sidebar, "New album").click()
    room.qtbot.waitUntil(lambda: sidebar.view.editing)
    editor = sidebar.view.findChild(QLineEdit)
    assert editor.text() == "New album"
    editor.selectAll()
    room.qtbot.keyClicks(editor, "Winter best")
    room.qtbot.keyClick(editor, Qt.Key.Key_Return)
    room.qtbot.waitUntil(lambda: "Winter best" in shown(sidebar))
    assert [album.name for album in albums.list_albums(room.catalog)] == ["Winter best"]
    assert not sidebar.view.editing


def test_an_album_is_renamed_and_deleted_and_comes_back(room: Room) -> None:
    album = albums.create_album(room.catalog, "Best", list(room.ids.values())).created
    sidebar = sidebar_of(room)
    index = sidebar.model.index(sidebar.model.place_of(Source("album", album)))
    assert sidebar.model.setData(index, "Finest")
    room.qtbot.waitUntil(lambda: "Finest" in shown(sidebar))
    sidebar.select(Source("album", album))
    with room.qtbot.waitSignal(sidebar.source_chosen) as chosen:
        room.qtbot.keyClick(sidebar.view, Qt.Key.Key_Delete)
    assert chosen.args[0] == Source("all")  # the album that was shown is gone
    room.qtbot.waitUntil(lambda: "Finest" not in shown(sidebar))
    room.session.undo()
    room.qtbot.waitUntil(lambda: shown(sidebar).get("Finest") == 8)


def test_photos_dropped_on_an_album_and_a_label(room: Room) -> None:
    album = albums.create_album(room.catalog, "Best").created
    label = labels.add_label(room.catalog, "Rosy").created
    sidebar = sidebar_of(room)
    reds = sorted(room.coloured("red"))
    assert drop(sidebar, Source("album", album), reds)
    assert drop(sidebar, Source("label", label), reds[:1])
    assert not drop(sidebar, Source("all"), reds)
    room.settle()
    assert sorted(albums.album_photos(room.catalog, album).tolist()) == reds
    assert labels.labelled(room.catalog, label).tolist() == reds[:1]


def test_menus_ask_the_window_for_its_pages(room: Room) -> None:
    album = albums.create_album(room.catalog, "Best").created
    label = labels.add_label(room.catalog, "Rosy").created
    sidebar = sidebar_of(room)
    with room.qtbot.waitSignal(sidebar.auto_tag_requested) as tagged:
        menu_action(sidebar, Source("album", album), "Auto-tag album…")
    with room.qtbot.waitSignal(sidebar.label_edit_requested) as edited:
        menu_action(sidebar, Source("label", label), "Edit label…")
    with room.qtbot.waitSignal(sidebar.label_edit_requested) as made:
        add_button(sidebar, "New label…").click()
    with room.qtbot.waitSignal(sidebar.add_folder_requested):
        add_button(sidebar, "Add folder…").click()
    assert (tagged.args, edited.args, made.args) == ([album], [label], [0])


def test_removing_a_folder_asks_about_labels(room: Room) -> None:
    label = labels.add_label(room.catalog, "Rosy").created
    labels.label_photos(room.catalog, label, room.coloured("red"))
    sidebar = sidebar_of(room)
    (folder,) = folders.list_folders(room.catalog)
    source = Source("folder", folder.id)

    menu_action(sidebar, source, "Stop watching this folder…")
    assert sidebar.question.isVisible()
    assert "Iceland" in sidebar.question.question.text()
    sidebar.question.cancel.click()
    assert not sidebar.question.isVisible()
    assert folders.list_folders(room.catalog)

    menu_action(sidebar, source, "Stop watching this folder…")
    sidebar.question.forget.click()
    room.qtbot.waitUntil(lambda: "Iceland" not in shown(sidebar) and shown(sidebar)["All photos"] == 0)
    room.session.undo()
    room.qtbot.waitUntil(lambda: shown(sidebar).get("Iceland") == 8)
    assert set(labels.labelled(room.catalog, label).tolist()) == room.coloured("red")

    menu_action(sidebar, source, "Stop watching this folder…")
    sidebar.question.keep.click()
    room.qtbot.waitUntil(lambda: "Iceland" not in shown(sidebar))
    assert set(labels.labelled(room.catalog, label, missing=True).tolist()) == room.coloured("red")


def test_rows_are_spoken_with_their_counts(room: Room) -> None:
    sidebar = sidebar_of(room)
    index = sidebar.model.index(sidebar.model.place_of(Source("all")))
    assert index.data(Qt.ItemDataRole.AccessibleTextRole) == "All photos, 8 photos"
