"""The line along the bottom: what is running, how fast, how long still, and with which model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QPushButton, QWidget

from photoclip.gui import theme, words
from photoclip.gui.activity_words import sentences
from photoclip.gui.controls import ElidedLabel, ElidedLink
from photoclip.gui.counts import CountKeeper, Counts
from photoclip.gui.session import Session

if TYPE_CHECKING:
    from photoclip.library.progress import Progress

BAR_WIDTH = 140
BUSY = ("scanning", "indexing", "paused")
# What goes first where there is no room: (which of the sentences, which of the model's names, whether a bar).
FEWER = ((0, 0, True), (1, 0, True), (1, 1, True), (2, 1, True), (3, 1, True), (3, 1, False), (4, 1, False),
         (5, 1, False))  # fmt: skip


class ActivityLine(QFrame):
    """Follows the session's progress and counts; what to do about them is the window's."""

    problems_requested = Signal()
    models_requested = Signal()
    pause_toggled = Signal(bool)  # True: pause

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.set_role(self, "footer")
        self._session = session
        self._progress: Progress | None = None
        self._photos = 0
        self._sentences: list[str] = [""]  # the same in ever fewer words
        self._models: list[str] = [""]  # the model's name, with and without what it runs on
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(BAR_WIDTH)
        self.bar.setAccessibleName(self.tr("Indexing progress"))
        self.text = ElidedLabel(role="secondary")
        self.pause = _link(self.tr("Pause"))
        self.pause.clicked.connect(lambda: self.pause_toggled.emit(not self.paused))
        self.model = ElidedLink()
        self.model.clicked.connect(self.models_requested)
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

    @property
    def _busy(self) -> bool:
        return self._progress is not None and self._progress.phase in BUSY

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
        busy = self._busy
        self.pause.setVisible(busy)
        self.pause.setText(self.tr("Resume") if self.paused else self.tr("Pause"))
        if step is not None and busy:
            known = step.phase != "scanning" and step.total > 0
            self.bar.setRange(0, step.total if known else 0)
            self.bar.setValue(step.done)
        self._sentences = sentences(step, self._photos, self._session.encoder.info.name)
        self._fit()

    def _show_model(self, state: str) -> None:
        encoder = self._session.encoder
        failed = state.startswith("failed")
        name = encoder.info.name
        if state == "starting":
            self._models = [self.tr("{0} · loading model…").format(name), name]
        elif failed:
            self._models = [self.tr("{0} does not work").format(name)]
        else:
            self._models = [encoder.description, name]
        self.model.setToolTip(
            state.partition(":")[2].strip() if failed else self.tr("Choose a model (Ctrl+Shift+M)")
        )
        self.model.setAccessibleName(self.tr("Model: {0}").format(self._models[0]))
        self.model.setProperty("failed", failed)
        theme.set_role(self.model, "quiet")
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Say as much as there is room for: the counts and the model's name are the last to go."""
        said, names = self._sentences, self._models
        for words_left, name_left, bar in FEWER:
            text = said[min(words_left, len(said) - 1)]
            name = names[min(name_left, len(names) - 1)]
            bar = bar and self._busy
            if self._needed(text, name, bar) <= self.width():
                break
        self.bar.setVisible(bar)
        self.text.setText(text)
        self.text.setAccessibleName(said[0])
        self.model.setText(name)

    def _needed(self, text: str, name: str, bar: bool) -> int:
        """Pixels that the line takes with these words."""
        width = self.fontMetrics().horizontalAdvance
        parts = [width(text) + 2, width(name) + 2 * theme.SPACE[1]]
        parts += [BAR_WIDTH] if bar else []
        parts += [part.sizeHint().width() for part in (self.pause, self.problems) if not part.isHidden()]
        return sum(parts) + theme.SPACE[3] * (len(parts) + 2)


def _link(text: str) -> QPushButton:
    button = QPushButton(text)
    theme.set_role(button, "link")
    button.setCursor(Qt.CursorShape.PointingHandCursor)
    return button
