"""What is on the grid and where: content, geometry by arithmetic over whole arrays, painting, loading."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import (
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
from PySide6.QtGui import QFocusEvent, QPainter, QPaintEvent, QRegion, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QWidget

from photoclip.gui import theme, words
from photoclip.gui.grid import paint
from photoclip.gui.grid.content import WEAKER, GridContent
from photoclip.gui.grid.layout import Layout, arrange
from photoclip.gui.grid.model import PhotoModel
from photoclip.gui.grid.thumbnails import Thumbnails
from photoclip.gui.grid.words import month_title

MARGIN = theme.SPACE[3]
FIRST_CELL = 168  # px


class GridSurface(QAbstractItemView):
    """Shows a `GridContent`. Ids go out, never rows: rows change when the library does."""

    chosen = Signal()  # the selection or the current photo changed
    weaker_toggled = Signal(bool)
    cell_changed = Signal(int)
    scrolled = Signal()
    painted = Signal()  # after every paint; cheap listeners only

    def __init__(self, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.thumbnails = thumbnails
        self.photos = PhotoModel(self)
        self._cell = FIRST_CELL
        self._selected = np.zeros(0, bool)  # [shown]
        self._layout = arrange(GridContent(), 1, self._cell, gutter=theme.GUTTER, margin=MARGIN)
        self._link_hovered = False
        self._empty: tuple[str, str, str] | None = None
        self._on_screen: dict[bytes, list[int]] = {}
        self._loading = QTimer(self, singleShot=True, interval=0)
        self._loading.timeout.connect(self._load)
        self.setModel(self.photos)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)  # a width that never jumps
        self.setAccessibleName(self.tr("Photos"))
        theme.set_role(self, "grid")  # an opaque ground: scrolling moves pixels instead of painting them
        self.thumbnails.ready.connect(self._on_thumbnails)
        self.verticalScrollBar().valueChanged.connect(self.scrolled)

    # What is shown

    @property
    def content(self) -> GridContent:
        return self.photos.content

    def set_content(self, content: GridContent, *, keep: bool = False) -> None:
        """Show these photos; `keep` holds selection, current photo and scroll position by photo id."""
        anchor = self._scroll_anchor() if keep else None
        selected = self.selected_ids() if keep else np.zeros(0, np.int64)
        current = self.current_id() if keep else None
        first = int(np.argmax(self._selected)) if len(selected) else 0
        self._selected = np.zeros(content.shown, bool)
        self.photos.set_content(content)
        self._arrange()
        self._restore(selected, current)
        if len(selected) and not self._selected.any():
            self._choose_next(first)
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

    def _choose_next(self, row: int) -> None:
        """The chosen photos have left (a No to their label, out of the album): on to the one after them."""
        if self.content.shown:
            self.setCurrentIndex(self.photos.index(min(row, self.content.shown - 1)))

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        for ranges, value in ((deselected, False), (selected, True)):
            for part in ranges.toList():
                self._selected[part.top() : part.bottom() + 1] = value
        super().selectionChanged(selected, deselected)
        self.chosen.emit()

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

    # Painting and loading

    def paint_over(self, painter: QPainter) -> None:
        """For what lies over the photos."""

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
        self.paint_over(painter)
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
                paint.divider(painter, rect, content.all_weaker, shown, self.font(), self._link_hovered)
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
            if content.videos and (seconds := content.videos.get(self._id(row))) is not None:
                paint.mark(painter, rect, words.duration(seconds), self.font())
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
