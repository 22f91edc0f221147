"""The models: which one searches, which others could, and how to get, try and compare them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QMenu, QWidget

from photoclip.errors import PhotoClipError
from photoclip.gui import dialogs, words
from photoclip.gui.controls import press_focused
from photoclip.gui.model_line import InstalledLine, ModelLine, PublishedLine
from photoclip.gui.model_shelf import ModelShelf, Shelf
from photoclip.gui.models_view import ModelsView
from photoclip.gui.session import Session
from photoclip.library.progress import Progress
from photoclip.model_store import ModelRow


class ModelsPage(ModelsView):
    """Follows the session's shelf of models; what a person asks for goes there."""

    closed = Signal()
    photo_activated = Signal(int, list)  # the photo, and those it is shown with

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self._session = session
        self._shelf = ModelShelf.of(session)
        self._compared: frozenset[str] = frozenset()
        self.take_in.setMenu(self._import_menu())
        self.take_in.setVisible(session.store is not None)
        self._connect()
        self._shelf.load()

    def showEvent(self, event: QShowEvent) -> None:
        """What was got or removed in a terminal meanwhile is seen."""
        super().showEvent(event)
        self._shelf.load()
        self.back.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not press_focused(self, event):
            super().keyPressEvent(event)

    def take_focus(self, photo: int) -> None:
        """The keyboard, at this photo if it is one of those compared."""
        for side in self.compare.sides:
            if side.strip.focus_photo(photo):
                return

    def step_back(self) -> bool:
        """Closes a question that is open; whether there was one."""
        for line in self.lines():
            if not line.question.isHidden():
                line.question.close_question()
                return True
        if not self.form.isHidden() and self.form.cancel.isEnabled():
            self.form.hide()
            return True
        return False

    def lines(self) -> Iterable[ModelLine]:
        """All lines of the list."""
        return [*self.installed.lines.values(), *self.available.lines.values()]

    def line(self, name: str) -> ModelLine | None:
        """A model's line."""
        return next((line for line in self.lines() if line.name == name), None)

    def _connect(self) -> None:
        shelf = self._shelf
        shelf.changed.connect(self._show_shelf)
        shelf.read_on.connect(self._show_reading)
        shelf.downloading.connect(self._show_download)
        shelf.arrived.connect(self._tell_arrival)
        shelf.failed.connect(self._tell_failure)
        self.back.clicked.connect(self.closed)
        self.undo.clicked.connect(self._session.switch_model_back)
        self.form.wanted.connect(self._take_in)
        self.compare.photo_activated.connect(self.photo_activated)
        if shelf.shelf is not None:
            self._show_shelf()

    # -- what is shown

    def _show_shelf(self) -> None:
        shelf = self._shelf.shelf
        assert shelf is not None
        self.show_sentence(shelf)
        focused = self.focusWidget()
        line = next((line for line in self.lines() if focused and line.isAncestorOf(focused)), None)
        if line is not None:  # else the keyboard would go to whatever comes next, and the page with it
            self.back.setFocus()
        for row in self.installed.sync(shelf.installed, self._installed_line):
            self.installed.lines[row.name].show_row(row, shelf)
        for published in self.available.sync(shelf.available, self._published_line):
            self.available.lines[published.name].show_row(published)
        self.installed_title.show()
        self.installed.show()
        self.available_title.setVisible(bool(shelf.available))
        self.available.setVisible(bool(shelf.available))
        self._show_download()
        self._show_compare(shelf)
        if line is not None:
            self._give_keyboard(focused, line.name)

    def _give_keyboard(self, before: QWidget | None, name: str) -> None:
        """To what had it, where that is still there; else to what can be done next with the same model."""
        line = self.installed.lines.get(name)
        for part in (before, line.use if line else None, self.undo):
            if part is not None and part.isVisible() and part.isEnabled():
                part.setFocus()
                return

    def _show_reading(self, step: Progress) -> None:
        shelf = self._shelf.shelf
        line = self.installed.lines.get(shelf.chosen) if shelf else None
        if shelf is None or line is None:
            return
        pace = []
        if step.phase == "paused":
            pace = [self.tr("paused")]
        elif step.per_second > 0:
            pace = [words.speed(step.per_second)]
            pace += [words.time_left(step.seconds_left)] if step.seconds_left is not None else []
        line.show_reading(shelf, " · ".join(pace))
        self._show_compare(shelf)

    def _show_download(self) -> None:
        for line in self.available.lines.values():
            line.show_download(self._shelf.download, self._shelf.ended.get(line.name))

    def _show_compare(self, shelf: Shelf) -> None:
        self.compare_title.setVisible(shelf.comparable)
        self.compare.setVisible(shelf.comparable)
        compared = frozenset((shelf.serving, shelf.chosen if shelf.coming else shelf.previous))
        if compared != self._compared:
            self._compared = compared
            self.compare.clear()

    def _installed_line(self, name: str) -> InstalledLine:
        line = InstalledLine(name)
        line.used.connect(self._session.choose_model)
        line.removed.connect(self._remove)
        return line

    def _published_line(self, name: str) -> PublishedLine:
        line = PublishedLine(name)
        line.wanted.connect(self._shelf.start_download)
        line.stopped.connect(self._shelf.stop_download)
        return line

    # -- what is done

    def _remove(self, name: str) -> None:
        self._shelf.remove(name, lambda error: self._complain(name, str(error)))

    def _complain(self, name: str, text: str) -> None:
        line = self.line(name)
        if line is not None:
            line.say(text)

    def _import_menu(self) -> QMenu:
        menu = QMenu(self)
        file, folder = menu.addAction(self.tr("A file…")), menu.addAction(self.tr("A folder…"))
        file.triggered.connect(lambda: dialogs.choose_model(self, self.ask_about, folder=False))
        folder.triggered.connect(lambda: dialogs.choose_model(self, self.ask_about, folder=True))
        return menu

    def ask_about(self, source: Path) -> None:
        """Ask what a model of one's own is to be called."""
        shelf = self._shelf.shelf
        self.form.open(source, [row.name for row in shelf.published] if shelf else [])
        self.ensureWidgetVisible(self.form)

    def _take_in(self, source: Path, name: str, like: str) -> None:
        shelf = self._shelf.shelf
        if shelf is not None and name.lower() in {row.name.lower() for row in shelf.installed}:
            self.form.show_failure(self.tr("There is a model {0} already; choose another name.").format(name))
            return

        def done(row: ModelRow) -> None:
            self.form.show_failure("")
            self.form.hide()
            self._tell_arrival(row.name)

        def failed(error: PhotoClipError) -> None:
            self.form.show_failure(str(error))

        self._shelf.take_in(source, name, like, done, failed)

    def _tell_arrival(self, name: str) -> None:
        text = self.tr("{0} is on this computer now; press Use beside it to search with it.")
        self._session.message.emit("info", text.format(name))

    def _tell_failure(self, _name: str, reason: str) -> None:
        """Where the page is not looked at, its line would not be read."""
        if not self.isVisible():
            self._session.message.emit("error", reason)
