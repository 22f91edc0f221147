"""Questions to the person: the system's folder chooser, and small panels inside the window."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QDir, QStandardPaths, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFileDialog, QFrame, QLabel, QPushButton, QVBoxLayout, QWidget

from photoclip.gui import theme


def choose_folder(parent: QWidget, chosen: Callable[[bytes], None]) -> None:
    """Open the system's folder chooser; it does not block, and `chosen` gets the folder's path."""
    dialog = QFileDialog(parent, parent.tr("Choose a folder with photos"), pictures_folder())
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.fileSelected.connect(lambda path: chosen(os.fsencode(QDir.toNativeSeparators(path))))
    dialog.open()


def choose_model(parent: QWidget, chosen: Callable[[Path], None], *, folder: bool) -> None:
    """Open the system's chooser for a model's file or folder; it does not block, `chosen` gets the path."""
    dialog = QFileDialog(parent, parent.tr("Choose a model"), str(Path.home()))
    if folder:
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    else:
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        kinds = parent.tr("Models ({0})").format("*.pt *.pth *.bin *.safetensors")
        dialog.setNameFilters([kinds, parent.tr("All files (*)")])
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.fileSelected.connect(lambda path: chosen(Path(QDir.toNativeSeparators(path))))
    dialog.open()


def pictures_folder() -> str:
    """The system's Pictures folder if it is there, else the home folder."""
    pictures = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
    return pictures if pictures and Path(pictures).is_dir() else str(Path.home())


class RemoveFolderQuestion(QFrame):
    """Asks, in the window, what happens to the labels when a folder is no longer watched."""

    answered = Signal(int, bool)  # folder id, whether its photos' labels are kept
    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.set_role(self, "card")
        self._folder_id = 0
        self.question = QLabel()
        self.question.setWordWrap(True)
        theme.set_role(self.question, "strong")
        self.explanation = QLabel(self.tr("The photos stay on the disk. What should happen to their labels?"))
        self.explanation.setWordWrap(True)
        theme.set_role(self.explanation, "secondary")
        self.keep = QPushButton(self.tr("Keep the labels"))
        self.keep.setToolTip(self.tr("They are there again when the folder is added again"))
        self.forget = QPushButton(self.tr("Forget the labels"))
        theme.set_role(self.forget, "danger")
        self.cancel = QPushButton(self.tr("Cancel"))
        theme.set_role(self.cancel, "flat")
        self.keep.clicked.connect(lambda: self._answer(True))
        self.forget.clicked.connect(lambda: self._answer(False))
        self.cancel.clicked.connect(self._cancel)
        self._lay_out()
        self.hide()

    def ask(self, folder_id: int, name: str) -> None:
        """Show the question for a folder."""
        self._folder_id = folder_id
        self.question.setText(self.tr("Stop watching “{0}”?").format(name))
        self.setAccessibleName(self.question.text())
        self.show()
        self.keep.setFocus(Qt.FocusReason.PopupFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._cancel()
        else:
            super().keyPressEvent(event)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.SPACE[2], theme.SPACE[2], theme.SPACE[2], theme.SPACE[2])
        column.setSpacing(theme.SPACE[1])
        column.addWidget(self.question)
        column.addWidget(self.explanation)
        column.addSpacing(theme.SPACE[0])
        for button in (self.keep, self.forget, self.cancel):
            column.addWidget(button)

    def _answer(self, keep: bool) -> None:
        self.hide()
        self.answered.emit(self._folder_id, keep)

    def _cancel(self) -> None:
        self.hide()
        self.cancelled.emit()
