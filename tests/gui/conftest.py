"""A real window over a small real library, with the tiny deterministic model and no screen."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QLocale
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from photoclip.gui import theme
from photoclip.gui.session import Session
from photoclip.gui.window import Window
from photoclip.library.library import Library
from photoclip.settings import Settings
from tests.gui.libraries import coloured, fill
from tests.library.fakes import FakeEncoder

PICTURES = ("red", "red", "red", "green", "green", "blue", "blue", "white", "black", "yellow")


@pytest.fixture
def english() -> Iterator[None]:
    """Numbers and months as in the tests' own language."""
    before = QLocale()
    QLocale.setDefault(QLocale("en_GB"))
    yield
    QLocale.setDefault(before)


@pytest.fixture
def ids(tmp_path: Path, english: None) -> dict[str, int]:
    """A library with ten plain pictures: photo ids by file name ("red-0.jpg")."""
    with Library.open(tmp_path / "library") as library:
        pictures = {f"{colour}-{n}.jpg": coloured(colour, seed=n) for n, colour in enumerate(PICTURES)}
        return fill(library, tmp_path / "Pictures", pictures)


@pytest.fixture
def open_window(tmp_path: Path, qtbot: QtBot, qapp: QApplication) -> Iterator[Callable[[], Window]]:
    """Opens windows over the library in `tmp_path`; they are closed at the end."""
    opened: list[Window] = []

    def open_one() -> Window:
        theme.apply(qapp, "dark")
        window = Window(Session(Library.open(tmp_path / "library"), FakeEncoder()), Settings())
        opened.append(window)
        window.resize(1300, 800)
        window.show()
        with qtbot.waitSignal(window.first_painted):
            window.start()
        qtbot.waitUntil(lambda: window.is_quiet)
        return window

    yield open_one
    for window in opened:
        window.close()
        window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)  # or they would be styled again


@pytest.fixture
def window(ids: dict[str, int], open_window: Callable[[], Window]) -> Window:
    """A window that shows the ten pictures."""
    return open_window()
