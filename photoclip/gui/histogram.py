"""How the scores of the photos are spread, with a handle on the line above which a label is set."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from photoclip.gui import theme

STEP = 0.01
WIDE_STEP = 0.05
HANDLE = 6  # half the width of the handle, px
AXIS = 20  # room below the bars for the handle and its number, px


class Histogram(QWidget):
    """Bars over scores 0 to 1. Drag the handle, or use arrows, Page Up and Down, Home and End."""

    threshold_changed = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._counts: tuple[int, ...] = ()
        self._threshold = 0.5
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.SizeHorCursor)
        self.setToolTip(self.tr("Drag the line: photos to its right are tagged"))
        self._describe()

    @property
    def threshold(self) -> float:
        return self._threshold

    def set_threshold(self, value: float) -> None:
        """Move the line; nothing is emitted."""
        self._threshold = min(1.0, max(0.0, round(value, 2)))
        self._describe()
        self.update()

    def set_counts(self, counts: Sequence[int]) -> None:
        """How many photos have a score in each of equally wide parts of 0 to 1."""
        self._counts = tuple(int(each) for each in counts)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(320, 116)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 96)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        bars = self._bars()
        self._paint_bars(painter, bars)
        colours = theme.tokens()
        painter.fillRect(QRectF(bars.left(), bars.bottom(), bars.width(), 1), QColor(colours.hairline))
        x = self._x_of(self._threshold)
        painter.setPen(QPen(QColor(colours.accent if self.hasFocus() else colours.text), 2))
        painter.drawLine(round(x), round(bars.top()), round(x), round(bars.bottom()))
        self._paint_handle(painter, x, bars.bottom())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._move_to(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._move_to(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        mirrored = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        right = -STEP if mirrored else STEP
        steps = {
            Qt.Key.Key_Right: right, Qt.Key.Key_Left: -right, Qt.Key.Key_Up: STEP, Qt.Key.Key_Down: -STEP,
            Qt.Key.Key_PageUp: WIDE_STEP, Qt.Key.Key_PageDown: -WIDE_STEP, Qt.Key.Key_Home: -1.0,
            Qt.Key.Key_End: 1.0,
        }  # fmt: skip
        if event.key() in steps:
            self._change(self._threshold + steps[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.update()

    def _paint_bars(self, painter: QPainter, area: QRectF) -> None:
        """Heights go by the square root: a few hundred matches must be seen beside 40,000 others."""
        if not self._counts or not max(self._counts):
            return
        colours = theme.tokens()
        quiet = QColor(theme.mix(colours.window, colours.secondary, 0.35))
        width = area.width() / len(self._counts)
        line = self._x_of(self._threshold)
        mirrored = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        for place, count in enumerate(self._counts):
            if not count:
                continue
            height = max(2.0, area.height() * (count / max(self._counts)) ** 0.5)
            left = area.right() - (place + 1) * width if mirrored else area.left() + place * width
            bar = QRectF(left + 1.5, area.bottom() - height, max(1.0, width - 3), height)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(quiet)
            painter.drawRoundedRect(bar, 2, 2)
            above = QRectF(area.left(), area.top(), line - area.left(), area.height())
            if not mirrored:
                above = QRectF(line, area.top(), area.right() - line, area.height())
            painter.save()
            painter.setClipRect(above)
            painter.setBrush(QColor(colours.accent))
            painter.drawRoundedRect(bar, 2, 2)
            painter.restore()

    def _paint_handle(self, painter: QPainter, x: float, top: float) -> None:
        colours = theme.tokens()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.accent if self.hasFocus() else colours.text))
        handle = QPolygonF()
        for across, down in ((0, 0), (HANDLE, 7), (HANDLE, 12), (-HANDLE, 12), (-HANDLE, 7)):
            handle.append(QRectF(x + across, top + down, 0, 0).topLeft())
        painter.drawPolygon(handle)
        number = self.locale().toString(self._threshold, "f", 2)
        font = self.font()
        font.setPixelSize(theme.scaled(theme.CAPTION_PX, self.fontInfo().pixelSize()))
        painter.setFont(font)
        painter.setPen(QColor(colours.secondary))
        width = painter.fontMetrics().horizontalAdvance(number)
        left = x + HANDLE + 4 if x + HANDLE + 6 + width < self.width() else x - HANDLE - 4 - width
        painter.drawText(QRectF(left, top + 2, width + 2, 14), Qt.AlignmentFlag.AlignVCenter, number)

    def _bars(self) -> QRectF:
        return QRectF(HANDLE + 2, 2, self.width() - 2 * (HANDLE + 2), self.height() - AXIS - 2)

    def _x_of(self, score: float) -> float:
        bars = self._bars()
        if self.layoutDirection() == Qt.LayoutDirection.RightToLeft:
            score = 1 - score
        return bars.left() + score * bars.width()

    def _move_to(self, event: QMouseEvent) -> None:
        bars = self._bars()
        score = (event.position().x() - bars.left()) / bars.width()
        self._change(1 - score if self.layoutDirection() == Qt.LayoutDirection.RightToLeft else score)

    def _change(self, value: float) -> None:
        before = self._threshold
        self.set_threshold(value)
        if self._threshold != before:
            self.threshold_changed.emit(self._threshold)

    def _describe(self) -> None:
        number = self.locale().toString(self._threshold, "f", 2)
        self.setAccessibleName(self.tr("Line of the label: {0}").format(number))
