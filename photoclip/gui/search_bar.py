"""The search bar: words as typed, recognised filters and photos as chips in front of them."""

from __future__ import annotations

import os
import re
from itertools import accumulate
from urllib.parse import unquote_to_bytes

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QIcon, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from photoclip.errors import QueryError
from photoclip.gui import icons, theme
from photoclip.gui.grid.model import IDS_MIME
from photoclip.gui.search_chip import SearchChip, SearchRequest
from photoclip.library.query import Exact, Filter, Not, SimilarTo, Words, all_of, is_grouped, parse

DEBOUNCE_MS = 150
READABLE = 112  # px that a chip needs at most to be told from others
LEAST = 220  # px, the narrowest search bar; half of it stays for words
# A part of the query that can become a chip: a filter, an exact phrase, an exclusion; quotes may hold blanks.
_TOKEN = re.compile(r'(?<!\S)(-?\w+:"[^"]*"|-?\w+:[^\s"]+|-?"[^"]*"|-[^\s"]+)(?=\s|$)')


class SearchBar(QFrame):
    """Emits `searched` shortly after typing stops, at once on Enter."""

    searched = Signal(object)  # SearchRequest
    left = Signal()  # Escape in an empty bar, or Down: on to the photos
    picture_wanted = Signal()  # the + photo button
    focused = Signal()
    photo_added = Signal(object)  # a SearchChip that would like a picture

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._chips: list[SearchChip] = []
        self._asked = SearchRequest()
        self._rest = ""  # the query of the live album that is shown: what clearing leads back to
        self._timer = QTimer(self, singleShot=True, interval=DEBOUNCE_MS)
        self._timer.timeout.connect(self._ask)
        theme.set_role(self, "search")
        self.setAcceptDrops(True)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(theme.SPACE[3], 0, theme.SPACE[0] + 2, 0)
        self._row.setSpacing(theme.SPACE[1])
        self._row.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)  # see minimumSizeHint
        self._build()

    def minimumSizeHint(self) -> QSize:
        """However many chips there are, they never make the window wider: they get narrower."""
        return QSize(LEAST, theme.SEARCH_HEIGHT)

    def _build(self) -> None:
        glass = QLabel()
        glass.setPixmap(icons.icon("magnifying-glass").pixmap(QSize(16, 16)))
        self._glass = glass
        self.edit = QLineEdit()
        theme.set_role(self.edit, "search")
        self.edit.setPlaceholderText(self.tr("Search by what you remember"))
        self.edit.setAccessibleName(self.tr("Search"))
        self.edit.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)  # what chips leave
        self.edit.textEdited.connect(self._on_edited)
        self.edit.installEventFilter(self)
        self._clear = QToolButton()
        self._clear.setIcon(icons.icon("x"))
        self._clear.setIconSize(QSize(12, 12))
        theme.set_role(self._clear, "close")
        self._clear.setAccessibleName(self.tr("Clear the search"))
        self._clear.setToolTip(self.tr("Clear the search (Esc)"))
        self._clear.clicked.connect(self.clear)
        self._photo = QPushButton(self.tr("+ photo"))
        theme.set_role(self._photo, "pill")
        self._photo.setToolTip(self.tr("Search by a picture, alone or together with words"))
        self._photo.setAccessibleName(self.tr("Search by a picture"))
        self._photo.clicked.connect(self.picture_wanted)
        self._more = QLabel()
        theme.set_role(self._more, "secondary")
        self._more.hide()
        for part in (glass, self._more, self.edit, self._clear, self._photo):
            self._row.addWidget(part)
        self._row.setStretchFactor(self.edit, 1)
        self._clear.hide()

    # What is asked for

    def request(self) -> SearchRequest:
        """The chips and the words, as they are now."""
        parts = [chip.request.text for chip in self._chips if chip.request.text]
        words = self.edit.text().strip()
        return SearchRequest(
            all_of([*parts, words] if words else parts),
            tuple(photo for chip in self._chips for photo in chip.request.photos),
            tuple(image for chip in self._chips for image in chip.request.images),
        )

    @property
    def is_asked(self) -> bool:
        """Whether what is typed has been searched for."""
        return not self._timer.isActive()

    @property
    def rest(self) -> str:
        """The query that the bar shows by itself, and goes back to; empty but in a live album."""
        return self._rest

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing is asked for but what the bar shows by itself."""
        return self.request().asks_as(self._rest)

    def rest_at(self, text: str) -> None:
        """Show this query from now on while nothing else is asked for; nothing is searched for."""
        if text == self._rest:
            return
        follows = self.is_at_rest or bool(text)
        self._rest = text
        if follows:
            self._put(text)
            self._timer.stop()
            self._asked = self.request()
        self._on_content()

    def set_text(self, text: str) -> None:
        """Put a whole query in, filters as chips, and search for it at once."""
        self._put(text)
        self._ask()

    def _put(self, text: str) -> None:
        self._drop_chips()
        self.edit.setText(text)
        self._make_chips(at_end=True)
        self.edit.setText(self.edit.text().strip())

    def set_photos(self, photos: tuple[int, ...], *, keep_words: bool = False) -> None:
        """Search by these photos of the library; with `keep_words` together with what is typed."""
        if not keep_words:
            self.edit.clear()
            self._drop_chips()
        for chip in [chip for chip in self._chips if chip.request.photos]:
            self._take(chip)
        self._add_photos(photos)
        self._ask()

    def add_images(self, images: tuple[bytes, ...]) -> None:
        """Search by picture files, which need not be in the library."""
        for image in images:
            self._add(SearchChip(self.tr("picture"), "", SearchRequest(images=(image,)), self))
        self._ask()

    @property
    def chips(self) -> tuple[SearchChip, ...]:
        """In the order of the query."""
        return tuple(self._chips)

    def has(self, chip: SearchChip) -> bool:
        return chip in self._chips

    def clear(self) -> None:
        """Take out what was asked for; in a live album back to its query."""
        self.set_text(self._rest)

    def set_narrow(self, narrow: bool) -> None:
        """In a narrow window the words get the room of the button's text."""
        self._photo.setText(self.tr("+") if narrow else self.tr("+ photo"))

    def focus(self, typed: str = "") -> None:
        """Take the keyboard; `typed` is a letter that was meant for here."""
        self.edit.setFocus(Qt.FocusReason.ShortcutFocusReason)
        if typed:
            self.edit.insert(typed)
            self._on_edited()
        else:
            self.edit.selectAll()

    # Chips

    def _add_photos(self, photos: tuple[int, ...]) -> None:
        if photos:
            word = self.tr("photo") if len(photos) == 1 else self.tr("{0} photos").format(len(photos))
            self._add(SearchChip(word, "", SearchRequest(photos=photos), self))

    def _drop(self, chip: SearchChip) -> None:
        self._take(chip)
        self._ask()

    def _add(self, chip: SearchChip) -> None:
        chip.removed.connect(lambda: self._drop(chip))
        self._chips.append(chip)
        self._row.insertWidget(len(self._chips), chip)
        if chip.request.photos or chip.request.images:
            self.photo_added.emit(chip)
        self._on_content()

    def _take(self, chip: SearchChip) -> None:
        self._chips.remove(chip)
        self._row.removeWidget(chip)
        chip.hide()
        chip.deleteLater()
        self._on_content()

    def _drop_chips(self) -> None:
        for chip in list(self._chips):
            self._take(chip)

    def _make_chips(self, *, at_end: bool) -> None:
        """Turn whole filters among the typed words into chips; one still being typed stays text.

        So does a query with OR or groups as a whole: a filter taken out of it would mean something else.
        """
        text, chips = self.edit.text(), []
        tokens = [match for match in _TOKEN.finditer(text) if at_end or match.end() < len(text)]
        if not tokens or is_grouped(text):
            return
        for match in reversed(tokens):
            chip = self._chip_for(match.group())
            if chip is not None:
                text = f"{text[: match.start()]}{text[match.end() :].lstrip()}"
                chips.append(chip)
        for chip in reversed(chips):
            self._add(chip)
        if text != self.edit.text():
            self.edit.setText(text)

    def _chip_for(self, token: str) -> SearchChip | None:
        try:
            tree = parse(token).tree
        except QueryError:
            return None  # stays as text; the search says what is wrong with it
        part = tree.part if isinstance(tree, Not) else tree
        request = SearchRequest(token)
        if isinstance(part, Words):
            plain = part.weight == 1 and isinstance(tree, Not)
            return SearchChip(self.tr("not"), part.text, request, self) if plain else None
        if not isinstance(part, (Filter, Exact, SimilarTo)):
            return None
        name = self.tr("named") if isinstance(part, Exact) else self.tr("similar to")
        name = part.field if isinstance(part, Filter) else name
        kind = self.tr("not {0}").format(name) if isinstance(tree, Not) else name
        return SearchChip(kind, part.value, request, self)

    # Events

    def _on_edited(self) -> None:
        self._make_chips(at_end=False)
        self._on_content()
        self._timer.start()

    def _on_content(self) -> None:
        self._clear.setVisible(not self.is_at_rest)
        typed = bool(self.edit.text()) or not self._chips
        self.edit.setMinimumWidth(LEAST // 2 if typed else LEAST // 8)  # chips get what no words need
        self._fold()
        self.edit.setPlaceholderText("" if self._chips else self.tr("Search by what you remember"))

    def _fold(self) -> None:
        """Show as many chips as can be read, the first at least, and how many more there are."""
        others = (self._glass, self._clear, self._photo)
        room = self.width() - self.edit.minimumWidth() - theme.SPACE[4] - theme.SPACE[1] * len(others)
        room -= sum(part.sizeHint().width() for part in others if not part.isHidden())
        needed = [min(chip.sizeHint().width(), READABLE) + theme.SPACE[1] for chip in self._chips]
        shown = len(needed)
        if sum(needed) > room:
            more = self.fontMetrics().horizontalAdvance(f"+{shown}") + theme.SPACE[1]
            shown = max(1, sum(each <= room - more for each in accumulate(needed)))
        for place, chip in enumerate(self._chips):
            chip.setVisible(place < shown)
        hidden = self._chips[shown:]
        self._more.setVisible(bool(hidden))
        self._more.setText(f"+{len(hidden)}")
        self._more.setToolTip("\n".join(chip.accessibleName() for chip in hidden))
        self._more.setAccessibleName(", ".join(chip.accessibleName() for chip in hidden))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fold()

    def _ask(self) -> None:
        self._timer.stop()
        self._on_content()
        request = self.request()
        if request != self._asked:
            self._asked = request
            self.searched.emit(request)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._on_key(event)
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self.setProperty("active", "true" if event.type() == QEvent.Type.FocusIn else "false")
            theme.set_role(self, "search")
            if event.type() == QEvent.Type.FocusIn:
                self.focused.emit()
        return False

    def _on_key(self, event: QKeyEvent) -> bool:
        key = event.key()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._make_chips(at_end=True)
            self._ask()
            self.left.emit()
        elif key == Qt.Key.Key_Down:
            self.left.emit()
        elif key == Qt.Key.Key_Escape and not self.is_at_rest:
            self.clear()
        elif key == Qt.Key.Key_Escape:
            self.left.emit()
        elif key == Qt.Key.Key_Backspace and self._chips and self._at_start():
            self._take(self._chips[-1])
            self._ask()
        else:
            return False
        return True

    def _at_start(self) -> bool:
        return self.edit.cursorPosition() == 0 and not self.edit.hasSelectedText()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.edit.setFocus(Qt.FocusReason.MouseFocusReason)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasFormat(IDS_MIME) or event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        mime = event.mimeData()
        if mime.hasFormat(IDS_MIME):
            ids = bytes(mime.data(IDS_MIME).data()).decode("ascii")
            self.set_photos(tuple(int(part) for part in ids.split(",") if part), keep_words=True)
        elif mime.hasUrls():
            self.add_images(tuple(local_path(url) for url in mime.urls() if url.isLocalFile()))
        event.acceptProposedAction()

    def refresh_icon(self) -> None:
        """The glass is a picture, not an icon, so it is drawn again when the theme changes."""
        self._glass.setPixmap(QIcon(icons.icon("magnifying-glass")).pixmap(QSize(16, 16)))


def local_path(url: QUrl) -> bytes:
    """A file URL as the bytes of its path, which need not be UTF-8."""
    if os.name == "nt":
        return os.fsencode(url.toLocalFile())
    encoded = bytes(url.toEncoded().data()).decode("ascii")
    return unquote_to_bytes(encoded.removeprefix("file://"))
