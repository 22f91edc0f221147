"""One photo as large as the window, to the pixel if wanted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from photoclip.gui import icons, theme, words
from photoclip.gui.reveal import open_file
from photoclip.gui.session import Session
from photoclip.gui.viewer_canvas import NOTCH, Canvas
from photoclip.gui.viewer_load import FULL, Picture, PictureLoader

STARS = 5


class Viewer(QFrame):
    """Shows photos of a list one at a time, with their neighbours read ahead."""

    closed = Signal(int)  # the photo shown last
    rated = Signal(int, int)  # photo, stars
    favourite_toggled = Signal(int, bool)
    moved = Signal(int)  # another photo is shown

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._loader = PictureLoader(session)
        self._ids: NDArray[np.int64] = np.zeros(0, np.int64)
        self._row = 0
        self.picture: Picture | None = None
        self.canvas = Canvas()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Photo"))
        self._build()
        self.canvas.zoomed.connect(self._on_zoom)
        session.changed.connect(self._on_change)

    def _build(self) -> None:
        bar = QFrame()
        theme.set_role(bar, "header")
        line = QHBoxLayout(bar)
        line.setContentsMargins(theme.SPACE[2], theme.SPACE[0], theme.SPACE[2], theme.SPACE[0])
        line.setSpacing(theme.SPACE[1])
        self._name, self._place, self._mark = (
            QLabel(),
            QLabel(),
            QLabel(),
        )
        self._name.setTextFormat(Qt.TextFormat.PlainText)
        theme.set_role(self._name, "strong")
        theme.set_role(self._place, "secondary")
        theme.set_role(self._mark, "unsure")
        self._stars = [
            self._button("star", self.tr("{0} stars").format(n), lambda _checked=False, n=n: self._rate(n))
            for n in range(1, STARS + 1)
        ]
        self._heart = self._button("heart", self.tr("Favourite (F)"), lambda: self._favourite())
        back = self._button("arrow-left", self.tr("Back to the photos (Esc)"), self.close_viewer)
        before = self._button("caret-left", self.tr("Previous photo"), lambda: self.step(-1))
        after = self._button("caret-right", self.tr("Next photo"), lambda: self.step(1))
        self.play = self._button("play-circle", self.tr("Open in the system's player (P)"), self._play)
        self._length = QLabel()
        theme.set_role(self._length, "secondary")
        left: list[QWidget] = [back, self._name, self.play, self._length, self._mark]
        right: list[QWidget] = [*self._stars, self._heart, self._place, before, after]
        for part in left:
            line.addWidget(part)
        line.addStretch(1)
        for part in right:
            line.addWidget(part)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(bar)
        column.addWidget(self.canvas, 1)

    def _button(self, glyph: str, name: str, clicked: object) -> QToolButton:
        button = QToolButton()
        theme.set_role(button, "icon")
        button.setIcon(icons.icon(glyph))
        button.setIconSize(QSize(theme.ICON_SIZE, theme.ICON_SIZE))
        button.setAccessibleName(name)
        button.setToolTip(name)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.clicked.connect(clicked)
        return button

    # Which photo

    def show_photo(self, ids: NDArray[np.int64], row: int) -> None:
        """Show the photo at `row` of `ids`."""
        self._ids = ids
        self.canvas.show_image(QImage(), QSize(), keep_view=False)
        self._go(row)
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def step(self, by: int) -> None:
        """The next photo, or the one before; nothing at either end."""
        if 0 <= self._row + by < len(self._ids):
            self._go(self._row + by)

    @property
    def photo(self) -> int:
        return int(self._ids[self._row])

    @property
    def mark_is_shown(self) -> bool:
        """Whether something is remarked on the photo, such as that it is damaged."""
        return not self._mark.isHidden()

    @property
    def length(self) -> str:
        """How long the video that is shown is; empty for a photo."""
        return self._length.text()

    def close_viewer(self) -> None:
        self._session.cancel("viewer")
        self._loader.clear()
        self.closed.emit(self.photo)

    def _go(self, row: int) -> None:
        """What was shown stays until the next photo is decoded."""
        self._row, self.picture = row, None
        self.play.hide()
        self._length.hide()
        self._place.setText(self.tr("{0} of {1}").format(words.number(row + 1), words.number(len(self._ids))))
        self._loader.load(self.photo, self._screen_side(), self._show)
        self.moved.emit(self.photo)

    def _screen_side(self) -> int:
        size = self.canvas.size() * self.devicePixelRatioF()
        return max(256, min(size.width(), size.height()))

    def _show(self, picture: Picture) -> None:
        if picture.photo != self.photo:
            return
        upgraded = self.picture is not None and self.picture.photo == picture.photo and not picture.reason
        self.picture = picture
        self.canvas.sentence = picture.reason
        self.canvas.show_image(picture.image, QSize(picture.width, picture.height), keep_view=upgraded)
        self._say(picture)
        near = [row for row in (self._row + 1, self._row - 1) if 0 <= row < len(self._ids)]
        self._loader.read_ahead([int(self._ids[row]) for row in near], self._screen_side())

    def _say(self, picture: Picture) -> None:
        self._name.setText(picture.name)
        self.play.setVisible(picture.video is not None)
        self._length.setVisible(picture.seconds is not None)
        self._length.setText("" if picture.seconds is None else words.duration(picture.seconds))
        self._remark(self.tr("damaged: shown as far as it goes") if picture.truncated else "")
        for number, star in enumerate(self._stars, 1):
            full = number <= picture.rating
            star.setIcon(icons.icon("star-fill" if full else "star", "unsure" if full else "secondary"))
        heart = picture.favourite
        self._heart.setIcon(
            icons.icon("heart-fill" if heart else "heart", "danger" if heart else "secondary")
        )

    def _remark(self, text: str) -> None:
        self._mark.setText(text)
        self._mark.setVisible(bool(text))

    def _on_zoom(self, scale: float) -> None:
        picture = self.picture
        if picture is not None and not picture.is_full and scale * picture.width > picture.image.width():
            self._loader.load(picture.photo, FULL, self._show)

    def _on_change(self, change: object) -> None:
        photos: frozenset[int] = getattr(change, "photos", frozenset())
        for photo in photos:
            self._loader.forget(photo)
        if self.isVisible() and len(self._ids) and self.photo in photos:
            self._loader.load(self.photo, self._screen_side(), self._show)

    # Keys and buttons

    def _rate(self, stars: int) -> None:
        same = self.picture is not None and self.picture.rating == stars
        self.rated.emit(self.photo, 0 if same else stars)

    def _favourite(self) -> None:
        self.favourite_toggled.emit(self.photo, not (self.picture is not None and self.picture.favourite))

    def _play(self) -> None:
        """Videos run in the program that the person has chosen for them."""
        video = None if self.picture is None else self.picture.video
        if video is not None and not open_file(video):
            self._remark(self.tr("this system has no program that plays videos"))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        forward = -1 if self.isRightToLeft() else 1
        steps = {
            Qt.Key.Key_Right: forward, Qt.Key.Key_Left: -forward, Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1,
            Qt.Key.Key_PageDown: 1, Qt.Key.Key_PageUp: -1,
        }  # fmt: skip
        if key in steps:
            self.step(steps[Qt.Key(key)])
        elif key in (Qt.Key.Key_Escape, Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.close_viewer()
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.canvas.set_zoom(self.canvas.scale * NOTCH)
        elif key == Qt.Key.Key_Minus:
            self.canvas.set_zoom(self.canvas.scale / NOTCH)
        elif key == Qt.Key.Key_Z and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            self.canvas.toggle_zoom()
        elif Qt.Key.Key_0 <= key <= Qt.Key.Key_5:
            self.rated.emit(self.photo, key - Qt.Key.Key_0)
        elif key == Qt.Key.Key_F:
            self._favourite()
        elif key == Qt.Key.Key_P:
            self._play()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.isVisible() and self.picture is not None and not self.picture.is_full:
            self._loader.load(self.photo, self._screen_side(), self._show)
