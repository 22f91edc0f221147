"""Live albums in the window: the search bar shows the query of the one that is open, and can be saved."""

from __future__ import annotations

from PySide6.QtCore import QObject

from photoclip.gui.browser import Browser
from photoclip.gui.finder import Found
from photoclip.gui.header import Header
from photoclip.gui.save_search import SaveSearchLine
from photoclip.gui.session import Session, Source
from photoclip.gui.sidebar import Sidebar


class LiveAlbums(QObject):
    """Joins the search bar, the photos and the sidebar; `line` is the form, over the photos."""

    def __init__(self, session: Session, header: Header, browser: Browser, sidebar: Sidebar) -> None:
        super().__init__(browser)
        self._session, self._header = session, header
        self._browser, self._sidebar = browser, sidebar
        self.line = SaveSearchLine(session)
        browser.add_line(self.line)
        self.line.saved.connect(self._show_saved)
        self.line.left.connect(lambda: header.search.focus())
        header.save.clicked.connect(self.save)
        header.search.searched.connect(self._on_search)
        browser.shown.connect(self._on_shown)

    def save(self) -> None:
        """Ask for a name under which what is searched for is kept."""
        request, say = self._header.search.request(), self._session.message.emit
        if request.photos or request.images:
            say("error", self.tr("A live album keeps words and filters; take the picture out to save them."))
        elif request.is_empty:
            say("info", self.tr("Search for something first, to save it as a live album."))
        elif self._header.search.is_at_rest:
            say("info", self.tr("The query of this live album is saved as it is."))
        else:
            self.line.ask(request.text, self._browser.wish.source)

    def _on_search(self, _request: object) -> None:
        self.line.hide()
        self._offer()

    def _on_shown(self, found: Found) -> None:
        if not found.wish.edited:
            self._header.search.rest_at(found.query)
        self._offer()

    def _offer(self) -> None:
        search = self._header.search
        self._header.offer_to_save(not (search.request().is_empty or search.is_at_rest))

    def _show_saved(self, album_id: int) -> None:
        source = Source("album", album_id)
        self._sidebar.select(source)
        self._browser.show_source(source)
        self._browser.grid.setFocus()
