"""A picture that can be zoomed and dragged."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from photoclip.gui import theme
from photoclip.gui.grid import paint

LARGEST = 16.0  # screen px per photo px
NOTCH = 1.25


class Canvas(QWidget):
    """A picture that can be zoomed and dragged. Zoom 0 is "fits the window"."""

    zoomed = Signal(float)  # screen px per photo px

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.set_role(self, "canvas")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._image = QImage()
        self._fitted = QImage()  # the picture at the size it is shown, for exact and quick painting
        self._size = QSize()  # of the whole photo, in its own pixels
        self._zoom = 0.0
        self._middle = QPointF(0.5, 0.5)  # the part of the photo in the middle of the window
        self._grabbed: tuple[QPoint, QPointF] | None = None
        self.sentence = ""

    def show_image(self, image: QImage, size: QSize, *, keep_view: bool) -> None:
        self._image, self._size, self._fitted = image, size, QImage()
        if not keep_view:
            self._zoom, self._middle = 0.0, QPointF(0.5, 0.5)
        self.update()

    @property
    def scale(self) -> float:
        """Screen px per photo px, in device pixels."""
        return self._zoom or self._fit()

    @property
    def fits(self) -> bool:
        return self._zoom == 0.0

    def _fit(self) -> float:
        ratio = self.devicePixelRatioF()
        across = self.width() * ratio / max(self._size.width(), 1)
        return min(across, self.height() * ratio / max(self._size.height(), 1), 1.0)

    def set_zoom(self, zoom: float, around: QPointF | None = None) -> None:
        """Zoom, holding the point `around` of the window where it is; at or below the fit, fit."""
        fit = self._fit()
        around = around or QPointF(self.width() / 2, self.height() / 2)
        before = self._to_photo(around)
        self._zoom = 0.0 if zoom <= fit else min(zoom, LARGEST)
        if self._zoom == 0.0:
            self._middle = QPointF(0.5, 0.5)
        else:
            after = self._to_photo(around)
            self._move_middle(self._middle + before - after)
        self.update()
        self.zoomed.emit(self.scale)

    def toggle_zoom(self, around: QPointF | None = None) -> None:
        """Between fitting the window and one photo pixel per screen pixel."""
        self.set_zoom(1.0 if self.fits else 0.0, around)

    def _target(self) -> QRectF:
        """Where the whole photo lies, in window coordinates."""
        scale = self.scale / self.devicePixelRatioF()
        width, height = self._size.width() * scale, self._size.height() * scale
        left = self.width() / 2 - self._middle.x() * width
        return QRectF(left, self.height() / 2 - self._middle.y() * height, width, height)

    def _to_photo(self, point: QPointF) -> QPointF:
        target = self._target()
        if target.isEmpty():
            return QPointF(0.5, 0.5)
        return QPointF(
            (point.x() - target.left()) / target.width(), (point.y() - target.top()) / target.height()
        )

    def _move_middle(self, middle: QPointF) -> None:
        target = self._target()
        x = 0.5 if target.width() <= self.width() else _within(middle.x(), self.width() / target.width())
        y = 0.5 if target.height() <= self.height() else _within(middle.y(), self.height() / target.height())
        self._middle = QPointF(x, y)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.tokens().window))
        if self.sentence:
            paint.empty(painter, self.rect(), "image", "", self.sentence, self.font())
        elif not self._image.isNull():
            target = self._target()
            if self.fits:
                painter.drawImage(target.topLeft(), self._fitted_image(target))
            else:
                smooth = self.scale < 4  # beyond that a person wants to see the pixels
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
                painter.drawImage(*self._visible_part(target))
        painter.end()

    def _visible_part(self, target: QRectF) -> tuple[QRectF, QImage, QRectF]:
        seen = target.intersected(QRectF(self.rect()))
        across, down = self._image.width() / target.width(), self._image.height() / target.height()
        source = QRectF(
            (seen.left() - target.left()) * across,
            (seen.top() - target.top()) * down,
            seen.width() * across,
            seen.height() * down,
        )
        return seen, self._image, source

    def _fitted_image(self, target: QRectF) -> QImage:
        ratio = self.devicePixelRatioF()
        size = (target.size() * ratio).toSize().expandedTo(QSize(1, 1))
        if self._fitted.size() != size:
            keep = Qt.AspectRatioMode.IgnoreAspectRatio
            self._fitted = self._image.scaled(size, keep, Qt.TransformationMode.SmoothTransformation)
            self._fitted.setDevicePixelRatio(ratio)
        return self._fitted

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.set_zoom(self.scale * NOTCH ** (event.angleDelta().y() / 120), event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and not self.fits:
            self._grabbed = (event.position().toPoint(), self._middle)
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grabbed is not None:
            start, middle = self._grabbed
            moved, target = event.position() - QPointF(start), self._target()
            self._move_middle(middle - QPointF(moved.x() / target.width(), moved.y() / target.height()))
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._grabbed = None
        self.unsetCursor()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.toggle_zoom(event.position())


def _within(middle: float, share: float) -> float:
    """A middle such that the window, `share` of the photo wide, stays on the photo."""
    return min(max(middle, share / 2), 1 - share / 2)
