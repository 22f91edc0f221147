"""Painting of the grid: photos, their placeholders, month headers, the divider, the empty sentence."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QImage, QPainter, QPen

from photoclip.gui import icons, theme
from photoclip.gui.grid.words import number, show_or_hide, weaker_title

EMPTY_ICON_PX = 48
VIDEO_ICON, LIVE_ICON = "play-fill", "record-bold"


def photo(painter: QPainter, rect: QRect, image: QImage | None, colour: int, weaker: bool) -> None:
    """One photo, or its average colour 0xRRGGBB while there is no picture of it yet."""
    painter.setOpacity(theme.WEAKER_OPACITY if weaker else 1.0)
    if image is not None:
        # Smoothing costs three times as much, and only a picture of another size needs it.
        resized = image.width() != round(rect.width() * painter.device().devicePixelRatioF())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, resized)
        painter.drawImage(rect, image)
    else:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor.fromRgb(colour & 0xFFFFFF))
        painter.drawRoundedRect(rect, theme.RADIUS_PHOTO, theme.RADIUS_PHOTO)
    painter.setOpacity(1.0)


def mark(painter: QPainter, rect: QRect, icon: str, text: str, font: QFont) -> None:
    """What a photo is beside a photo, in its lower corner: a glyph, and of a video its length."""
    small = QFont(font)
    small.setPixelSize(theme.scaled(theme.CAPTION_PX, max(font.pixelSize(), theme.TEXT_PX)))
    metrics, pad = QFontMetrics(small), theme.SPACE[0]
    glyph = metrics.ascent()
    wide = pad + glyph + (pad // 2 + metrics.horizontalAdvance(text) if text else 0) + pad
    place = QRect(0, 0, wide, metrics.height() + 2)
    place.moveBottomRight(rect.bottomRight() - QPoint(pad, pad))
    ground = QColor(theme.ON_PHOTO_GROUND)
    ground.setAlphaF(theme.ON_PHOTO_OPACITY)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ground)
    painter.drawRoundedRect(place, theme.RADIUS_PHOTO, theme.RADIUS_PHOTO)
    spot = QRect(place.left() + pad, place.center().y() - glyph // 2, glyph, glyph)
    icons.draw(painter, icon, spot, theme.ON_PHOTO_TEXT)
    painter.setFont(small)
    painter.setPen(QColor(theme.ON_PHOTO_TEXT))
    flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
    painter.drawText(place.adjusted(0, 0, -pad, 0), flags, text)


def outline(painter: QPainter, rect: QRect, *, selected: bool, focused: bool) -> None:
    """The accent outline of a selected photo; a thin one for the current photo that is not selected."""
    t = theme.tokens()
    width = theme.SELECTION_WIDTH if selected else 1
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(t.accent if selected else t.secondary), width))
    half = width / 2
    painter.drawRoundedRect(QRectF(rect).adjusted(half - 2, half - 2, 2 - half, 2 - half), 5, 5)
    if selected and focused:  # a thin line inside tells the current one among many selected
        painter.setPen(QPen(QColor(t.window), 1))
        painter.drawRoundedRect(QRectF(rect).adjusted(1.5, 1.5, -1.5, -1.5), 3, 3)


def insertion(painter: QPainter, rect: QRect) -> None:
    """The line that shows where a drop would go."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(theme.tokens().accent))
    painter.drawRoundedRect(rect, theme.GUTTER / 2, theme.GUTTER / 2)


def band(painter: QPainter, rect: QRect) -> None:
    """The rubber band."""
    fill = QColor(theme.tokens().accent)
    painter.setPen(QPen(fill, 1))
    fill.setAlphaF(0.15)
    painter.setBrush(fill)
    painter.drawRoundedRect(QRectF(rect).adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)


def header(painter: QPainter, rect: QRect, title: str, count: int, font: QFont) -> None:
    """A month and how many photos it has."""
    t = theme.tokens()
    strong = QFont(font)
    strong.setWeight(QFont.Weight.DemiBold)
    painter.setFont(strong)
    painter.setPen(QColor(t.text))
    flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeading
    painter.drawText(rect, flags, title)
    used = QFontMetrics(strong).horizontalAdvance(title) + theme.SPACE[1]
    painter.setFont(font)
    painter.setPen(QColor(t.secondary))
    mirrored = painter.layoutDirection() == Qt.LayoutDirection.RightToLeft
    rest = rect.adjusted(0, 0, -used, 0) if mirrored else rect.adjusted(used, 0, 0, 0)
    painter.drawText(rest, flags, number(count))


def divider_link(rect: QRect, count: int, shown: bool, font: QFont) -> QRect:
    """Where the divider's Show or Hide is."""
    metrics = QFontMetrics(font)
    words, link = (
        metrics.horizontalAdvance(weaker_title(count)),
        metrics.horizontalAdvance(show_or_hide(shown)),
    )
    left = rect.center().x() - (words + theme.SPACE[2] + link) // 2
    return QRect(left + words + theme.SPACE[2], rect.top(), link, rect.height())


def divider(painter: QPainter, rect: QRect, count: int, shown: bool, font: QFont, hovered: bool) -> None:
    """A line, "3,104 weaker matches  Show", a line."""
    t = theme.tokens()
    link = divider_link(rect, count, shown, font)
    words = QFontMetrics(font).horizontalAdvance(weaker_title(count))
    left = link.left() - theme.SPACE[2] - words
    y = rect.center().y() + 0.5
    painter.setPen(QPen(QColor(t.hairline), 1))
    painter.drawLine(QPointF(rect.left(), y), QPointF(left - theme.SPACE[2], y))
    painter.drawLine(QPointF(link.right() + theme.SPACE[2], y), QPointF(rect.right(), y))
    painter.setFont(font)
    painter.setPen(QColor(t.secondary))
    painter.drawText(
        QRect(left, rect.top(), words + 2, rect.height()), Qt.AlignmentFlag.AlignCenter, weaker_title(count)
    )
    linked = QFont(font)
    linked.setUnderline(hovered)
    painter.setFont(linked)
    painter.setPen(QColor(t.accent))
    painter.drawText(link.adjusted(-2, 0, 2, 0), Qt.AlignmentFlag.AlignCenter, show_or_hide(shown))


def empty(painter: QPainter, rect: QRect, glyph: str, title: str, sentence: str, font: QFont) -> None:
    """What stands where photos would be."""
    t = theme.tokens()
    middle = rect.center().y() - theme.SPACE[4]
    place = QRect(
        rect.center().x() - EMPTY_ICON_PX // 2, middle - EMPTY_ICON_PX, EMPTY_ICON_PX, EMPTY_ICON_PX
    )
    icons.draw(painter, glyph, place, theme.mix(t.window, t.secondary, 0.7))
    big = QFont(font)
    big.setPixelSize(theme.scaled(theme.TITLE_PX, max(font.pixelSize(), theme.TEXT_PX)))
    big.setWeight(QFont.Weight.DemiBold)
    line = QFontMetrics(big).height()
    wide = rect.adjusted(theme.SPACE[4], 0, -theme.SPACE[4], 0)
    painter.setFont(big)
    painter.setPen(QColor(t.text))
    top = middle + theme.SPACE[3]
    title = painter.fontMetrics().elidedText(title, Qt.TextElideMode.ElideRight, wide.width())
    painter.drawText(QRect(wide.left(), top, wide.width(), line), Qt.AlignmentFlag.AlignCenter, title)
    painter.setFont(font)
    painter.setPen(QColor(t.secondary))
    below = QRect(wide.left(), top + line + theme.SPACE[1], wide.width(), rect.bottom() - top - line)
    flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
    painter.drawText(below, flags, sentence)
