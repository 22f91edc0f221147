"""A few thumbnails side by side, each a button: similar photos, photos near a label's line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from photoclip import paths
from photoclip.errors import PhotoClipError
from photoclip.gui import icons, theme
from photoclip.gui.grid import thumbnails
from photoclip.gui.session import Session
from photoclip.gui.work import Cancelled
from photoclip.library.catalog import photos

if TYPE_CHECKING:
    from photoclip.library.catalog.connection import Catalog
    from photoclip.library.catalog.photos import PhotoDetails
    from photoclip.library.library import Library


MARK = 20  # px, the side of a Yes or a No


@dataclass(frozen=True)
class Thumb:
    """One photo ready to be shown: its thumbnail may be null when it has to be made again."""

    id: int
    name: str
    image: QImage
    mark: bool | None = None  # what a person said of it: yes, no, nothing yet
    note: str = ""


def read_thumbnail(library: Library, content_hash: bytes) -> QImage:
    """The stored thumbnail (longest side 512 px), or a null image. Call it off the GUI thread."""
    data = library.thumbnails.get(content_hash)
    return thumbnails.whole(data) if data else QImage()


def known_details(catalog: Catalog, photo_id: int) -> PhotoDetails | None:
    """A photo's details, or None when it left the library meanwhile."""
    try:
        return photos.details(catalog, photo_id)
    except PhotoClipError:
        return None


def load_thumbs(
    library: Library,
    ids: Sequence[int],
    cancelled: Cancelled,
    notes: Mapping[int, str] = MappingProxyType({}),
    label_id: int | None = None,
) -> list[Thumb]:
    """What a strip shows of these photos, with what people said about `label_id`.

    Photos that left the library are left out.
    """
    thumbs = []
    for photo_id in ids:
        if cancelled():
            break
        found = known_details(library.catalog, photo_id)
        if found is None:
            continue
        said = [each for each in found.labels if each.label_id == label_id and each.source == "human"]
        thumbs.append(
            Thumb(
                photo_id,
                paths.display(found.name),
                read_thumbnail(library, found.content_hash),
                bool(said[0].verdict) if said else None,
                notes.get(photo_id, ""),
            )
        )
    return thumbs


class PhotoStrip(QWidget):
    """Square thumbnails in `columns` columns. Arrows move, Enter chooses; with `teach`, Y and N answer."""

    chosen = Signal(int)
    taught = Signal(int, bool)

    def __init__(
        self, session: Session, *, columns: int = 4, teach: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._columns, self._teach = session, columns, teach
        self._buttons: list[ThumbButton] = []
        self._key = f"strip-{id(self)}"
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    @property
    def ids(self) -> list[int]:
        """The photos now shown."""
        return [button.thumb.id for button in self._buttons]

    def show_ids(
        self,
        ids: Sequence[int],
        *,
        notes: Mapping[int, str] = MappingProxyType({}),
        label_id: int | None = None,
    ) -> None:
        """Load and show these photos; what was shown stays until then."""
        library = self._session.library
        wanted = [int(each) for each in ids]
        self._session.compute(
            lambda cancelled: load_thumbs(library, wanted, cancelled, notes, label_id),
            self.show_thumbs,
            key=self._key,
        )

    def show_thumbs(self, thumbs: Sequence[Thumb]) -> None:
        """Show thumbnails that are already loaded."""
        focused = self.current()
        while len(self._buttons) > len(thumbs):
            button = self._buttons.pop()
            button.hide()
            button.deleteLater()
        for index, thumb in enumerate(thumbs):
            if index == len(self._buttons):
                self._buttons.append(self._make_button())
            self._buttons[index].show_thumb(thumb)
            if thumb.id == focused:
                self._buttons[index].setFocus()
        self.updateGeometry()
        self._arrange()

    def current(self) -> int | None:
        """The photo whose thumbnail has the focus."""
        return next((button.thumb.id for button in self._buttons if button.hasFocus()), None)

    def focus_photo(self, photo_id: int) -> bool:
        """Give the focus to the thumbnail of this photo, if it is shown; whether it is."""
        for button in self._buttons:
            if button.thumb.id == photo_id:
                button.setFocus(Qt.FocusReason.OtherFocusReason)
                return True
        return False

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        rows = -(-len(self._buttons) // self._columns)
        return max(0, rows * (self._side(width) + theme.GUTTER) - theme.GUTTER)

    def sizeHint(self) -> QSize:
        width = self.width() or theme.DETAILS_WIDTH
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        return QSize(self._columns * 32, 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._arrange()
        super().resizeEvent(event)

    def move_focus(self, button: ThumbButton, step: int) -> None:
        """Give the focus to the neighbour `step` places on, if there is one."""
        index = self._buttons.index(button) + step
        if 0 <= index < len(self._buttons):
            self._buttons[index].setFocus(Qt.FocusReason.OtherFocusReason)

    def _make_button(self) -> ThumbButton:
        button = ThumbButton(self, self._columns, teach=self._teach)
        button.clicked.connect(lambda: self.chosen.emit(button.thumb.id))
        if self._teach:
            button.answered.connect(lambda yes: self.taught.emit(button.thumb.id, yes))
        button.show()
        return button

    def _side(self, width: int) -> int:
        return max(16, (width - (self._columns - 1) * theme.GUTTER) // self._columns)

    def _arrange(self) -> None:
        side = self._side(self.width())
        mirrored = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        for index, button in enumerate(self._buttons):
            row, column = divmod(index, self._columns)
            left = column * (side + theme.GUTTER)
            if mirrored:
                left = self.width() - left - side
            button.setGeometry(left, row * (side + theme.GUTTER), side, side)


class ThumbButton(QAbstractButton):
    """One thumbnail, cropped to a square."""

    answered = Signal(bool)

    def __init__(self, strip: PhotoStrip, columns: int, *, teach: bool) -> None:
        super().__init__(strip)
        self._strip, self._teach = strip, teach
        self._steps = {
            Qt.Key.Key_Right: 1, Qt.Key.Key_Left: -1, Qt.Key.Key_Down: columns, Qt.Key.Key_Up: -columns,
        }  # fmt: skip
        self.thumb = Thumb(0, "", QImage())
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def show_thumb(self, thumb: Thumb) -> None:
        """Show another photo."""
        self.thumb = thumb
        self.setAccessibleName(thumb.name)
        self.setAccessibleDescription(thumb.note)
        self.setToolTip(f"{thumb.name}\n{thumb.note}" if thumb.note else thumb.name)
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        step = self._steps.get(key, 0)
        if self.layoutDirection() == Qt.LayoutDirection.RightToLeft and abs(step) == 1:
            step = -step
        if step:
            self._strip.move_focus(self, step)
        elif key in (Qt.Key.Key_Y, Qt.Key.Key_N):
            self.answered.emit(key == Qt.Key.Key_Y)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.tokens()
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        paint_photo(painter, QRectF(self.rect()), self.thumb.image)
        if self._teach and self.underMouse():
            for yes in (True, False):
                self._paint_mark(painter, yes, self._spot(yes))
        elif self.thumb.mark is not None:
            self._paint_mark(painter, self.thumb.mark, self._spot(False))
        if self.hasFocus() or self.underMouse():
            width = theme.SELECTION_WIDTH if self.hasFocus() else 1
            painter.setPen(QPen(QColor(colours.accent), width))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            inset = width / 2
            painter.drawRoundedRect(
                QRectF(self.rect()).adjusted(inset, inset, -inset, -inset),
                theme.RADIUS_PHOTO,
                theme.RADIUS_PHOTO,
            )

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Under the pointer a photo near a label's line has a Yes and a No to click."""
        for yes in (True, False):
            if self._teach and self._spot(yes).contains(event.position().toPoint()):
                self.answered.emit(yes)
                return
        super().mousePressEvent(event)

    def _spot(self, yes: bool) -> QRect:
        """Where the Yes or the No is: in the lower corner, side by side."""
        side = min(MARK, self.width() // 3)
        corner = QRect(self.width() - side - 4, self.height() - side - 4, side, side)
        return corner.translated(-side - 4, 0) if yes else corner

    def _paint_mark(self, painter: QPainter, yes: bool, spot: QRect) -> None:
        colours = theme.tokens()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.human if yes else colours.danger))
        painter.drawEllipse(spot)
        icons.draw(painter, "check" if yes else "x", spot.adjusted(3, 3, -3, -3), "#FFFFFF")


def paint_photo(painter: QPainter, target: QRectF, image: QImage, *, crop: bool = True) -> None:
    """Paint an image with rounded corners: filling `target`, or whole inside it. Null paints the ground."""
    shape = QPainterPath()
    if image.isNull():
        shape.addRoundedRect(target, theme.RADIUS_PHOTO, theme.RADIUS_PHOTO)
        painter.fillPath(shape, QColor(theme.tokens().raised))
        return
    source = QRectF(image.rect())
    if crop:
        scale = min(source.width() / target.width(), source.height() / target.height())
        part = QRectF(0, 0, target.width() * scale, target.height() * scale)
        part.moveCenter(source.center())
        source = part
    shape.addRoundedRect(target, theme.RADIUS_PHOTO, theme.RADIUS_PHOTO)
    painter.save()
    painter.setClipPath(shape)
    painter.drawImage(target, image, source)
    painter.restore()
