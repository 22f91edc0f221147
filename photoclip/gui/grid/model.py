"""The grid's content as Qt's selection, keyboard and accessibility machinery wants to see it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import (
    QAbstractListModel,
    QItemSelection,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
)

from photoclip.gui.grid.content import GridContent
from photoclip.gui.grid.words import month_title

IDS_MIME = "application/x-photoclip-ids"

Index = QModelIndex | QPersistentModelIndex


class PhotoModel(QAbstractListModel):
    """One row per photo shown. It holds arrays and makes nothing per row until asked about one."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.content = GridContent()

    def set_content(self, content: GridContent) -> None:
        self.beginResetModel()
        self.content = content
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else self.content.shown

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.AccessibleTextRole and index.isValid():
            seconds = self.content.videos.get(int(self.content.ids[index.row()]))
            kind = self.tr("Photo {0} of {1}") if seconds is None else self.tr("Video {0} of {1}")
            place = kind.format(index.row() + 1, self.content.shown)
            return f"{place}, {month_title(int(self.content.months[index.row()]))}"
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        flag = Qt.ItemFlag
        return flag.ItemIsSelectable | flag.ItemIsEnabled | flag.ItemIsDragEnabled | flag.ItemNeverHasChildren

    def mimeTypes(self) -> list[str]:
        return ["text/uri-list", IDS_MIME]

    def selection_of(self, rows: NDArray[np.int64]) -> QItemSelection:
        """These ascending rows as Qt's ranges, neighbours joined."""
        selection = QItemSelection()
        if len(rows):
            breaks = np.flatnonzero(np.diff(rows) != 1)
            firsts = rows[np.concatenate(([0], breaks + 1))].tolist()
            lasts = rows[np.concatenate((breaks, [len(rows) - 1]))].tolist()
            for first, last in zip(firsts, lasts, strict=True):
                selection.select(self.index(first), self.index(last))
        return selection


def ids_mime(ids: NDArray[np.int64]) -> QMimeData:
    """Photo ids for a drop inside the window."""
    mime = QMimeData()
    mime.setData(IDS_MIME, ",".join(map(str, ids.tolist())).encode("ascii"))
    return mime
