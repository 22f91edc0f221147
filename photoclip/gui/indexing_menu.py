"""The menu that says how indexing yields to the person, and what tells that the person is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtGui import QAction, QActionGroup, QWindow
from PySide6.QtWidgets import QMenu

if TYPE_CHECKING:
    from photoclip.library.courtesy import Courtesy
    from photoclip.settings import Settings

INPUT = frozenset(
    (
        QEvent.Type.KeyPress,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.MouseMove,
        QEvent.Type.TouchBegin,
        QEvent.Type.TouchUpdate,
        QEvent.Type.Wheel,
    )
)


class IndexingMenu(QObject):
    """How fast to index while the window is in use, and on battery."""

    chosen = Signal(str, str)  # the setting's name, and its new value

    def __init__(self, menu: QMenu) -> None:
        super().__init__(menu)
        self._menu = menu.addMenu(self.tr("Indexing"))
        self.actions = {
            "in_use": self._choices("in_use", self.tr("While the window is in use")),
            "on_battery": self._choices("on_battery", self.tr("On battery")),
        }

    def show_settings(self, settings: Settings) -> None:
        """Check what is chosen; nothing where the settings hold a word of another version."""
        for name, actions in self.actions.items():
            for speed, action in actions.items():
                action.setChecked(speed == getattr(settings, name))

    def _choices(self, setting: str, title: str) -> dict[str, QAction]:
        menu = self._menu.addMenu(title)  # not a section: styles may leave out its title
        group = QActionGroup(menu)
        names = {"full": self.tr("Full speed"), "slow": self.tr("Slowly"), "pause": self.tr("Pause")}
        actions = {}
        for speed, name in names.items():
            action = actions[speed] = menu.addAction(name)
            action.setCheckable(True)
            group.addAction(action)
            action.triggered.connect(lambda _checked=False, speed=speed: self.chosen.emit(setting, speed))
        return actions


class Presence(QObject):
    """Tells courtesy of keys and the mouse. It sits on the window of the system, which few events pass."""

    def __init__(self, window: QWindow, courtesy: Courtesy) -> None:
        super().__init__(window)
        self._courtesy = courtesy
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in INPUT:
            self._courtesy.touch()
        return super().eventFilter(watched, event)
