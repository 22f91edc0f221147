"""The line along the bottom: what is running, how fast, how long still, and with which model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QPushButton, QWidget

from photoclip.gui import theme, words
from photoclip.gui.controls import ElidedLabel
from photoclip.gui.counts import CountKeeper, Counts
from photoclip.gui.session import Session

if TYPE_CHECKING:
    from photoclip.library.progress import Progress

BAR_WIDTH = 140
BUSY = ("scanning", "indexing", "paused")


class ActivityLine(QFrame):
    """Follows the session's progress and counts; what to do about them is the window's."""

    problems_requested = Signal()
    pause_toggled = Signal(bool)  # True: pause

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.set_role(self, "footer")
        self._session = session
        self._progress: Progress | None = None
        self._photos = 0
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(BAR_WIDTH)
        self.bar.setAccessibleName(self.tr("Indexing progress"))
        self.text = ElidedLabel(role="secondary")
        self.pause = _link(self.tr("Pause"))
        self.pause.clicked.connect(lambda: self.pause_toggled.emit(not self.paused))
        self.model = ElidedLabel(role="secondary")
        self.model.setAccessibleName(self.tr("Model"))
        self.problems = _link("")
        self.problems.clicked.connect(self.problems_requested)
        self._lay_out()
        keeper = CountKeeper.of(session)
        keeper.counted.connect(self.show_counts)
        session.progress.connect(self.show_progress)
        session.encoder_state.connect(self._show_model)
        session.models_changed.connect(lambda: self._show_model(""))
        self._show_model("")
        self.show_counts(keeper.latest or Counts())

    @property
    def paused(self) -> bool:
        """Whether the indexer said that it is paused."""
        return self._progress is not None and self._progress.phase == "paused"

    def show_progress(self, progress: Progress) -> None:
        """Show where the indexer is."""
        self._progress = progress
        self._refresh()

    def show_counts(self, counts: Counts) -> None:
        """How many photos there are, and how many files could not be read."""
        self._photos = counts.everything
        self.problems.setVisible(counts.failures > 0)
        text = self.tr("{0} unreadable").format(words.number(counts.failures))
        self.problems.setText(f"{text} ›")
        self.problems.setAccessibleName(text)
        self._refresh()

    def _lay_out(self) -> None:
        self.setFixedHeight(theme.scaled(theme.ACTIVITY_HEIGHT, self.text.fontInfo().pixelSize()))
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.SPACE[3], 0, theme.SPACE[3], 0)
        row.setSpacing(theme.SPACE[3])
        row.addWidget(self.bar, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.text)
        row.addWidget(self.pause)
        row.addStretch(1)
        row.addWidget(self.model)
        row.addWidget(self.problems)

    def _refresh(self) -> None:
        step = self._progress
        busy = step is not None and step.phase in BUSY
        self.bar.setVisible(busy)
        self.pause.setVisible(busy)
        self.pause.setText(self.tr("Resume") if self.paused else self.tr("Pause"))
        if step is not None and busy:
            known = step.phase != "scanning" and step.total > 0
            self.bar.setRange(0, step.total if known else 0)
            self.bar.setValue(step.done)
        self.text.setText(self._sentence())

    def _sentence(self) -> str:
        step = self._progress
        if step is None or step.phase in ("idle", "done"):
            if not self._photos:
                return self.tr("No photos yet")
            trouble = step.message if step else ""
            return f"{words.photos(self._photos)} · {trouble or self.tr('up to date')}"
        if step.phase == "waiting":
            return step.message or self.tr("Waiting for another PhotoClip that is indexing this library")
        counted = self.tr("{0} of {1}").format(words.number(step.done), words.number(step.total))
        if step.phase == "paused":
            return self.tr("Paused · {0}").format(counted) if step.total else self.tr("Paused")
        if step.phase == "scanning":
            return step.message or self.tr("Looking through the folders…")
        if step.model:
            parts = [words.reading(self._session.encoder.info.name, step.model, counted)]
        else:
            parts = [self.tr("Indexing {0}").format(counted)]
        if step.per_second > 0:
            parts.append(words.speed(step.per_second))
        if step.seconds_left is not None:
            parts.append(words.time_left(step.seconds_left))
        return " · ".join(parts)

    def _show_model(self, state: str) -> None:
        encoder = self._session.encoder
        failed = state.startswith("failed")
        if state == "starting":
            text = self.tr("{0} · loading model…").format(encoder.info.name)
        elif failed:
            text = self.tr("{0} does not work").format(encoder.info.name)
        else:
            text = encoder.description
        self.model.setText(text)
        self.model.setToolTip(state.partition(":")[2].strip() if failed else "")
        theme.set_role(self.model, "error" if failed else "secondary")


def _link(text: str) -> QPushButton:
    button = QPushButton(text)
    theme.set_role(button, "link")
    button.setCursor(Qt.CursorShape.PointingHandCursor)
    return button
