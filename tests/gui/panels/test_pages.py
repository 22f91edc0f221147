"""First run, activity line, problems, notice."""

from __future__ import annotations

import os
from types import SimpleNamespace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from photoclip.errors import PhotoClipError
from photoclip.gui import notice as notice_module
from photoclip.gui.activity import ActivityLine
from photoclip.gui.first_run import FirstRunPage, check_folder
from photoclip.gui.notice import Notice
from photoclip.gui.problems import ProblemsPage
from photoclip.library.catalog import folders, labels, photos
from photoclip.library.catalog.indexing import UnreadableFile, record_batch
from photoclip.library.progress import Progress
from tests.gui.panels.fake_store import FakeStore
from tests.gui.panels.room import Room


def break_two(room: Room) -> None:
    (folder,) = folders.list_folders(room.catalog)
    bad = [
        UnreadableFile(os.fsencode(room.folder / name), folder.id, 0, 0, reason)
        for name, reason in (("empty.jpg", "The file is empty."), ("notes.jpg", "This is a text file."))
    ]
    record_batch(room.catalog, [], bad)


def progress(**values: object) -> SimpleNamespace:
    known = {
        "phase": "indexing", "done": 1204, "total": 41207, "per_second": 38.2, "seconds_left": 1080.0,
        "message": "", "model": "", "yields": "",
    }  # fmt: skip
    return SimpleNamespace(**{**known, **values})


def test_first_run_offers_folders_and_begins(room: Room) -> None:
    page = FirstRunPage(room.session)
    room.qtbot.addWidget(page)
    for path in page.chosen:  # the Pictures folder of whoever runs this
        page._boxes[path].setChecked(False)
    assert not page.begin_button.isEnabled()
    more = room.folder.parent / "More"
    more.mkdir()
    page.offer(os.fsencode(more))
    room.settle()
    assert page.chosen == [os.fsencode(more)]
    page.folders_chosen.connect(
        lambda found: room.session.mutate(lambda catalog: folders.add_folder(catalog, found[0]))
    )
    page.begin_button.click()
    room.qtbot.waitUntil(lambda: len(folders.list_folders(room.catalog)) == 2)


def test_first_run_refuses_a_bad_folder_in_a_sentence(room: Room) -> None:
    page = FirstRunPage(room.session)
    room.qtbot.addWidget(page)
    before = page.chosen
    page.offer(b"/no/such/place")
    room.settle()
    assert not page.error.isHidden()
    assert "/no/such/place does not exist" in page.error.text()
    assert page.chosen == before
    with pytest.raises(PhotoClipError, match="is a file, not a folder"):
        check_folder(os.fsencode(room.folder / "red-0.jpg"))


WIDE = 1300  # px: room for all that an activity line can say


def test_first_run_offers_larger_models_where_there_is_a_store(room: Room) -> None:
    plain = FirstRunPage(room.session)
    room.qtbot.addWidget(plain)
    assert plain.other_model.isHidden()
    room.session.store = FakeStore().services
    page = FirstRunPage(room.session)
    room.qtbot.addWidget(page)
    with room.qtbot.waitSignal(page.models_requested):
        page.other_model.click()


def test_activity_says_how_far_it_is(room: Room) -> None:
    line = ActivityLine(room.session)
    room.qtbot.addWidget(line)
    line.resize(WIDE, line.height())
    room.qtbot.waitUntil(lambda: line.text.text() == "8 photos · up to date")
    room.session.progress.emit(Progress("idle", message="The model starter is missing; install it again."))
    assert line.text.text() == "8 photos · The model starter is missing; install it again."
    assert line.model.text() == "fake on fingers"
    room.session.progress.emit(progress())
    assert line.text.text() == "Indexing 1,204 of 41,207 · 38/s · 18 min left"
    assert (line.bar.value(), line.bar.maximum()) == (1204, 41207)
    room.session.progress.emit(progress(model="big", per_second=0.0, seconds_left=None))
    assert line.text.text() == "Searching with fake while big reads your photos: 1,204 of 41,207"
    with room.qtbot.waitSignal(line.pause_toggled) as asked:
        line.pause.click()
    assert asked.args == [True]
    room.session.progress.emit(progress(phase="paused"))
    assert line.pause.text() == "Resume"
    with room.qtbot.waitSignal(line.pause_toggled) as asked:
        line.pause.click()
    assert asked.args == [False]
    room.session.progress.emit(progress(phase="waiting", message="Another PhotoClip is indexing."))
    assert line.text.text() == "Another PhotoClip is indexing."
    assert line.bar.isHidden()
    room.session.encoder_state.emit("starting")
    assert line.model.text() == "fake · loading model…"


def test_activity_says_why_it_yields(room: Room) -> None:
    line = ActivityLine(room.session)
    room.qtbot.addWidget(line)
    line.resize(WIDE, line.height())
    room.session.progress.emit(progress(phase="paused", yields="battery"))
    assert line.text.text() == "Paused on battery · 1,204 of 41,207"
    assert line.pause.text() == "Resume"  # the person has the last word
    room.session.progress.emit(progress(phase="paused", yields="use"))
    assert line.text.text() == "Paused while you work · 1,204 of 41,207"
    room.session.progress.emit(progress(yields="use"))
    assert line.text.text() == "Indexing 1,204 of 41,207 · slowly while you work · 38/s · 18 min left"
    room.session.progress.emit(Progress("paused", yields="battery"))
    assert line.text.text() == "Paused on battery"


def test_activity_in_a_narrow_window_keeps_counts_and_model(room: Room) -> None:
    line = ActivityLine(room.session)
    room.qtbot.addWidget(line)
    line.resize(WIDE, line.height())
    line.show()
    room.session.progress.emit(progress(model="openai-vit-b-32"))
    said: list[str] = []
    names: list[str] = []
    for width in range(WIDE, 300, -10):
        line.resize(width, line.height())
        said += [line.text.text()] if [line.text.text()] != said[-1:] else []
        names += [line.model.text()] if [line.model.text()] != names[-1:] else []
        room.qtbot.waitUntil(
            lambda: line.width() == line.childrenRect().right() + line.childrenRect().x() + 1
        )
    full = "Searching with fake while openai-vit-b-32 reads your photos: 1,204 of 41,207"
    assert said == [
        f"{full} · 38/s · 18 min left",
        f"{full} · 18 min left",
        full,
        "openai-vit-b-32 reads your photos: 1,204 of 41,207",
        "openai-vit-b-32: 1,204 of 41,207",
        "1,204 of 41,207",
    ]
    assert names == ["fake on fingers", "fake"]
    assert line.bar.isHidden()
    assert line.text.accessibleName() == said[0]


def test_activity_in_a_narrow_window_keeps_the_whole_message(room: Room) -> None:
    line = ActivityLine(room.session)
    room.qtbot.addWidget(line)
    line.resize(WIDE, line.height())
    line.show()
    message = "openai-vit-b-32 has read your photos; searches use it from now on."
    room.qtbot.waitUntil(lambda: line.text.text() == "8 photos · up to date")
    room.session.progress.emit(progress(phase="idle", message=message))
    assert line.text.text() == f"8 photos · {message}"
    line.resize(line.fontMetrics().horizontalAdvance(message) + 130, line.height())
    assert line.text.text() == message


def test_activity_leads_to_the_models(room: Room) -> None:
    line = ActivityLine(room.session)
    room.qtbot.addWidget(line)
    with room.qtbot.waitSignal(line.models_requested):
        line.model.click()
    assert line.model.accessibleName() == "Model: fake on fingers"
    room.session.encoder_state.emit("failed: The weights are damaged.")
    assert line.model.text() == "fake does not work"
    assert line.model.toolTip() == "The weights are damaged."


def test_activity_leads_to_the_unreadable_files(room: Room) -> None:
    line = ActivityLine(room.session)
    room.qtbot.addWidget(line)
    room.settle()
    assert line.problems.isHidden()
    break_two(room)
    room.qtbot.waitUntil(lambda: line.problems.text() == "2 unreadable ›")
    with room.qtbot.waitSignal(line.problems_requested):
        line.problems.click()


def test_problems_are_listed_with_their_reasons(room: Room) -> None:
    page = ProblemsPage(room.session)
    room.qtbot.addWidget(page)
    page.show()
    room.settle()
    assert page.nothing.isVisible()
    assert not page.retry.isEnabled()
    break_two(room)
    room.qtbot.waitUntil(lambda: page.model.rowCount() == 2)
    texts = {page.model.index(at).data() for at in range(2)}
    assert texts == {"empty.jpg: The file is empty.", "notes.jpg: This is a text file."}
    assert page.title.text() == "2 unreadable files"
    assert len(photos.failures(room.catalog)) == 2


class CountingIndexer:
    """Stands in for the background indexer: notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def retry_failures(self) -> None:
        self.asked.append("retry")

    def rescan(self, folder_ids: list[int]) -> None:
        self.asked.append(f"rescan {folder_ids}")

    def stop(self) -> None:
        self.asked.append("stop")


def test_try_again_asks_the_indexer(room: Room) -> None:
    indexer = CountingIndexer()
    room.session._indexer = indexer  # type: ignore[assignment]
    break_two(room)
    page = ProblemsPage(room.session)
    room.qtbot.addWidget(page)
    room.qtbot.waitUntil(page.retry.isEnabled)
    with room.qtbot.waitSignal(room.session.message) as said:
        page.retry.click()
    assert indexer.asked == ["retry"]
    assert said.args == ["info", "Trying the unreadable files again."]


def test_notice_offers_undo_and_takes_it_back(room: Room) -> None:
    parent = QWidget()
    room.qtbot.addWidget(parent)
    parent.resize(800, 600)
    notice = Notice(room.session, parent)
    parent.show()
    labels.add_label(room.catalog, "Snow")
    room.qtbot.waitUntil(notice.info_line.isVisible)
    assert notice.info_line.text.text() == "Add the label Snow"
    assert notice.geometry().bottom() < parent.height()
    notice.info_line.undo.click()
    room.settle()
    assert labels.list_labels(room.catalog) == []
    assert notice.info_line.text.text() == "Undone: Add the label Snow"
    assert not notice.info_line.undo.isVisible()


def test_notice_info_goes_and_error_stays(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notice_module, "INFO_MS", 20)
    parent = QWidget()
    room.qtbot.addWidget(parent)
    parent.resize(800, 600)
    parent.show()
    notice = Notice(room.session, parent)
    room.session.message.emit("error", "The disk is full. " * 12)
    room.session.message.emit("info", "Done.")
    assert notice.info_line.isVisible()
    room.qtbot.waitUntil(lambda: not notice.info_line.isVisible())
    assert notice.error_line.isVisible()
    assert notice.width() <= 800
    room.qtbot.mouseClick(notice.error_line.close_button, Qt.MouseButton.LeftButton)
    assert not notice.isVisible()
