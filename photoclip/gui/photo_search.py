"""Pictures in the search bar: choosing one from the disk, and the small picture on a chip."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QFileDialog

from photoclip.gui.dialogs import pictures_folder
from photoclip.gui.grid.thumbnails import tile
from photoclip.gui.search_bar import SearchBar, local_path
from photoclip.gui.search_chip import CHIP_PICTURE, SearchChip
from photoclip.gui.session import Session

PATTERNS = "*.jpg *.jpeg *.png *.webp *.gif *.bmp *.tif *.tiff *.heic *.heif *.avif"
SMALL = 64  # px, decoded at


class PhotoSearch(QObject):
    """Joins the search bar to the library's thumbnails and the disk's pictures."""

    def __init__(self, session: Session, bar: SearchBar) -> None:
        super().__init__(bar)
        self._session = session
        self._bar = bar
        bar.picture_wanted.connect(self._choose)
        bar.photo_added.connect(self._show_picture)

    def _choose(self) -> None:
        dialog = QFileDialog(self._bar.window(), self.tr("Search by a picture"), pictures_folder())
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setNameFilter(f"{self.tr('Pictures')} ({PATTERNS} {PATTERNS.upper()})")
        dialog.urlsSelected.connect(
            lambda urls: self._bar.add_images(tuple(local_path(url) for url in urls if url.isLocalFile()))
        )
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _show_picture(self, chip: SearchChip) -> None:
        library, request = self._session.library, chip.request
        side = round(CHIP_PICTURE * chip.devicePixelRatioF())

        def work(_cancelled: Callable[[], bool]) -> QImage | None:
            from photoclip.library.catalog.photos import details

            if request.photos:
                data = library.thumbnails.get(details(library.catalog, request.photos[0]).content_hash)
            else:
                data = _small(request.images[0])
            return None if data is None else tile(data, side, side / 2)

        def done(image: QImage | None) -> None:
            if image is not None and self._bar.has(chip):
                image.setDevicePixelRatio(chip.devicePixelRatioF())
                chip.set_picture(QPixmap.fromImage(image))

        self._session.compute(
            work, done, failed=lambda error: self._session.message.emit("error", str(error))
        )


def _small(path: bytes) -> bytes:
    """A picture file as a small JPEG; raises PhotoClipError."""
    from photoclip import paths, pixels
    from photoclip.errors import PhotoClipError, UnreadablePhoto
    from photoclip.library.opening import NotAFile
    from photoclip.library.worker import read_file

    try:
        decoded = pixels.decode(read_file(path)[0], shortest_side=SMALL)
    except OSError as error:
        raise PhotoClipError(f"{paths.display(path)} cannot be read ({error.strerror}).") from error
    except (NotAFile, UnreadablePhoto) as error:
        raise PhotoClipError(f"{paths.display(path)} cannot be used as a picture: {error}") from error
    return pixels.thumbnail(decoded.image, SMALL)
