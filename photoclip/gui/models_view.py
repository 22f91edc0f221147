"""The widgets of the models' page; what they do is in models_page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from photoclip.gui import icons, theme
from photoclip.gui.column_page import ColumnPage
from photoclip.gui.label_form import heading
from photoclip.gui.model_compare import CompareBox
from photoclip.gui.model_import import ImportForm
from photoclip.gui.model_line import InstalledLine, ModelLine, PublishedLine
from photoclip.gui.model_parts import sentence
from photoclip.gui.model_shelf import Shelf
from photoclip.gui.session import Session


class Named(Protocol):
    @property
    def name(self) -> str: ...


Line = TypeVar("Line", bound=ModelLine)
Row = TypeVar("Row", bound=Named)


class ModelsView(ColumnPage):
    """One column: which model searches, those on this machine, those to be had, and two compared."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.back = QPushButton()
        theme.set_role(self.back, "flat")
        self.back.setIcon(icons.icon("arrow-left"))
        self.show_way_back(self.tr("Photos"), self.tr("Back to the photos"))
        self.title = QLabel(self.tr("Models"))
        theme.set_role(self.title, "title")
        self.take_in = QPushButton(self.tr("Import") + "  ▾")
        self.take_in.setAccessibleName(self.tr("Import a model of your own"))
        self.sentence = sentence(self.tr("Looking which models there are…"))
        self.undo = QPushButton()
        self.form = ImportForm()
        self.compare = CompareBox(session)
        self.compare_title = _section(self.tr("Compare"))
        self.installed: Group[InstalledLine] = Group(self.tr("Models on this computer"))
        self.available: Group[PublishedLine] = Group(self.tr("Models that can be downloaded"))
        self.available_title = _section(self.tr("To download"))
        self.installed_title = _section(self.tr("On this computer"))
        later: tuple[QWidget, ...] = (
            self.undo, self.installed, self.installed_title,
            self.compare, self.compare_title, self.available, self.available_title,
        )  # fmt: skip
        for part in later:
            part.hide()
        self._lay_out()

    def show_way_back(self, text: str, name: str) -> None:
        """Say where the page leads back to."""
        self.back.setText(text)
        self.back.setAccessibleName(name)

    def show_sentence(self, shelf: Shelf) -> None:
        """Which model searches, and the way back from a change."""
        text = self.tr(
            "Your photos are searched with {0}. Larger models understand more and take longer. While another"
            " one reads your photos, this one goes on searching."
        ).format(shelf.serving)
        if shelf.coming is not None:
            text = self.tr("Until {0} has read all your photos, they are searched with {1}.")
            text = text.format(shelf.chosen, shelf.serving)
            self.undo.setText(self.tr("Undo the change"))
        elif shelf.previous:
            self.undo.setText(self.tr("Go back to {0}").format(shelf.previous))
        self.undo.setAccessibleName(self.undo.text())
        self.undo.setVisible(shelf.coming is not None or bool(shelf.previous))
        self.sentence.setText(shelf.problem or text)
        theme.set_role(self.sentence, "error" if shelf.problem else "secondary")

    def _lay_out(self) -> None:
        top, said = QHBoxLayout(), QHBoxLayout()
        top.setSpacing(theme.SPACE[1])
        for part in (self.back, self.title):
            top.addWidget(part)
        top.addStretch(1)
        top.addWidget(self.take_in)
        said.setSpacing(theme.SPACE[3])
        said.addWidget(self.sentence, 1)
        said.addWidget(self.undo, 0, Qt.AlignmentFlag.AlignTop)
        self.column.addLayout(top)
        self.column.addLayout(said)
        self.column.addWidget(self.form)
        self.column.addWidget(self.installed_title)
        self.column.addWidget(self.installed)
        self.column.addWidget(self.compare_title)
        self.column.addWidget(self.compare)
        self.column.addWidget(self.available_title)
        self.column.addWidget(self.available)


class Group(QFrame, Generic[Line]):
    """Models under one another, a hairline between two."""

    def __init__(self, name: str) -> None:
        super().__init__()
        theme.set_role(self, "sheet")
        self.setAccessibleName(name)
        self.lines: dict[str, Line] = {}
        self._hairlines: dict[str, QFrame] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(1, 1, 1, 1)
        self._column.setSpacing(0)

    def sync(self, rows: Sequence[Row], make: Callable[[str], Line]) -> Sequence[Row]:
        """Have a line for each row, in their order; those that stay keep what is open in them."""
        names = [row.name for row in rows]
        for name in [name for name in self.lines if name not in names]:
            for part in (self.lines.pop(name), self._hairlines.pop(name)):
                part.hide()
                part.deleteLater()
        for at, name in enumerate(names):
            if name not in self.lines:
                self.lines[name], self._hairlines[name] = make(name), _hairline()
            self._column.insertWidget(2 * at, self._hairlines[name])
            self._column.insertWidget(2 * at + 1, self.lines[name])
            self._hairlines[name].setVisible(at > 0)
            self.lines[name].show()
        return rows


def _hairline() -> QFrame:
    line = QFrame()
    theme.set_role(line, "line")
    return line


def _section(text: str) -> QLabel:
    """A heading with room over it, which goes with it when it is hidden."""
    label = heading(text)
    label.setContentsMargins(0, theme.SPACE[2], 0, 0)
    return label
