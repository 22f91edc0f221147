"""Dragging photos: onto albums and labels as ids, to other programs as files."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QRect, Qt, QUrl
from PySide6.QtGui import QColor, QDrag, QImage, QPainter, QPixmap
from PySide6.QtWidgets import QWidget

from photoclip.gui import theme
from photoclip.gui.grid.model import ids_mime
from photoclip.gui.grid.words import number
from photoclip.gui.reveal import file_uri

PICTURE = 96  # px


def begin(source: QWidget, ids: NDArray[np.int64], paths: dict[int, bytes], picture: QImage | None) -> None:
    """Run the drag. Photos whose path is not known yet go as ids only."""
    mime = ids_mime(ids)
    urls = [
        QUrl.fromEncoded(file_uri(paths[photo]).encode("ascii")) for photo in ids.tolist() if photo in paths
    ]
    if urls:
        mime.setUrls(urls)
    drag = QDrag(source)
    drag.setMimeData(mime)
    drag.setPixmap(_picture(picture, len(ids)))
    drag.setHotSpot(QPoint(-theme.SPACE[2], -theme.SPACE[2]))  # beside the pointer: what it is over is seen
    drag.exec(Qt.DropAction.CopyAction)


def _picture(picture: QImage | None, count: int) -> QPixmap:
    pixmap = QPixmap(PICTURE, PICTURE)
    pixmap.fill(Qt.GlobalColor.transparent)
    t = theme.tokens()
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.setOpacity(0.85)
    if picture is not None:
        painter.drawImage(QRect(0, 0, PICTURE, PICTURE), picture)
    else:
        painter.fillRect(pixmap.rect(), QColor(t.raised))
    if count > 1:
        painter.setOpacity(1)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(t.accent))
        words = number(count)
        badge = QRect(0, 0, painter.fontMetrics().horizontalAdvance(words) + theme.SPACE[2], 20)
        badge.moveTopRight(QPoint(PICTURE - 4, 4))
        painter.drawRoundedRect(badge, 10, 10)
        painter.setPen(QColor(t.on_accent))
        painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, words)
    painter.end()
    return pixmap
