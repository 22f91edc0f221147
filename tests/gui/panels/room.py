"""What a test of a panel works with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pytestqt.qtbot import QtBot

from photoclip.gui.session import Session
from photoclip.library.catalog.connection import Catalog


@dataclass
class Room:
    """A session over eight small photos, and the means to wait for it."""

    session: Session
    ids: dict[str, int]  # by file name: red-0.jpg, green-3.jpg, ...
    folder: Path
    qtbot: QtBot

    @property
    def catalog(self) -> Catalog:
        return self.session.library.catalog

    def settle(self) -> None:
        """Wait until nothing is under way."""
        self.qtbot.waitUntil(lambda: self.session.is_settled, timeout=10_000)

    def coloured(self, colour: str) -> set[int]:
        return {photo for name, photo in self.ids.items() if name.startswith(colour)}
