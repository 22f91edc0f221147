"""Photos that go: to the system's trash, or out of Missing, and both taken back."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from photoclip.gui.session import Source
from photoclip.gui.window import Window
from photoclip.library.catalog import photos
from photoclip.library.catalog.indexing import mark_missing
from tests.library.trashes import home_trash


def shows(qtbot: QtBot, window: Window, count: int) -> None:
    qtbot.waitUntil(lambda: window.is_quiet and window.grid.content.shown == count)


@pytest.fixture
def missing(qtbot: QtBot, window: Window, ids: dict[str, int]) -> list[int]:
    """Two photos whose files are gone; the window shows Missing."""
    gone = [ids["red-0.jpg"], ids["red-1.jpg"]]
    catalog = window.session.library.catalog
    files = [catalog.query("SELECT id FROM file WHERE photo_id = ?", (photo,))[0][0] for photo in gone]
    mark_missing(catalog, files)
    window.show_source(Source("missing"))
    shows(qtbot, window, 2)
    return gone


def test_delete_clears_from_missing_and_undo_brings_it_back(
    qtbot: QtBot, window: Window, missing: list[int]
) -> None:
    photos.rate(window.session.library.catalog, missing, 3)
    window.grid.select_ids(np.array(missing[:1]))
    window.grid.setFocus()
    qtbot.keyClick(window.grid, Qt.Key.Key_Delete)
    shows(qtbot, window, 1)
    window.session.undo()
    shows(qtbot, window, 2)
    assert photos.details(window.session.library.catalog, missing[0]).rating == 3


def test_all_are_cleared_by_the_button_beside_the_count(
    qtbot: QtBot, window: Window, missing: list[int]
) -> None:
    button = window.browser.place_action
    assert (button.isVisible(), button.text()) == (True, "Clear all")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    shows(qtbot, window, 0)
    assert not button.isVisible()
    window.session.undo()
    shows(qtbot, window, len(missing))
    assert button.isVisible()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="freedesktop.org's trash")
def test_delete_moves_to_the_trash_and_undo_brings_it_back(
    qtbot: QtBot, window: Window, ids: dict[str, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home_trash(tmp_path / "data", monkeypatch)
    catalog = window.session.library.catalog
    path = Path(os.fsdecode(photos.path_of(catalog, ids["blue-5.jpg"])))
    before = window.grid.content.shown
    window.grid.select_ids(np.array([ids["blue-5.jpg"]]))
    window.grid.setFocus()
    qtbot.keyClick(window.grid, Qt.Key.Key_Delete)
    shows(qtbot, window, before - 1)
    assert not path.exists()
    window.session.undo()
    shows(qtbot, window, before)
    assert path.exists()


def test_what_the_trash_does_not_take_stays_and_is_told(
    qtbot: QtBot, window: Window, ids: dict[str, int]
) -> None:
    path = Path(os.fsdecode(photos.path_of(window.session.library.catalog, ids["blue-5.jpg"])))
    path.write_bytes(b"edited meanwhile")
    window.grid.select_ids(np.array([ids["blue-5.jpg"]]))
    window.grid.setFocus()
    with qtbot.waitSignal(window.session.message) as said:
        qtbot.keyClick(window.grid, Qt.Key.Key_Delete)
    assert said.args is not None
    assert said.args[0] == "error"
    assert "blue-5.jpg stays where it is. It has changed" in said.args[1]
    assert path.exists()
