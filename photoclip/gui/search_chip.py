"""What the search bar asks for, and its chips: filters and photos of the query."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QWidget

from photoclip.errors import QueryError
from photoclip.gui import icons, theme
from photoclip.gui.chips import WIDEST
from photoclip.gui.controls import ElidedLabel
from photoclip.library.query import parse

CHIP_PICTURE = 18


@dataclass(frozen=True)
class SearchRequest:
    """What to search by: text of the query language, photos of the library, picture files outside it."""

    text: str = ""
    photos: tuple[int, ...] = ()
    images: tuple[bytes, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.text.strip() or self.photos or self.images)

    def asks_as(self, text: str) -> bool:
        """Whether this asks for what the query `text` does, in whatever order."""
        if self.is_empty or not text.strip():
            return self.is_empty and not text.strip()
        if self.photos or self.images:
            return False
        try:
            return parse(self.text) == parse(text)
        except QueryError:
            return False


class SearchChip(QFrame):
    """One filter or photo of the query, with a cross to take it out."""

    removed = Signal()

    def __init__(self, kind: str, value: str, request: SearchRequest, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.request = request
        theme.set_role(self, "chip")
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.SPACE[2], 0, theme.SPACE[0], 0)
        row.setSpacing(theme.SPACE[0])
        self.kind = QLabel(kind)
        theme.set_role(self.kind, "secondary")
        self.value = ElidedLabel(value, "strong")
        self.value.setMaximumWidth(WIDEST)
        cross = QToolButton()
        cross.setIcon(icons.icon("x"))
        cross.setIconSize(QSize(12, 12))
        theme.set_role(cross, "close")
        cross.setAccessibleName(self.tr("Remove {0} {1}").format(kind, value))
        cross.clicked.connect(self.removed)
        for part in (self.kind, self.value, cross):
            row.addWidget(part)
        self.value.setVisible(bool(value))
        self.setAccessibleName(f"{kind} {value}")

    def set_picture(self, picture: QPixmap) -> None:
        """Show a photo's small picture instead of a word for it."""
        self.kind.setPixmap(picture)
