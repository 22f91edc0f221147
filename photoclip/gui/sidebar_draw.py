"""How the sidebar's rows look."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolButton,
    QWidget,
)

from photoclip.gui import icons, theme, words
from photoclip.gui.label_form import heading
from photoclip.gui.sidebar_model import ROW, Row

Index = QModelIndex | QPersistentModelIndex
ROW_HEIGHT = 30
HEADER_HEIGHT = 38
MARGIN = 10
DOT = 9
GLYPH = 14
LIVE = "arrows-clockwise"


class SectionHeader(QWidget):
    """A section's small caption, and the button that adds to the section."""

    def __init__(self, text: str, action: str) -> None:
        super().__init__()
        self.button = QToolButton()
        theme.set_role(self.button, "close")
        self.button.setIcon(icons.icon("plus"))
        self.button.setIconSize(QSize(14, 14))
        self.button.setMinimumSize(24, 24)
        self.button.setAccessibleName(action)
        self.button.setToolTip(action)
        row = QHBoxLayout(self)
        row.setContentsMargins(MARGIN, 12, 4, 0)
        row.addWidget(heading(text), 1, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.button)


class RowDelegate(QStyledItemDelegate):
    """A name at the left, a count at the right; the chosen row on an accent tint."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        text = option.font.pixelSize() if option.font.pixelSize() > 0 else theme.TEXT_PX
        height = HEADER_HEIGHT if index.data(ROW).section else ROW_HEIGHT
        return QSize(80, theme.scaled(height, text))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: Row = index.data(ROW)
        if row.section:
            return  # a SectionHeader lies over it
        colours = theme.tokens()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        aimed = getattr(option.widget, "drop_target", None) == index
        chosen = aimed or bool(option.state & QStyle.StateFlag.State_Selected)
        self._paint_ground(painter, option, chosen)
        area = option.rect.adjusted(MARGIN, 0, -MARGIN, 0)
        right = row.note or ("" if row.count is None else words.number(row.count))
        small = QFont(option.font)
        small.setPixelSize(theme.scaled(theme.CAPTION_PX, option.font.pixelSize()))
        small.setWeight(QFont.Weight.Medium if chosen else QFont.Weight.Normal)
        painter.setFont(small)
        taken = painter.fontMetrics().horizontalAdvance(right) if right else 0
        painter.setPen(QColor(colours.accent if chosen else colours.secondary))
        after = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(area, QStyle.visualAlignment(option.direction, after), right)
        self._paint_name(painter, option, row, area.adjusted(0, 0, -taken - 8, 0), chosen)
        painter.restore()

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        editor = QLineEdit(parent)
        editor.setAccessibleName(self.tr("New name"))
        return editor

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        editor.setGeometry(option.rect)

    def _paint_ground(self, painter: QPainter, option: QStyleOptionViewItem, chosen: bool) -> None:
        colours = theme.tokens()
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        radius = theme.RADIUS_CONTROL
        painter.setPen(Qt.PenStyle.NoPen)
        if chosen or hovered:
            painter.setBrush(QColor(colours.accent_soft if chosen else colours.raised))
            painter.drawRoundedRect(option.rect.adjusted(0, 1, 0, -1), radius, radius)
        view = option.widget
        if chosen and view is not None and view.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(colours.accent), 1))
            painter.drawRoundedRect(option.rect.adjusted(1, 2, -1, -2), radius, radius)

    def _paint_name(
        self, painter: QPainter, option: QStyleOptionViewItem, row: Row, area: QRect, chosen: bool
    ) -> None:
        colours = theme.tokens()
        if row.source is not None and row.source.kind == "label":
            dot = QRect(area.left() + 1, area.center().y() - DOT // 2, DOT, DOT)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(dot_colour(row.source.id or 0, row.colour)))
            painter.drawEllipse(QStyle.visualRect(option.direction, option.rect, dot))
            area = area.adjusted(DOT + 8, 0, 0, 0)
        elif row.live:
            mark = QRect(area.left() - 2, area.center().y() - GLYPH // 2 + 1, GLYPH, GLYPH)
            mark = QStyle.visualRect(option.direction, option.rect, mark)
            icons.draw(painter, LIVE, mark, colours.accent if chosen else colours.secondary)
            area = area.adjusted(DOT + 8, 0, 0, 0)  # names stand in line with those of labels
        font = QFont(option.font)
        font.setWeight(QFont.Weight.Medium if chosen else QFont.Weight.Normal)
        painter.setFont(font)
        painter.setPen(QColor(colours.accent if chosen else colours.secondary if row.note else colours.text))
        text = painter.fontMetrics().elidedText(row.text, Qt.TextElideMode.ElideRight, area.width())
        before = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(
            QStyle.visualRect(option.direction, option.rect, area),
            QStyle.visualAlignment(option.direction, before),
            text,
        )


def dot_colour(label_id: int, colour: int | None) -> str:
    """A label's own colour, or one of the theme's by turns."""
    if colour is not None:
        return f"#{colour:06X}"
    t = theme.tokens()
    wheel = (t.human, t.unsure, t.accent, t.danger, theme.mix(t.accent, t.danger, 0.5),
             theme.mix(t.human, t.accent, 0.5), theme.mix(t.unsure, t.danger, 0.5))  # fmt: skip
    return wheel[(label_id - 1) % len(wheel)]
