"""All keys on one sheet over the window; Escape or a click takes it away."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QMouseEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QVBoxLayout, QWidget

from photoclip.gui import theme

COLUMNS = 2


class KeysSheet(QFrame):
    """Lies over its parent and keeps in its middle."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        theme.set_role(self, "sheet")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Keys"))
        title = QLabel(self.tr("Keys"))
        theme.set_role(title, "title")
        column = QVBoxLayout(self)
        column.setContentsMargins(*(theme.SPACE[4],) * 4)
        column.setSpacing(theme.SPACE[3])
        self._labels = [self._line(keys, meaning) for keys, meaning in self._rows()]
        self._table = QGridLayout()
        self._table.setHorizontalSpacing(theme.SPACE[3])
        self._table.setVerticalSpacing(theme.SPACE[1])
        column.addWidget(title)
        column.addLayout(self._table)
        parent.installEventFilter(self)
        self.hide()

    def open(self) -> None:
        self._before = self.window().focusWidget()
        self._place()
        self.show()
        self.raise_()
        self.setFocus(Qt.FocusReason.PopupFocusReason)

    def _rows(self) -> list[tuple[str, str]]:
        undo, redo = QKeySequence(QKeySequence.StandardKey.Undo), QKeySequence("Ctrl+Shift+Z")
        native = QKeySequence.SequenceFormat.NativeText
        return [
            ("/   Ctrl+F", self.tr("Search")),
            (QKeySequence("Ctrl+S").toString(native), self.tr("Save the search as a live album")),
            ("Esc", self.tr("Back")),
            ("←  →  ↑  ↓", self.tr("Move among the photos")),
            ("Enter", self.tr("Open the photo")),
            ("Space", self.tr("Peek at the photo")),
            ("0 – 5", self.tr("Rate")),
            ("F", self.tr("Favourite")),
            ("P", self.tr("Play the video, in the viewer")),
            ("L", self.tr("Labels")),
            ("S", self.tr("Find similar")),
            ("Y   N", self.tr("Right or wrong, on a label's photos")),
            ("Alt+←   Alt+→", self.tr("Earlier or later in an album")),
            (QKeySequence("Del").toString(native), self.tr("Move to trash; in Missing, clear away")),
            ("Ctrl+A", self.tr("Select all")),
            ("Ctrl+C", self.tr("Copy")),
            (undo.toString(native), self.tr("Undo")),
            (redo.toString(native), self.tr("Redo")),
            ("Ctrl++   Ctrl+−", self.tr("Larger and smaller photos")),
            ("F9   F10", self.tr("Sidebar and details")),
            (QKeySequence("Ctrl+Shift+M").toString(native), self.tr("Models")),
            (QKeySequence("Ctrl+Shift+D").toString(native), self.tr("Duplicates")),
            ("Z", self.tr("To the pixel, in the viewer")),
            ("?", self.tr("This sheet")),
        ]

    def _line(self, keys: str, meaning: str) -> tuple[QLabel, QLabel]:
        key, words = QLabel(keys), QLabel(meaning)
        theme.set_role(key, "key")
        return key, words

    def _arrange(self, columns: int) -> None:
        """Put the keys side by side in so many columns."""
        per_column = -(-len(self._labels) // columns)
        for place, (key, words) in enumerate(self._labels):
            across, down = divmod(place, per_column)
            for label, at in ((key, across * 3), (words, across * 3 + 1)):
                self._table.removeWidget(label)
                self._table.addWidget(label, down, at, Qt.AlignmentFlag.AlignLeft)
        self._table.setColumnMinimumWidth(2, theme.SPACE[4] if columns > 1 else 0)
        self._table.activate()
        self.adjustSize()

    def _place(self) -> None:
        parent = self.parentWidget()
        assert parent is not None
        self._arrange(COLUMNS)
        if self.sizeHint().width() > parent.width():
            self._arrange(1)
        self.move((parent.width() - self.width()) // 2, max(0, (parent.height() - self.height()) // 2))

    def close_sheet(self) -> None:
        """Give the keyboard back to what had it."""
        self.hide()
        if self._before is not None:
            self._before.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self.close_sheet()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.close_sheet()
