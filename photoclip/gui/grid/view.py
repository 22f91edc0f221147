"""The photo grid as a person uses it: clicks, keys, rubber band, wheel, drag, on top of its surface.

Qt brings selection, keyboard, drag and accessibility; `Layout` brings every position.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import (
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QWidget

from photoclip.gui import theme
from photoclip.gui.grid import drag, paint, reorder
from photoclip.gui.grid.content import WEAKER, GridContent
from photoclip.gui.grid.surface import GridSurface
from photoclip.gui.grid.thumbnails import Thumbnails

BAND_SCROLL_MS = 30
WHEEL_ZOOM = 1.12  # per notch
Cursor = QAbstractItemView.CursorAction


@dataclass
class RubberBand:
    """Where it began, in content coordinates, and ends, in the viewport's; what was selected before [N]."""

    start: QPoint
    before: NDArray[np.bool_]
    end: QPoint

    def rect(self, offset: int) -> QRect:
        """In viewport coordinates, with the content scrolled by `offset`."""
        return QRect(self.start - QPoint(0, offset), self.end).normalized()


class GridView(GridSurface):
    """Speaks in photo ids; what they lead to is the window's."""

    opened = Signal(int)  # Enter, double-click
    peeked = Signal(int)  # Space
    typed = Signal(str)  # a letter that is no key of the grid
    drag_likely = Signal()  # a press that may become a drag: time to look up the paths
    context_menu = Signal(QPoint)  # global position
    reordered = Signal(list)  # photo ids in their new order; only while `set_reorderable`

    # Here and not in __init__, because the base class already moves the current photo in its own.
    _anchor = -1  # the row a shift-click extends from
    _extending = False
    _band: RubberBand | None = None
    _drop: tuple[int, QRect] | None = None  # where a drop would go, and the line that shows it

    def __init__(self, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(thumbnails, parent)
        self._band_scroll = QTimer(self, interval=BAND_SCROLL_MS)
        self._band_scroll.timeout.connect(self._scroll_band)
        self.drag_paths: dict[int, bytes] = {}  # of photos that may be dragged, as far as known
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.viewport().setMouseTracking(True)
        self.doubleClicked.connect(lambda index: self.opened.emit(self._id(index.row())))

    def set_content(self, content: GridContent, *, keep: bool = False) -> None:
        self._anchor = -1
        self._band = None
        super().set_content(content, keep=keep)

    def paint_over(self, painter: QPainter) -> None:
        if self._band is not None:
            paint.band(painter, self._band.rect(self.verticalOffset()))
        if self._drop is not None:
            paint.insertion(painter, self._drop[1].translated(0, -self.verticalOffset()))

    def setSelection(self, rect: QRect, command: QItemSelectionModel.SelectionFlag) -> None:
        if self.state() == QAbstractItemView.State.DragSelectingState:
            top = self.verticalOffset()
            area = rect.normalized()
            rows = self._layout.inside(area.left(), area.top() + top, area.right(), area.bottom() + top)
        elif self._extending and self._anchor >= 0 and self.currentIndex().isValid():
            ends = sorted((self._anchor, self.currentIndex().row()))
            rows = np.arange(ends[0], ends[1] + 1)
        else:
            row = self.indexAt(rect.center()).row()
            rows = np.array([row]) if row >= 0 else np.zeros(0, np.int64)
        self.selectionModel().select(self.photos.selection_of(rows), command)

    def currentChanged(
        self, current: QModelIndex | QPersistentModelIndex, previous: QModelIndex | QPersistentModelIndex
    ) -> None:
        if not self._extending:
            self._anchor = current.row()
        super().currentChanged(current, previous)
        self.viewport().update()
        self.chosen.emit()

    def moveCursor(self, action: Cursor, modifiers: Qt.KeyboardModifier) -> QModelIndex:
        count = self.content.shown
        if count == 0:
            return QModelIndex()
        row = self.currentIndex().row()
        if row < 0:
            top = self.verticalOffset()
            return self.photos.index(min(self._layout.visible(top, top + 1)[0], count - 1))
        page = max(1, self.viewport().height() // self._layout.pitch - 1)
        forward = -1 if self.isRightToLeft() else 1
        moves = {
            Cursor.MoveLeft: row - forward, Cursor.MoveRight: row + forward,
            Cursor.MovePrevious: row - 1, Cursor.MoveNext: row + 1,
            Cursor.MoveHome: 0, Cursor.MoveEnd: count - 1,
        }  # fmt: skip
        lines = {
            Cursor.MoveUp: -1, Cursor.MoveDown: 1, Cursor.MovePageUp: -page, Cursor.MovePageDown: page,
        }  # fmt: skip
        to = self._layout.vertical(row, lines[action]) if action in lines else moves[action]
        return self.photos.index(max(0, min(count - 1, to)))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, plain = (
            event.key(),
            event.modifiers()
            in (
                Qt.KeyboardModifier.NoModifier,
                Qt.KeyboardModifier.KeypadModifier,
            ),
        )
        current = self.current_id()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and plain and current is not None:
            self.opened.emit(current)
        elif key == Qt.Key.Key_Space and plain and current is not None:
            self.peeked.emit(current)
        elif key in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab, Qt.Key.Key_Escape):
            event.ignore()  # Tab leaves the grid; Escape is the window's
        else:
            self._extending = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            super().keyPressEvent(event)
            self._extending = False

    def keyboardSearch(self, search: str) -> None:
        if search.strip():
            self.typed.emit(search)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._over_link(event.position().toPoint()):
            self.show_weaker(not self.content.weaker_shown)
            return
        point = event.position().toPoint()
        on_photo = self.indexAt(point).isValid()
        adding = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        before = self._selected.copy() if adding else np.zeros_like(self._selected)
        self._extending = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        super().mousePressEvent(event)
        self._extending = False
        if on_photo:
            self.drag_likely.emit()
        elif event.button() == Qt.MouseButton.LeftButton:
            self._band = RubberBand(point + QPoint(0, self.verticalOffset()), before, point)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        point = event.position().toPoint()
        if self._band is not None and event.buttons() & Qt.MouseButton.LeftButton:
            self._stretch_band(point)
            return
        super().mouseMoveEvent(event)
        hovered = self._over_link(point)
        if hovered != self._link_hovered:
            self._link_hovered = hovered
            shape = Qt.CursorShape.PointingHandCursor if hovered else Qt.CursorShape.ArrowCursor
            self.viewport().setCursor(shape)
            self.viewport().update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if self._band is not None:
            self._band = None
            self._band_scroll.stop()
            self.viewport().update()

    def _stretch_band(self, point: QPoint) -> None:
        """Select what the rubber band touches; beyond an edge, scroll on."""
        band = self._band
        if band is None or len(band.before) != len(self._selected):
            return
        band.end = point
        area = band.rect(self.verticalOffset())
        top = self.verticalOffset()
        rows = self._layout.inside(area.left(), area.top() + top, area.right(), area.bottom() + top)
        chosen = band.before.copy()
        chosen[rows] = True
        selection = self.photos.selection_of(np.flatnonzero(chosen))
        self.selectionModel().select(selection, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        if 0 <= point.y() < self.viewport().height():
            self._band_scroll.stop()
        elif not self._band_scroll.isActive():
            self._band_scroll.start()
        self.viewport().update()

    def _scroll_band(self) -> None:
        if self._band is not None:
            beyond = min(0, self._band.end.y()) or max(0, self._band.end.y() - self.viewport().height())
            self.verticalScrollBar().setValue(self.verticalOffset() + beyond // 2)
            self._stretch_band(self._band.end)

    def _over_link(self, point: QPoint) -> bool:
        sections = np.flatnonzero(self._layout.kinds == WEAKER)
        if len(sections) == 0:
            return False
        rect = self._header_rect(int(sections[0]))
        return paint.divider_link(
            rect, self.content.all_weaker, self.content.weaker_shown, self.font()
        ).contains(point)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.set_cell(round(self._cell * WHEEL_ZOOM ** (event.angleDelta().y() / 120)))
            event.accept()
        else:
            super().wheelEvent(event)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.NativeGesture:
            gesture: Any = event
            if gesture.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
                self.set_cell(round(self._cell * (1 + gesture.value())))
                return True
        return bool(super().viewportEvent(event))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        position = event.globalPos()
        if event.reason() == QContextMenuEvent.Reason.Keyboard and self.currentIndex().isValid():
            position = self.viewport().mapToGlobal(self.visualRect(self.currentIndex()).center())
        if self._selected.any():
            self.context_menu.emit(position)

    def set_reorderable(self, on: bool) -> None:
        """Whether photos can be dragged to another place among the others (an album's own order)."""
        mode = QAbstractItemView.DragDropMode
        self.setDragDropMode(mode.DragDrop if on else mode.DragOnly)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        self.dragMoveEvent(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        if self.dragDropMode() != QAbstractItemView.DragDropMode.DragDrop or event.source() is not self:
            event.ignore()
            return
        point = event.position().toPoint()
        self._scroll_for_drop(point.y())
        self._show_drop(
            reorder.place_at(self._layout, point.x(), point.y() + self.verticalOffset(), self.content.shown)
        )
        event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._show_drop(None)

    def dropEvent(self, event: QDropEvent) -> None:
        if self._drop is not None:
            ids, gap = self.content.ids[: self.content.shown].tolist(), self._drop[0]
            self._show_drop(None)
            event.acceptProposedAction()
            if (order := reorder.moved(ids, set(self.selected_ids().tolist()), gap)) != ids:
                self.reordered.emit(order)

    def _show_drop(self, drop: tuple[int, QRect] | None) -> None:
        self._drop = drop
        self.viewport().update()

    def _scroll_for_drop(self, y: int) -> None:
        """Near an edge, on to photos beyond it."""
        edge, bar = theme.SPACE[4], self.verticalScrollBar()
        if y < edge:
            bar.setValue(bar.value() - edge)
        elif y > self.viewport().height() - edge:
            bar.setValue(bar.value() + edge)

    def startDrag(self, actions: Qt.DropAction) -> None:
        ids = self.selected_ids()
        if len(ids):
            current = self.current_id()
            row = self.content.rows_of(np.array([current]))[0] if current is not None else 0
            drag.begin(self, ids, self.drag_paths, self.thumbnails.image(self.content.key(int(row))))
