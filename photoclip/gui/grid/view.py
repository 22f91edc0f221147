"""The photo grid: a QAbstractItemView whose geometry is arithmetic over whole arrays.

Qt brings selection, keyboard, drag and accessibility; `Layout` brings every position.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import (
    QEvent,
    QItemSelection,
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
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QRegion,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QWidget

from photoclip.gui import theme
from photoclip.gui.grid import drag, paint
from photoclip.gui.grid.content import WEAKER, GridContent
from photoclip.gui.grid.layout import Layout, arrange
from photoclip.gui.grid.model import PhotoModel
from photoclip.gui.grid.thumbnails import Thumbnails
from photoclip.gui.grid.words import month_title

MARGIN = theme.SPACE[3]
WHEEL_ZOOM = 1.12  # per notch
Cursor = QAbstractItemView.CursorAction


class GridView(QAbstractItemView):
    """Shows a `GridContent`. Ids go out, never rows: rows change when the library does."""

    opened = Signal(int)  # Enter, double-click
    peeked = Signal(int)  # Space
    typed = Signal(str)  # a letter that is no key of the grid
    chosen = Signal()  # the selection or the current photo changed
    drag_likely = Signal()  # a press that may become a drag: time to look up the paths
    context_menu = Signal(QPoint)  # global position
    weaker_toggled = Signal(bool)
    cell_changed = Signal(int)
    scrolled = Signal()
    painted = Signal()  # after every paint; cheap listeners only

    def __init__(self, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.thumbnails = thumbnails
        self.photos = PhotoModel(self)
        self._cell = 168
        self._selected = np.zeros(0, bool)
        self._layout = arrange(GridContent(), 1, self._cell, gutter=theme.GUTTER, margin=MARGIN)
        self._anchor = -1  # the row a shift-click extends from
        self._extending = False
        self._band: QRect | None = None  # the rubber band, in viewport coordinates
        self._link_hovered = False
        self._empty: tuple[str, str, str] | None = None
        self._on_screen: dict[bytes, list[int]] = {}
        self.drag_paths: dict[int, bytes] = {}
        self._loading = QTimer(self, singleShot=True, interval=0)
        self._loading.timeout.connect(self._load)
        self._prepare()

    def _prepare(self) -> None:
        self.setModel(self.photos)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)  # a width that never jumps
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.viewport().setMouseTracking(True)
        self.setAccessibleName(self.tr("Photos"))
        theme.set_role(self, "grid")  # an opaque ground: scrolling moves pixels instead of painting them
        self.thumbnails.ready.connect(self._on_thumbnails)
        self.verticalScrollBar().valueChanged.connect(self.scrolled)
        self.doubleClicked.connect(lambda index: self.opened.emit(self._id(index.row())))

    # What is shown

    @property
    def content(self) -> GridContent:
        return self.photos.content

    def set_content(self, content: GridContent, *, keep: bool = False) -> None:
        """Show these photos; `keep` holds selection, current photo and scroll position by photo id."""
        anchor = self._scroll_anchor() if keep else None
        selected = self.selected_ids() if keep else np.zeros(0, np.int64)
        current = self.current_id() if keep else None
        self._selected = np.zeros(content.shown, bool)
        self._anchor = -1
        self.photos.set_content(content)
        self._arrange()
        self._restore(selected, current)
        if anchor is not None:
            self._scroll_to_anchor(*anchor)
        elif not keep:
            self.verticalScrollBar().setValue(0)
        self._refresh()
        self.chosen.emit()

    def set_empty(self, glyph: str, title: str, sentence: str) -> None:
        """What to say while there is no photo to show."""
        self._empty = (glyph, title, sentence)
        self.viewport().update()

    @property
    def empty_title(self) -> str:
        return self._empty[1] if self._empty else ""

    def show_weaker(self, shown: bool) -> None:
        self.set_content(self.content.with_weaker(shown), keep=True)
        self.weaker_toggled.emit(shown)

    def selected_ids(self) -> NDArray[np.int64]:
        """The selected photos, in the order shown."""
        return self.content.ids[: self.content.shown][self._selected]

    def current_id(self) -> int | None:
        row = self.currentIndex().row()
        return self._id(row) if row >= 0 else None

    def ensure_current(self) -> None:
        """Where no photo is the current one, make it the first on the screen; nothing is selected."""
        if self.content.shown and not self.currentIndex().isValid():
            first = self._layout.visible(self.verticalOffset(), self.verticalOffset() + 1)[0]
            row = min(first, self.content.shown - 1)
            no_selection = QItemSelectionModel.SelectionFlag.NoUpdate
            self.selectionModel().setCurrentIndex(self.photos.index(row), no_selection)

    def select_ids(self, ids: NDArray[np.int64], *, scroll: bool = True) -> None:
        """Select these photos as far as they are shown; the first becomes the current one."""
        self.selectionModel().clear()
        self._restore(ids, int(ids[0]) if len(ids) else None)
        if scroll and self.currentIndex().isValid():
            self.scrollTo(self.currentIndex())

    @property
    def is_loaded(self) -> bool:
        """Whether no thumbnail is on its way."""
        return not self._loading.isActive() and self.thumbnails.idle

    def _id(self, row: int) -> int:
        return int(self.content.ids[row])

    def _restore(self, ids: NDArray[np.int64], current: int | None) -> None:
        rows = np.sort(self.content.rows_of(ids)) if len(ids) else np.zeros(0, np.int64)
        rows = rows[rows < self.content.shown]
        if len(rows):
            flag = QItemSelectionModel.SelectionFlag.Select
            self.selectionModel().select(self.photos.selection_of(rows), flag)
        if current is not None:
            place = self.content.rows_of(np.array([current]))
            if len(place) and place[0] < self.content.shown:
                self.selectionModel().setCurrentIndex(
                    self.photos.index(int(place[0])), QItemSelectionModel.SelectionFlag.NoUpdate
                )

    # Geometry

    @property
    def cell(self) -> int:
        return self._cell

    @property
    def geometry_now(self) -> Layout:
        return self._layout

    def set_cell(self, size: int) -> None:
        """Zoom: the side a photo should have at least; the photo in the middle stays in view."""
        size = max(theme.CELL_SIZES[0], min(theme.CELL_SIZES[1], size))
        if size == self._cell:
            return
        anchor = self._scroll_anchor(middle=True)
        self._cell = size
        self._arrange()
        if anchor is not None:
            self._scroll_to_anchor(*anchor)
        self._refresh()
        self.cell_changed.emit(size)

    def _arrange(self) -> None:
        self._layout = arrange(
            self.content,
            self.viewport().width(),
            self._cell,
            gutter=theme.GUTTER,
            margin=MARGIN,
            mirrored=self.isRightToLeft(),
        )
        bar, page = self.verticalScrollBar(), self.viewport().height()
        bar.setRange(0, max(0, self._layout.height - page))
        bar.setEnabled(bar.maximum() > 0)  # the style sheet shows no handle then
        bar.setPageStep(max(page - self._layout.pitch // 2, 1))
        bar.setSingleStep(max(24, self._layout.pitch // 3))

    def _scroll_anchor(self, *, middle: bool = False) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
        """Photos on the screen and how far below its top they are; None at the very top."""
        top = self.verticalOffset()
        if top == 0 and not middle:
            return None
        first, last = self._layout.visible(top, top + self.viewport().height())
        if last <= first:
            return None
        _x, y = self._layout.positions(first, last)
        order = np.arange(last - first)
        if middle:
            order = np.argsort(np.abs(y + self._layout.cell / 2 - top - self.viewport().height() / 2))
        return self.content.ids[first:last][order], (y - top)[order]

    def _scroll_to_anchor(self, ids: NDArray[np.int64], offsets: NDArray[np.int64]) -> None:
        for photo, offset in zip(ids, offsets, strict=True):  # a screenful; the first mostly is there
            row = self.content.rows_of(np.array([photo]))
            if len(row) and row[0] < self.content.shown:
                self.verticalScrollBar().setValue(self._layout.position(int(row[0]))[1] - int(offset))
                return

    def _rect(self, row: int) -> QRect:
        x, y = self._layout.position(row)
        return QRect(x, y - self.verticalOffset(), self._layout.cell, self._layout.cell)

    def visualRect(self, index: QModelIndex | QPersistentModelIndex) -> QRect:
        inside = index.isValid() and index.row() < self.content.shown
        return self._rect(index.row()) if inside else QRect()

    def indexAt(self, point: QPoint) -> QModelIndex:
        row = self._layout.index_at(point.x(), point.y() + self.verticalOffset())
        return self.photos.index(row) if row >= 0 else QModelIndex()

    def scrollTo(
        self,
        index: QModelIndex | QPersistentModelIndex,
        hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible,
    ) -> None:
        if not index.isValid():
            return
        _x, y = self._layout.position(index.row())
        bar, page = self.verticalScrollBar(), self.viewport().height()
        if hint == QAbstractItemView.ScrollHint.PositionAtCenter:
            bar.setValue(y - (page - self._layout.cell) // 2)
        elif y - MARGIN < bar.value():
            bar.setValue(y - MARGIN)
        elif y + self._layout.cell + MARGIN > bar.value() + page:
            bar.setValue(y + self._layout.cell + MARGIN - page)

    def horizontalOffset(self) -> int:
        return 0

    def verticalOffset(self) -> int:
        return self.verticalScrollBar().value()

    def isIndexHidden(self, index: QModelIndex | QPersistentModelIndex) -> bool:
        return False

    def visualRegionForSelection(self, selection: QItemSelection) -> QRegion:
        return QRegion(self.viewport().rect())  # the screen is repainted in a few ms; a million rects not

    def updateGeometries(self) -> None:
        super().updateGeometries()
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        anchor = self._scroll_anchor()
        super().resizeEvent(event)
        self._arrange()
        if anchor is not None and event.oldSize().width() != event.size().width():
            self._scroll_to_anchor(*anchor)
        self._refresh()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self.viewport().scroll(dx, dy)  # only the strip that came into view is painted
        self._on_screen.clear()
        self._loading.start()

    # Selection and keys

    def setSelection(self, rect: QRect, command: QItemSelectionModel.SelectionFlag) -> None:
        if self.state() == QAbstractItemView.State.DragSelectingState:
            top = self.verticalOffset()
            rows = self._layout.inside(rect.left(), rect.top() + top, rect.right(), rect.bottom() + top)
        elif self._extending and self._anchor >= 0 and self.currentIndex().isValid():
            ends = sorted((self._anchor, self.currentIndex().row()))
            rows = np.arange(ends[0], ends[1] + 1)
        else:
            row = self.indexAt(rect.center()).row()
            rows = np.array([row]) if row >= 0 else np.zeros(0, np.int64)
        self.selectionModel().select(self.photos.selection_of(rows), command)

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        for ranges, value in ((deselected, False), (selected, True)):
            for part in ranges.toList():
                self._selected[part.top() : part.bottom() + 1] = value
        super().selectionChanged(selected, deselected)
        self.chosen.emit()

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
        self._extending = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        super().mousePressEvent(event)
        self._extending = False
        if self.indexAt(event.position().toPoint()).isValid():
            self.drag_likely.emit()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        point = event.position().toPoint()
        if self.state() == QAbstractItemView.State.DragSelectingState:
            self._update_band(point)
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
            self.viewport().update()

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

    def startDrag(self, actions: Qt.DropAction) -> None:
        ids = self.selected_ids()
        if len(ids):
            current = self.current_id()
            row = self.content.rows_of(np.array([current]))[0] if current is not None else 0
            drag.begin(self, ids, self.drag_paths, self.thumbnails.image(self.content.key(int(row))))

    def _update_band(self, point: QPoint) -> None:
        if self._band is None:
            self._band_start = point + QPoint(0, self.verticalOffset())
        start = self._band_start - QPoint(0, self.verticalOffset())
        self._band = QRect(start, point).normalized()
        self.viewport().update()

    # Painting and loading

    def _over_link(self, point: QPoint) -> bool:
        sections = np.flatnonzero(self._layout.kinds == WEAKER)
        if len(sections) == 0:
            return False
        rect = self._header_rect(int(sections[0]))
        return paint.divider_link(rect, self.content.weaker, self.content.weaker_shown, self.font()).contains(
            point
        )

    def _header_rect(self, section: int) -> QRect:
        layout, top = self._layout, int(self._layout.tops[section])
        width = layout.columns * layout.pitch - theme.GUTTER
        return QRect(layout.left, top - self.verticalOffset(), width, int(layout.bodies[section]) - top)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = event.rect().adjusted(0, -theme.SELECTION_WIDTH, 0, theme.SELECTION_WIDTH)
        if self.content.shown or self.content.weaker:
            top = self.verticalOffset()
            self._paint_headers(painter, top + area.top(), top + area.bottom())
            self._paint_photos(painter, top + area.top(), top + area.bottom() + 1)
        if not self.content.shown and self._empty is not None:
            below = self.viewport().rect().adjusted(0, self._layout.height, 0, 0)
            paint.empty(painter, below, *self._empty, self.font())
        if self._band is not None:
            paint.band(painter, self._band)
        painter.end()
        self.painted.emit()

    def _paint_headers(self, painter: QPainter, top: int, bottom: int) -> None:
        layout, content = self._layout, self.content
        for section in layout.sections_between(top, bottom):
            rect, kind = self._header_rect(section), int(layout.kinds[section])
            if rect.isEmpty():
                continue
            if kind == WEAKER:
                shown = content.weaker_shown
                paint.divider(painter, rect, content.weaker, shown, self.font(), self._link_hovered)
            else:
                paint.header(painter, rect, month_title(kind), int(layout.counts[section]), self.font())

    def _paint_photos(self, painter: QPainter, top: int, bottom: int) -> None:
        layout, content = self._layout, self.content
        first, last = layout.visible(top, bottom)
        if last <= first:
            return
        offset, cell = self.verticalOffset(), layout.cell
        xs, ys = (values.tolist() for values in layout.positions(first, last))
        colours = content.colours[first:last].tolist()
        current = self.currentIndex().row()
        focused = self.hasFocus()
        outlined = []
        for row in range(first, last):
            rect = QRect(xs[row - first], ys[row - first] - offset, cell, cell)
            image = self.thumbnails.image(content.key(row))
            paint.photo(painter, rect, image, colours[row - first], row >= content.confident)
            if self._selected[row] or (row == current and focused):
                outlined.append((rect, row))
        many = bool(np.count_nonzero(self._selected) > 1)
        for rect, row in outlined:
            paint.outline(
                painter, rect, selected=bool(self._selected[row]), focused=many and focused and row == current
            )

    def _refresh(self) -> None:
        self._on_screen.clear()
        self.viewport().update()
        self._loading.start()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()

    def _load(self) -> None:
        """Ask for what is on the screen, then for a screen after it, then for one before it."""
        top, page = self.verticalOffset(), max(self.viewport().height(), 1)
        first, last = self._layout.visible(top, top + page)
        after = self._layout.visible(top + page, top + 2 * page)[1]
        before = self._layout.visible(max(0, top - page), top)[0]
        rows = [*range(first, last), *range(last, after), *range(first - 1, before - 1, -1)]
        ratio = self.devicePixelRatioF()
        side = round(self._layout.cell * ratio)
        self.thumbnails.want([self.content.key(row) for row in rows], side, theme.RADIUS_PHOTO * ratio)
        self._on_screen = {}
        for row in range(first, last):
            self._on_screen.setdefault(self.content.key(row), []).append(row)

    def _on_thumbnails(self, keys: list[bytes]) -> None:
        for key in keys:
            for row in self._on_screen.get(key, ()):
                self.viewport().update(self._rect(row))
