"""The middle of the window: how many photos, and the grid with them."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from photoclip.errors import PhotoClipError, QueryError
from photoclip.gui import theme, words
from photoclip.gui.finder import Finder, Found, Order, Wish
from photoclip.gui.grid.thumbnails import Thumbnails
from photoclip.gui.grid.view import GridView
from photoclip.gui.search_chip import SearchRequest
from photoclip.gui.session import Session, Source

if TYPE_CHECKING:
    from photoclip.library.catalog.changes import Change

SOON_MS = 120  # changes that come close together are shown together
_WORD = re.compile(r'"[^"]*"?|\S+')  # what is marked as wrong in a query
QUIET_SHARE = 8  # of the time, one part is spent on refreshing at most


class Browser(QWidget):
    """Shows the photos of a place, or what a search in it found, and keeps them up to date."""

    shown = Signal(object)  # Found, each time the grid has new content
    failed = Signal(str)  # a search that went wrong, in words
    place_action_wanted = Signal(
        object
    )  # Source: the button beside the count of an album, a label or Missing

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._finder = Finder(session)
        self.wish = Wish()
        self.found: Found | None = None
        self._encoder_starting = False
        self._waiting = False  # for an answer that is to change what is shown
        self.thumbnails = Thumbnails(session.library.thumbnails.get, self)
        self.grid = GridView(self.thumbnails)
        self._again = QTimer(self, singleShot=True, interval=SOON_MS)
        self._again.timeout.connect(self.find_again)
        self._build()
        session.changed.connect(self._on_change)
        session.encoder_state.connect(self._on_encoder)

    def _build(self) -> None:
        self._title, self._caption, self._error = QLabel(), QLabel(), QLabel()
        theme.set_role(self._title, "title")
        theme.set_role(self._caption, "secondary")
        self.place_action = QPushButton()
        theme.set_role(self.place_action, "link")
        self.place_action.setCursor(Qt.CursorShape.PointingHandCursor)
        self.place_action.clicked.connect(lambda: self.place_action_wanted.emit(self.wish.source))
        self.place_action.hide()
        self._error.setTextFormat(Qt.TextFormat.RichText)
        self._error.setWordWrap(True)
        self._error.setContentsMargins(theme.SPACE[3], theme.SPACE[1], theme.SPACE[3], 0)
        self._error.hide()
        line = QHBoxLayout()
        line.setContentsMargins(theme.SPACE[3], theme.SPACE[2], theme.SPACE[3], theme.SPACE[1])
        line.setSpacing(theme.SPACE[2])
        line.addWidget(self._title)
        line.addWidget(self._caption, 1)
        line.addWidget(self.place_action)
        for label in (self._title, self._caption):
            label.setAlignment(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeading)
        column = self._column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._error)
        column.addLayout(line)
        column.addWidget(self.grid, 1)

    def add_line(self, line: QWidget) -> None:
        """Put a line over the photos that comes and goes by itself."""
        self._column.insertWidget(0, line)

    @property
    def title(self) -> str:
        return self._title.text()

    @property
    def caption(self) -> str:
        return self._caption.text()

    @property
    def error(self) -> str:
        """What is said to be wrong with the query, or nothing."""
        return "" if self._error.isHidden() else self._error.text()

    # What to show

    @property
    def query(self) -> str:
        """The saved query of the live album that is shown; else empty."""
        found = self.found
        return found.query if found is not None and found.wish.source == self.wish.source else ""

    def show_source(self, source: Source) -> None:
        self._set(Wish(source, self.wish.request, self.wish.order))

    def search(self, request: SearchRequest) -> None:
        """Within the place that is shown; in a live album the request takes the place of its query."""
        edited = bool(self.query) and not request.asks_as(self.query)
        if self.query and not edited:
            request = SearchRequest()
        self._set(replace(self.wish, request=request, edited=edited))

    def sort(self, order: Order) -> None:
        self._set(replace(self.wish, order=order))

    def start(self) -> None:
        """Show the first screen at once, and all photos as soon as they are there."""

        def shown(found: Found) -> None:
            self._show(found, keep=False)
            self._find(keep=True)

        self._session.compute(lambda _cancelled: self._finder.glance(), shown, key="search")

    def find_again(self) -> None:
        """Show what is there now, without moving what is on the screen."""
        self._find(keep=True)

    def close_down(self) -> None:
        """Stop the threads that belong to the grid."""
        self._again.stop()
        self.thumbnails.close()

    def _set(self, wish: Wish) -> None:
        if wish != self.wish:
            self.wish = wish
            self._find(keep=False)

    def _find(self, *, keep: bool) -> None:
        wish = self.wish
        self._again.stop()
        self._session.compute(
            lambda cancelled: self._finder.find(wish, cancelled),
            lambda found: self._show(found, keep=keep),
            key="search",
            failed=self._on_failure,
        )
        if not keep:
            self._waiting = True
            self._say_waiting()

    def _show(self, found: Found, *, keep: bool) -> None:
        self.found, self.wish, self._waiting = found, found.wish, False
        self._error.hide()
        if keep and found.content.weaker and self.grid.content.weaker_shown:
            found = replace(found, content=found.content.with_weaker(True))
        self._say(found)
        self.grid.set_reorderable(found.in_album_order)
        self.grid.set_content(found.content, keep=keep)
        self._again.setInterval(max(SOON_MS, round(found.seconds * 1000 * QUIET_SHARE)))
        self.shown.emit(found)

    # When the library changes

    def _on_change(self, change: Change) -> None:
        if self._finder.note(change):
            self.thumbnails.look_again()
            if not self._again.isActive():
                self._again.start()

    def _on_encoder(self, state: str) -> None:
        self._encoder_starting = state == "starting"
        if self._waiting:
            self._say_waiting()

    # Words

    def _say_waiting(self) -> None:
        if self.found is None or self.wish.request.is_empty:
            return
        waiting = self.tr("Starting the model") if self._encoder_starting else self.tr("Searching")
        self._caption.setText(f"{waiting}…")

    def _on_failure(self, error: PhotoClipError) -> None:
        """A wrong query leaves the photos where they are and says what is wrong with it."""
        self._waiting = False
        t = theme.tokens()
        sentence = html.escape(str(error))
        if isinstance(error, QueryError):
            text = self.wish.request.text
            bad = _WORD.match(text, error.position)
            end = bad.end() if bad else error.position
            before, wrong, after = map(
                html.escape, (text[: error.position], text[error.position : end], text[end:])
            )
            sentence = (
                f'{sentence} <span style="color:{t.secondary}">&nbsp; {before}</span>'
                f'<span style="color:{t.danger_text}; text-decoration: underline">{wrong or "&nbsp;"}</span>'
                f'<span style="color:{t.secondary}">{after}</span>'
            )
        self._error.setText(sentence)
        self._error.show()
        if self.found is not None:
            self._say(self.found)
        self.failed.emit(str(error))

    def _say(self, found: Found) -> None:
        content = found.content
        if not found.ranked or found.wish.order != "relevance":
            glance = found.wish == Wish()  # of all photos perhaps only the first screen is there yet
            self._title.setText(words.photos(found.total if glance else content.shown))
            self._caption.setText("" if glance or content.shown == found.total else self._of(found.total))
        elif content.confident:
            self._title.setText(words.photos(content.confident))
            matches = self.tr("confident match") if content.confident == 1 else self.tr("confident matches")
            self._caption.setText(f"{matches} {self._of(found.total)}")
        elif not content.weaker:
            self._title.setText(words.photos(0))
            self._caption.setText(self._of(found.total))
        else:
            self._title.setText(self.tr("No confident match"))
            self._caption.setText(self.tr("in {0}").format(words.photos(found.total)))
        if found.pending:
            waiting = self.tr("{0} not searchable yet").format(words.photos(found.pending))
            self._caption.setText(f"{self._caption.text()}  ·  {waiting}".strip(" ·"))
        self.grid.set_empty(*self._empty(found))
        action = self._action(found)
        self.place_action.setText(action)
        self.place_action.setVisible(bool(action))

    def _action(self, found: Found) -> str:
        """What the button beside the count does at this place; empty for no button."""
        kind = found.wish.source.kind
        if kind == "missing" and (not found.wish.request.is_empty or not found.total):
            return ""
        actions = {
            "album": self.tr("Auto-tag…"), "label": self.tr("Edit label…"), "missing": self.tr("Clear all"),
        }  # fmt: skip
        return "" if found.wish.edited else actions.get(kind, "")

    def _of(self, total: int) -> str:
        return self.tr("of {0}").format(words.number(total))

    def _empty(self, found: Found) -> tuple[str, str, str]:
        """Icon, title and sentence for a grid without photos."""
        request, kind = found.wish.request, found.wish.source.kind
        if found.problem:
            return "warning", self.tr("This album cannot be looked up"), found.problem
        if not request.is_empty:
            asked = f"“{request.text}”" if request.text else self.tr("this picture")
            if not found.content.weaker:
                hint = self.tr("No photo passes the filters: take one away, or look in another place.")
                return "magnifying-glass", self.tr("Nothing found for {0}").format(asked), hint
            hint = self.tr("Try fewer or other words, or look at the weaker matches.")
            return "magnifying-glass", self.tr("No confident match for {0}").format(asked), hint
        sentences = {
            "all": self.tr("Photos appear here while PhotoClip looks through your folders."),
            "recent": self.tr("Photos added in the last 30 days appear here."),
            "missing": self.tr("Photos whose files cannot be found would be listed here. None is missing."),
            "folder": self.tr("No photo was found in this folder so far."),
            "album": self.tr("Drag photos onto the album in the sidebar, or use the menu on a photo."),
            "label": self.tr("Open the label to describe it and see which photos it would tag."),
        }
        if found.query:
            sentences["album"] = self.tr("No photo answers the query of this live album yet.")
        title = self.tr("No missing photos") if kind == "missing" else self.tr("No photos here yet")
        return "image", title, sentences[kind]
