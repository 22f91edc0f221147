"""The page of duplicates: what it shows, and what its action does to files."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QTest

from photoclip.gui.duplicates_page import DuplicatesPage
from photoclip.gui.duplicates_view import ROW
from photoclip.library.catalog import photos
from photoclip.library.catalog.indexing import IndexedPhoto, record_batch
from tests.gui.panels.room import Room
from tests.library.trashes import home_trash

COPY = "red-0 copy.jpg"


@pytest.fixture
def page(room: Room) -> DuplicatesPage:
    """Over a copy of red-0.jpg, and photos of one colour, which are similar."""
    shutil.copy2(room.folder / "red-0.jpg", room.folder / COPY)
    known = photos.details(room.catalog, room.ids["red-0.jpg"])
    (file,) = known.files
    state = (room.folder / COPY).stat()
    copy = IndexedPhoto(
        path=os.fsencode(room.folder / COPY), folder_id=file.folder_id, size=state.st_size,
        mtime_ns=state.st_mtime_ns, hash=known.content_hash, width=known.width, height=known.height,
        format=known.format, colour=known.colour,
    )  # fmt: skip
    record_batch(room.catalog, [copy])
    page = DuplicatesPage(room.session)
    room.qtbot.addWidget(page)
    page.resize(700, 500)
    page.show()
    room.settle()
    return page


def choose(page: DuplicatesPage, tier: str) -> None:
    """As a person chooses a tier."""
    place = page.tiers.findData(tier)
    page.tiers.setCurrentIndex(place)
    page.tiers.activated.emit(place)


def texts(page: DuplicatesPage) -> list[str]:
    return [page.model.index(at).data() for at in range(page.model.rowCount())]


def test_it_opens_on_the_first_tier_that_has_groups(page: DuplicatesPage) -> None:
    assert page.tiers.currentData() == "identical"
    assert texts(page) == ["Keep red-0.jpg: not named a copy. 2 files · the same bytes"]
    assert page.trash.text() == "Move the other one to the trash"
    assert page.trash.isEnabled()
    counts = [page.tiers.itemText(at).split()[-1] for at in range(4)]
    assert counts == ["1", "0", "0", "3"]


def test_each_tier_tells_its_evidence(page: DuplicatesPage) -> None:
    choose(page, "similar")
    assert len(texts(page)) == 3
    assert "4 files · cosine at least 1.00" in texts(page)[0]
    assert page.trash.text() == "Move the other 3 to the trash"
    assert COPY in page.model.index(0).data(Qt.ItemDataRole.ToolTipRole)
    choose(page, "burst")
    assert texts(page) == []
    assert page.nothing.text() == "No duplicates of this kind."
    assert page.nothing.isVisible()
    assert not page.trash.isEnabled()


def test_pictures_are_loaded_for_what_is_on_the_screen(room: Room, page: DuplicatesPage) -> None:
    row = page.current()
    assert row is not None
    room.qtbot.waitUntil(lambda: page.thumbnails.image(row.hashes[0]) is not None)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="freedesktop.org's trash")
@pytest.mark.parametrize("way", ["button", "key"])
def test_the_others_go_to_the_trash_and_come_back(
    room: Room, page: DuplicatesPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    home_trash(tmp_path / "data", monkeypatch)
    if way == "button":
        page.trash.click()
    else:
        page.activateWindow()
        page.view.setFocus()
        room.qtbot.waitUntil(page.view.hasFocus)
        QTest.keyClick(page.view, Qt.Key.Key_Delete)
    room.settle()
    assert not (room.folder / COPY).exists()
    assert (room.folder / "red-0.jpg").exists()
    assert texts(page) == []
    assert not photos.details(room.catalog, room.ids["red-0.jpg"]).missing
    room.session.undo()
    room.qtbot.waitUntil(lambda: (room.folder / COPY).exists())
    room.settle()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="freedesktop.org's trash")
def test_similar_photos_that_come_back_are_listed_again(
    room: Room, page: DuplicatesPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home_trash(tmp_path / "data", monkeypatch)
    choose(page, "similar")
    before = texts(page)
    page.trash.setFocus()
    page.trash.click()
    room.settle()
    assert texts(page) == before[1:]
    assert page.focusWidget() is page.view
    room.session.undo()
    room.settle()
    room.qtbot.waitUntil(lambda: page.again.isEnabled() and texts(page) == before)


def test_what_stays_is_told_and_keeps_its_group(room: Room, page: DuplicatesPage) -> None:
    (room.folder / COPY).write_bytes(b"edited meanwhile")
    with room.qtbot.waitSignal(room.session.message) as said:
        page.trash.click()
    room.settle()
    assert said.args is not None
    assert said.args[0] == "error"
    assert said.args[1].endswith(f"{COPY} stays where it is. It has changed since it was indexed.")
    assert len(texts(page)) == 1
    assert page.trash.isEnabled()


def test_a_group_is_opened_and_come_back_to(room: Room, page: DuplicatesPage) -> None:
    choose(page, "similar")
    row = page.model.index(1).data(ROW)
    with room.qtbot.waitSignal(page.photo_activated) as opened:
        page.view.activated.emit(page.model.index(1))
    assert opened.args == [row.photos[0], row.photos]
    page.view.setCurrentIndex(page.model.index(0))
    page.take_focus(row.photos[1])
    assert page.current() == row


def test_looking_again_finds_what_has_come(room: Room, page: DuplicatesPage) -> None:
    with room.catalog.write() as connection:
        connection.execute(
            "UPDATE file SET missing_since = 1 WHERE path = ?", (os.fsencode(room.folder / COPY),)
        )
    page.again.click()
    assert not page.again.isEnabled()
    room.settle()
    assert page.again.isEnabled()
    assert page.tiers.currentData() == "similar"
    assert page.model.rowCount(QModelIndex()) == 3


def test_every_control_has_a_name(page: DuplicatesPage) -> None:
    for control in (page.back, page.tiers, page.view):
        assert control.accessibleName()
    for button in (page.trash, page.again):
        assert button.text()
