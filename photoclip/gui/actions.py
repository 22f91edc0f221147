"""What can be done with photos, the keys for it, and the menu on photos."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QMimeData, QObject, QPoint, Qt, QUrl, Signal
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence
from PySide6.QtWidgets import QInputDialog, QMenu, QWidget

from photoclip import paths
from photoclip.gui import icons, reveal
from photoclip.gui.grid.reorder import shifted
from photoclip.gui.session import Session, Source
from photoclip.library.catalog import albums, labels, missing, photos

if TYPE_CHECKING:
    from photoclip.library.catalog.albums import Album
    from photoclip.library.catalog.changes import Change
    from photoclip.library.catalog.connection import Catalog
    from photoclip.library.catalog.labels import Label
    from photoclip.library.trashing import Trashed

STARS = 5
MANY_PATHS = 10_000  # more are not put on the clipboard or into a drag


@dataclass(frozen=True)
class Choices:
    """What the menu offers: made off the GUI thread."""

    labels: tuple[Label, ...]
    albums: tuple[Album, ...]
    applied: frozenset[int]  # labels the current photo has
    rating: int
    favourite: bool


class PhotoActions(QObject):
    """Does things with the chosen photos; every change goes through the session and can be undone."""

    similar_wanted = Signal(list)  # photo ids
    words_wanted = Signal(list)  # search with these photos and words still to be typed

    def __init__(self, session: Session, chosen: Callable[[], NDArray[np.int64]], parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        self._chosen = chosen
        self._window = parent

    def ids(self) -> list[int]:
        found: list[int] = self._chosen().tolist()
        return found

    def rate(self, stars: int) -> None:
        if ids := self.ids():
            self._session.mutate(lambda catalog: photos.rate(catalog, ids, stars))

    def toggle_favourite(self) -> None:
        """Make all favourites, or none when the first one is."""
        if ids := self.ids():
            self._session.mutate(
                lambda catalog: photos.set_favourite(
                    catalog, ids, not photos.details(catalog, ids[0]).favourite
                )
            )

    def set_label(self, label_id: int, on: bool) -> None:
        if ids := self.ids():
            act = labels.label_photos if on else labels.unlabel_photos
            self._session.mutate(lambda catalog: act(catalog, label_id, ids))

    def teach(self, source: Source, right: bool) -> None:
        """On a label's own photos: yes, these are it; or no, and never again."""
        label_id, ids = source.id, self.ids()
        if source.kind == "label" and label_id is not None and ids:
            act = labels.label_photos if right else labels.reject_photos
            self._session.mutate(lambda catalog: act(catalog, label_id, ids))

    def add_to_album(self, album_id: int) -> None:
        if ids := self.ids():
            self._session.mutate(lambda catalog: albums.add_to_album(catalog, album_id, ids))

    def remove_from_album(self, album_id: int) -> None:
        if ids := self.ids():
            self._session.mutate(lambda catalog: albums.remove_from_album(catalog, album_id, ids))

    def move_in_album(self, source: Source, by: int) -> None:
        """In an album: one place earlier (-1) or later (1)."""
        album_id, chosen = source.id, set(self.ids())
        if source.kind != "album" or album_id is None or not chosen:
            return

        def move(catalog: Catalog) -> Change | None:
            if albums.saved_query(catalog, album_id) is not None:
                return None  # a live album has no order of people's
            order = albums.album_photos(catalog, album_id).tolist()
            wanted = shifted(order, chosen, by)
            return None if wanted == order else albums.reorder_album(catalog, album_id, wanted)

        self._session.mutate(move)

    def new_album(self) -> None:
        """Ask for a name, then make an album of the photos chosen now."""
        ids = self.ids()
        question = QInputDialog(self._window)
        question.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        question.setWindowTitle(self.tr("New album"))
        question.setLabelText(self.tr("Name of the new album"))
        question.textValueSelected.connect(
            lambda name: self._session.mutate(lambda catalog: albums.create_album(catalog, name, ids))
        )
        question.open()

    def find_similar(self) -> None:
        if ids := self.ids():
            self.similar_wanted.emit(ids)

    def search_with_words(self) -> None:
        if ids := self.ids():
            self.words_wanted.emit(ids)

    def show_in_file_manager(self) -> None:
        if ids := self.ids():
            catalog = self._session.library.catalog
            self._session.compute(lambda _cancelled: photos.files_of(catalog, ids[0]), self._reveal)

    def _reveal(self, files: list[bytes]) -> None:
        if files:
            reveal.reveal(self._session, files)

    def copy_files(self) -> None:
        """Onto the clipboard as files, for a file manager or a mail."""
        self._with_paths(self.ids(), _copy_files)

    def copy_paths(self) -> None:
        self._with_paths(self.ids(), _copy_text)

    def remove(self, source: Source) -> None:
        """Move the photos to the system's trash; in Missing, clear them away. Both can be undone."""
        ids = self.ids()
        if not ids:
            return
        if source.kind == "missing":
            self._session.mutate(lambda catalog: missing.clear_missing(catalog, ids))
        else:
            self._session.write(
                partial(_trash, self._session.library.catalog, ids),
                lambda done: self._session.tell_what_stays(done.refused),
            )

    def _with_paths(self, ids: list[int], use: Callable[[list[bytes]], object]) -> None:
        catalog, asked = self._session.library.catalog, ids[:MANY_PATHS]

        def done(found: dict[int, bytes]) -> None:
            known = [found[photo] for photo in asked if photo in found]
            if known:
                use(known)

        if asked:
            self._session.compute(lambda _cancelled: photos.paths_of(catalog, asked), done)

    # Keys and menus

    def keys_for(self, widget: QWidget, source: Callable[[], Source]) -> None:
        """Give a widget the single-letter keys; they work while it has the focus."""
        table: list[tuple[str, str, Callable[[], None]]] = [
            (self.tr("Favourite"), "F", self.toggle_favourite),
            (self.tr("Find similar"), "S", self.find_similar),
            (self.tr("Yes, the label is right"), "Y", lambda: self.teach(source(), True)),
            (self.tr("No, the label is wrong"), "N", lambda: self.teach(source(), False)),
            (self.tr("Earlier in the album"), "Alt+Left", lambda: self.move_in_album(source(), -1)),
            (self.tr("Later in the album"), "Alt+Right", lambda: self.move_in_album(source(), 1)),
            (self.tr("Copy"), "Ctrl+C", self.copy_files),
            (self.tr("Copy path"), "Ctrl+Shift+C", self.copy_paths),
            (self.tr("Move to trash"), "Del", lambda: self.remove(source())),
        ]
        table += [
            (self.tr("Rate {0}").format(stars), str(stars), partial(self.rate, stars))
            for stars in range(STARS + 1)
        ]
        for text, key, act in table:
            action = QAction(text, widget)
            action.setShortcut(QKeySequence(key))
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
            action.triggered.connect(lambda _checked=False, act=act: act())
            widget.addAction(action)

    def labels_key(self, widget: QWidget, place: Callable[[], QPoint]) -> None:
        """L shows the labels at the current photo."""
        action = QAction(self.tr("Labels"), widget)
        action.setShortcut(QKeySequence("L"))
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        action.triggered.connect(lambda: self.open_menu(place(), Source("all"), only_labels=True))
        widget.addAction(action)

    def open_menu(self, position: QPoint, source: Source, *, only_labels: bool = False) -> None:
        """Look up what can be chosen, then show the menu."""
        catalog, ids = self._session.library.catalog, self.ids()
        if not ids:
            return

        def look(_cancelled: Callable[[], bool]) -> Choices:
            first = photos.details(catalog, ids[0])
            applied = frozenset(label.label_id for label in first.labels if label.verdict == 1)
            found = labels.list_labels(catalog), albums.list_albums(catalog)
            return Choices(tuple(found[0]), tuple(found[1]), applied, first.rating, first.favourite)

        def show(choices: Choices) -> None:
            menu = self._label_menu(choices) if only_labels else self._menu(choices, source, len(ids))
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(position)

        self._session.compute(look, show, key="photo-menu")

    def _menu(self, choices: Choices, source: Source, count: int) -> QMenu:
        menu = QMenu(self._window)
        similar = self.tr("Find similar") if count == 1 else self.tr("Find more like these")
        with_words = (
            self.tr("Search with this photo plus words…")
            if count == 1
            else self.tr("Search with these photos plus words…")
        )
        _add(menu, similar, self.find_similar, glyph="magnifying-glass", key="S")
        _add(menu, with_words, self.search_with_words)
        menu.addSeparator()
        menu.addMenu(self._label_menu(choices, menu))
        menu.addMenu(self._album_menu(choices, menu))
        if source.kind == "album" and source.id is not None:
            earlier, later = partial(self.move_in_album, source, -1), partial(self.move_in_album, source, 1)
            if not any(album.id == source.id and album.query for album in choices.albums):
                _add(menu, self.tr("Earlier in this album"), earlier, key="Alt+Left")
                _add(menu, self.tr("Later in this album"), later, key="Alt+Right")
            _add(menu, self.tr("Remove from this album"), partial(self.remove_from_album, source.id))
        menu.addMenu(self._rate_menu(choices, menu))
        favourite = self.tr("Not a favourite") if choices.favourite else self.tr("Favourite")
        _add(menu, favourite, self.toggle_favourite, glyph="heart", key="F")
        menu.addSeparator()
        _add(menu, self.tr("Show in file manager"), self.show_in_file_manager, glyph="folder-open")
        _add(menu, self.tr("Copy"), self.copy_files, glyph="copy", key="Ctrl+C")
        _add(menu, self.tr("Copy path"), self.copy_paths, key="Ctrl+Shift+C")
        menu.addSeparator()
        gone = source.kind == "missing"
        remove = self.tr("Clear from Missing") if gone else self.tr("Move to trash")
        _add(menu, remove, partial(self.remove, source), glyph="x" if gone else "trash", key="Del")
        return menu

    def _label_menu(self, choices: Choices, parent: QWidget | None = None) -> QMenu:
        menu = QMenu(self.tr("Labels"), parent or self._window)
        menu.setIcon(icons.icon("tag"))
        for label in choices.labels:
            on = label.id in choices.applied
            action = _add(menu, _plain(label.name), partial(self.set_label, label.id, not on))
            action.setCheckable(True)
            action.setChecked(on)
        if not choices.labels:
            _add(menu, self.tr("No labels yet: make one in the sidebar")).setEnabled(False)
        return menu

    def _album_menu(self, choices: Choices, parent: QWidget) -> QMenu:
        menu = QMenu(self.tr("Add to album"), parent)
        menu.setIcon(icons.icon("folder-simple-plus"))
        for album in choices.albums:
            _add(menu, _plain(album.name), partial(self.add_to_album, album.id))
        if choices.albums:
            menu.addSeparator()
        _add(menu, self.tr("New album…"), self.new_album, glyph="plus")
        return menu

    def _rate_menu(self, choices: Choices, parent: QWidget) -> QMenu:
        menu = QMenu(self.tr("Rate"), parent)
        menu.setIcon(icons.icon("star"))
        for stars in range(STARS, -1, -1):
            text = "★" * stars if stars else self.tr("No rating")
            action = _add(menu, text, partial(self.rate, stars), key=str(stars))
            action.setCheckable(True)
            action.setChecked(stars == choices.rating)
        return menu


def _add(
    menu: QMenu, text: str, act: Callable[[], object] | None = None, *, glyph: str = "", key: str = ""
) -> QAction:
    """A line of a menu; `key` is only shown, the grid's own action answers to it."""
    action = menu.addAction(text)
    if glyph:
        action.setIcon(icons.icon(glyph))
    if key:
        action.setText(f"{text}\t{QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)}")
    if act is not None:
        action.triggered.connect(lambda _checked=False: act())
    return action


def _trash(catalog: Catalog, ids: list[int]) -> Trashed:
    from photoclip.library.trash import SystemTrash
    from photoclip.library.trashing import trash_photos

    return trash_photos(catalog, SystemTrash(), ids)


def _plain(name: str) -> str:
    """A name as a menu's text: "&" would underline the letter after it."""
    return name.replace("&", "&&")


def _copy_files(found: list[bytes]) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromEncoded(reveal.file_uri(path).encode("ascii")) for path in found])
    mime.setText("\n".join(map(paths.display, found)))
    QGuiApplication.clipboard().setMimeData(mime)


def _copy_text(found: list[bytes]) -> None:
    QGuiApplication.clipboard().setText("\n".join(map(paths.display, found)))
