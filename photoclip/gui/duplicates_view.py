"""Groups of duplicates as rows of a list: the keeper and why, what speaks for the group, the pictures."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    QTimer,
)
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from photoclip import paths
from photoclip.gui import icons, theme, words
from photoclip.gui.grid.thumbnails import Thumbnails

if TYPE_CHECKING:
    from photoclip.library.duplicates.tiers import Group

Index = QModelIndex | QPersistentModelIndex
ROW = Qt.ItemDataRole.UserRole
SIDE = 96
LINES_HEIGHT = 44
MARK = 20


@dataclass(frozen=True)
class Row:
    """A group; `hashes` are of the thumbnails, the keeper's first."""

    group: Group
    hashes: tuple[bytes, ...]

    @property
    def photos(self) -> list[int]:
        """Without repetitions, the keeper first."""
        members = (self.group.keeper, *self.group.others)
        return list(dict.fromkeys(member.photo for member in members))

    @property
    def files(self) -> int:
        """How many files there are besides the keeper's."""
        return sum(len(other.paths) for other in self.group.others)


class GroupModel(QAbstractListModel):
    """The groups of one tier."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._rows: list[Row] = []
        self._reasons = {
            "liked": self.tr("a favourite or more stars"),
            "said": self.tr("has labels or is in albums"),
            "raw": self.tr("the RAW file"),
            "camera": self.tr("still tells the camera"),
            "pixels": self.tr("the larger picture"),
            "bytes": self.tr("the larger file"),
            "name": self.tr("not named a copy"),
            "older": self.tr("the older one"),
            "path": self.tr("the shorter path"),
            "first": self.tr("all equal, first by its path"),
        }

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Take a new list."""
        self.beginResetModel()
        self._rows = list(rows)
        self.endResetModel()

    def remove(self, row: Row) -> None:
        """Take one group out; one that is not there is no matter."""
        if row in self._rows:
            place = self._rows.index(row)
            self.beginRemoveRows(QModelIndex(), place, place)
            del self._rows[place]
            self.endRemoveRows()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        if role == ROW:
            return row
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return f"{self.title(row)}. {self.evidence(row)}"
        if role == Qt.ItemDataRole.ToolTipRole:
            members = (row.group.keeper, *row.group.others)
            return "\n".join(paths.display(path) for member in members for path in member.paths)
        return None

    def title(self, row: Row) -> str:
        """Which one is kept, and why."""
        name = paths.display(os.path.basename(row.group.keeper.paths[0]))  # noqa: PTH119
        return self.tr("Keep {0}: {1}").format(name, self._reasons[row.group.reason.value])

    def evidence(self, row: Row) -> str:
        """What speaks for the whole group."""
        said = [other.evidence for other in row.group.others]
        bits = [each.bits for each in said if each.bits is not None]
        seconds = [each.seconds for each in said if each.seconds is not None]
        cosines = [each.cosine for each in said if each.cosine is not None]
        parts = [self.tr("{0} files").format(words.number(row.files + 1))]
        if row.group.hash is not None:
            parts.append(self.tr("the same bytes"))
        if bits:
            parts.append(self.tr("at most {0} of 64 bits of their look differ").format(max(bits)))
        if seconds:
            parts.append(self.tr("within {0} s").format(f"{max(seconds):g}"))
        if cosines:
            parts.append(self.tr("cosine at least {0}").format(f"{min(cosines):.2f}"))
        return " · ".join(parts)


class GroupDelegate(QStyledItemDelegate):
    """Two lines and the pictures; the keeper's has a mark. What is painted is what is loaded."""

    def __init__(self, view: QListView, thumbnails: Thumbnails) -> None:
        super().__init__(view)
        self._view, self._thumbnails = view, thumbnails
        self._wanted: dict[bytes, None] = {}
        self._loading = QTimer(self, singleShot=True, interval=0)
        self._loading.timeout.connect(self._load)
        thumbnails.ready.connect(lambda _hashes: view.viewport().update())

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        lines = theme.scaled(LINES_HEIGHT, option.font.pixelSize())
        return QSize(200, lines + SIDE + 3 * theme.SPACE[1])

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model, row = index.model(), index.data(ROW)
        assert isinstance(model, GroupModel)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_ground(painter, option)
        area = option.rect.adjusted(theme.SPACE[2], theme.SPACE[1], -theme.SPACE[2], -theme.SPACE[1])
        lines = theme.scaled(LINES_HEIGHT, option.font.pixelSize())
        start = QStyle.visualAlignment(
            option.direction, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        )
        colours, cut = theme.tokens(), painter.fontMetrics().elidedText
        painter.setFont(option.font)
        for text, colour, top in (
            (model.title(row), colours.text, area.top()),
            (model.evidence(row), colours.secondary, area.top() + lines // 2),
        ):
            painter.setPen(QColor(colour))
            line = QRect(area.left(), top, area.width(), lines // 2)
            painter.drawText(line, start, cut(text, Qt.TextElideMode.ElideMiddle, line.width()))
        pictures = area.adjusted(0, lines + theme.SPACE[1], 0, 0)
        self._paint_pictures(painter, pictures, row, option.direction == Qt.LayoutDirection.RightToLeft)
        painter.restore()

    def _paint_ground(self, painter: QPainter, option: QStyleOptionViewItem) -> None:
        if not option.state & (QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver):
            return
        colours = theme.tokens()
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.setBrush(QColor(colours.accent_soft if chosen else colours.raised))
        focused = chosen and self._view.hasFocus()
        painter.setPen(QPen(QColor(colours.accent)) if focused else Qt.PenStyle.NoPen)
        radius = theme.RADIUS_CONTROL
        painter.drawRoundedRect(option.rect.adjusted(1, 1, -1, -1), radius, radius)

    def _paint_pictures(self, painter: QPainter, area: QRect, row: Row, mirrored: bool) -> None:
        """As many as there is room for; of more, the last place tells how many."""
        step = SIDE + theme.GUTTER
        room = max(1, (area.width() + theme.GUTTER) // step)
        shown = len(row.hashes) if len(row.hashes) <= room else room - 1
        for number in range(min(len(row.hashes), room)):
            left = area.right() + 1 - SIDE - number * step if mirrored else area.left() + number * step
            spot = QRect(left, area.top(), SIDE, SIDE)
            if number < shown or room == 1:
                self._paint_picture(painter, spot, row.hashes[number], kept=number == 0)
            else:
                painter.setPen(QColor(theme.tokens().secondary))
                more = f"+{words.number(len(row.hashes) - shown)}"
                painter.drawText(spot, Qt.AlignmentFlag.AlignCenter, more)

    def _paint_picture(self, painter: QPainter, spot: QRect, hash: bytes, *, kept: bool) -> None:
        colours, image = theme.tokens(), self._thumbnails.image(hash)
        if image is None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.raised))
            painter.drawRoundedRect(spot, theme.RADIUS_PHOTO, theme.RADIUS_PHOTO)
            self._wanted[hash] = None
            self._loading.start()
        else:
            painter.drawImage(QRectF(spot), image)
        if kept:
            width = theme.SELECTION_WIDTH
            painter.setPen(QPen(QColor(colours.human), width))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            inside = QRectF(spot).adjusted(width / 2, width / 2, -width / 2, -width / 2)
            painter.drawRoundedRect(inside, theme.RADIUS_PHOTO, theme.RADIUS_PHOTO)
            mark = QRect(spot.right() - MARK - 3, spot.bottom() - MARK - 3, MARK, MARK)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.human))
            painter.drawEllipse(mark)
            icons.draw(painter, "check", mark.adjusted(3, 3, -3, -3), "#FFFFFF")

    def _load(self) -> None:
        """What was painted without a picture; what is out of sight by now is asked for when it is back."""
        ratio = self._view.devicePixelRatioF()
        self._thumbnails.want(list(self._wanted), round(SIDE * ratio), theme.RADIUS_PHOTO * ratio)
        self._wanted.clear()
