"""The rows of the sidebar: where photos can be looked for, with how many are there."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from PySide6.QtCore import QAbstractListModel, QMimeData, QModelIndex, QPersistentModelIndex, Qt, Signal

from photoclip import paths
from photoclip.gui import words
from photoclip.gui.counts import Counts
from photoclip.gui.grid.model import IDS_MIME
from photoclip.gui.session import Source

Index = QModelIndex | QPersistentModelIndex
ROW = Qt.ItemDataRole.UserRole
SOURCES_FOR_DROPS = ("album", "label")


@dataclass(frozen=True)
class Row:
    """One line: a place to look in (with a source) or the heading of a section (without)."""

    text: str
    source: Source | None = None
    section: Literal["", "folder", "album", "label"] = ""
    count: int | None = None
    note: str = ""  # in place of the count
    colour: int | None = None
    tip: str = ""
    live: bool = False  # a live album

    @property
    def key(self) -> tuple[str, Source | None]:
        """What stays the same while texts and counts change."""
        return (self.section, self.source)

    @property
    def spoken(self) -> str:
        """The row as a screen reader says it."""
        if self.note:
            return f"{self.text}, {self.note}"
        name = f"{self.text}, {words.live_album()}" if self.live else self.text
        return name if self.count is None else f"{name}, {words.photos(self.count)}"


class SidebarModel(QAbstractListModel):
    """A flat list. Names of albums and labels can be edited; photos can be dropped on them."""

    renamed = Signal(object, str)  # Source, new name
    dropped = Signal(object, list)  # Source, photo ids

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.rows: list[Row] = []

    def show_rows(self, rows: Sequence[Row]) -> bool:
        """Take new rows; true when lines came or went (else only texts and counts changed)."""
        if [row.key for row in rows] != [row.key for row in self.rows]:
            self.beginResetModel()
            self.rows = list(rows)
            self.endResetModel()
            return True
        changed = [place for place, row in enumerate(rows) if row != self.rows[place]]
        self.rows = list(rows)
        for place in changed:
            self.dataChanged.emit(self.index(place), self.index(place))
        return False

    def place_of(self, source: Source) -> int:
        """The row that stands for a source, -1 if there is none."""
        return next((at for at, row in enumerate(self.rows) if row.source == source), -1)

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row = self.rows[index.row()]
        answers: dict[int, Callable[[], Any]] = {
            Qt.ItemDataRole.DisplayRole: lambda: row.text,
            Qt.ItemDataRole.EditRole: lambda: row.text,
            Qt.ItemDataRole.ToolTipRole: lambda: row.tip or None,
            Qt.ItemDataRole.AccessibleTextRole: lambda: row.spoken,
            ROW: lambda: row,
        }
        answer = answers.get(role)
        return answer() if answer else None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        row, name = self.rows[index.row()], str(value).strip()
        if row.source is None or not name or name == row.text:
            return False
        self.renamed.emit(row.source, name)
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid() or self.rows[index.row()].source is None:
            return Qt.ItemFlag.NoItemFlags
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if self._takes_drops(index):
            flags |= Qt.ItemFlag.ItemIsEditable | Qt.ItemFlag.ItemIsDropEnabled
        return flags

    def mimeTypes(self) -> list[str]:
        return [IDS_MIME]

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.CopyAction

    def canDropMimeData(
        self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index
    ) -> bool:
        return data.hasFormat(IDS_MIME) and parent.isValid() and self._takes_drops(parent)

    def dropMimeData(
        self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index
    ) -> bool:
        if not self.canDropMimeData(data, action, row, column, parent):
            return False
        text = bytes(data.data(IDS_MIME).data()).decode("ascii")
        ids = [int(part) for part in text.split(",") if part]
        self.dropped.emit(self.rows[parent.row()].source, ids)
        return bool(ids)

    def _takes_drops(self, index: Index) -> bool:
        source = self.rows[index.row()].source
        return source is not None and source.kind in SOURCES_FOR_DROPS


def folder_name(path: bytes) -> str:
    """The last part of a folder's path, or the path where there is none ("/")."""
    return paths.display(os.path.basename(path.rstrip(b"/\\")) or path)  # noqa: PTH119 (bytes)


def rows_for(counts: Counts, tr: Callable[[str], str]) -> list[Row]:
    """The sidebar's rows, top to bottom."""
    rows = [
        Row(tr("All photos"), Source("all"), count=counts.everything),
        Row(tr("Recently added"), Source("recent"), count=counts.recent),
        Row(tr("Missing"), Source("missing"), count=counts.missing),
        Row(tr("Folders"), section="folder"),
    ]
    for folder in counts.folders:
        rows.append(
            Row(
                folder_name(folder.path),
                Source("folder", folder.id),
                count=folder.photos,
                note="" if folder.online else tr("offline"),
                tip=paths.display(folder.path),
            )
        )
    rows.append(Row(tr("Albums"), section="album"))
    for album in counts.albums:
        source = Source("album", album.id)
        if album.query is None:
            rows.append(Row(album.name, source, count=album.photos))
        else:
            count = counts.live.get(album.id)
            rows.append(Row(album.name, source, count=count, tip=album.query, live=True))
    rows.append(Row(tr("Labels"), section="label"))
    rows += [
        Row(each.name, Source("label", each.id), count=each.human + each.auto, colour=each.colour)
        for each in counts.labels
    ]
    return rows
