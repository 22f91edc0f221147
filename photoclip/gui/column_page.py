"""A page with everything in one column in the middle, which scrolls when there is more than fits."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from photoclip.gui import theme

PAGE_WIDTH = 760


class ColumnPage(QScrollArea):
    """What is added to `column` stands from the top down; below it stays empty."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        page, outer = QWidget(), QWidget()
        page.setMaximumWidth(PAGE_WIDTH)
        whole = QVBoxLayout(page)
        whole.setContentsMargins(*(theme.SPACE[4],) * 4)
        self.column = QVBoxLayout()
        self.column.setSpacing(theme.SPACE[1])
        whole.addLayout(self.column)
        whole.addStretch(1)
        across = QHBoxLayout(outer)
        across.setContentsMargins(0, 0, 0, 0)
        across.addStretch(1)
        across.addWidget(page, 1000)
        across.addStretch(1)
        self.setWidget(outer)
        for ground in (self.viewport(), outer):
            ground.setAutoFillBackground(False)

    def minimumSizeHint(self) -> QSize:
        return QSize(360, 240)
