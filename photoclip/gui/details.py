"""The panel at the right: what is known about the selected photo, its labels, and what is like it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QStackedLayout,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from photoclip import paths
from photoclip.gui import details_load, details_words, icons, theme, words
from photoclip.gui.controls import ElidedLabel
from photoclip.gui.details_load import Shown
from photoclip.gui.details_tags import TagsBox
from photoclip.gui.label_form import heading
from photoclip.gui.preview import Preview
from photoclip.gui.rating import RatingStars
from photoclip.gui.session import Session
from photoclip.gui.strip import PhotoStrip
from photoclip.library.catalog import photos

if TYPE_CHECKING:
    from photoclip.library.catalog.changes import Change
    from photoclip.library.catalog.photos import PhotoDetails

SIMILAR = 8
REFRESH_MS = 60
CONCERNED = frozenset({"label", "photo_label", "photo", "album", "album_photo", "file", "content", "folder"})


class DetailsPanel(QFrame):
    """Shows the photos last asked for; what was shown stays until the new ones are loaded."""

    similar_requested = Signal(list)
    photo_chosen = Signal(int)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.set_role(self, "right")
        self._session = session
        self._key = f"details-{id(self)}"
        self._ids: list[int] = []
        self._shown: Shown | None = None
        self._similar_of: tuple[int, ...] = ()
        self._refresh = QTimer(self, singleShot=True, interval=REFRESH_MS)
        self._refresh.timeout.connect(self._load)
        self._make_widgets()
        self._lay_out()
        session.changed.connect(self._on_change)

    def sizeHint(self) -> QSize:
        return QSize(theme.DETAILS_WIDTH, 400)

    def show_photos(self, ids: Sequence[int]) -> None:
        """Show one photo, a summary of several, or how to get one."""
        self._ids = [int(each) for each in ids]
        self._load()

    def _load(self) -> None:
        library, ids = self._session.library, list(self._ids)
        if not ids:
            self._session.cancel(self._key)
            self._session.cancel(f"{self._key}-similar")
            self._shown, self._similar_of = None, ()
            self._pages.setCurrentWidget(self.empty)
            return
        self._session.compute(
            lambda cancelled: details_load.load(library, ids, cancelled), self._show, key=self._key
        )

    def _show(self, shown: Shown) -> None:
        self._shown = shown
        if not shown.ids:
            self._pages.setCurrentWidget(self.empty)
            return
        details = shown.details
        self.name.setText(paths.display(details.name) if details else self._count())
        self.preview.show_images(shown.images, self.tr("Preview of {0}").format(self.name.text()))
        self.breadcrumb.setText(shown.breadcrumb)
        self.breadcrumb.setVisible(bool(shown.breadcrumb))
        self._show_text(self.heading, details.words.title if details else None)
        self._show_text(self.description, details.words.description if details else None)
        self._show_facts(details_load.rows(details) if details else [])
        self._show_remarks(details)
        self.stars.set_value(details.rating if details else 0)
        self.favourite.setChecked(bool(details and details.favourite))
        self.tags.show_tags(shown)
        self._pages.setCurrentWidget(self.area)
        self._find_similar(shown.ids)

    def _show_text(self, label: QLabel, text: str | None) -> None:
        label.setText(details_words.shortened(text))
        label.setVisible(bool(text))

    def _count(self) -> str:
        return self.tr("{0} selected").format(words.photos(len(self._ids)))

    def _show_facts(self, rows: list[tuple[str, str]]) -> None:
        while (item := self.facts.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for place, (caption, text) in enumerate(rows):
            title, value = _label(caption, "secondary"), _label(text, "")
            value.setWordWrap(True)
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            value.setAccessibleName(f"{caption}: {text}")
            self.facts.addWidget(title, place, 0, Qt.AlignmentFlag.AlignTop)
            self.facts.addWidget(value, place, 1)

    def _show_remarks(self, details: PhotoDetails | None) -> None:
        """What is not as it should be, and where the copies are."""
        lines = []
        if details and details.missing:
            lines.append(self.tr("The file is missing: it was moved, deleted, or its disk is not connected."))
        if details and details.truncated:
            lines.append(self.tr("The file is cut short; what could be read of it is shown."))
        if details:
            lines += details_words.remarks(details)
        self.remark.setText("\n".join(lines))
        self.remark.setVisible(bool(lines))
        copies = len(details.files) if details else 0
        self.copies.setVisible(copies > 1)
        self.copies.setText(self.tr("{0} identical files").format(words.number(copies)))
        if details:
            self.copies.setToolTip("\n".join(paths.display(each.path) for each in details.files))

    def _find_similar(self, ids: tuple[int, ...]) -> None:
        """The strip of similar photos: for one photo, and only when it is another one than before."""
        if len(ids) != 1:
            self._similar_of = ()
            self._show_similar([])
            return
        if ids == self._similar_of:
            return
        self._similar_of = ids
        session = self._session

        def find(_cancelled: object) -> list[int]:
            return [int(each) for each in session.engine.similar(ids, limit=SIMILAR).ids]

        session.compute(find, self._show_similar, key=f"{self._key}-similar", failed=lambda _error: None)

    def _show_similar(self, ids: list[int]) -> None:
        self.similar_title.setVisible(bool(ids))
        self.find_similar.setVisible(bool(ids))
        self.similar.show_ids(ids)

    def _on_change(self, change: Change) -> None:
        if self._ids and CONCERNED & change.tables:
            self._refresh.start()

    def _rate(self, value: int) -> None:
        ids = list(self._ids)
        self._session.mutate(lambda catalog: photos.rate(catalog, ids, value))

    def _set_favourite(self, value: bool) -> None:
        ids = list(self._ids)
        self._session.mutate(lambda catalog: photos.set_favourite(catalog, ids, value))

    def _make_widgets(self) -> None:
        self.preview = Preview()
        self.name = ElidedLabel(role="title")
        self.name.cut = Qt.TextElideMode.ElideMiddle  # the ends of file names tell them apart
        self.breadcrumb = _label("", "secondary")
        self.breadcrumb.setWordWrap(True)
        self.heading, self.description = _label("", "strong"), _label("", "")
        for text, name in ((self.heading, self.tr("Title")), (self.description, self.tr("Description"))):
            text.setWordWrap(True)
            text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            text.setAccessibleDescription(name)
        self.facts = QGridLayout()
        self.facts.setColumnStretch(1, 1)
        self.facts.setHorizontalSpacing(theme.SPACE[2])
        self.facts.setVerticalSpacing(6)
        self.remark = _label("", "unsure")
        self.remark.setWordWrap(True)
        self.copies = _label("", "secondary")
        self.stars = RatingStars()
        self.stars.rated.connect(self._rate)
        self.favourite = QToolButton()
        theme.set_role(self.favourite, "icon")
        self.favourite.setCheckable(True)
        self.favourite.setIcon(icons.icon("heart"))
        self.favourite.setAccessibleName(self.tr("Favourite"))
        self.favourite.setToolTip(self.tr("Favourite (F)"))
        self.favourite.clicked.connect(self._set_favourite)
        self.tags = TagsBox(self._session)
        self.similar_title = heading(self.tr("Similar"))
        self.find_similar = QToolButton()
        theme.set_role(self.find_similar, "link")
        self.find_similar.setText(self.tr("Show all"))
        self.find_similar.setAccessibleName(self.tr("Show all similar photos"))
        self.find_similar.clicked.connect(lambda: self.similar_requested.emit(list(self._ids)))
        self.similar = PhotoStrip(self._session)
        self.similar.chosen.connect(self.photo_chosen)
        self.empty = _label(self.tr("Select a photo to see what is known about it."), "secondary")
        self.empty.setWordWrap(True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setMargin(theme.SPACE[4])

    def _lay_out(self) -> None:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(*(theme.SPACE[3],) * 4)
        column.setSpacing(theme.SPACE[0])
        column.addWidget(self.preview)
        column.addSpacing(theme.SPACE[1])
        column.addWidget(self.name)
        column.addWidget(self.breadcrumb)
        column.addSpacing(theme.SPACE[0])
        column.addWidget(self.heading)
        column.addWidget(self.description)
        column.addSpacing(theme.SPACE[0])
        column.addLayout(_row(self.stars, None, self.favourite))
        column.addWidget(self.remark)
        column.addSpacing(theme.SPACE[0])
        column.addLayout(self.facts)
        column.addWidget(self.copies)
        column.addSpacing(theme.SPACE[1])
        column.addWidget(self.tags)
        column.addSpacing(theme.SPACE[1])
        column.addLayout(_row(self.similar_title, None, self.find_similar))
        column.addWidget(self.similar)
        column.addStretch(1)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setWidget(page)
        for ground in (self.area.viewport(), page):
            ground.setAutoFillBackground(False)  # the panel's own shows
        self._pages = QStackedLayout(self)
        self._pages.addWidget(self.empty)
        self._pages.addWidget(self.area)


def _label(text: str, role: str) -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
    label.setMinimumWidth(1)  # long names wrap or are cut, they do not widen the panel
    if role:
        theme.set_role(label, role)
    return label


def _row(*parts: QWidget | None) -> QHBoxLayout:
    row = QHBoxLayout()
    for part in parts:
        if part is None:
            row.addStretch(1)
        else:
            row.addWidget(part)
    return row
