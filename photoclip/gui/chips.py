"""Small rounded tags: labels a person gave, labels PhotoClip set by itself, albums."""

from __future__ import annotations

from PySide6.QtCore import QLocale, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton

from photoclip.gui import icons, theme
from photoclip.gui.controls import ElidedLabel

ICON = 12
WIDEST = 180  # px of text, so that a chip fits the details panel
TAKE_AWAY = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)


class Chip(QFrame):
    """A word or two that can have the focus; its buttons are for the mouse, it answers to keys itself."""

    def __init__(self, text: str, *, kind: str = "", glyph: str = "") -> None:
        super().__init__()
        self.setProperty("kind", kind)
        theme.set_role(self, "chip")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(text)
        self._row = row = QHBoxLayout(self)
        row.setContentsMargins(10, 0, 6, 0)
        row.setSpacing(theme.SPACE[0])
        if glyph:
            mark = QLabel()
            colour = "human_text" if kind == "human" else "secondary"
            mark.setPixmap(icons.icon(glyph, colour).pixmap(QSize(ICON, ICON)))
            row.addWidget(mark)
        self.text = ElidedLabel(text, kind if kind == "human" else "secondary")
        self.text.setMaximumWidth(WIDEST)
        row.addWidget(self.text)

    def add_button(self, name: str, *, text: str = "", glyph: str = "") -> QToolButton:
        """A small button at the chip's end; `name` says what it does."""
        button = QToolButton()
        theme.set_role(button, "close")
        button.setText(text)
        if glyph:
            button.setIcon(icons.icon(glyph))
            button.setIconSize(QSize(ICON, ICON))
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.setAccessibleName(name)
        button.setToolTip(name)
        self._row.addWidget(button)
        return button

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._set_active("true")

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._set_active("false")

    def _set_active(self, active: str) -> None:
        self.setProperty("active", active)
        theme.set_role(self, "chip")


class TagChip(Chip):
    """A label or an album the photo has, with a cross to take it away (Delete does it too)."""

    removed = Signal()

    def __init__(self, text: str, remove_text: str, *, kind: str = "", glyph: str = "") -> None:
        super().__init__(text, kind=kind, glyph=glyph)
        self.remove_button = self.add_button(remove_text, glyph="x")
        self.remove_button.clicked.connect(self.removed)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in TAKE_AWAY:
            self.removed.emit()
        else:
            super().keyPressEvent(event)


class GuessChip(Chip):
    """A label PhotoClip set by itself, with its score; Y makes it one's own, N takes it away for good."""

    answered = Signal(bool)

    def __init__(self, name: str, score: float | None) -> None:
        number = "" if score is None else QLocale().toString(float(score), "f", 2)
        super().__init__(f"{name}?  {number}".rstrip(), kind="unsure")
        self.setAccessibleDescription(self.tr("Set automatically. Press Y if it is right, N if it is not."))
        self.yes_button = self.add_button(self.tr("Yes, this is {0}").format(name), text=self.tr("Y"))
        self.no_button = self.add_button(self.tr("No, this is not {0}").format(name), text=self.tr("N"))
        self.yes_button.clicked.connect(lambda: self.answered.emit(True))
        self.no_button.clicked.connect(lambda: self.answered.emit(False))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Y:
            self.answered.emit(True)
        elif event.key() == Qt.Key.Key_N or event.key() in TAKE_AWAY:
            self.answered.emit(False)
        else:
            super().keyPressEvent(event)
