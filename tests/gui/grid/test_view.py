"""The grid as Qt and a person see it: selection, keys, zoom, scrolling, 100,000 photos."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QItemSelectionModel, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QAbstractItemView, QApplication
from pytestqt.qtbot import QtBot

from photoclip.gui import theme
from photoclip.gui.grid.content import GridContent, by_date, by_relevance
from photoclip.gui.grid.model import IDS_MIME, ids_mime
from photoclip.gui.grid.thumbnails import Thumbnails
from photoclip.gui.grid.view import GridView
from photoclip.library.catalog.photos import PhotoTable
from tests.gui.libraries import coloured, jpeg

SHIFT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


def table(count: int) -> PhotoTable:
    random = np.random.default_rng(0)
    taken = np.sort(random.uniform(1.2e9, 1.7e9, count))[::-1]
    return PhotoTable(
        ids=np.arange(1, count + 1),
        taken=taken,
        colours=random.integers(0, 1 << 24, count).astype(np.uint32),
        widths=np.full(count, 4000, np.int32),
        heights=np.full(count, 3000, np.int32),
        hashes=np.frombuffer(random.bytes(16 * count), "S16"),
        added=taken,
    )


def row_of_photos(count: int) -> GridContent:
    """Photos without headers, as an answer to a search."""
    return by_relevance(table(count), np.arange(1, count + 1), count)


@pytest.fixture
def grid(qtbot: QtBot, qapp: QApplication) -> Iterator[GridView]:
    theme.apply(qapp, "dark")
    picture = jpeg(coloured("red", (64, 48)))
    thumbnails = Thumbnails(lambda _key: picture)
    view = GridView(thumbnails)
    qtbot.addWidget(view)
    view.resize(1000, 700)
    view.show()
    yield view
    thumbnails.close()


def click(qtbot: QtBot, grid: GridView, row: int, modifier: Qt.KeyboardModifier | None = None) -> None:
    at = grid.visualRect(grid.photos.index(row)).center()
    qtbot.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, modifier or Qt.KeyboardModifier(0), at)


def drag_to(grid: GridView, to: QPoint) -> None:
    """A move with the left button held, which QTest does not say."""
    left, at = Qt.MouseButton.LeftButton, QPointF(to)
    where = grid.viewport().mapToGlobal(at)
    event = QMouseEvent(QEvent.Type.MouseMove, at, where, left, left, Qt.KeyboardModifier(0))
    QApplication.sendEvent(grid.viewport(), event)


def chosen(grid: GridView) -> list[int]:
    return grid.selected_ids().tolist()


def test_clicks_select_like_a_file_manager(qtbot: QtBot, grid: GridView) -> None:
    grid.set_content(row_of_photos(40))
    click(qtbot, grid, 2)
    assert chosen(grid) == [3]
    click(qtbot, grid, 9, SHIFT)
    assert chosen(grid) == list(range(3, 11))
    click(qtbot, grid, 4, CONTROL)
    assert chosen(grid) == [3, 4, 6, 7, 8, 9, 10]
    click(qtbot, grid, 20)
    assert chosen(grid) == [21]
    click(qtbot, grid, 18, SHIFT)
    assert chosen(grid) == [19, 20, 21]


def test_keys_move_and_extend(qtbot: QtBot, grid: GridView) -> None:
    grid.set_content(row_of_photos(40))
    columns = grid.geometry_now.columns
    click(qtbot, grid, 0)
    qtbot.keyClick(grid, Qt.Key.Key_Right)
    qtbot.keyClick(grid, Qt.Key.Key_Down)
    assert chosen(grid) == [2 + columns]
    qtbot.keyClick(grid, Qt.Key.Key_Right, SHIFT)
    qtbot.keyClick(grid, Qt.Key.Key_Right, SHIFT)
    assert chosen(grid) == [2 + columns, 3 + columns, 4 + columns]
    qtbot.keyClick(grid, Qt.Key.Key_Left, SHIFT)
    assert chosen(grid) == [2 + columns, 3 + columns]
    qtbot.keyClick(grid, Qt.Key.Key_End)
    assert chosen(grid) == [40]
    assert grid.visualRect(grid.currentIndex()).bottom() <= grid.viewport().height()
    qtbot.keyClick(grid, Qt.Key.Key_Home)
    assert chosen(grid) == [1]
    qtbot.keyClick(grid, Qt.Key.Key_A, CONTROL)
    assert len(chosen(grid)) == 40


def test_enter_space_and_letters_speak_up(qtbot: QtBot, grid: GridView) -> None:
    grid.set_content(row_of_photos(5))
    click(qtbot, grid, 3)
    with qtbot.waitSignal(grid.opened) as opened:
        qtbot.keyClick(grid, Qt.Key.Key_Return)
    with qtbot.waitSignal(grid.peeked) as peeked:
        qtbot.keyClick(grid, Qt.Key.Key_Space)
    with qtbot.waitSignal(grid.typed) as typed:
        qtbot.keyClick(grid, Qt.Key.Key_X)
    assert (opened.args, peeked.args, typed.args) == ([4], [4], ["x"])


def test_a_rubber_band_from_the_empty_part(qtbot: QtBot, grid: GridView) -> None:
    grid.set_content(row_of_photos(3))
    first = grid.visualRect(grid.photos.index(0))
    second = grid.visualRect(grid.photos.index(1))
    start = QPoint(first.left() + 10, first.bottom() + 60)
    viewport, left = grid.viewport(), Qt.MouseButton.LeftButton
    qtbot.mousePress(viewport, left, pos=start)
    for to in (QPoint(first.left() + 40, first.bottom() + 20), second.center()):
        drag_to(grid, to)
    assert chosen(grid) == [1, 2]
    qtbot.mouseRelease(viewport, left, pos=second.center())
    assert grid.state() == QAbstractItemView.State.NoState


def test_zoom_keeps_the_middle_in_view(grid: GridView) -> None:
    grid.set_content(row_of_photos(2000))
    grid.verticalScrollBar().setValue(12_000)
    middle = grid.indexAt(QPoint(500, 350)).row()
    grid.set_cell(300)
    rect = grid.visualRect(grid.photos.index(middle))
    assert rect.intersects(QRect(0, 150, 1000, 400))


def test_new_photos_do_not_move_what_is_on_the_screen(grid: GridView) -> None:
    whole = table(3000)
    grid.set_content(by_relevance(whole, np.arange(500, 3001), 2501))
    grid.verticalScrollBar().setValue(9_000)
    seen = grid.indexAt(QPoint(200, 300))
    photo, top = int(grid.content.ids[seen.row()]), grid.visualRect(seen).top()
    row = grid.content.rows_of(np.array([photo]))[0]
    grid.selectionModel().select(grid.photos.index(int(row)), QItemSelectionModel.SelectionFlag.Select)
    columns = grid.geometry_now.columns
    grid.set_content(by_relevance(whole, np.arange(500 - columns * 7, 3001), 3000), keep=True)
    row = grid.content.rows_of(np.array([photo]))[0]
    assert grid.visualRect(grid.photos.index(int(row))).top() == top
    assert chosen(grid) == [photo]


def test_weaker_matches_are_shown_on_request(qtbot: QtBot, grid: GridView) -> None:
    grid.set_content(by_relevance(table(30), np.arange(1, 31), 4))
    assert grid.photos.rowCount() == 4
    columns = grid.geometry_now.columns
    divider = grid.visualRect(grid.photos.index(3)).bottom() + 4 + 22
    assert columns >= 4
    link = next(x for x in range(1000) if grid._over_link(QPoint(x, divider)))
    with qtbot.waitSignal(grid.weaker_toggled):
        qtbot.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(link + 3, divider))
    assert grid.photos.rowCount() == 30
    grid.show_weaker(False)
    assert grid.photos.rowCount() == 4


def test_thumbnails_come_for_what_is_on_the_screen(qtbot: QtBot, grid: GridView) -> None:
    grid.set_content(row_of_photos(5000))
    qtbot.waitUntil(lambda: grid.is_loaded)
    loaded = [grid.thumbnails.image(grid.content.key(row)) is not None for row in range(5000)]
    first, last = grid.geometry_now.visible(0, grid.viewport().height())
    assert all(loaded[first:last])
    assert not any(loaded[last * 4 :])
    picture = grid.viewport().grab().toImage()
    at = grid.visualRect(grid.photos.index(0)).center()
    assert picture.pixelColor(at).red() > 180


def test_each_photo_has_a_name_for_who_does_not_see(grid: GridView) -> None:
    grid.set_content(by_date(table(10), None))
    name = grid.photos.data(grid.photos.index(2), Qt.ItemDataRole.AccessibleTextRole)
    assert name.startswith("Photo 3 of 10, ")


def test_ids_travel_with_a_drag() -> None:
    assert bytes(ids_mime(np.array([3, 1, 2])).data(IDS_MIME).data()) == b"3,1,2"


def test_a_hundred_thousand_photos_are_set_without_work_per_photo(grid: GridView) -> None:
    whole = table(100_000)
    content = by_relevance(whole, np.random.default_rng(1).permutation(100_000) + 1, 100_000)
    assert len(content.order) == 100_000  # made off the GUI thread, as the window does
    began = time.perf_counter()
    grid.set_content(content)
    grid.viewport().repaint()
    seconds = time.perf_counter() - began
    assert grid.photos.rowCount() == 100_000
    assert seconds < 1  # a loop over photos would take several; the benchmark measures exactly


def test_selection_of_all_survives_a_smaller_content(grid: GridView) -> None:
    content = row_of_photos(5000)
    grid.set_content(content)
    grid.selectAll()
    fewer = replace(
        content,
        ids=content.ids[::2],
        hashes=content.hashes[::2],
        colours=content.colours[::2],
        months=content.months[::2],
        confident=2500,
    )
    grid.set_content(fewer, keep=True)
    assert chosen(grid) == content.ids[::2].tolist()
