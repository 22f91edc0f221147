"""Taking in a model from a file or a folder: what to call it, and what it is like where it does not say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFormLayout, QFrame, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from photoclip.gui import theme
from photoclip.gui.controls import ComboBox
from photoclip.gui.model_parts import button, sentence

LONGEST_NAME = 64


class ImportForm(QFrame):
    """Asks in the page; `wanted` says what was answered, and the form waits to be told how that went."""

    wanted = Signal(object, str, str)  # Path, name, the published model that it is like or ""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.set_role(self, "sheet")
        self._source = Path()
        self.path = sentence(role="strong")
        self.name = QLineEdit()
        self.name.setMaxLength(LONGEST_NAME)
        self.name.setAccessibleName(self.tr("Name of the model"))
        self.name.textChanged.connect(lambda _text: self._refresh())
        self.name.returnPressed.connect(self._want)
        self.like = ComboBox()
        self.like.setAccessibleName(self.tr("The published model that it is like"))
        self.like.setSizeAdjustPolicy(ComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.like.setMinimumContentsLength(22)
        self.hint = sentence(
            self.tr(
                "Most files tell all that is needed. Some hold bare weights: choose the published model that"
                " they were made from. The file stays as it is."
            )
        )
        self.note = sentence(role="error")
        self.cancel = button(self.tr("Cancel"), "flat")
        self.take = button(self.tr("Import"), "primary")
        self.cancel.clicked.connect(self.hide)
        self.take.clicked.connect(self._want)
        self._lay_out()
        self.hide()

    def open(self, source: Path, published: Sequence[str]) -> None:
        """Ask about this file or folder."""
        self._source = source
        self.path.setText(str(source))
        self.name.setText(suggested_name(source))
        self.like.clear()
        self.like.addItem(self.tr("The file tells"), "")
        for name in published:
            self.like.addItem(name, name)
        self.show_failure("")
        self.show()
        self.name.setFocus(Qt.FocusReason.PopupFocusReason)
        self.name.selectAll()

    def show_failure(self, text: str) -> None:
        """It did not work, and why; the answers can be changed."""
        self._busy = False
        self.note.setText(text)
        self.note.setVisible(bool(text))
        self._refresh()
        if text:
            self.name.setFocus()

    def _want(self) -> None:
        if self.take.isEnabled():
            self._busy = True
            self.setFocus()  # else the keyboard would go to what comes after the form
            self._refresh()
            self.wanted.emit(self._source, self.name.text().strip(), self.like.currentData())

    def _refresh(self) -> None:
        for part in (self.name, self.like, self.cancel):
            part.setEnabled(not self._busy)
        self.take.setEnabled(not self._busy and bool(self.name.text().strip()))
        self.take.setText(self.tr("Importing…") if self._busy else self.tr("Import"))

    def _lay_out(self) -> None:
        self._busy = False
        form = QFormLayout()
        form.setHorizontalSpacing(theme.SPACE[2])
        form.setVerticalSpacing(theme.SPACE[1])
        form.addRow(self.tr("Name"), self.name)
        form.addRow(self.tr("Like"), self.like)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.cancel)
        row.addWidget(self.take)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(theme.SPACE[3],) * 4)
        column.setSpacing(theme.SPACE[2])
        column.addWidget(self.path)
        column.addLayout(form)
        for part in (self.hint, self.note):
            column.addWidget(part)
        column.addLayout(row)


def suggested_name(source: Path) -> str:
    """A name that a model may have, from that of its file.

    >>> suggested_name(Path("/models/ViT B-32 (mine).safetensors"))
    'ViT-B-32-mine'
    """
    stem = source.stem if source.suffix in (".pt", ".pth", ".bin", ".safetensors") else source.name
    return re.sub(r"[^A-Za-z0-9._-]+", "-", stem)[:LONGEST_NAME].strip("-._")
