"""The lines over the bottom of the window: what just happened, with Undo, and what went wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QEnterEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from photoclip.gui import icons, theme
from photoclip.gui.session import Session

if TYPE_CHECKING:
    from photoclip.library.catalog.changes import Change

INFO_MS = 6000
UNDO_MS = 10_000
WIDEST = 640


class Notice(QWidget):
    """One line for what happened, which goes by itself, and one for an error, which stays until closed.

    With a parent it floats over the parent's bottom edge; otherwise it sits in its layout.
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.error_line = NoticeLine("warning", self)
        self.info_line = NoticeLine(None, self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE[1])
        for line in (self.error_line, self.info_line):
            layout.addWidget(line, 0, Qt.AlignmentFlag.AlignHCenter)
            line.ended.connect(self._settle)
        self.info_line.undo.clicked.connect(self._undo)
        session.message.connect(self.show_message)
        session.changed.connect(self._on_change)
        if parent is not None:
            parent.installEventFilter(self)
        if isinstance(parent, QStackedWidget):  # it raises the page it turns to
            parent.currentChanged.connect(lambda _page: self.raise_())
        self._settle()

    def show_message(self, level: str, sentence: str) -> None:
        """Show a sentence; an "error" stays until it is closed."""
        if level == "error":
            self.error_line.say(sentence)
        else:
            self.info_line.say(sentence, for_ms=INFO_MS)
        self._settle()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and watched is self.parent():
            self._settle()
        return super().eventFilter(watched, event)

    def _on_change(self, change: Change) -> None:
        if change.undoable and change.description:
            self.info_line.say(change.description, for_ms=UNDO_MS, undo=True)
            self._settle()

    def _undo(self) -> None:
        self.info_line.end()
        self._session.undo()

    def _settle(self) -> None:
        """Take the room that the lines shown need, or none."""
        shown = not (self.error_line.isHidden() and self.info_line.isHidden())
        self.setVisible(shown)
        parent = self.parentWidget()
        if not shown or parent is None:
            return
        layout = parent.layout()
        if layout is not None and layout.indexOf(self) >= 0:
            return
        width = min(WIDEST, parent.width() - 2 * theme.SPACE[3])
        for line in (self.error_line, self.info_line):
            line.fit(width)
        self.setFixedSize(QSize(width, self.sizeHint().height()))
        self.move((parent.width() - width) // 2, parent.height() - self.height() - theme.SPACE[3])
        self.raise_()


class NoticeLine(QFrame):
    """A sentence on a raised ground, with Undo where it can be undone and a cross to close it."""

    ended = Signal()

    def __init__(self, glyph: str | None, parent: QWidget) -> None:
        super().__init__(parent)
        theme.set_role(self, "card")
        self.text = QLabel()
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.undo = QPushButton(self.tr("Undo"))
        theme.set_role(self.undo, "link")
        self.undo.setAccessibleName(self.tr("Undo the last change"))
        self.undo.setCursor(Qt.CursorShape.PointingHandCursor)
        self.close_button = QToolButton()
        theme.set_role(self.close_button, "close")
        self.close_button.setIcon(icons.icon("x"))
        self.close_button.setAccessibleName(self.tr("Close this message"))
        self.close_button.clicked.connect(self.end)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.SPACE[3], theme.SPACE[1], theme.SPACE[2], theme.SPACE[1])
        row.setSpacing(theme.SPACE[2])
        self._glyph, self.mark = glyph, QLabel()
        self.mark.setVisible(bool(glyph))
        row.addWidget(self.mark, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.text, 1)
        row.addWidget(self.undo)
        row.addWidget(self.close_button)
        self._held = False
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self.end)
        self.hide()

    def say(self, sentence: str, *, for_ms: int = 0, undo: bool = False) -> None:
        """Show a sentence, for good or for a time."""
        self.text.setText(sentence)
        self.undo.setVisible(undo)
        if self._glyph:  # drawn now, in the colour of the theme now shown
            icon = icons.icon(self._glyph, "danger_text")
            self.mark.setPixmap(icon.pixmap(theme.ICON_SIZE, theme.ICON_SIZE))
        self.show()
        if for_ms:
            self._timer.start(for_ms)
        else:
            self._timer.stop()
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, sentence))

    def fit(self, width: int) -> None:
        """Keep a long sentence inside `width` by breaking it into lines."""
        beside = sum(
            part.sizeHint().width() + theme.SPACE[2]
            for part in (self.mark, self.undo, self.close_button)
            if not part.isHidden()
        )
        room = width - beside - theme.SPACE[3] - theme.SPACE[2]
        wanted = self.text.fontMetrics().horizontalAdvance(self.text.text()) + 2
        self.text.setWordWrap(wanted > room)
        self.text.setMinimumWidth(min(wanted, room))
        self.setMaximumWidth(width)

    def end(self) -> None:
        """Take the line away."""
        self._timer.stop()
        self.hide()
        self.ended.emit()

    def enterEvent(self, event: QEnterEvent) -> None:
        """A line under the pointer is being read: it waits."""
        self._held = self._timer.isActive()
        self._timer.stop()
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        if self._held:
            self._timer.start()
        super().leaveEvent(event)
