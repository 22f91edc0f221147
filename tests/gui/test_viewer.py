"""The viewer: photos one after the other, to the pixel, and what it says when there is nothing to see."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPointF, Qt, QUrl
from pytestqt.qtbot import QtBot

from photoclip.gui.search_bar import local_path
from photoclip.gui.viewer import Viewer
from photoclip.gui.window import Window
from photoclip.library.catalog import photos
from tests.gui.libraries import coloured, fill


def open_viewer(qtbot: QtBot, window: Window, photo: int) -> Viewer:
    window.open_viewer(photo)
    viewer = window.pages.viewer
    qtbot.waitUntil(lambda: viewer.picture is not None and window.session.is_settled)
    return viewer


def colour_shown(viewer: Viewer) -> tuple[int, int, int]:
    picture = viewer.canvas.grab().toImage()
    at = picture.pixelColor(picture.width() // 2, picture.height() // 2)
    return at.red(), at.green(), at.blue()


def test_enter_opens_and_escape_returns_to_the_same_photo(
    qtbot: QtBot, window: Window, ids: dict[str, int]
) -> None:
    window.grid.select_ids(np.array([ids["red-1.jpg"]]))
    qtbot.keyClick(window.grid, Qt.Key.Key_Return)
    viewer = window.pages.viewer
    qtbot.waitUntil(lambda: viewer.picture is not None)
    red, green, _blue = colour_shown(viewer)
    assert red > 180
    assert green < 80
    qtbot.keyClick(viewer, Qt.Key.Key_Right)  # older
    qtbot.waitUntil(lambda: viewer.picture is not None and viewer.photo == ids["red-0.jpg"])
    qtbot.keyClick(viewer, Qt.Key.Key_Right)  # nothing beyond the end
    assert viewer.photo == ids["red-0.jpg"]
    qtbot.keyClick(viewer, Qt.Key.Key_Escape)
    assert window.pages.currentWidget() is window.browser
    assert window.grid.selected_ids().tolist() == [ids["red-0.jpg"]]


def test_rating_keys(qtbot: QtBot, window: Window, ids: dict[str, int]) -> None:
    viewer, photo = open_viewer(qtbot, window, ids["blue-5.jpg"]), ids["blue-5.jpg"]
    qtbot.keyClick(viewer, Qt.Key.Key_3)
    qtbot.waitUntil(lambda: viewer.picture is not None and viewer.picture.rating == 3)
    qtbot.keyClick(viewer, Qt.Key.Key_F)
    qtbot.waitUntil(lambda: viewer.picture is not None and viewer.picture.favourite)
    assert photos.details(window.session.library.catalog, photo).rating == 3


def test_zoom_to_the_pixel_holds_the_point_under_the_pointer(
    qtbot: QtBot, window: Window, tmp_path: Path
) -> None:
    checks = np.zeros((1200, 1600, 3), np.uint8)
    checks[:600, 800:] = (255, 0, 0)
    ids = fill(window.session.library, tmp_path / "large", {"checks.png": Image.fromarray(checks)})
    qtbot.waitUntil(lambda: len(window.grid.content.rows_of(np.array([ids["checks.png"]]))) == 1)
    canvas = open_viewer(qtbot, window, ids["checks.png"]).canvas
    assert canvas.fits
    corner = QPointF(canvas.width() * 0.75, canvas.height() * 0.25)
    canvas.set_zoom(8.0, corner)
    qtbot.waitUntil(lambda: window.pages.viewer.picture is not None and window.pages.viewer.picture.is_full)
    assert canvas.scale == 8.0
    shown = canvas.grab().toImage()
    at = shown.pixelColor(round(corner.x()), round(corner.y()))
    assert (at.red(), at.green()) == (255, 0)
    canvas.set_zoom(0.01)
    assert canvas.fits


def test_a_truncated_photo_is_marked_and_a_vanished_one_explained(
    qtbot: QtBot, window: Window, tmp_path: Path
) -> None:
    folder = tmp_path / "torn"
    ids = fill(
        window.session.library,
        folder,
        {"torn.jpg": coloured("red", (640, 480)), "gone.jpg": coloured("blue")},
    )
    torn = folder / "torn.jpg"
    torn.write_bytes(torn.read_bytes()[: torn.stat().st_size * 2 // 3])
    (folder / "gone.jpg").unlink()
    qtbot.waitUntil(lambda: len(window.grid.content) == 12)
    viewer = open_viewer(qtbot, window, ids["torn.jpg"])
    assert viewer.picture is not None
    assert viewer.picture.truncated
    assert viewer.mark_is_shown
    viewer = open_viewer(qtbot, window, ids["gone.jpg"])
    qtbot.waitUntil(lambda: viewer.canvas.sentence != "")
    assert "gone.jpg" in viewer.canvas.sentence


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs on this system")
def test_a_pipe_in_a_photos_place_is_told_and_never_waited_for(
    qtbot: QtBot, window: Window, tmp_path: Path
) -> None:
    ids = fill(window.session.library, tmp_path / "pipes", {"pipe.jpg": coloured("red", seed=99)})
    (tmp_path / "pipes" / "pipe.jpg").unlink()
    os.mkfifo(tmp_path / "pipes" / "pipe.jpg")
    qtbot.waitUntil(lambda: len(window.grid.content) == 11)
    window.open_viewer(ids["pipe.jpg"])
    viewer = window.pages.viewer
    qtbot.waitUntil(lambda: viewer.canvas.sentence != "")
    assert viewer.canvas.sentence.endswith("pipe.jpg: This is a pipe, not a file.")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs on this system")
def test_a_pipe_is_no_picture_to_search_by(qtbot: QtBot, window: Window, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "dropped.jpg")
    url = QUrl.fromLocalFile(str(tmp_path / "dropped.jpg"))
    sentence = f"{tmp_path}/dropped.jpg cannot be used as a picture: This is a pipe, not a file."
    with (
        qtbot.waitSignal(window.session.message) as by_chip,
        qtbot.waitSignal(window.browser.failed) as by_search,
    ):
        window.header.search.add_images((local_path(url),))
    assert by_chip.args == ["error", sentence]
    assert by_search.args == [sentence]
