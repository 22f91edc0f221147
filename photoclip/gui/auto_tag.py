"""Auto-tagging an album: what each label would be put on is said before it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from photoclip.gui import theme, words
from photoclip.gui.session import Session


@dataclass(frozen=True)
class Forecast:
    """How many photos of an album each label would be on, and how many of those have it already."""

    album_id: int
    album: str
    counts: tuple[tuple[str, int, int], ...]  # label, photos, of them already


class AutoTagLine(QWidget):
    """A line over the photos: counts per label, and whether to go ahead."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._album_id = 0
        self.text = QLabel()
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setWordWrap(True)
        self.text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.apply = QPushButton(self.tr("Tag them"))
        theme.set_role(self.apply, "primary")
        self.apply.clicked.connect(self._apply)
        self.cancel = QPushButton(self.tr("Cancel"))
        theme.set_role(self.cancel, "flat")
        self.cancel.clicked.connect(self.hide)
        card = QFrame()
        theme.set_role(card, "card")
        around = QHBoxLayout(self)  # the room around it comes and goes with it
        around.setContentsMargins(theme.SPACE[3], theme.SPACE[2], theme.SPACE[3], 0)
        around.addWidget(card)
        line = QHBoxLayout(card)
        line.setContentsMargins(theme.SPACE[3], theme.SPACE[1], theme.SPACE[2], theme.SPACE[1])
        line.setSpacing(theme.SPACE[2])
        for part in (self.text, self.cancel, self.apply):
            line.addWidget(part)
        self.hide()

    def ask(self, album_id: int) -> None:
        """Find out what would be tagged, and show it."""
        self.text.setText(self.tr("Looking at the photos of this album…"))
        self.apply.setEnabled(False)
        self.show()
        self._session.compute(
            lambda cancelled: forecast(self._session, album_id, cancelled),
            self._show,
            key="auto-tag",
            failed=lambda error: self.text.setText(str(error)),
        )

    def _show(self, found: Forecast) -> None:
        self._album_id = found.album_id
        parts = [
            self.tr("{0}: {1} ({2} already)").format(label, words.number(count), words.number(already))
            for label, count, already in found.counts
            if count
        ]
        if parts:
            self.text.setText(self.tr("In {0}: {1}").format(found.album, "  ·  ".join(parts)))
        elif found.counts:
            self.text.setText(self.tr("No label fits a photo of {0}.").format(found.album))
        else:
            self.text.setText(self.tr("There is no label to tag with; make one in the sidebar."))
        self.apply.setEnabled(any(count > already for _label, count, already in found.counts))
        if self.apply.isEnabled():
            self.apply.setFocus()

    def _apply(self) -> None:
        from photoclip.library import labelling

        session, album_id = self._session, self._album_id
        self.hide()
        session.mutate(lambda _catalog: labelling.auto_tag_album(session.engine, album_id))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
        else:
            super().keyPressEvent(event)


def forecast(session: Session, album_id: int, cancelled: Callable[[], bool]) -> Forecast:
    """What auto-tagging would do; runs off the GUI thread. Raises PhotoClipError."""
    from photoclip.errors import PhotoClipError
    from photoclip.library import labelling
    from photoclip.library.catalog.albums import list_albums
    from photoclip.library.catalog.labels import list_labels

    catalog, scope = session.library.catalog, labelling.Scope("album", album_id)
    names = {album.id: album.name for album in list_albums(catalog)}
    if album_id not in names:
        raise PhotoClipError("This album is not there any more.")
    counts = []
    for label in list_labels(catalog):
        if cancelled():
            break
        found = labelling.preview(session.engine, label.descriptions, label.threshold, scope, label.id)
        counts.append((label.name, found.count, found.already))
    return Forecast(album_id, names[album_id], tuple(counts))
