"""The files that could not be read, each with the reason, and what can be done about them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPen, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QListView,
    QPushButton,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from photoclip import paths
from photoclip.gui import icons, theme, words
from photoclip.gui.reveal import reveal
from photoclip.gui.session import Session
from photoclip.library.catalog import photos

if TYPE_CHECKING:
    from photoclip.library.catalog.changes import Change
    from photoclip.library.catalog.photos import Failure

Index = QModelIndex | QPersistentModelIndex
FAILURE = Qt.ItemDataRole.UserRole
LINE_HEIGHT = 54


class ProblemsPage(QWidget):
    """A list of unreadable files. They are tried again by themselves when they change."""

    closed = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.model = FailureModel(self)
        self.back = QPushButton(self.tr("Photos"))
        theme.set_role(self.back, "flat")
        self.back.setIcon(icons.icon("arrow-left"))
        self.back.setAccessibleName(self.tr("Back to the photos"))
        self.back.clicked.connect(self.closed)
        self.title = QLabel()
        theme.set_role(self.title, "title")
        self.show_file = QPushButton(self.tr("Show in file manager"))
        self.show_file.clicked.connect(self._reveal)
        self.retry = QPushButton(self.tr("Try again"))
        theme.set_role(self.retry, "primary")
        self.retry.clicked.connect(self._retry)
        self.view = QListView()
        self.view.setModel(self.model)
        self.view.setItemDelegate(FailureDelegate(self.view))
        self.view.setUniformItemSizes(True)
        self.view.setAccessibleName(self.tr("Files that could not be read"))
        self.view.selectionModel().selectionChanged.connect(lambda *_args: self._refresh_buttons())
        self.view.activated.connect(lambda _index: self._reveal())
        self.nothing = QLabel(self.tr("Every photo could be read."))
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        theme.set_role(self.nothing, "secondary")
        self._lay_out()
        session.changed.connect(self._on_change)
        self.refresh()

    def refresh(self) -> None:
        """Read the list again."""
        catalog = self._session.library.catalog
        self._session.compute(
            lambda _cancelled: photos.failures(catalog), self._show_failures, key="problems"
        )

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.view.setFocus()

    def _show_failures(self, failures: Sequence[Failure]) -> None:
        current = self.view.currentIndex()
        path = current.data(FAILURE).path if current.isValid() else None
        self.model.show_failures(failures)
        place = next((at for at, each in enumerate(failures) if each.path == path), -1)
        if failures:
            self.view.setCurrentIndex(self.model.index(max(place, 0)))
        count = len(failures)
        one = self.tr("1 unreadable file")
        self.title.setText(one if count == 1 else self.tr("{0} unreadable files").format(words.number(count)))
        self.view.setVisible(count > 0)
        self.nothing.setVisible(count == 0)
        self._refresh_buttons()

    def _refresh_buttons(self) -> None:
        self.retry.setEnabled(self.model.rowCount() > 0)
        self.show_file.setEnabled(self.view.currentIndex().isValid())

    def _on_change(self, change: Change) -> None:
        if "failure" in change.tables:
            self.refresh()

    def _retry(self) -> None:
        session = self._session
        session.compute(
            lambda _cancelled: session.indexer.retry_failures(),
            lambda _nothing: session.message.emit("info", self.tr("Trying the unreadable files again.")),
        )

    def _reveal(self) -> None:
        index = self.view.currentIndex()
        if index.isValid():
            reveal(self._session, [index.data(FAILURE).path])

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(*(theme.SPACE[4],) * 4)
        column.setSpacing(theme.SPACE[2])
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE[1])
        row.addWidget(self.back)
        row.addWidget(self.title)
        row.addStretch(1)
        row.addWidget(self.show_file)
        row.addWidget(self.retry)
        column.addLayout(row)
        column.addWidget(self.view, 1)
        column.addWidget(self.nothing, 1)


class FailureModel(QAbstractListModel):
    """Failures as the catalog lists them."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._failures: list[Failure] = []

    def show_failures(self, failures: Sequence[Failure]) -> None:
        """Take a new list."""
        self.beginResetModel()
        self._failures = list(failures)
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._failures)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        failure = self._failures[index.row()]
        if role == FAILURE:
            return failure
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return f"{paths.display(os.path.basename(failure.path))}: {failure.reason}"  # noqa: PTH119
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{paths.display(failure.path)}\n{failure.reason}"
        return None


class FailureDelegate(QStyledItemDelegate):
    """Name and folder on one line, the reason under it."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(200, theme.scaled(LINE_HEIGHT, option.font.pixelSize()))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        colours = theme.tokens()
        failure = index.data(FAILURE)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & (QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver):
            chosen = bool(option.state & QStyle.StateFlag.State_Selected)
            painter.setBrush(QColor(colours.accent_soft if chosen else colours.raised))
            focused = chosen and option.widget is not None and option.widget.hasFocus()
            painter.setPen(QPen(QColor(colours.accent)) if focused else Qt.PenStyle.NoPen)
            radius = theme.RADIUS_CONTROL
            painter.drawRoundedRect(option.rect.adjusted(1, 1, -1, -1), radius, radius)
        area = option.rect.adjusted(theme.SPACE[2], theme.SPACE[1], -theme.SPACE[2], -theme.SPACE[1])
        upper, lower = area.adjusted(0, 0, 0, -area.height() // 2), area.adjusted(0, area.height() // 2, 0, 0)
        folder, name = os.path.split(failure.path)
        start = QStyle.visualAlignment(
            option.direction, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        )
        end = QStyle.visualAlignment(
            option.direction, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        )
        cut = painter.fontMetrics().elidedText
        painter.setFont(option.font)
        painter.setPen(QColor(colours.text))
        painter.drawText(
            upper, start, cut(paths.display(name), Qt.TextElideMode.ElideMiddle, upper.width() // 2)
        )
        painter.setPen(QColor(colours.secondary))
        painter.drawText(
            upper, end, cut(paths.display(folder), Qt.TextElideMode.ElideMiddle, upper.width() // 2 - 8)
        )
        painter.drawText(lower, start, cut(failure.reason, Qt.TextElideMode.ElideRight, lower.width()))
        painter.restore()
