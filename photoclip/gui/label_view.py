"""The widgets of a label's page, and what they show; what they do is in label_page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from photoclip import paths
from photoclip.gui import icons, theme, words
from photoclip.gui.column_page import ColumnPage
from photoclip.gui.controls import CheckBox, ComboBox
from photoclip.gui.histogram import Histogram
from photoclip.gui.label_form import LabelForm, heading
from photoclip.gui.session import Session
from photoclip.gui.strip import PhotoStrip
from photoclip.library.labelling import LabelPreview, Scope

if TYPE_CHECKING:
    from photoclip.library.catalog.albums import Album
    from photoclip.library.catalog.folders import Folder
    from photoclip.library.catalog.labels import Label

NEAR = 8  # photos shown on each side of the line


@dataclass(frozen=True)
class Places:
    """Where a label can be applied, beside everything and the photos on the screen."""

    albums: tuple[Album, ...]
    folders: tuple[Folder, ...]


class LabelView(ColumnPage):
    """One column: words, scope, histogram, the photos about the line, buttons."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._make_top()
        self.form = LabelForm()
        self.scope = ComboBox()
        self.scope.setAccessibleName(self.tr("Photos to look at"))
        self.scope.setMinimumContentsLength(24)
        self.scope.setSizeAdjustPolicy(ComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.histogram = Histogram()
        self.count = QLabel()
        theme.set_role(self.count, "strong")
        self.state = QLabel()
        theme.set_role(self.state, "secondary")
        self.above = PhotoStrip(session, columns=NEAR, teach=True)
        self.below = PhotoStrip(session, columns=NEAR, teach=True)
        self.above_title = heading(self.tr("Just above the line"))
        self.below_title = heading(self.tr("Just below the line"))
        self.hint = QLabel(self.tr("Yes or No to a photo (Y, N) teaches the label; a No is remembered."))
        self.hint.setWordWrap(True)
        theme.set_role(self.hint, "caption")
        self.keep_applied = CheckBox(self.tr("Keep applied to new photos"))
        self.save = QPushButton(self.tr("Save"))
        self.apply = QPushButton()
        theme.set_role(self.apply, "primary")
        self._lay_out()
        self.show_nothing()

    def show_label(self, label: Label | None, threshold: float) -> None:
        """Fill the form with a label, or empty it for a new one."""
        self.title.setText(label.name if label else self.tr("New label"))
        self.form.show_draft(label.name if label else "", label.descriptions if label else ())
        self.histogram.set_threshold(label.threshold if label else threshold)
        self.keep_applied.setChecked(bool(label and label.keep_applied))
        self.delete.setVisible(label is not None)
        if label is None:
            self.show_nothing()

    def show_places(self, places: Places, scope: Scope) -> None:
        """Offer the scopes, `scope` chosen."""
        rows = [(self.tr("Everything"), Scope("all"))]
        if scope.kind == "photos":
            rows.insert(0, (self.tr("Shown photos ({0})").format(words.number(len(scope.photos))), scope))
        rows += [(self.tr("Album: {0}").format(each.name), Scope("album", each.id)) for each in places.albums]
        rows += [
            (self.tr("Folder: {0}").format(paths.display(each.path)), Scope("folder", each.id))
            for each in places.folders
        ]
        self.scope.blockSignals(True)
        self.scope.clear()
        for text, data in rows:
            self.scope.addItem(text, data)
        self.scope.setCurrentIndex(next((at for at, row in enumerate(rows) if row[1] == scope), 0))
        self.scope.blockSignals(False)

    def show_nothing(self) -> None:
        """No words, no scores."""
        self.histogram.set_counts(())
        self.count.setText(self.tr("Say what the label looks like to see what it would tag"))
        self.apply.setText(self.tr("Tag photos"))
        self._show_near((), (), {}, None)

    def show_preview(self, preview: LabelPreview, label_id: int | None) -> None:
        """Show scores, count and the photos about the line."""
        self.histogram.set_counts(preview.histogram.tolist())
        self.show_count(preview.count, preview.already)
        above, below = preview.just_above[:NEAR], preview.just_below[:NEAR]
        near = np.isin(preview.ids, np.concatenate([above, below]))
        scores = dict(zip(preview.ids[near].tolist(), preview.scores[near].tolist(), strict=True))
        self._show_near(above.tolist(), below.tolist(), scores, label_id)

    def show_count(self, count: int, already: int) -> None:
        """Say how many photos applying will tag."""
        text = self.tr("{0} above the line").format(words.photos(count))
        if already:
            text = self.tr("{0}, {1} of them tagged already").format(text, words.number(already))
        self.count.setText(text)
        new = count - already
        self.apply.setText(self.tr("Tag {0}").format(words.photos(new)) if new else self.tr("Tag photos"))

    def show_looking(self, looking: bool, *, loading: bool) -> None:
        """Say that the preview is being made; of the first one, `loading`, there is no count yet."""
        self.state.setText(self.tr("Looking at the photos…") if looking and loading else "")
        if looking and loading:
            self.count.clear()

    def _show_near(
        self, above: Sequence[int], below: Sequence[int], scores: dict[int, float], label_id: int | None
    ) -> None:
        number = self.locale().toString
        notes = {each: self.tr("Score {0}").format(number(score, "f", 2)) for each, score in scores.items()}
        for title, strip, ids in (
            (self.above_title, self.above, above),
            (self.below_title, self.below, below),
        ):
            title.setVisible(len(ids) > 0)
            strip.show_ids(ids, notes=notes, label_id=label_id)
        self.hint.setVisible(len(above) + len(below) > 0)

    def _make_top(self) -> None:
        self.back = QPushButton(self.tr("Photos"))
        theme.set_role(self.back, "flat")
        self.back.setIcon(icons.icon("arrow-left"))
        self.back.setAccessibleName(self.tr("Back to the photos"))
        self.title = QLabel()
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        theme.set_role(self.title, "title")
        self.delete = QPushButton(self.tr("Delete"))
        theme.set_role(self.delete, "danger")
        self.delete.setAccessibleName(self.tr("Delete this label"))

    def _lay_out(self) -> None:
        column = self.column
        column.addLayout(_row(self.back, self.title, None, self.delete))
        column.addSpacing(theme.SPACE[1])
        column.addWidget(self.form)
        column.addSpacing(theme.SPACE[2])
        column.addLayout(_row(heading(self.tr("Where the line is")), None, self.scope))
        column.addWidget(self.histogram)
        column.addLayout(_row(self.count, None, self.state))
        for widget in (self.above_title, self.above, self.below_title, self.below, self.hint):
            column.addWidget(widget)
        column.addSpacing(theme.SPACE[2])
        column.addLayout(_row(self.keep_applied, None, self.save, self.apply))


def _row(*parts: QWidget | None) -> QHBoxLayout:
    """Widgets side by side; None is where the room goes."""
    row = QHBoxLayout()
    row.setSpacing(theme.SPACE[1])
    for part in parts:
        if part is None:
            row.addStretch(1)
        else:
            row.addWidget(part)
    return row
