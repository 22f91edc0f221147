"""A session over a small real library, with the tiny deterministic model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QLocale
from pytestqt.qtbot import QtBot

from photoclip.gui.session import Session
from photoclip.library.library import Library
from tests.gui.libraries import coloured, fill
from tests.gui.panels.room import Room
from tests.library.fakes import FakeEncoder

PICTURES = ("red", "red", "red", "green", "green", "blue", "blue", "white")


@pytest.fixture
def room(tmp_path: Path, qtbot: QtBot) -> Iterator[Room]:
    before = QLocale()
    QLocale.setDefault(QLocale("en_GB"))
    library = Library.open(tmp_path / "library")
    pictures = {f"{colour}-{n}.jpg": coloured(colour, seed=n) for n, colour in enumerate(PICTURES)}
    ids = fill(library, tmp_path / "Pictures" / "Iceland", pictures)
    session = Session(library, FakeEncoder())
    yield Room(session, ids, tmp_path / "Pictures" / "Iceland", qtbot)
    session.close()
    QLocale.setDefault(before)
