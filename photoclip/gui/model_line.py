"""One model in the list: what it is, what it costs, and what can be done with it."""

from __future__ import annotations

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QDesktopServices
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from photoclip.gui import theme, words
from photoclip.gui.controls import ElidedLabel
from photoclip.gui.model_parts import DownloadBar, Question, button, sentence
from photoclip.gui.model_shelf import Download, Ended, Shelf, why_kept
from photoclip.model_store import ModelRow, PublishedRow

HUB = "https://huggingface.co/"  # where a model's licence can be read


class ModelLine(QWidget):
    """Name and state, facts and quality at the left, buttons at the right; questions open below."""

    def __init__(self, name: str, *buttons: QPushButton) -> None:
        super().__init__()
        self.name = name
        self.title = ElidedLabel(name, "strong")
        self.state = QLabel()
        self.about, self.facts, self.measured = sentence(role=""), sentence(), sentence()
        self.question = Question()
        self.note = sentence(role="error")
        self.note.hide()
        upper = QHBoxLayout()
        upper.setSpacing(theme.SPACE[1])
        upper.addWidget(self.title)
        upper.addWidget(self.state)
        upper.addStretch(1)
        words_column = QVBoxLayout()
        words_column.setSpacing(2)
        words_column.addLayout(upper)
        for label in (self.about, self.facts, self.measured):
            words_column.addWidget(label)
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE[1])
        row.addLayout(words_column, 1)
        for each in buttons:
            row.addWidget(each, 0, Qt.AlignmentFlag.AlignTop)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(theme.SPACE[3], theme.SPACE[2], theme.SPACE[2], theme.SPACE[2])
        self.column.setSpacing(theme.SPACE[1])
        self.column.addLayout(row)
        self.column.addWidget(self.question)
        self.column.addWidget(self.note)

    def say(self, text: str, role: str = "error") -> None:
        """One sentence about what went wrong, also for those who do not see it; empty takes it away."""
        if text == self.note.text():
            return
        theme.set_role(self.note, role)
        self.note.setText(text)
        self.note.setVisible(bool(text))
        if text:
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, text))

    def _describe(self, about: str, facts: list[str], measured: str = "") -> None:
        for label, text in (
            (self.about, about),
            (self.facts, " · ".join(part for part in facts if part)),
            (self.measured, measured),
        ):
            label.setText(text)
            label.setVisible(bool(text))

    def _picture(self, pixels: int) -> str:
        return self.tr("sees {0} × {0} pixels").format(words.number(pixels))


class InstalledLine(ModelLine):
    """A model on this machine."""

    used = Signal(str)
    removed = Signal(str)

    def __init__(self, name: str) -> None:
        self.use = button(self.tr("Use"), name=self.tr("Use {0}").format(name))
        self.remove = button(self.tr("Remove"), "flat", self.tr("Remove {0}").format(name))
        super().__init__(name, self.remove, self.use)
        self._kept = ""
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("Photos that {0} has read").format(name))
        self.column.insertWidget(1, self.bar)
        self.use.clicked.connect(lambda: self.used.emit(self.name))
        self.remove.clicked.connect(self._ask)
        self.question.accepted.connect(lambda: self.removed.emit(self.name))

    def show_row(self, row: ModelRow, shelf: Shelf) -> None:
        """Show what is known of it, and its part in this library."""
        serves = row.name == shelf.serving
        comes = shelf.coming is not None and row.name == shelf.chosen
        self._kept = why_kept(row.name, shelf.chosen, shelf.serving)
        licence = self.tr("licence: {0}").format(row.licence) if row.licence else ""
        own = self.tr("comes with PhotoClip") if row.shipped else licence
        size = words.size(row.bytes) if row.bytes else ""
        picture = self._picture(row.image_size) if row.image_size else ""
        self._describe(row.quality, [size, picture, own], row.precision)
        self.use.setVisible(not serves and not comes)
        self.use.setEnabled(not row.problem)
        self.remove.setVisible(not row.shipped)
        refused = self.note.text() if self.note.text() == self._kept else ""
        self.say(row.problem or refused)
        self.bar.setVisible(comes)
        self.state.setVisible(serves or comes)
        theme.set_role(self.state, "human" if serves else "secondary")
        self.state.setText(self.tr("searches now") if serves else "")
        if comes:
            self.show_reading(shelf)

    def show_reading(self, shelf: Shelf, pace: str = "") -> None:
        """How many of the photos it has read before it searches; `pace` is how fast, how long still."""
        reading = shelf.coming
        if reading is None:
            return
        counted = self.tr("{0} of {1}").format(words.number(reading.known), words.number(reading.total))
        text = self.tr("reading photos, {0}").format(counted)
        self.state.setText(f"{text} · {pace}" if pace else text)
        self.bar.setRange(0, max(1, reading.total))
        self.bar.setValue(reading.known)

    def _ask(self) -> None:
        if self._kept:
            self.say(self._kept)
            return
        text = self.tr("Remove {0} from this computer? Your photos and what you said of them stay.")
        self.question.ask(text.format(self.name), self.tr("Remove"), danger=True)


class PublishedLine(ModelLine):
    """A model that can be downloaded."""

    wanted = Signal(str)
    stopped = Signal()

    def __init__(self, name: str) -> None:
        self.get = button(self.tr("Download…"), name=self.tr("Download {0}").format(name))
        super().__init__(name, self.get)
        self._row: PublishedRow | None = None
        self._agreed = False
        self.progress = DownloadBar(name)
        self.column.addWidget(self.progress)
        self.get.clicked.connect(self._ask)
        self.question.accepted.connect(self._agree)
        self.question.link.clicked.connect(self._read_licence)
        self.progress.stopped.connect(self.stopped)

    def show_row(self, row: PublishedRow) -> None:
        """Show what it is and what it costs."""
        self._row = row
        licence = self.tr("licence: {0}").format(row.licence)
        size = self.tr("{0} to download").format(words.size(row.bytes))
        self._describe(row.quality, [size, self._picture(row.image_size), licence], self._speed(row))

    def _speed(self, row: PublishedRow) -> str:
        if not row.photos_per_second:
            return ""
        speed = self.locale().toString(row.photos_per_second, "g", 6)
        return self.tr("about {0} photos/s here (estimated)").format(speed)

    def show_download(self, download: Download | None, ended: Ended | None) -> None:
        """Follow the one download, which may be another model's; `ended` is why this one's did."""
        mine = download is not None and download.name == self.name
        focused = any(part.hasFocus() for part in (self, self.get, self.progress.cancel))
        if focused:  # else it would go to another line when the button does, and the page with it
            self.setFocus()
        if mine or ended is None:
            self.say("")
        else:
            self.say(ended.text, "secondary" if ended.stopped else "error")
        self.get.setVisible(not mine)
        self.get.setEnabled(download is None)
        self.get.setToolTip(self.tr("One download at a time") if download and not mine else "")
        self.get.setText(self.tr("Go on") if ended else self.tr("Download…"))
        if download is not None and mine:
            self.progress.show_download(download)
        else:
            self.progress.hide()
        if focused:
            (self.progress.cancel if mine else self.get).setFocus()

    def _ask(self) -> None:
        if self._agreed or self._row is None:
            self.wanted.emit(self.name)
            return
        text = self.tr("Licence: {0}. By downloading {1} you agree to it.")
        link = self.tr("Read about it")
        self.question.ask(text.format(self._row.licence, self.name), self.tr("Agree and download"), link=link)

    def _agree(self) -> None:
        self._agreed = True
        self.wanted.emit(self.name)

    def _read_licence(self) -> None:
        if self._row is not None:
            QDesktopServices.openUrl(QUrl(HUB + self._row.repository))
