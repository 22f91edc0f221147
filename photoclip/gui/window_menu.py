"""The window's own actions, their keys, and the menu that shows them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from photoclip.gui import icons
from photoclip.gui.indexing_menu import IndexingMenu

THEMES = ("system", "light", "dark")


@dataclass(frozen=True)
class WindowActs:
    """What the menu and the keys do."""

    search: Callable[[], None]
    back: Callable[[], None]
    undo: Callable[[], None]
    redo: Callable[[], None]
    add_folder: Callable[[], None]
    larger: Callable[[], None]
    smaller: Callable[[], None]
    toggle_sidebar: Callable[[], None]
    toggle_details: Callable[[], None]
    show_keys: Callable[[], None]
    show_models: Callable[[], None]
    show_duplicates: Callable[[], None]
    show_problems: Callable[[], None]
    choose_theme: Callable[[str], None]
    close: Callable[[], None]
    save_search: Callable[[], None]


class WindowMenu(QObject):
    """Makes the actions once; `menu` shows most of them, `window` answers to the keys of all."""

    def __init__(self, window: QWidget, acts: WindowActs) -> None:
        super().__init__(window)
        self.menu = QMenu(window)
        self._window = window
        self._add(self.tr("Add folder…"), acts.add_folder, "Ctrl+O", glyph="folder-plus")
        self._add(self.tr("Save search as album…"), acts.save_search, "Ctrl+S", glyph="floppy-disk")
        self.menu.addSeparator()
        self.undo = self._add(self.tr("Undo"), acts.undo, "Ctrl+Z", glyph="arrow-counter-clockwise")
        self.redo = self._add(self.tr("Redo"), acts.redo, "Ctrl+Shift+Z", "Ctrl+Y", glyph="arrow-clockwise")
        self.menu.addSeparator()
        self._add(self.tr("Sidebar"), acts.toggle_sidebar, "F9")
        self._add(self.tr("Details"), acts.toggle_details, "F10")
        self._add(self.tr("Larger photos"), acts.larger, "Ctrl++", "Ctrl+=")
        self._add(self.tr("Smaller photos"), acts.smaller, "Ctrl+-")
        self.themes = self._theme_menu(acts.choose_theme)
        self.indexing = IndexingMenu(self.menu)
        self.menu.addSeparator()
        self._add(self.tr("Models"), acts.show_models, "Ctrl+Shift+M", glyph="brain")
        self._add(self.tr("Duplicates"), acts.show_duplicates, "Ctrl+Shift+D", glyph="copy")
        self._add(self.tr("Unreadable photos"), acts.show_problems, glyph="warning")
        self._add(self.tr("Keys"), acts.show_keys, "?", glyph="keyboard")
        self.menu.addSeparator()
        self._add(self.tr("Quit"), acts.close, "Ctrl+Q")
        self._add(self.tr("Search"), acts.search, "/", "Ctrl+F", listed=False)
        self._add(self.tr("Back"), acts.back, "Esc", listed=False)

    def show_theme(self, preference: str) -> None:
        self.themes[preference].setChecked(True)

    def _add(
        self, text: str, act: Callable[[], None], *keys: str, glyph: str = "", listed: bool = True
    ) -> QAction:
        action = QAction(text, self._window)
        action.setShortcuts([QKeySequence(key) for key in keys])
        if glyph:
            action.setIcon(icons.icon(glyph))
        action.triggered.connect(lambda _checked=False: act())
        self._window.addAction(action)
        if listed:
            self.menu.addAction(action)
        return action

    def _theme_menu(self, choose: Callable[[str], None]) -> dict[str, QAction]:
        menu = self.menu.addMenu(self.tr("Theme"))
        names = dict(zip(THEMES, (self.tr("As the system"), self.tr("Light"), self.tr("Dark")), strict=True))
        group = QActionGroup(menu)
        actions = {}
        for preference, name in names.items():
            action = actions[preference] = menu.addAction(name)
            action.setCheckable(True)
            group.addAction(action)
            action.triggered.connect(lambda _checked=False, preference=preference: choose(preference))
        return actions
