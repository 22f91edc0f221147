"""Files that are one photo, in the window: one picture with a mark, all files beside it, the video played."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from pytestqt.qtbot import QtBot

pytest.importorskip("av")

from photoclip.gui import details_load, reveal
from photoclip.gui.window import Window
from photoclip.library.catalog.folders import add_folder
from photoclip.library.catalog.photos import PhotoDetails, details, photo_at
from photoclip.library.decoding import Decoders
from photoclip.library.library import Library
from tests.library import live_files
from tests.library.ingest.ingest_helpers import run, settled
from tests.library.pictures import jpeg, picture
from tests.library.video_files import write_video
from tests.raw_files import dng

IDENTIFIER = "9F2C1A50-1234-4E1B-8C55-0A1B2C3D4E5F"
MOTION = jpeg("red", xmp=live_files.camera_xmp(live_files.MOTION_PHOTO)) + b"\0\0\0\x1cftypisom" + bytes(100)


class Player(QObject):
    """Stands in for the system's player."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []

    @Slot(QUrl)
    def open(self, url: QUrl) -> None:
        self.opened.append(url.toLocalFile())


@pytest.fixture
def folder(tmp_path: Path, ids: dict[str, int]) -> Path:
    """A pair, a live photo and a motion photo, indexed beside the ten pictures."""
    folder = tmp_path / "Phone"
    folder.mkdir()
    (folder / "pair.dng").write_bytes(dng(picture("green")))
    (folder / "pair.jpg").write_bytes(jpeg("green"))
    exif = live_files.exif("2023:07:14 15:30:12", IDENTIFIER)
    (folder / "live.jpg").write_bytes(jpeg("blue", exif=exif))
    write_video(folder / "live.mov", ["blue"], tags={live_files.CONTENT_IDENTIFIER: IDENTIFIER})
    (folder / "motion.jpg").write_bytes(MOTION)
    for path in folder.iterdir():
        settled(path)
    with Library.open(tmp_path / "library") as library, closing(Decoders(1)) as decoders:
        run(library, decoders, folder_ids=[add_folder(library.catalog, bytes(folder)).created])
    return folder


def known(library: Library, path: Path) -> PhotoDetails:
    photo = photo_at(library.catalog, bytes(path))
    assert photo is not None
    return details(library.catalog, photo)


def test_the_grid_has_one_of_each_and_marks_what_moves(
    folder: Path, open_window: Callable[[], Window]
) -> None:
    window = open_window()
    content = window.grid.content
    library = window.session.library
    assert len(content) == 13
    assert content.live == {known(library, folder / name).id for name in ("live.jpg", "motion.jpg")}
    assert not content.videos.keys() & set(content.ids.tolist())
    model = window.grid.photos
    said = [model.index(row).data(Qt.ItemDataRole.AccessibleTextRole) for row in range(13)]
    assert sum(text.startswith("Live photo") for text in said) == 2


def test_the_details_list_what_belongs_together(folder: Path, tmp_path: Path, english: None) -> None:
    with Library.open(tmp_path / "library") as library:
        rows = {name: dict(details_load.rows(known(library, folder / f"{name}.jpg")))
                for name in ("pair", "live", "motion")}  # fmt: skip
        plain = dict(details_load.rows(known(library, tmp_path / "Pictures" / "red-0.jpg")))
    assert (rows["pair"]["Kind"], rows["pair"]["Files"]) == ("RAW + JPEG", "pair.jpg\npair.dng")
    assert (rows["live"]["Kind"], rows["live"]["Files"]) == ("Live photo", "live.jpg\nlive.mov")
    assert (rows["motion"]["Kind"], rows["motion"].get("Files")) == ("Live photo", None)
    assert not {"Kind", "Files"} & plain.keys()


def test_the_viewer_plays_the_video_beside(
    qtbot: QtBot, folder: Path, open_window: Callable[[], Window]
) -> None:
    window, player = open_window(), Player()
    viewer, library = window.pages.viewer, window.session.library
    QDesktopServices.setUrlHandler("file", player, "open")
    try:
        for name, plays in (("live.jpg", True), ("motion.jpg", False), ("pair.jpg", False)):
            window.open_viewer(known(library, folder / name).id)
            qtbot.waitUntil(lambda: viewer.picture is not None and window.session.is_settled)
            assert viewer.play.isHidden() != plays
            qtbot.keyClick(viewer, Qt.Key.Key_P)
        assert player.opened == [str(folder / "live.mov")]
    finally:
        QDesktopServices.unsetUrlHandler("file")


def test_without_a_player_the_viewer_says_so(
    qtbot: QtBot, folder: Path, open_window: Callable[[], Window], monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_window()
    viewer = window.pages.viewer
    window.open_viewer(known(window.session.library, folder / "live.jpg").id)
    qtbot.waitUntil(lambda: viewer.picture is not None and window.session.is_settled)
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda _url: False)
    assert not viewer.mark_is_shown
    viewer.play.click()
    assert viewer.mark_is_shown


def test_every_file_is_shown_in_the_file_manager(
    qtbot: QtBot, folder: Path, open_window: Callable[[], Window], monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_window()
    asked: list[list[bytes]] = []
    monkeypatch.setattr(reveal, "reveal", lambda _session, files: asked.append(list(files)))
    row = window.grid.content.ids.tolist().index(known(window.session.library, folder / "pair.jpg").id)
    window.grid.setCurrentIndex(window.grid.photos.index(row))
    window.actions_on_photos.show_in_file_manager()
    qtbot.waitUntil(lambda: bool(asked))
    assert asked == [[bytes(folder / "pair.jpg"), bytes(folder / "pair.dng")]]
