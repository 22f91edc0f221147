"""The window: composes its parts and joins their signals; what they do is theirs."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QByteArray, QPoint, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QIcon, QResizeEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QMainWindow, QVBoxLayout, QWidget

from photoclip.gui import dialogs, theme
from photoclip.gui.actions import MANY_PATHS, PhotoActions
from photoclip.gui.activity import ActivityLine
from photoclip.gui.auto_tag import AutoTagLine
from photoclip.gui.browser import Browser
from photoclip.gui.details import DetailsPanel
from photoclip.gui.header import Header
from photoclip.gui.indexing_menu import Presence
from photoclip.gui.live_albums import LiveAlbums
from photoclip.gui.notice import Notice
from photoclip.gui.pages import Pages
from photoclip.gui.photo_search import PhotoSearch
from photoclip.gui.session import Session, Source
from photoclip.gui.side_panels import SidePanels
from photoclip.gui.sidebar import Sidebar
from photoclip.gui.window_menu import WindowActs, WindowMenu
from photoclip.library.catalog import albums, folders, missing, photos
from photoclip.library.courtesy import Manners
from photoclip.paths import resource
from photoclip.settings import Settings

if TYPE_CHECKING:
    from photoclip.gui.keys_sheet import KeysSheet
    from photoclip.library.catalog.changes import Change
    from photoclip.library.labelling import Scope

OPENING_SIZE = (1360, 860)
SMALLEST = (480, 360)  # said outright: what has no room there goes by itself
SELECTION_MS = 60
ZOOM_STEP = 1.15


class Window(QMainWindow):
    """One library in one window. Closing it closes the session."""

    first_painted = Signal()  # the first photos, or the first-run page, are on the screen

    def __init__(self, session: Session, settings: Settings) -> None:
        super().__init__()
        self.session = session
        self.settings = settings
        self._painted_once = False
        self.setWindowTitle("PhotoClip")
        self.setWindowIcon(QIcon(str(resource("icons/photoclip-256.png"))))
        self._make_parts()
        self._lay_out()
        self._connect()
        self._restore()

    # Parts

    def _make_parts(self) -> None:
        self.menu = WindowMenu(self, self._acts())
        self.header = Header(self.menu.menu)
        self.sidebar = Sidebar(self.session)
        self.browser = Browser(self.session)
        self.grid = self.browser.grid
        self.details = DetailsPanel(self.session)
        self.activity = ActivityLine(self.session)
        self.auto_tag_line = AutoTagLine(self.session)
        self.browser.add_line(self.auto_tag_line)
        self.live_albums = LiveAlbums(self.session, self.header, self.browser, self.sidebar)
        self.actions_on_photos = PhotoActions(self.session, self._chosen, self)
        self.photo_search = PhotoSearch(self.session, self.header.search)
        self.pages = Pages(self.session, self.browser)
        self.panels = SidePanels(self.pages, self.header, self.sidebar, self.details)
        self._keys: KeysSheet | None = None  # made when it is first asked for
        self._selection = QTimer(self, singleShot=True, interval=SELECTION_MS)

    def _acts(self) -> WindowActs:
        return WindowActs(
            search=self.focus_search,
            back=self.go_back,
            undo=self.session.undo,
            redo=self.session.redo,
            add_folder=lambda: dialogs.choose_folder(self, lambda path: self.add_folders([path])),
            larger=lambda: self.grid.set_cell(round(self.grid.cell * ZOOM_STEP)),
            smaller=lambda: self.grid.set_cell(round(self.grid.cell / ZOOM_STEP)),
            toggle_sidebar=lambda: self.panels.toggle("sidebar", self.width()),
            toggle_details=lambda: self.panels.toggle("details", self.width()),
            show_keys=self.show_keys,
            show_models=lambda: self.pages.show_models(),
            show_duplicates=lambda: self.pages.show_duplicates(),
            show_problems=lambda: self.pages.show_problems(),
            choose_theme=self.choose_theme,
            close=self._close_window,
            save_search=lambda: self.live_albums.save(),
        )

    def _lay_out(self) -> None:
        self.sidebar.setFixedWidth(theme.SIDEBAR_WIDTH)
        self.details.setFixedWidth(theme.DETAILS_WIDTH)
        middle = QHBoxLayout()
        middle.setSpacing(0)
        for part in (self.sidebar, self.pages, self.details):
            middle.addWidget(part)
        middle.setStretchFactor(self.pages, 1)
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addLayout(middle, 1)
        column.addWidget(self.activity)
        self.setCentralWidget(whole)
        self.notice = Notice(self.session, self.pages)

    def _connect(self) -> None:
        header, grid, acts = self.header, self.grid, self.actions_on_photos
        header.search.searched.connect(self._search)
        header.search.focused.connect(self.session.warm_up)
        header.search.left.connect(self.focus_photos)
        header.sidebar_toggled.connect(lambda: self.panels.toggle("sidebar", self.width()))
        header.order_chosen.connect(self.browser.sort)
        header.size_chosen.connect(grid.set_cell)
        grid.cell_changed.connect(header.show_size)
        self.browser.shown.connect(header.show_found)
        self.browser.place_action_wanted.connect(self._on_place_action)
        grid.reordered.connect(self._reorder)
        self.sidebar.source_chosen.connect(self.show_source)
        self.sidebar.label_edit_requested.connect(self.edit_label)
        self.sidebar.add_folder_requested.connect(self._acts().add_folder)
        self.sidebar.auto_tag_requested.connect(self.auto_tag)
        self.sidebar.query_edit_requested.connect(self.edit_query)
        grid.opened.connect(self.open_viewer)
        grid.peeked.connect(self.open_viewer)
        grid.typed.connect(self.focus_search)
        grid.chosen.connect(self._selection.start)
        grid.drag_likely.connect(self._look_up_paths)
        grid.context_menu.connect(lambda at: acts.open_menu(at, self.browser.wish.source))
        grid.painted.connect(self._on_painted)
        acts.keys_for(grid, lambda: self.browser.wish.source)
        acts.labels_key(grid, self._menu_place)
        acts.similar_wanted.connect(lambda ids: self.search_by_photos(ids))
        acts.words_wanted.connect(lambda ids: self.search_by_photos(ids, and_words=True))
        self._selection.timeout.connect(self._show_details)
        self.details.similar_requested.connect(self.search_by_photos)
        self.details.photo_chosen.connect(self.show_photo)
        self.activity.problems_requested.connect(self.pages.show_problems)
        self.activity.models_requested.connect(self.pages.show_models)
        self.activity.pause_toggled.connect(self._pause)
        self.menu.indexing.chosen.connect(self._choose_manners)
        self.session.changed.connect(self._on_change)
        self._connect_pages()

    def _connect_pages(self) -> None:
        self.pages.currentChanged.connect(self._on_page)
        self.pages.left.connect(self.show_browser)
        self.pages.viewer_left.connect(self._leave_viewer)
        self.pages.photo_viewed.connect(lambda photo: self.details.show_photos([photo]))
        self.pages.folders_chosen.connect(self.add_folders)

    def _on_page(self, _index: int) -> None:
        self.panels.fit(self.width())
        if self.pages.shows_first_run:  # a folder may have come while another page was shown
            self._look_for_folders()

    def _restore(self) -> None:
        self.setMinimumSize(*SMALLEST)
        self.resize(*OPENING_SIZE)
        self.restoreGeometry(QByteArray.fromBase64(self.settings.geometry.encode("ascii", "ignore")))
        self.panels.restore(self.settings.panels)
        self.grid.set_cell(self.settings.tile_size)
        self.header.show_size(self.grid.cell)
        self.menu.show_theme(self.settings.theme)
        self.menu.indexing.show_settings(self.settings)
        self.session.courtesy.manners = Manners.of(self.settings)
        self.panels.fit(self.width())

    # Starting and ending

    def start(self, query: str = "") -> None:
        """Ask for the first photos; what is slow starts after they are painted."""
        self._look_for_folders()
        if query:
            self.header.search.set_text(query)
        else:
            self.browser.start()
        self.grid.setFocus()
        handle = self.windowHandle()
        if handle is not None:  # there is one once the window is shown
            Presence(handle, self.session.courtesy)

    def _on_painted(self) -> None:
        if self.browser.found is not None:
            self._announce_first_paint()

    def _announce_first_paint(self) -> None:
        if not self._painted_once:
            self._painted_once = True
            self.first_painted.emit()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop everything that runs, in order, before the window goes."""
        geometry = bytes(self.saveGeometry().toBase64().data()).decode("ascii")
        self.settings = replace(
            self.settings, geometry=geometry, tile_size=self.grid.cell, panels=self.panels.text()
        )
        self.browser.close_down()
        self.session.save_settings(self.settings)
        self.session.close()
        event.accept()

    @property
    def is_quiet(self) -> bool:
        """Whether all that was asked for is on the screen."""
        return self.session.is_settled and self.grid.is_loaded and not self._selection.isActive()

    def _close_window(self) -> None:
        self.close()

    # What is shown

    def show_source(self, source: Source) -> None:
        """A place of the sidebar."""
        self.sidebar.select(source)
        self.auto_tag_line.hide()
        self.live_albums.line.hide()
        self.pages.show_photos()
        if source == self.browser.wish.source and self.browser.wish.edited:
            self.header.search.clear()
        self.browser.show_source(source)

    def _search(self, request: object) -> None:
        self.pages.show_photos()
        self.browser.search(request)  # type: ignore[arg-type]

    def search_by_photos(self, ids: list[int], *, and_words: bool = False) -> None:
        """Find photos like these, everywhere; or wait for words to go with them."""
        if self.browser.wish.source.kind != "all" and not and_words:
            self.sidebar.select(Source("all"))
            self.browser.wish = replace(self.browser.wish, source=Source("all"), edited=False)
        self.header.search.set_photos(tuple(ids), keep_words=and_words)
        if and_words:
            self.header.search.focus()
        else:
            self.focus_photos()

    def show_photo(self, photo: int) -> None:
        """Go to a photo in the grid; one that is not there opens by itself."""
        if len(self.grid.content.rows_of(np.array([photo]))) and self.pages.shows_photos:
            self.grid.select_ids(np.array([photo]))
            self.grid.setFocus()
        else:
            self.pages.view(np.array([photo]), 0)

    def open_viewer(self, photo: int) -> None:
        content = self.grid.content
        rows = content.rows_of(np.array([photo]))
        self.pages.view(content.ids[: content.shown], int(rows[0]))

    def _leave_viewer(self, photo: int) -> None:
        self.grid.select_ids(np.array([photo]))
        self.show_browser()

    def edit_label(self, label_id: int) -> None:
        """The page of a label; 0 makes a new one."""
        self.pages.edit_label(label_id or None, self._scope())

    def edit_query(self, album_id: int) -> None:
        """A live album, with its query in the search bar."""
        self.show_source(Source("album", album_id))
        self.header.search.focus()

    def show_keys(self) -> None:
        if self._keys is None:
            from photoclip.gui.keys_sheet import KeysSheet

            whole = self.centralWidget()
            assert whole is not None
            self._keys = KeysSheet(whole)
        self._keys.open()

    def _look_for_folders(self) -> None:
        catalog = self.session.library.catalog
        self.session.compute(
            lambda _cancelled: bool(catalog.query("SELECT 1 FROM folder WHERE removed_at IS NULL LIMIT 1")),
            self._on_folders,
            key="any-folder",
        )

    def _on_folders(self, any_folder: bool) -> None:
        if any_folder and self.pages.shows_first_run:
            self.pages.show_photos()
        elif not any_folder and self.pages.shows_photos:
            self.pages.show_first_run()
            self._announce_first_paint()

    def show_browser(self) -> None:
        """The photos, with the keyboard."""
        self.pages.show_photos()
        self.grid.setFocus()

    def focus_search(self, typed: str = "") -> None:
        """On to the search bar, from any page that has photos to search."""
        if self.pages.is_first_run:
            return
        if self.pages.shows_viewer:
            self.pages.show_photos()  # the viewer has no search bar over it
        self.header.search.focus(typed)

    def go_back(self) -> None:
        """Escape: away with what lies over the photos, off a page, out of a search, off a selection."""
        if self._keys is not None and self._keys.isVisible():
            self._keys.close_sheet()
        elif self.sidebar.question.isVisible():
            self.sidebar.question.cancel.click()
        elif self.auto_tag_line.isVisible():
            self.auto_tag_line.hide()
        elif self.live_albums.line.isVisible():
            self.live_albums.line.leave()
        elif self.pages.shows_viewer:
            self.pages.viewer.close_viewer()
        elif not self.pages.shows_photos and not self.pages.shows_first_run:
            self.pages.leave()
        elif not self.header.search.is_at_rest:
            self.header.search.clear()
        else:
            self.grid.clearSelection()

    def focus_photos(self) -> None:
        """On to the photos, with a first one to start from."""
        self.grid.setFocus()
        self.grid.ensure_current()

    # What is done

    def add_folders(self, paths: list[bytes]) -> None:
        """Watch these too; the indexer takes notice by itself."""
        for path in paths:
            self.session.mutate(partial(folders.add_folder, path=path))

    def auto_tag(self, album_id: int) -> None:
        """Show what the labels would tag in an album, on the album's own page."""
        self.show_source(Source("album", album_id))
        self.auto_tag_line.ask(album_id)

    def _on_place_action(self, source: Source) -> None:
        if source.kind == "album" and source.id is not None:
            self.auto_tag(source.id)
        elif source.kind == "label" and source.id is not None:
            self.edit_label(source.id)
        elif source.kind == "missing":
            self.session.mutate(missing.clear_all_missing)

    def _reorder(self, ids: list[int]) -> None:
        album_id = self.browser.wish.source.id
        if album_id is not None:
            self.session.mutate(lambda catalog: albums.reorder_album(catalog, album_id, ids))

    def choose_theme(self, preference: str) -> None:
        self.settings = replace(self.settings, theme=preference)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        theme.apply(app, preference)  # type: ignore[arg-type]

    def _choose_manners(self, setting: str, speed: str) -> None:
        self.settings = replace(self.settings, **{setting: speed})  # type: ignore[arg-type]
        self.session.save_settings(self.settings)

    def _pause(self, pause: bool) -> None:
        def act(_cancelled: object) -> None:
            indexer = self.session.indexer
            if pause:
                indexer.pause()
            else:
                indexer.resume()

        self.session.compute(act, lambda _nothing: None)

    # Following

    def _chosen(self) -> np.ndarray:
        return self.grid.selected_ids()

    def _show_details(self) -> None:
        if self.pages.shows_photos:
            self.details.show_photos(self._chosen().tolist())

    def _look_up_paths(self) -> None:
        catalog, ids = self.session.library.catalog, self._chosen()[:MANY_PATHS].tolist()
        self.session.compute(
            lambda _cancelled: photos.paths_of(catalog, ids),
            lambda found: setattr(self.grid, "drag_paths", found),
            key="drag-paths",
        )

    def _menu_place(self) -> QPoint:
        rect = self.grid.visualRect(self.grid.currentIndex())
        return self.grid.viewport().mapToGlobal(rect.center())

    def _scope(self) -> Scope:
        """What is on the screen, for a label to be tried on."""
        from photoclip.library.labelling import Scope

        wish, content = self.browser.wish, self.grid.content
        if not wish.request.is_empty:
            return Scope("photos", photos=tuple(content.ids[: content.confident].tolist()))
        if wish.source.kind in ("album", "folder"):
            return Scope(wish.source.kind, wish.source.id)
        return Scope("all")

    def _on_change(self, change: Change) -> None:
        if "folder" in change.tables:
            self._look_for_folders()

    # Room

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.panels.fit(self.width())
