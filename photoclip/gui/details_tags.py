"""Labels and albums of the shown photos as chips, and the field that adds a label."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QStringListModel, Qt
from PySide6.QtWidgets import QCompleter, QLineEdit, QVBoxLayout, QWidget

from photoclip.gui import theme, words
from photoclip.gui.chips import GuessChip, TagChip
from photoclip.gui.details_load import Shown, Tag
from photoclip.gui.flow import FlowLayout
from photoclip.gui.label_form import heading
from photoclip.gui.session import Session
from photoclip.library.catalog import albums, labels

if TYPE_CHECKING:
    from photoclip.library.catalog.changes import Change
    from photoclip.library.catalog.connection import Catalog


class TagsBox(QWidget):
    """Solid chips are a person's labels, dashed ones are guesses to answer with Y or N."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._shown: Shown | None = None
        self.labels = FlowLayout(spacing=6)
        self.albums = FlowLayout(spacing=6)
        self.albums_title = heading(self.tr("Albums"))
        self.field = QLineEdit()
        self.field.setPlaceholderText(self.tr("Add a label"))
        self.field.setAccessibleName(self.tr("Add a label"))
        self._names = QStringListModel(self)
        completer = QCompleter(self._names, self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        self.field.setCompleter(completer)
        self.field.returnPressed.connect(self._add)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE[1])
        column.addLayout(self.labels)
        column.addWidget(self.field)
        column.addWidget(self.albums_title)
        column.addLayout(self.albums)

    def show_tags(self, shown: Shown) -> None:
        """Show the labels and albums of these photos."""
        before, self._shown = self._shown, shown
        if before is not None and before.tags == shown.tags and _albums(before) == _albums(shown):
            return
        self._names.setStringList(sorted(shown.label_ids, key=str.casefold))
        self.labels.clear()
        for tag in shown.tags:
            chip = self._guess_chip(tag) if tag.guessed else self._label_chip(tag, len(shown.ids))
            self.labels.addWidget(chip)
        self.albums.clear()
        for album_id, name in _albums(shown):
            self.albums.addWidget(self._album_chip(album_id, name))
        self.albums_title.setVisible(bool(_albums(shown)))
        self.updateGeometry()

    def _label_chip(self, tag: Tag, photos: int) -> TagChip:
        whole = tag.count == photos
        text = tag.name
        if not whole:
            text = self.tr("{0}  {1} of {2}").format(tag.name, words.number(tag.count), words.number(photos))
        chip = TagChip(
            text,
            self.tr("Remove the label {0}").format(tag.name),
            kind="human" if whole else "",
            glyph="check" if whole else "",
        )
        chip.removed.connect(
            lambda: self._mutate(lambda catalog, ids: labels.unlabel_photos(catalog, tag.id, ids))
        )
        return chip

    def _guess_chip(self, tag: Tag) -> GuessChip:
        chip = GuessChip(tag.name, tag.score)

        def answer(yes: bool) -> None:
            say = labels.label_photos if yes else labels.reject_photos
            self._mutate(lambda catalog, ids: say(catalog, tag.id, ids))

        chip.answered.connect(answer)
        return chip

    def _album_chip(self, album_id: int, name: str) -> TagChip:
        chip = TagChip(name, self.tr("Take out of the album {0}").format(name))
        chip.removed.connect(
            lambda: self._mutate(lambda catalog, ids: albums.remove_from_album(catalog, album_id, ids))
        )
        return chip

    def _add(self) -> None:
        name = self.field.text().strip()
        if not name or self._shown is None:
            return
        self.field.clear()
        known = {each.casefold(): label_id for each, label_id in self._shown.label_ids.items()}
        label_id = known.get(name.casefold())

        def add(catalog: Catalog, ids: list[int]) -> Change | None:
            target = labels.add_label(catalog, name).created if label_id is None else label_id
            return None if target is None else labels.label_photos(catalog, target, ids)

        self._mutate(add)

    def _mutate(self, act: Callable[[Catalog, list[int]], Change | None]) -> None:
        if self._shown is not None and self._shown.ids:
            ids = list(self._shown.ids)
            self._session.mutate(lambda catalog: act(catalog, ids))


def _albums(shown: Shown) -> tuple[tuple[int, str], ...]:
    return tuple(shown.details.albums) if shown.details else ()
