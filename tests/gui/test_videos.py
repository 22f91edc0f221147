"""Videos in the window: marked in the grid, a poster and the system's player in the viewer, facts beside."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QObject, QRect, Qt, QUrl, Slot
from PySide6.QtGui import QColor, QDesktopServices, QImage, QPainter
from pytestqt.qtbot import QtBot

pytest.importorskip("av")

from photoclip.gui import details_load, theme, words
from photoclip.gui.grid import paint
from photoclip.gui.window import Window
from photoclip.library.catalog.folders import add_folder
from photoclip.library.catalog.photos import details
from photoclip.library.decoding import Decoders
from photoclip.library.library import Library
from tests.library.ingest.ingest_helpers import run, settled
from tests.library.video_files import write_video


class Player(QObject):
    """Stands in for the system's player."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[QUrl] = []

    @Slot(QUrl)
    def open(self, url: QUrl) -> None:
        self.opened.append(url)


@pytest.fixture
def film(tmp_path: Path, ids: dict[str, int]) -> Path:
    """A video indexed beside the ten pictures: black, then red, for 61 seconds."""
    folder = tmp_path / "Films"
    folder.mkdir()
    path = settled(write_video(folder / "film.mp4", ["black", "red"], seconds=30.5, turned=90))
    with Library.open(tmp_path / "library") as library, closing(Decoders(1)) as decoders:
        created = add_folder(library.catalog, bytes(folder)).created
        run(library, decoders, folder_ids=[created])
    return path


def open_film(qtbot: QtBot, window: Window) -> int:
    (photo,) = window.grid.content.videos
    window.open_viewer(photo)
    viewer = window.pages.viewer
    qtbot.waitUntil(lambda: viewer.picture is not None and window.session.is_settled)
    return photo


def test_the_grid_marks_videos_alone(film: Path, open_window: Callable[[], Window]) -> None:
    grid = open_window().grid
    assert len(grid.content) == 11
    ((photo, seconds),) = grid.content.videos.items()
    assert seconds == pytest.approx(61, abs=0.1)
    row = int(grid.content.rows_of(np.array([photo]))[0])
    said = [grid.photos.index(at).data(Qt.ItemDataRole.AccessibleTextRole) for at in range(11)]
    assert [text.split()[0] for text in said].count("Video") == 1
    assert said[row].startswith("Video")


@pytest.mark.parametrize(("icon", "text"), [(paint.VIDEO_ICON, "1:01"), (paint.LIVE_ICON, "")])
def test_a_mark_lies_in_the_lower_corner(qtbot: QtBot, icon: str, text: str) -> None:
    image = QImage(120, 120, QImage.Format.Format_RGB32)
    image.fill(QColor("red"))
    painter = QPainter(image)
    paint.mark(painter, QRect(0, 0, 120, 120), icon, text, painter.font())
    painter.end()
    changed = [(x, y) for x in range(120) for y in range(120) if image.pixelColor(x, y) != QColor("red")]
    assert changed
    assert min(y for _, y in changed) > 80
    assert max(x for x, _ in changed) <= 120 - theme.SPACE[0]
    assert max(image.pixelColor(x, y).green() for x, y in changed) > 200  # the letters


def test_the_viewer_shows_the_poster_upright(
    qtbot: QtBot, film: Path, open_window: Callable[[], Window]
) -> None:
    window = open_window()
    open_film(qtbot, window)
    picture = window.pages.viewer.picture
    assert picture is not None
    assert (picture.width, picture.height, picture.reason) == (48, 64, "")
    colour = picture.image.pixelColor(20, 30)
    assert colour.red() > 180
    assert colour.green() < 80


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs on this system")
def test_a_pipe_in_a_videos_place_is_told(
    qtbot: QtBot, film: Path, open_window: Callable[[], Window]
) -> None:
    window = open_window()
    film.unlink()
    os.mkfifo(film)
    open_film(qtbot, window)
    assert window.pages.viewer.canvas.sentence.endswith("film.mp4: This is a pipe, not a file.")


def test_a_video_opens_in_the_systems_player(
    qtbot: QtBot, film: Path, open_window: Callable[[], Window], ids: dict[str, int]
) -> None:
    window, player = open_window(), Player()
    QDesktopServices.setUrlHandler("file", player, "open")
    try:
        open_film(qtbot, window)
        viewer = window.pages.viewer
        assert not viewer.play.isHidden()
        assert viewer.length == "1:01"
        viewer.play.click()
        qtbot.keyClick(viewer, Qt.Key.Key_P)
        assert [url.toLocalFile() for url in player.opened] == [str(film)] * 2
        window.open_viewer(ids["red-0.jpg"])
        qtbot.waitUntil(lambda: viewer.picture is not None and window.session.is_settled)
        assert viewer.play.isHidden()
        assert viewer.length == ""
        qtbot.keyClick(viewer, Qt.Key.Key_P)
        assert len(player.opened) == 2
    finally:
        QDesktopServices.unsetUrlHandler("file")


def test_the_details_say_how_long_and_how_coded(film: Path, tmp_path: Path, english: None) -> None:
    with Library.open(tmp_path / "library") as library:
        ((photo,),) = library.catalog.query("SELECT photo_id FROM file WHERE path = ?", (bytes(film),))
        rows = dict(details_load.rows(details(library.catalog, photo)))
    assert rows["Length"] == "1:01"
    assert rows["Format"] == "MP4, H.264"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (9.6, "0:10"), (61, "1:01"), (3600, "1:00:00"), (3723.4, "1:02:03")]
)
def test_durations(seconds: float, text: str) -> None:
    assert words.duration(seconds) == text
