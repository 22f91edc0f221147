"""What a new person sees first: which folders to look at, and that nothing leaves the computer."""

from __future__ import annotations

import os
from pathlib import Path

from PySide6.QtCore import QStandardPaths, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from photoclip import paths
from photoclip.errors import PhotoClipError
from photoclip.gui import dialogs, icons, theme, words
from photoclip.gui.controls import CheckBox, press_focused
from photoclip.gui.search_bar import local_path
from photoclip.gui.session import Session

CARD_WIDTH = 460


class FirstRunPage(QWidget):
    """Choose folders (or drop them here) and begin. The window adds what `folders_chosen` names."""

    folders_chosen = Signal(list)  # list[bytes]
    models_requested = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._boxes: dict[bytes, CheckBox] = {}
        self.setAcceptDrops(True)
        self._folders = QVBoxLayout()
        self._folders.setSpacing(theme.SPACE[0])
        self.add_button = QPushButton()
        self.add_button.setIcon(icons.icon("folder-plus"))
        self.add_button.clicked.connect(lambda: dialogs.choose_folder(self, self.offer))
        self.error = _line("", "error")
        self.error.hide()
        self.model = _line("", "secondary")
        self.other_model = QPushButton(self.tr("Choose a larger model…"))
        theme.set_role(self.other_model, "link")
        self.other_model.setCursor(Qt.CursorShape.PointingHandCursor)
        self.other_model.clicked.connect(self.models_requested)
        self.other_model.setVisible(session.store is not None)
        self.begin_button = QPushButton(self.tr("Show my photos"))
        theme.set_role(self.begin_button, "primary")
        self.begin_button.clicked.connect(self._begin)
        self._lay_out()
        session.models_changed.connect(self._describe_model)
        self._describe_model()
        pictures = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
        if pictures and Path(pictures).is_dir():
            self._add_box(os.fsencode(pictures))
        self._refresh()

    @property
    def chosen(self) -> list[bytes]:
        """The folders that are ticked."""
        return [path for path, box in self._boxes.items() if box.isChecked()]

    def offer(self, path: bytes) -> None:
        """Check a folder and add it, ticked, to the list; a bad one is refused in a sentence."""
        self._session.compute(
            lambda _cancelled: check_folder(path),
            self._take,
            failed=self._refuse,
        )

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        (self.begin_button if self.begin_button.isEnabled() else self.add_button).setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not press_focused(self, event):
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        for url in event.mimeData().urls():
            if url.isLocalFile():
                self.offer(local_path(url))
        event.acceptProposedAction()

    def _begin(self) -> None:
        chosen = self.chosen
        self._session.compute(
            lambda _cancelled: [check_folder(path) for path in chosen],
            self.folders_chosen.emit,
            key="first-run",
            failed=self._refuse,
        )

    def _refuse(self, error: PhotoClipError) -> None:
        self.error.setText(str(error))
        self.error.show()

    def _take(self, path: bytes) -> None:
        self._add_box(path)
        self.begin_button.setFocus()

    def _add_box(self, path: bytes) -> None:
        self.error.hide()
        if path in self._boxes:
            self._boxes[path].setChecked(True)
            return
        name = paths.display(path)
        box = CheckBox(name.replace("&", "&&"))
        box.setChecked(True)
        box.setAccessibleName(self.tr("Look for photos in {0}").format(name))
        box.toggled.connect(self._refresh)
        self._boxes[path] = box
        self._folders.addWidget(box)
        self._refresh()

    def _refresh(self) -> None:
        self.begin_button.setEnabled(bool(self.chosen))
        self.add_button.setText(
            self.tr("Add another folder…") if self._boxes else self.tr("Choose a folder…")
        )

    def _describe_model(self) -> None:
        name = self._session.encoder.info.name
        self._session.compute(lambda _cancelled: _size_of_model(name), self._show_model)

    def _show_model(self, size: int) -> None:
        name = self._session.encoder.info.name
        if size:
            sentence = self.tr("The built-in model “{0}” ({1}) works at once and without a network.")
            self.model.setText(sentence.format(name, words.size(size)))
        else:
            self.model.setText(self.tr("The model “{0}” runs on this computer.").format(name))

    def _lay_out(self) -> None:
        card = QFrame()
        card.setMaximumWidth(CARD_WIDTH)
        column = QVBoxLayout(card)
        column.setSpacing(theme.SPACE[2])
        column.addWidget(_line(self.tr("Find photos by typing what you remember"), "title"))
        column.addWidget(
            _line(
                self.tr(
                    "Choose the folders where your photos are. PhotoClip looks at each photo once; it moves "
                    "and alters nothing, and nothing leaves this computer."
                ),
                "secondary",
            )
        )
        column.addSpacing(theme.SPACE[1])
        column.addLayout(self._folders)
        column.addWidget(self.error)
        row = QHBoxLayout()
        row.addWidget(self.add_button)
        row.addStretch(1)
        row.addWidget(self.begin_button)
        column.addLayout(row)
        column.addSpacing(theme.SPACE[1])
        column.addWidget(_line(self.tr("You can also drop folders here."), "secondary"))
        about_model = QVBoxLayout()
        about_model.setSpacing(theme.SPACE[0])
        about_model.addWidget(self.model)
        about_model.addWidget(self.other_model, 0, Qt.AlignmentFlag.AlignLeading)
        column.addLayout(about_model)
        outer = QVBoxLayout(self)
        outer.addStretch(2)
        across = QHBoxLayout()
        across.addStretch(1)
        across.addWidget(card, 100)
        across.addStretch(1)
        outer.addLayout(across)
        outer.addStretch(3)


def check_folder(path: bytes) -> bytes:
    """The folder's absolute path, or a PhotoClipError that says why it cannot be looked at."""
    whole = os.path.abspath(path)  # noqa: PTH100 (bytes, which pathlib cannot hold)
    name = paths.display(whole)
    try:
        with os.scandir(whole):
            return whole
    except FileNotFoundError:
        raise PhotoClipError(f"The folder {name} does not exist: choose another one.") from None
    except NotADirectoryError:
        raise PhotoClipError(f"{name} is a file, not a folder: choose the folder that it is in.") from None
    except OSError as error:
        raise PhotoClipError(f"The folder {name} cannot be read: {error.strerror}.") from error


def _size_of_model(name: str) -> int:
    """Bytes of a bundled model, 0 for one that is not in the package."""
    folder = paths.resource("models") / name
    return sum(each.stat().st_size for each in folder.iterdir()) if folder.is_dir() else 0


def _line(text: str, role: str) -> QLabel:
    label = QLabel(text)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    theme.set_role(label, role)
    return label
