"""Which of the parts around the pages are shown: those that are wanted, fit the page, and have room."""

from __future__ import annotations

from typing import Literal

from photoclip.gui.details import DetailsPanel
from photoclip.gui.header import Header
from photoclip.gui.pages import Pages
from photoclip.gui.sidebar import Sidebar

NARROW = 900  # px of the window: below this the sidebar goes by itself
DETAILS_FROM = 1180  # px: below this the details do

Panel = Literal["sidebar", "details"]


class SidePanels:
    """The sidebar, the details and the header of a window, around its pages."""

    def __init__(self, pages: Pages, header: Header, sidebar: Sidebar, details: DetailsPanel) -> None:
        self._pages, self._header, self._sidebar, self._details = pages, header, sidebar, details
        self._wanted: dict[Panel, bool] = {"sidebar": True, "details": True}

    def restore(self, text: str) -> None:
        """Takes what `text` gave."""
        for name in self._wanted:
            self._wanted[name] = f"-{name}" not in text.split()

    def text(self) -> str:
        """What is not wanted, for the settings."""
        return " ".join(f"-{name}" for name, wanted in self._wanted.items() if not wanted)

    def toggle(self, panel: Panel, width: int) -> None:
        """Hide what is shown, show what is hidden, in a window so many pixels wide."""
        shown = (self._sidebar if panel == "sidebar" else self._details).isVisible()
        self._wanted[panel] = not shown
        self.fit(width, asked=panel)

    def fit(self, width: int, *, asked: Panel | None = None) -> None:
        """Show what is wanted and has room; a panel just asked for is shown anyway."""
        pages = self._pages
        sidebar = self._wanted["sidebar"] and (width >= NARROW or asked == "sidebar")
        details = self._wanted["details"] and (width >= DETAILS_FROM or asked == "details")
        whole_window = pages.shows_viewer or pages.is_first_run
        self._sidebar.setVisible(sidebar and not whole_window)
        self._details.setVisible(details and (pages.shows_photos or pages.shows_viewer))
        self._header.setVisible(not whole_window)
        self._header.set_narrow(width < NARROW)
