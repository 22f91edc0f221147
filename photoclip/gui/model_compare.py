"""What two models find for the same words, side by side, so that a person can judge which to keep."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from photoclip.gui import theme, words
from photoclip.gui.model_parts import button, sentence
from photoclip.gui.session import Session
from photoclip.gui.strip import PhotoStrip
from photoclip.library.comparison import Comparison, Side

COLUMNS = 4
SHOWN = 12  # photos of each model


class CompareBox(QFrame):
    """A query, and the best photos of the model that searches beside those of the other."""

    photo_activated = Signal(int, list)  # the photo, and those it is shown with

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.set_role(self, "sheet")
        self._session = session
        self._comparison = Comparison(session.models, lambda: session.engine)
        session.closed.connect(self._comparison.close)
        self.query = QLineEdit()
        self.query.setPlaceholderText(self.tr("a dog in the snow"))
        self.query.setAccessibleName(self.tr("Search with both models"))
        self.query.returnPressed.connect(self.look)
        self.run = button(self.tr("Compare"))
        self.run.clicked.connect(self.look)
        self.note = sentence()
        self.sides = (SideColumn(session), SideColumn(session))
        for side in self.sides:
            side.strip.chosen.connect(
                lambda photo, strip=side.strip: self.photo_activated.emit(photo, strip.ids)
            )
        self._lay_out()
        self.clear()

    def look(self) -> None:
        """Search with both models."""
        query = self.query.text().strip()
        if not query:
            self.clear()
            self.query.setFocus()
            return
        self._say(self.tr("Searching with both…"))
        self._session.compute(
            lambda _cancelled: self._comparison.look(query),
            self._show,
            key="model-compare",
            failed=lambda error: self._say(str(error), "error"),
        )

    def clear(self) -> None:
        """Show no results: those of other models say nothing."""
        self._session.cancel("model-compare")
        self._say(self.tr("The same words, searched with both models."))
        for side in self.sides:
            side.hide()

    def _show(self, sides: tuple[Side, Side]) -> None:
        for column, side, other in zip(self.sides, sides, reversed(sides), strict=True):
            column.show_side(side, other.reading.model)
        first, second = (set(side.found.ids[:SHOWN].tolist()) for side in sides)
        most, both = max(len(first), len(second)), len(first & second)
        self._say(
            self.tr("{0} of the first {1} are the same.").format(words.number(both), words.number(most))
        )

    def _say(self, text: str, role: str = "secondary") -> None:
        theme.set_role(self.note, role)
        self.note.setText(text)

    def _lay_out(self) -> None:
        asked = QHBoxLayout()
        asked.setSpacing(theme.SPACE[1])
        asked.addWidget(self.query, 1)
        asked.addWidget(self.run)
        beside = QHBoxLayout()
        beside.setSpacing(theme.SPACE[4])
        for side in self.sides:
            beside.addWidget(side, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(theme.SPACE[3],) * 4)
        column.setSpacing(theme.SPACE[2])
        column.addLayout(asked)
        column.addWidget(self.note)
        column.addLayout(beside)


class SideColumn(QWidget):
    """One model's name, how many photos it knows, and the best that it found."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.title = sentence(role="strong")
        self.known = sentence(role="caption")
        self.strip = PhotoStrip(session, columns=COLUMNS)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE[0])
        for part in (self.title, self.known, self.strip):
            column.addWidget(part)
        column.addStretch(1)

    def show_side(self, side: Side, other: str) -> None:
        """Show what was found; each photo says its rank here, and with the `other` model."""
        self.title.setText(side.reading.model)
        known, total = words.number(side.reading.known), words.number(side.reading.total)
        whole = self.tr("has read all {0} photos").format(total)
        part = self.tr("has read {0} of {1} photos").format(known, total)
        self.known.setText(whole if side.reading.known == side.reading.total else part)
        found = side.found.first(SHOWN)
        notes = self._notes(found.ids.tolist(), found.scores.tolist(), side.elsewhere.tolist(), other)
        self.strip.setAccessibleName(self.tr("Found with {0}").format(side.reading.model))
        self.strip.show_ids(list(notes), notes=notes)
        self.show()

    def _notes(
        self, ids: Sequence[int], scores: Sequence[float], elsewhere: Sequence[int], other: str
    ) -> dict[int, str]:
        notes = {}
        for at, (photo, score, rank) in enumerate(zip(ids, scores, elsewhere, strict=False), 1):
            there = self.tr("number {0} with {1}").format(words.number(rank), other)
            nowhere = self.tr("not found with {0}").format(other)
            shown = self.locale().toString(score, "f", 2)
            notes[photo] = self.tr("Number {0}, score {1}; {2}").format(
                words.number(at), shown, there if rank else nowhere
            )
        return notes
