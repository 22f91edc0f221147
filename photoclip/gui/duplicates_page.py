"""The page of photos that are there more than once: groups by tier, and one action for a whole group."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QListView, QPushButton, QVBoxLayout, QWidget

from photoclip.errors import Cancelled as Stopped
from photoclip.gui import icons, theme, words
from photoclip.gui.controls import ComboBox
from photoclip.gui.duplicates_view import ROW, GroupDelegate, GroupModel, Row
from photoclip.gui.grid.thumbnails import Thumbnails
from photoclip.gui.session import Session
from photoclip.gui.work import Cancelled
from photoclip.library.catalog.presence import IN_IDS, ids_json

if TYPE_CHECKING:
    from photoclip.library.catalog.changes import Change
    from photoclip.library.duplicates.tiers import Group
    from photoclip.library.trashing import Trashed

TIERS = ("identical", "same", "burst", "similar")


class DuplicatesPage(QWidget):
    """Looked for when the page is first shown, again when files are back from the trash, or when asked."""

    closed = Signal()
    photo_activated = Signal(int, list)  # a group is to be looked at: its keeper, and all its photos

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._rows: dict[str, list[Row]] = {tier: [] for tier in TIERS}
        self._looked = False
        self._coming_back = False
        self.thumbnails = Thumbnails(session.library.thumbnails.get, self)
        session.closed.connect(self.thumbnails.close)
        self._make_controls()
        self.model = GroupModel(self)
        self.view = QListView()
        self.view.setModel(self.model)
        self.view.setItemDelegate(GroupDelegate(self.view, self.thumbnails))
        self.view.setUniformItemSizes(True)
        self.view.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.view.setAccessibleName(self.tr("Groups of duplicates"))
        self.view.selectionModel().currentChanged.connect(lambda *_args: self._refresh_buttons())
        self.view.activated.connect(self._open)
        self.nothing = QLabel()
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.nothing.setWordWrap(True)
        theme.set_role(self.nothing, "secondary")
        self._lay_out()
        session.changed.connect(self._on_change)

    def refresh(self) -> None:
        """Look for duplicates; what is shown stays until they are found."""
        self._looked = True
        self.again.setEnabled(False)
        self.nothing.setText(self.tr("Comparing all photos…"))
        self._session.compute(self._look, self._show_found, key="duplicates")

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._looked:
            self.refresh()
        self.view.setFocus()

    def take_focus(self, photo: int) -> None:
        """Back from the viewer, which was at this photo: its group is where one goes on."""
        rows = (self.model.index(place) for place in range(self.model.rowCount()))
        index = next((each for each in rows if photo in each.data(ROW).photos), None)
        if index is not None:
            self.view.setCurrentIndex(index)
        self.view.setFocus()

    def current(self) -> Row | None:
        """The group that the action is for."""
        index = self.view.currentIndex()
        return index.data(ROW) if index.isValid() else None

    def _look(self, cancelled: Cancelled) -> dict[str, list[Row]]:
        from photoclip.library.duplicates.find import find_duplicates

        def between() -> None:
            if cancelled():
                raise Stopped("Looking for duplicates was stopped.")

        library, engine = self._session.library, self._session.engine
        found = find_duplicates(library, engine.encoder.info, between=between).groups
        members = {member.photo for group in found for member in (group.keeper, *group.others)}
        hashes = dict(
            zip(
                *library.catalog.columns(
                    f"SELECT id, hash FROM photo WHERE id {IN_IDS}", (ids_json(members),)
                ),
                strict=True,
            )
        )
        rows: dict[str, list[Row]] = {tier: [] for tier in TIERS}
        for group in found:
            photos = [member.photo for member in (group.keeper, *group.others)]
            rows[group.tier.value].append(Row(group, tuple(hashes.get(photo, b"") for photo in photos)))
        return rows

    def _show_found(self, rows: dict[str, list[Row]]) -> None:
        self._rows = rows
        self.again.setEnabled(True)
        if not rows[self.tiers.currentData()]:  # the first tier that has something to say
            filled = [place for place, tier in enumerate(TIERS) if rows[tier]]
            self.tiers.setCurrentIndex(filled[0] if filled else 0)
        self._show_tier()

    def _show_tier(self) -> None:
        rows = self._rows[self.tiers.currentData()]
        self.model.show_rows(rows)
        if rows:
            self.view.setCurrentIndex(self.model.index(0))
        self._refresh()

    def _refresh(self) -> None:
        for place, tier in enumerate(TIERS):
            count = words.number(len(self._rows[tier]))
            self.tiers.setItemText(place, f"{self._names[tier]}  {count}")
        empty = self.model.rowCount() == 0
        appears = self.view.isHidden() and not empty
        self.view.setVisible(not empty)
        self.nothing.setVisible(empty)
        if appears and self.isVisible() and not self.tiers.hasFocus():
            self.view.setFocus()
        if self.again.isEnabled():
            self.nothing.setText(self.tr("No duplicates of this kind."))
        self._refresh_buttons()

    def _refresh_buttons(self) -> None:
        row = self.current()
        self.trash.setEnabled(row is not None)
        count = 1 if row is None else row.files
        one = self.tr("Move the other one to the trash")
        several = self.tr("Move the other {0} to the trash").format(words.number(count))
        self.trash.setText(one if count == 1 else several)

    def _open(self, index: QModelIndex) -> None:
        photos = index.data(ROW).photos
        self.photo_activated.emit(photos[0], photos)

    def _trash_others(self) -> None:
        row = self.current()
        if row is None:
            return
        self.view.setFocus()  # on with the next group
        self.trash.setEnabled(False)  # until this one is gone
        self._session.write(partial(_trash, self._session, row.group), partial(self._on_trashed, row))

    def _on_trashed(self, row: Row, done: Trashed) -> None:
        if done.change is not None and not done.refused:
            tier = row.group.tier.value
            self._rows[tier] = [each for each in self._rows[tier] if each is not row]
            self.model.remove(row)
        self._session.tell_what_stays(done.refused)
        self._refresh()

    def _on_change(self, change: Change) -> None:
        """Files that come back from the trash are duplicates again, as soon as the catalog has them."""
        if any(row.table == "trashed" and row.after is None for row in change.rows):
            self._coming_back = self._looked
        elif self._coming_back and "file" in change.tables:
            self._coming_back = False
            self.refresh()

    def _make_controls(self) -> None:
        self._names = {
            "identical": self.tr("Identical files"),
            "same": self.tr("The same picture"),
            "burst": self.tr("Bursts"),
            "similar": self.tr("Similar"),
        }
        self.back = QPushButton(self.tr("Photos"))
        theme.set_role(self.back, "flat")
        self.back.setIcon(icons.icon("arrow-left"))
        self.back.setAccessibleName(self.tr("Back to the photos"))
        self.back.clicked.connect(self.closed)
        self.tiers = ComboBox()
        self.tiers.setSizeAdjustPolicy(ComboBox.SizeAdjustPolicy.AdjustToContents)
        self.tiers.setAccessibleName(self.tr("Kind of duplicates"))
        for tier in TIERS:
            self.tiers.addItem(self._names[tier], tier)
        self.tiers.activated.connect(lambda _place: self._show_tier())
        self.again = QPushButton(self.tr("Look again"))
        self.again.clicked.connect(self.refresh)
        self.trash = QPushButton()
        theme.set_role(self.trash, "primary")
        self.trash.clicked.connect(self._trash_others)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(*(theme.SPACE[4],) * 4)
        column.setSpacing(theme.SPACE[2])
        row, acts = QHBoxLayout(), QHBoxLayout()
        for part in (row, acts):
            part.setSpacing(theme.SPACE[1])
            column.addLayout(part)
        row.addWidget(self.back)
        row.addWidget(self.tiers)
        row.addStretch(1)
        acts.addWidget(self.trash)
        acts.addStretch(1)
        acts.addWidget(self.again)
        column.addWidget(self.view, 1)
        column.addWidget(self.nothing, 1)
        delete = QShortcut(QKeySequence(Qt.Key.Key_Delete), self.view, self._trash_others)
        delete.setContext(Qt.ShortcutContext.WidgetShortcut)
        self._refresh()


def _trash(session: Session, group: Group) -> Trashed:
    from photoclip.library.duplicates.removal import trash_others
    from photoclip.library.trash import SystemTrash

    groups: Sequence[Group] = [group]
    return trash_others(session.library.catalog, SystemTrash(), groups)
