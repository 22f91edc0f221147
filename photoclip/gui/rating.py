"""Stars and the heart: what a person thinks of a photo."""

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from photoclip.gui import icons, theme

STARS = 5
STAR_SIDE = 22


class RatingStars(QWidget):
    """Five stars. A click on the last lit star puts them out; digits and arrows work too."""

    rated = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._value, self._hover = 0, 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.set_value(0)

    @property
    def value(self) -> int:
        return self._value

    def set_value(self, value: int) -> None:
        """Show a rating; nothing is emitted."""
        self._value = value
        self.setAccessibleName(self.tr("Rating: {0} of {1} stars").format(value, STARS))
        self.setToolTip(self.tr("Rating (keys 0 to 5)"))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(STARS * STAR_SIDE, STAR_SIDE + 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.tokens()
        painter = QPainter(self)
        lit = self._hover or self._value
        for place in range(STARS):
            on = place < lit
            ink = colours.unsure if on else theme.mix(colours.panel, colours.secondary, 0.6)
            icons.draw(painter, "star-fill" if on else "star", self._star(place), ink)
        if self.hasFocus():
            painter.setPen(Qt.GlobalColor.transparent)
            painter.fillRect(QRect(0, self.height() - 2, self.width(), 2), colours.accent)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover = self._at(event)
        self.update()

    def leaveEvent(self, event: object) -> None:
        self._hover = 0
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            chosen = self._at(event)
            self._rate(0 if chosen == self._value else chosen)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        towards = 1 if self.layoutDirection() == Qt.LayoutDirection.LeftToRight else -1
        steps = {
            Qt.Key.Key_Right: towards, Qt.Key.Key_Left: -towards, Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1,
        }  # fmt: skip
        if event.text() in tuple("012345"):
            self._rate(int(event.text()))
        elif event.key() in steps:
            self._rate(self._value + steps[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.update()

    def _rate(self, value: int) -> None:
        value = max(0, min(STARS, value))
        if value != self._value:
            self._hover = 0
            self.set_value(value)
            self.rated.emit(value)

    def _at(self, event: QMouseEvent) -> int:
        place = int(event.position().x()) // STAR_SIDE
        if self.layoutDirection() == Qt.LayoutDirection.RightToLeft:
            place = STARS - 1 - place
        return max(1, min(STARS, place + 1))

    def _star(self, place: int) -> QRect:
        if self.layoutDirection() == Qt.LayoutDirection.RightToLeft:
            place = STARS - 1 - place
        return QRect(place * STAR_SIDE + 1, 1, STAR_SIDE - 2, STAR_SIDE - 2)
