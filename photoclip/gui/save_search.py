"""Saving a search as a live album: what is saved is seen, a name is asked for, and what is wrong is said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from photoclip import paths
from photoclip.errors import PhotoClipError
from photoclip.gui import theme
from photoclip.gui.controls import ElidedLabel
from photoclip.gui.session import Session, Source
from photoclip.library.catalog import albums, folders, labels

if TYPE_CHECKING:
    from photoclip.library.catalog.changes import Change
    from photoclip.library.catalog.connection import Catalog

NAME_WIDTH = 200


@dataclass(frozen=True)
class Draft:
    """A query to be saved under a name; `album_id` is the live album whose query it was before."""

    query: str
    name: str
    album_id: int | None = None


class SaveSearchLine(QWidget):
    """A line over the photos. Under the name it came with, the query of that album is changed."""

    saved = Signal(int)  # album id
    left = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._draft = Draft("", "")
        self.name = QLineEdit()
        self.name.setFixedWidth(NAME_WIDTH)
        self.name.setPlaceholderText(self.tr("Name of the album"))
        self.name.setAccessibleName(self.tr("Name of the live album"))
        self.name.textChanged.connect(self._on_name)
        self.name.returnPressed.connect(self._save)
        self.query = ElidedLabel(role="secondary")
        self.save = QPushButton()
        theme.set_role(self.save, "primary")
        self.save.clicked.connect(self._save)
        self.cancel = QPushButton(self.tr("Cancel"))
        theme.set_role(self.cancel, "flat")
        self.cancel.clicked.connect(self.leave)
        self.error = QLabel()
        self.error.setTextFormat(Qt.TextFormat.PlainText)
        self.error.setWordWrap(True)
        theme.set_role(self.error, "error")
        self._lay_out()
        self.hide()

    def ask(self, text: str, source: Source) -> None:
        """Ask for the name of what was searched for, in a place of the sidebar."""
        catalog = self._session.library.catalog
        self._session.compute(
            lambda _cancelled: draft_of(catalog, text, source), self._show, key="save-search"
        )

    def leave(self) -> None:
        """Away with the line; nothing is saved."""
        self.hide()
        self.left.emit()

    def _lay_out(self) -> None:
        card = QFrame()
        theme.set_role(card, "card")
        around = QHBoxLayout(self)  # the room around it comes and goes with it
        around.setContentsMargins(theme.SPACE[3], theme.SPACE[2], theme.SPACE[3], 0)
        around.addWidget(card)
        line = QHBoxLayout()
        line.setSpacing(theme.SPACE[2])
        for part in (self.name, self.query, self.cancel, self.save):
            line.addWidget(part)
        line.insertStretch(2, 1)
        column = QVBoxLayout(card)
        column.setContentsMargins(theme.SPACE[2], theme.SPACE[1], theme.SPACE[2], theme.SPACE[1])
        column.setSpacing(theme.SPACE[0])
        column.addLayout(line)
        column.addWidget(self.error)

    def _show(self, draft: Draft) -> None:
        self._draft = draft
        self.name.setText(draft.name)
        self._on_name()
        self.query.setText(draft.query)
        self.show()
        self.name.setFocus()
        self.name.selectAll()

    def _on_name(self) -> None:
        self.error.hide()
        self.save.setText(self.tr("Save changes") if self._is_same else self.tr("Save as album"))

    @property
    def _is_same(self) -> bool:
        return self._draft.album_id is not None and self.name.text().strip() == self._draft.name

    def _save(self) -> None:
        draft, name = self._draft, self.name.text()
        album_id = draft.album_id if self._is_same else None

        def save(catalog: Catalog) -> Change:
            if album_id is None:
                return albums.save_live_album(catalog, name, draft.query)
            return albums.change_query(catalog, album_id, draft.query)

        def done(change: Change | None) -> None:
            saved = album_id if change is None or change.created is None else change.created
            if saved is not None:
                self.hide()
                self.saved.emit(saved)

        self._session.mutate(save, done, failed=self._say)

    def _say(self, error: PhotoClipError) -> None:
        self.error.setText(str(error))
        self.error.show()
        self.name.setFocus()


def draft_of(catalog: Catalog, text: str, source: Source) -> Draft:
    """What is to be saved of a search in a place. Raises PhotoClipError for a query that is wrong."""
    from photoclip.library.query import all_of, parse

    query = parse(text)
    if source.kind == "album" and source.id is not None:
        album = albums.album_of(catalog, source.id)
        if album.query is not None:
            return Draft(text, album.name, album.id)
    place = _filter_of(catalog, source)
    said = query.words if query.is_list else ""
    return Draft(all_of([place, text]) if place else text, said[:1].upper() + said[1:])


def _filter_of(catalog: Catalog, source: Source) -> str:
    """What asks for the photos of a place. None does for those added lately: of them all photos are left."""
    from photoclip.library.query import Filter, Query

    wanted: Filter | None = None
    if source.kind == "missing":
        wanted = Filter("is", "missing")
    elif source.kind == "album" and source.id is not None:
        wanted = Filter("album", albums.album_of(catalog, source.id).name)
    elif source.kind == "label" and source.id is not None:
        wanted = Filter("label", next(e.name for e in labels.list_labels(catalog) if e.id == source.id))
    elif source.kind == "folder":
        path = next(each.path for each in folders.list_folders(catalog) if each.id == source.id)
        wanted = Filter("folder", paths.display(path))
    return "" if wanted is None else str(Query(wanted))
