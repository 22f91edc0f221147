"""Full pictures for the viewer, decoded off the GUI thread, with the neighbours read ahead."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtGui import QImage

from photoclip import paths
from photoclip.errors import PhotoClipError, UnreadablePhoto
from photoclip.gui.session import Session

if TYPE_CHECKING:
    from PIL import Image

    from photoclip.library.catalog.photos import PhotoDetails

FULL = 1_000_000  # px: no picture's shorter side is longer, so nothing is reduced
KEPT = 5  # pictures of screen size: this one, and the neighbours both ways


@dataclass(frozen=True)
class Picture:
    """A decoded photo; `image` may be smaller than `width` x `height`, and is full where no more can be had.

    Where there is none, `reason` is the sentence that says why.
    """

    photo: int
    image: QImage
    width: int = 0
    height: int = 0
    name: str = ""
    truncated: bool = False
    rating: int = 0
    favourite: bool = False
    reason: str = ""
    is_full: bool = True
    video: bytes | None = None  # the path of the file to play
    seconds: float | None = None  # of a video


class PictureLoader:
    """Loads one photo at a time for showing, and others ahead; a photo of before is dropped."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._kept: OrderedDict[tuple[int, int], Picture] = OrderedDict()

    def load(self, photo: int, shortest_side: int, done: Callable[[Picture], None]) -> None:
        """Hand the photo to `done`: at once when it was read ahead, else when it is decoded."""
        known = self._kept.get((photo, shortest_side))
        if known is not None:
            self._session.cancel("viewer")
            done(known)
            return
        self._run(photo, shortest_side, "viewer", done)

    def read_ahead(self, photos: list[int], shortest_side: int) -> None:
        """Decode the neighbours now, to show them at once later."""
        for place, photo in enumerate(photos):
            if (photo, shortest_side) not in self._kept:
                self._run(photo, shortest_side, f"viewer-ahead-{place}", lambda _picture: None)

    def forget(self, photo: int) -> None:
        """Its rating or file changed: read it again next time."""
        for key in [key for key in self._kept if key[0] == photo]:
            del self._kept[key]

    def clear(self) -> None:
        self._kept.clear()

    def _run(self, photo: int, shortest_side: int, key: str, done: Callable[[Picture], None]) -> None:
        library = self._session.library

        def work(_cancelled: Callable[[], bool]) -> Picture:
            from photoclip.library.catalog.photos import details

            return decode_photo(details(library.catalog, photo), shortest_side)

        def keep(picture: Picture) -> None:
            if shortest_side != FULL and not picture.reason:
                self._kept[photo, shortest_side] = picture
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
            done(picture)

        def failed(error: PhotoClipError) -> None:
            done(Picture(photo, QImage(), reason=str(error)))

        self._session.compute(work, keep, key=key, failed=failed)


def decode_photo(details: PhotoDetails, shortest_side: int) -> Picture:
    """The upright picture; raises PhotoClipError with a sentence that names the file."""
    from photoclip import pixels
    from photoclip.library.opening import NotAFile
    from photoclip.library.worker import read_file

    path = details.path
    if path is None:
        raise PhotoClipError("This photo has no file any more.")
    try:
        if details.seconds is None:
            decoded = pixels.decode(read_file(path)[0], shortest_side=shortest_side)
            image, truncated = decoded.image, decoded.truncated
            width, height = decoded.width, decoded.height
        else:
            image, truncated = _poster(path, details, shortest_side), details.truncated
            width, height = details.width, details.height
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise PhotoClipError(f"{paths.display(path)} cannot be read: {reason}.") from error
    except (NotAFile, UnreadablePhoto) as error:
        raise PhotoClipError(f"{paths.display(path)}: {error}") from error
    return Picture(
        details.id,
        to_qimage(image.tobytes("raw", "BGRX"), *image.size),
        width,
        height,
        paths.display(details.name),
        truncated,
        details.rating,
        details.favourite,
        is_full=shortest_side == FULL or image.width >= width,
        video=video_of(details),
        seconds=details.seconds,
    )


def video_of(details: PhotoDetails) -> bytes | None:
    """The file to play: a video's own, or the one of a live photo."""
    if details.seconds is not None:
        return details.path
    return next((each.path for each in details.companions if each.is_video), None)


def _poster(path: bytes, details: PhotoDetails, shortest_side: int) -> Image.Image:
    """The frame of a video that its thumbnail shows too. The decode processes have read this file before."""
    from photoclip.library.opening import open_file
    from photoclip.pixels import video

    with open_file(path) as file:
        return video.read_frame(file, details.poster_at or 0.0, shortest_side=shortest_side)


def to_qimage(pixels: bytes, width: int, height: int) -> QImage:
    """BGRX bytes, 4 per pixel, as Qt's own 32-bit picture."""
    view = QImage(pixels, width, height, width * 4, QImage.Format.Format_RGB32)
    return view.copy()  # the view borrows the bytes; the copy owns its pixels
