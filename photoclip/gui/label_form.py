"""The words of a label: its name and, a line each, what it looks like in the person's own words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QToolButton, QVBoxLayout, QWidget

from photoclip.gui import icons, theme


@dataclass(frozen=True)
class Draft:
    """What the form says, without empty lines and outer spaces."""

    name: str
    descriptions: tuple[str, ...]

    @property
    def meaning(self) -> tuple[str, ...]:
        """What the model is asked: the descriptions, or the name for want of any."""
        from photoclip.library import labelling  # not at the top: it brings the search and Pillow with it

        return tuple(labelling.prompts(self.name, self.descriptions)) if self != NOTHING else ()


NOTHING = Draft("", ())


class LabelForm(QWidget):
    """Name and descriptions; `edited` tells of every keystroke that changes them."""

    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = QLineEdit()
        self.name.setPlaceholderText(self.tr("Beach"))
        self.name.setAccessibleName(self.tr("Name of the label"))
        self.name.textEdited.connect(lambda _text: self.edited.emit())
        self.lines: list[DescriptionLine] = []
        self._rows = QVBoxLayout()
        self._rows.setSpacing(theme.SPACE[0])
        self.add_button = QPushButton(self.tr("Add a description"))
        theme.set_role(self.add_button, "link")
        self.add_button.setCursor(Qt.CursorShape.PointingHandCursor)
        self.add_button.clicked.connect(lambda: self._add_line("").text.setFocus())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE[0])
        column.addWidget(heading(self.tr("Name")))
        column.addWidget(self.name)
        column.addSpacing(theme.SPACE[1])
        column.addWidget(heading(self.tr("What it looks like, in your own words")))
        column.addLayout(self._rows)
        column.addWidget(self.add_button, 0, Qt.AlignmentFlag.AlignLeft)

    @property
    def draft(self) -> Draft:
        texts = (line.text.text().strip() for line in self.lines)
        return Draft(self.name.text().strip(), tuple(text for text in texts if text))

    def show_draft(self, name: str, descriptions: Sequence[str]) -> None:
        """Fill the form; nothing is emitted."""
        self.name.setText(name)
        while self.lines:
            self._drop(self.lines[-1])
        for text in descriptions or ("",):
            self._add_line(text)

    def _add_line(self, text: str) -> DescriptionLine:
        line = DescriptionLine(text)
        line.text.textEdited.connect(lambda _text: self.edited.emit())
        line.text.returnPressed.connect(self.add_button.click)
        line.remove.clicked.connect(lambda: self._remove(line))
        before = self.lines[-1].remove if self.lines else self.name
        self.lines.append(line)
        self._rows.addWidget(line)
        for first, then in pairwise((before, line.text, line.remove, self.add_button)):
            QWidget.setTabOrder(first, then)  # Tab goes down the page, whenever a line was made
        return line

    def _remove(self, line: DescriptionLine) -> None:
        self._drop(line)
        if not self.lines:
            self._add_line("")
        self.lines[-1].text.setFocus()
        self.edited.emit()

    def _drop(self, line: DescriptionLine) -> None:
        self.lines.remove(line)
        self._rows.removeWidget(line)
        line.hide()
        line.deleteLater()


class DescriptionLine(QWidget):
    """One description and the cross that takes it out."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = QLineEdit(text)
        self.text.setPlaceholderText(self.tr("a sandy beach by the sea"))
        self.text.setAccessibleName(self.tr("Description"))
        self.remove = QToolButton()
        theme.set_role(self.remove, "icon")
        self.remove.setIcon(icons.icon("x"))
        self.remove.setAccessibleName(self.tr("Remove this description"))
        self.remove.setToolTip(self.remove.accessibleName())
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE[0])
        row.addWidget(self.text, 1)
        row.addWidget(self.remove)


def heading(text: str) -> QLabel:
    """A small caption over a group of controls."""
    label = QLabel(text)
    theme.set_role(label, "heading")
    return label
