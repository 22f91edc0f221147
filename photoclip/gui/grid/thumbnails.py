"""Thumbnails for the grid: fetched, decoded and cut to size off the GUI thread, visible ones first."""

from __future__ import annotations

import os
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence

from PySide6.QtCore import QBuffer, QByteArray, QObject, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QImage, QImageReader, QPainter

BUDGET = 128 * 1024 * 1024
THREADS = 2

Fetch = Callable[[bytes], bytes | None]

# Said outright, never guessed: guessing asks every plugin of Qt's, and the one for SVG wants a lock of Qt's
# while this thread holds Python's. The GUI thread may hold that one and want ours, and then nothing moves.
STORED_FORMAT = b"jpeg"


class Thumbnails(QObject):
    """Square, round-cornered pictures by content hash.

    `want` says what is needed, most urgent first, and replaces what was wanted before: what scrolled
    out of sight while waiting is never decoded. `image` answers at once with what is there.
    """

    ready = Signal(object)  # list of hashes that have an image now

    _arrived = Signal()

    def __init__(self, fetch: Fetch, parent: QObject | None = None, *, budget: int = BUDGET) -> None:
        super().__init__(parent)
        self._fetch = fetch
        self._budget = budget
        self._images: OrderedDict[bytes, QImage] = OrderedDict()  # least recently used first
        self._bytes = 0
        self._absent: set[bytes] = set()
        self._wanted: list[bytes] = []  # most urgent last, so that pop() takes it
        self._busy: set[bytes] = set()
        self._side, self._radius = 0, 0.0
        self._delivery: list[tuple[bytes, int, QImage | None]] = []
        self._condition = threading.Condition()
        self._closed = False
        self._threads: list[threading.Thread] = []
        self._arrived.connect(self._take_delivery, Qt.ConnectionType.QueuedConnection)

    def image(self, key: bytes) -> QImage | None:
        """The picture, perhaps still in another size than wanted; None while there is none."""
        image = self._images.get(key)
        if image is not None:
            self._images.move_to_end(key)
        return image

    def want(self, keys: Sequence[bytes], side: int, radius: float) -> None:
        """Load these, the first ones first, `side` device px square."""
        needed = [
            key
            for key in keys
            if key not in self._absent and ((image := self._images.get(key)) is None or image.width() != side)
        ]
        with self._condition:
            self._side, self._radius = side, radius
            self._wanted = [key for key in reversed(needed) if key not in self._busy]
            if not self._wanted or self._closed:
                return
            self._condition.notify_all()
        self._start_threads()

    @property
    def idle(self) -> bool:
        """Whether everything wanted has been delivered."""
        with self._condition:
            return not self._wanted and not self._busy and not self._delivery

    def look_again(self) -> None:
        """Ask the store again for what it did not have: photos were indexed since."""
        self._absent.clear()

    def close(self) -> None:
        """Stop and join the threads."""
        with self._condition:
            self._closed = True
            self._wanted = []
            self._condition.notify_all()
        for thread in self._threads:
            thread.join()

    def _start_threads(self) -> None:
        if not self._threads:
            self._threads = [
                threading.Thread(target=self._work, name=f"photoclip-thumbnails-{number}", daemon=True)
                for number in range(THREADS)
            ]
            for thread in self._threads:
                thread.start()

    def _work(self) -> None:
        if sys.platform == "linux":  # scrolling goes before decoding; elsewhere threads have no niceness
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 5)
        while True:
            with self._condition:
                while not self._wanted and not self._closed:
                    self._condition.wait()
                if self._closed:
                    return
                key = self._wanted.pop()
                self._busy.add(key)
                side, radius = self._side, self._radius
            data = self._fetch(key)
            image = None if data is None else tile(data, side, radius)
            with self._condition:
                self._busy.discard(key)
                if self._is_closed():
                    return
                self._delivery.append((key, side, image))
                first = len(self._delivery) == 1
            if first:  # the rest of the batch rides along
                self._arrived.emit()

    def _is_closed(self) -> bool:
        return self._closed

    def _take_delivery(self) -> None:
        with self._condition:
            delivery, self._delivery = self._delivery, []
        for key, _side, image in delivery:
            if image is None:
                self._absent.add(key)
                continue
            previous = self._images.pop(key, None)
            self._images[key] = image
            self._bytes += image.sizeInBytes() - (previous.sizeInBytes() if previous else 0)
        while self._bytes > self._budget and len(self._images) > 1:
            _key, dropped = self._images.popitem(last=False)
            self._bytes -= dropped.sizeInBytes()
        self.ready.emit([key for key, _side, _image in delivery])


def tile(data: bytes, side: int, radius: float) -> QImage | None:
    """The middle square of an encoded picture, `side` px, with round corners; None if undecodable."""
    _buffer, reader = _opened(data)
    size = reader.size()
    if not size.isValid() or size.isEmpty():
        return None
    # Asking the reader for the small size lets JPEG decode only what is needed.
    reader.setScaledSize(
        size.scaled(QSize(side, side), Qt.AspectRatioMode.KeepAspectRatioByExpanding).expandedTo(QSize(1, 1))
    )
    source = reader.read()
    if source.isNull():
        return None
    picture = QImage(side, side, QImage.Format.Format_ARGB32_Premultiplied)
    picture.fill(Qt.GlobalColor.transparent)
    corner = QPoint((source.width() - side) // 2, (source.height() - side) // 2)
    square = source.copy(QRect(corner, QSize(side, side)))
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(QBrush(square))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.drawRoundedRect(QRectF(0, 0, side, side), radius, radius)
    painter.end()
    return picture


def whole(data: bytes) -> QImage:
    """A stored thumbnail as it is; a null image if undecodable."""
    _buffer, reader = _opened(data)
    return reader.read()


def _opened(data: bytes) -> tuple[QBuffer, QImageReader]:
    """A reader of a stored thumbnail, and what it reads from, which has to live as long."""
    buffer = QBuffer()
    buffer.setData(QByteArray(data))
    reader = QImageReader(buffer, STORED_FORMAT)
    reader.setAutoDetectImageFormat(False)
    return buffer, reader
