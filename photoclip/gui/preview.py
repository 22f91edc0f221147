"""The picture at the top of the details: one photo whole, or the first four of several."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from photoclip.gui import theme
from photoclip.gui.strip import paint_photo

TALLEST = 1.15  # height over width that a portrait photo may take


class Preview(QWidget):
    """As wide as its place and as high as the photo asks, up to `TALLEST`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._images: list[QImage] = []
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_images(self, images: Sequence[QImage], name: str) -> None:
        """Show one image, or up to four as a mosaic."""
        self._images = list(images[:4])
        self.setAccessibleName(name)
        self.updateGeometry()
        self.update()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        if len(self._images) == 1 and not self._images[0].isNull():
            image = self._images[0]
            return round(min(width * image.height() / image.width(), width * TALLEST))
        return round(width * 2 / 3) if self._images else 0

    def sizeHint(self) -> QSize:
        width = self.width() or theme.DETAILS_WIDTH
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        return QSize(64, 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        area = QRectF(self.rect())
        if len(self._images) == 1:
            image = self._images[0]
            size = image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
            target = QRectF(0, 0, size.width(), size.height()) if not image.isNull() else area
            target.moveCenter(area.center())
            paint_photo(painter, target, image)
            return
        for index, image in enumerate(self._images):
            paint_photo(painter, self._cell(area, index), image)

    def _cell(self, area: QRectF, index: int) -> QRectF:
        """Where the mosaic's image goes: two columns, the last one of three taking the whole row."""
        width = (area.width() - theme.GUTTER) / 2
        rows = 2 if len(self._images) > 2 else 1
        height = (area.height() - theme.GUTTER * (rows - 1)) / rows
        row, column = divmod(index, 2)
        if len(self._images) == 3 and index == 2:
            width = area.width()
        return QRectF(
            area.left() + column * (width + theme.GUTTER), row * (height + theme.GUTTER), width, height
        )
