"""What opens under a model's line: a question with its answers, and a download under way."""

from __future__ import annotations

import math

from PySide6.QtCore import QCoreApplication, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton, QSizePolicy, QWidget

from photoclip.gui import theme, words
from photoclip.gui.model_shelf import Download

SILENCE_MS = 3000  # without news of a download


def sentence(text: str = "", role: str = "secondary") -> QLabel:
    """A text that breaks into lines, shown as it is."""
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
    if role:
        theme.set_role(label, role)
    return label


def button(text: str, role: str = "", name: str = "") -> QPushButton:
    """A button; `name` is for those who hear it without what stands beside it."""
    made = QPushButton(text)
    made.setAccessibleName(name or text)
    if role:
        theme.set_role(made, role)
    return made


class Question(QFrame):
    """A sentence with Cancel and one way to go on, in the window; it gives the keyboard back."""

    accepted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.set_role(self, "card")
        self._asked_from: QWidget | None = None
        self.text = sentence(role="")
        self.link = button("", "link")
        self.link.setCursor(Qt.CursorShape.PointingHandCursor)
        self.cancel = button(self.tr("Cancel"), "flat")
        self.accept = button("", "primary")
        self.cancel.clicked.connect(self.close_question)
        self.accept.clicked.connect(self._accept)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.SPACE[2], theme.SPACE[1], theme.SPACE[1], theme.SPACE[1])
        row.setSpacing(theme.SPACE[1])
        row.addWidget(self.text, 1)
        for part in (self.link, self.cancel, self.accept):
            row.addWidget(part)
        self.hide()

    def ask(self, text: str, answer: str, *, link: str = "", danger: bool = False) -> None:
        """Show the question; the keyboard is on Cancel where the answer cannot be taken back."""
        self._asked_from = self.window().focusWidget()
        self.text.setText(text)
        self.setAccessibleName(text)
        self.accept.setText(answer)
        self.accept.setAccessibleName(answer)
        theme.set_role(self.accept, "danger" if danger else "primary")
        self.link.setText(link)
        self.link.setAccessibleName(link)
        self.link.setVisible(bool(link))
        self.show()
        (self.cancel if danger else self.accept).setFocus(Qt.FocusReason.PopupFocusReason)

    def close_question(self) -> None:
        """Nothing is done."""
        self.hide()
        if self._asked_from is not None:
            self._asked_from.setFocus()

    def _accept(self) -> None:
        self.close_question()
        self.accepted.emit()


class DownloadBar(QWidget):
    """How far a download is, how fast, how long still, and the way to stop it."""

    stopped = Signal()

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("Download of {0}").format(name))
        self.text = sentence()
        self.cancel = button(self.tr("Cancel"), "flat", self.tr("Cancel the download of {0}").format(name))
        self.cancel.clicked.connect(self.stopped)
        self._download: Download | None = None
        self._silence = QTimer(self, singleShot=True, interval=SILENCE_MS)
        self._silence.timeout.connect(self._say_waiting)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE[2])
        row.addWidget(self.bar, 2)
        row.addWidget(self.text, 3)
        row.addWidget(self.cancel)
        self.hide()

    def show_download(self, download: Download) -> None:
        """Show where it is; a total that is not known yet, or the last step, as a bar that moves."""
        known = download.total > 0 and not download.arrived
        self.bar.setRange(0, 1000 if known else 0)
        if known:
            self.bar.setValue(round(1000 * download.done / download.total))
        self.cancel.setEnabled(not download.stopping)
        self.text.setText(self._words(download))
        if download != self._download:
            self._download = download
            self._silence.start()
        self.show()

    def hideEvent(self, event: QHideEvent) -> None:
        self._silence.stop()
        super().hideEvent(event)

    def _say_waiting(self) -> None:
        """A speed that was true some seconds ago is not shown on and on."""
        download = self._download
        if download is not None and download.total and not (download.said or download.stopping):
            self.text.setText(self.tr("{0} · waiting for the server…").format(_counted(download)))

    def _words(self, download: Download) -> str:
        if download.stopping:
            return self.tr("Stopping…")
        if download.said:
            return download.said
        if not download.total:
            return self.tr("Asking for it…")
        parts = [_counted(download)]
        if download.speed > 0:
            parts.append(words.byte_speed(download.speed))
        if math.isfinite(download.left):
            parts.append(words.time_left(download.left))
        return " · ".join(parts)


def _counted(download: Download) -> str:
    sizes = words.size(download.done), words.size(download.total)
    return QCoreApplication.translate("DownloadBar", "{0} of {1}").format(*sizes)
