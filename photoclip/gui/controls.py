"""Small controls that a style sheet alone cannot draw in the theme's colours."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QStylePainter,
    QWidget,
)

from photoclip.gui import icons, theme

BOX = 16
CARET = 12
READABLE = 96  # px: what a name needs to be told from others


class CheckBox(QCheckBox):
    """A check box whose box is seen in both themes, ticked or not."""

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        width = BOX + theme.SPACE[1] + metrics.size(Qt.TextFlag.TextShowMnemonic, self.text()).width() + 2
        return QSize(width, max(BOX, metrics.height()) + theme.SPACE[1])

    def minimumSizeHint(self) -> QSize:
        return QSize(BOX, self.sizeHint().height())

    def hitButton(self, pos: object) -> bool:
        return True

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        mirrored = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        box = QRect(self.width() - BOX if mirrored else 0, (self.height() - BOX) // 2, BOX, BOX)
        on = self.isChecked()
        edge = colours.accent if on or self.hasFocus() else colours.secondary
        painter.setPen(QPen(QColor(edge), 2 if self.hasFocus() and not on else 1))
        painter.setBrush(QColor(colours.accent if on else colours.raised))
        painter.drawRoundedRect(QRectF(box).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        if on:
            icons.draw(painter, "check-bold", box.adjusted(2, 2, -2, -2), colours.on_accent)
        room = self.width() - BOX - theme.SPACE[1]
        text = QRect(0 if mirrored else BOX + theme.SPACE[1], 0, room, self.height())
        painter.setPen(QColor(colours.text if self.isEnabled() else colours.secondary))
        side = Qt.AlignmentFlag.AlignRight if mirrored else Qt.AlignmentFlag.AlignLeft
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextShowMnemonic | side
        shown = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideMiddle, room)
        painter.drawText(text, flags, shown)
        if self.hasFocus():
            width = min(room, self.fontMetrics().horizontalAdvance(shown))
            left = text.right() - width if mirrored else text.left()
            painter.fillRect(QRect(left, self.height() - 2, width, 2), QColor(colours.accent))


class ComboBox(QComboBox):
    """A combo box with a caret, no wider than it has to be."""

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        mirrored = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        left = theme.SPACE[1] if mirrored else self.width() - CARET - theme.SPACE[1]
        spot = QRect(left, (self.height() - CARET) // 2, CARET, CARET)
        icons.draw(QPainter(self), "caret-down", spot, theme.tokens().secondary)


class ElidedLabel(QLabel):
    """One line of text that is cut with an ellipsis where there is no room; the whole is its tooltip."""

    cut = Qt.TextElideMode.ElideRight

    def __init__(self, text: str = "", role: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        if role:
            theme.set_role(self, role)

    def minimumSizeHint(self) -> QSize:
        return QSize(min(24, self.sizeHint().width()), super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        text = self.text()
        shown = self.fontMetrics().elidedText(text, self.cut, self.width())
        self.setToolTip(text if shown != text else "")
        painter = QPainter(self)
        painter.setFont(self.font())
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeading, shown)


class ElidedLink(QPushButton):
    """A quiet word that leads somewhere, cut with an ellipsis where there is no room; still readable."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.set_role(self, "quiet")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)

    def minimumSizeHint(self) -> QSize:
        return QSize(min(READABLE, self.sizeHint().width()), super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        option = QStyleOptionButton()
        self.initStyleOption(option)
        room = self.width() - 2 * theme.SPACE[0]
        option.text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room)
        QStylePainter(self).drawControl(QStyle.ControlElement.CE_PushButton, option)


def press_focused(page: QWidget, event: QKeyEvent) -> bool:
    """Enter presses the button of a page that has the focus, as Space does; whether it did."""
    button = page.focusWidget()
    enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
    if not enter or not isinstance(button, QPushButton):
        return False
    button.click()
    return True
