"""The models' page: what is listed, a download from agreement to use, the change and its undoing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from photoclip.gui import model_parts
from photoclip.gui.model_import import suggested_name
from photoclip.gui.model_line import InstalledLine, PublishedLine
from photoclip.gui.model_parts import DownloadBar
from photoclip.gui.model_shelf import Download
from photoclip.gui.models_page import ModelsPage
from photoclip.gui.session import Session
from photoclip.library.library import Library
from photoclip.library.missing_model import MissingModel
from photoclip.library.progress import Progress
from photoclip.settings import choose_model
from tests.gui.panels.fake_store import FakeStore, published
from tests.gui.panels.room import Room
from tests.library.fakes import FakeEncoder, Zoo, another


@pytest.fixture
def store() -> Iterator[FakeStore]:
    store = FakeStore()
    yield store
    store.go_on.set()


@pytest.fixture
def shop(room: Room, store: FakeStore, tmp_path: Path, qtbot: QtBot) -> Iterator[Room]:
    """The eight photos, known to the starter, with two more models and a store of others."""
    zoo = Zoo()
    session = Session(Library.open(tmp_path / "library"), zoo("starter"), find=zoo, store=store.services)
    yield Room(session, room.ids, room.folder, qtbot)
    session.close()


@pytest.fixture
def page(shop: Room) -> ModelsPage:
    page = ModelsPage(shop.session)
    shop.qtbot.addWidget(page)
    page.resize(900, 700)
    page.show()
    shop.qtbot.waitUntil(lambda: bool(page.available.lines))
    return page


def here(page: ModelsPage, name: str) -> InstalledLine:
    return page.installed.lines[name]


def there(page: ModelsPage, name: str) -> PublishedLine:
    return page.available.lines[name]


def download(page: ModelsPage, name: str) -> None:
    """Ask for a model and agree."""
    there(page, name).get.click()
    there(page, name).question.accept.click()


def read_with_big(shop: Room) -> None:
    """Let the coming model read all photos."""
    from photoclip.library.changeover import catch_up

    for _step in catch_up(shop.session.models, workers=1):
        pass


def test_models_are_listed_with_what_they_cost(page: ModelsPage) -> None:
    starter = here(page, "starter")
    assert starter.state.text() == "searches now"
    assert starter.facts.text() == "26.0 MB · sees 160 × 160 pixels · comes with PhotoClip"
    assert starter.measured.text() == "bfloat16, 348 photos/s here"
    assert starter.use.isHidden()
    assert starter.remove.isHidden()
    assert here(page, "big").facts.text() == "302.0 MB · sees 224 × 224 pixels · licence: MIT"
    assert here(page, "big").use.isVisible()
    assert there(page, "vit-l").facts.text() == "605.0 MB to download · sees 224 × 224 pixels · licence: MIT"
    assert page.undo.isHidden()
    assert page.compare.isHidden()
    assert "searched with starter" in page.sentence.text()


def test_how_fast_a_model_would_be_is_said_as_an_estimate(qtbot: QtBot, english: None) -> None:
    line = PublishedLine("vit-l")
    qtbot.addWidget(line)
    for speed, said in ((9.0, "9"), (0.4, "0.4"), (1200.0, "1,200")):
        line.show_row(replace(published("vit-l"), photos_per_second=speed))
        assert line.facts.text().endswith(" · licence: MIT")
        assert line.measured.text() == f"about {said} photos/s here (estimated)"
    line.show_row(published("vit-l"))
    assert line.facts.text().endswith(" · licence: MIT")


def test_without_a_store_there_is_nothing_to_download(room: Room) -> None:
    page = ModelsPage(room.session)
    room.qtbot.addWidget(page)
    page.show()
    room.qtbot.waitUntil(lambda: list(page.installed.lines) == ["starter"])
    assert here(page, "starter").facts.text() == "sees 16 × 16 pixels · comes with PhotoClip"
    assert page.available_title.isHidden()
    assert page.take_in.isHidden()


def test_a_licence_is_agreed_to_once_and_before_anything_is_got(
    shop: Room, page: ModelsPage, store: FakeStore
) -> None:
    line = there(page, "vit-h")
    line.get.click()
    assert line.question.text.text() == "Licence: Apple's. By downloading vit-h you agree to it."
    line.question.cancel.click()
    assert line.question.isHidden()
    assert store.got == []
    download(page, "vit-h")
    shop.qtbot.waitUntil(lambda: store.got == ["vit-h"])
    line.progress.cancel.click()
    shop.qtbot.waitUntil(lambda: line.get.isVisible())
    line.get.click()
    assert line.question.isHidden()
    shop.qtbot.waitUntil(lambda: store.got == ["vit-h", "vit-h"])


def test_a_download_shows_how_far_it_is_and_ends_among_the_models(
    shop: Room, page: ModelsPage, store: FakeStore
) -> None:
    line = there(page, "vit-l")
    download(page, "vit-l")
    words = "121.0 MB of 605.0 MB · 3.4 MB/s · 2 min left"
    shop.qtbot.waitUntil(lambda: line.progress.text.text() == words)
    assert line.progress.bar.value() == 200
    assert line.get.isHidden()
    assert not there(page, "vit-h").get.isEnabled()
    with shop.qtbot.waitSignal(shop.session.message) as said:
        store.go_on.set()
    assert said.args is not None
    assert said.args[0] == "info"
    shop.qtbot.waitUntil(lambda: "vit-l" in page.installed.lines)
    assert "vit-l" not in page.available.lines
    assert there(page, "vit-h").get.isEnabled()
    assert store.threads[0] is not threading.main_thread()


def test_a_stopped_download_goes_on_from_there(shop: Room, page: ModelsPage, store: FakeStore) -> None:
    line = there(page, "vit-l")
    line.get.setFocus()
    download(page, "vit-l")
    shop.qtbot.waitUntil(line.progress.cancel.isVisible)
    line.progress.cancel.click()
    assert line.progress.text.text() == "Stopping…"
    shop.qtbot.waitUntil(lambda: line.get.text() == "Go on")
    assert (line.note.text(), line.note.property("role")) == (
        "Stopped. What has arrived is kept.",
        "secondary",
    )
    assert page.focusWidget() is line.get
    store.go_on.set()
    line.get.click()
    shop.qtbot.waitUntil(lambda: "vit-l" in page.installed.lines)


def test_a_failed_download_says_why_and_goes_on(shop: Room, page: ModelsPage, store: FakeStore) -> None:
    store.failure = "The connection was dropped; try again, what has arrived is kept."
    store.go_on.set()
    line = there(page, "vit-l")
    download(page, "vit-l")
    shop.qtbot.waitUntil(line.note.isVisible)
    assert (line.note.text(), line.note.property("role")) == (store.failure, "error")
    assert line.get.text() == "Go on"
    page.hide()
    line.get.click()
    with shop.qtbot.waitSignal(shop.session.message) as said:  # where nobody looks at the page
        pass
    assert said.args == ["error", store.failure]


def test_a_silent_download_says_that_it_waits(
    shop: Room, page: ModelsPage, store: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_parts, "SILENCE_MS", 10)
    bar = DownloadBar("vit-l")
    shop.qtbot.addWidget(bar)
    moving = Download("vit-l", 121_000_000, 605_000_000, 3_400_000.0, 150.0)
    bar.show_download(moving)
    shop.qtbot.waitUntil(lambda: bar.text.text() == "121.0 MB of 605.0 MB · waiting for the server…")
    bar.show_download(replace(moving, said="Trying another address."))
    assert bar.text.text() == "Trying another address."


def test_a_download_goes_on_while_the_page_is_away(shop: Room, page: ModelsPage, store: FakeStore) -> None:
    download(page, "vit-l")
    shop.qtbot.waitUntil(lambda: bool(store.got))
    page.hide()
    store.go_on.set()
    with shop.qtbot.waitSignal(shop.session.message) as said:
        pass
    assert said.args is not None
    assert said.args[1].startswith("vit-l is on this computer now")


def test_closing_ends_the_download_and_its_thread(shop: Room, page: ModelsPage, store: FakeStore) -> None:
    download(page, "vit-l")
    shop.qtbot.waitUntil(lambda: bool(store.threads))
    shop.session.close()
    assert not store.threads[0].is_alive()
    assert not store.go_on.is_set()


def test_another_model_is_used_and_the_change_undone(shop: Room, page: ModelsPage) -> None:
    here(page, "big").use.click()
    shop.qtbot.waitUntil(here(page, "big").bar.isVisible)
    assert here(page, "big").state.text() == "reading photos, 0 of 8"
    assert here(page, "starter").state.text() == "searches now"
    assert page.undo.text() == "Undo the change"
    assert here(page, "big").use.isHidden()
    step = Progress("indexing", 5, 8, 2.0, 1.5, model="big")
    shop.session.progress.emit(step)
    assert here(page, "big").state.text() == "reading photos, 5 of 8 · 2.0/s · 5 s left"
    assert here(page, "big").bar.value() == 5
    page.undo.click()
    shop.qtbot.waitUntil(page.undo.isHidden)
    assert here(page, "big").bar.isHidden()


def test_after_the_change_one_can_go_back_and_compare(shop: Room, page: ModelsPage) -> None:
    shop.session.models.choose("big")
    read_with_big(shop)
    shop.qtbot.waitUntil(lambda: page.undo.text() == "Go back to starter" and page.undo.isVisible())
    assert here(page, "big").state.text() == "searches now"
    assert page.compare.isVisible()
    page.compare.query.setText("red")
    page.compare.run.click()
    one, other = page.compare.sides
    shop.qtbot.waitUntil(lambda: len(one.strip.ids) == len(other.strip.ids) == 8)
    assert (one.title.text(), other.title.text()) == ("big", "fake")
    assert one.known.text() == "has read all 8 photos"
    assert page.compare.note.text() == "8 of the first 8 are the same."
    assert set(one.strip.ids[:3]) == shop.coloured("red")
    with shop.qtbot.waitSignal(page.photo_activated) as asked:
        one.strip.chosen.emit(one.strip.ids[0])
    assert asked.args == [one.strip.ids[0], one.strip.ids]
    page.undo.click()
    shop.qtbot.waitUntil(lambda: here(page, "starter").state.text() == "searches now")
    assert one.isVisible()  # still the same two
    here(page, "third").use.click()
    shop.qtbot.waitUntil(one.isHidden)


def test_a_second_query_is_only_a_search(shop: Room, page: ModelsPage) -> None:
    shop.session.models.choose("big")
    read_with_big(shop)
    shop.qtbot.waitUntil(lambda: page.undo.text() == "Go back to starter" and page.undo.isVisible())
    for query in ("red", "blue"):
        page.compare.query.setText(query)
        page.compare.look()
        wanted = shop.coloured(query)
        shop.qtbot.waitUntil(
            lambda wanted=wanted: set(page.compare.sides[1].strip.ids[: len(wanted)]) == wanted
        )
    before = shop.session.models.previous()
    assert isinstance(before, FakeEncoder)
    assert [count for kind, count in before.calls if kind == "texts"][1:] == [1]
    shop.session.close()
    assert not shop.session.library.catalog._listeners


def test_a_query_that_is_wrong_is_a_sentence(shop: Room, page: ModelsPage) -> None:
    shop.session.models.choose("big")
    read_with_big(shop)
    shop.qtbot.waitUntil(page.compare.isVisible)
    page.compare.query.setText("red date:never")
    page.compare.look()
    shop.qtbot.waitUntil(lambda: page.compare.note.property("role") == "error")
    assert page.compare.sides[0].isHidden()


def test_a_model_in_use_is_not_removed_and_says_why(shop: Room, page: ModelsPage) -> None:
    here(page, "big").use.click()
    shop.qtbot.waitUntil(here(page, "big").bar.isVisible)
    here(page, "big").remove.click()
    assert here(page, "big").question.isHidden()
    assert here(page, "big").note.text() == "big is in use; choose another model first."
    here(page, "third").use.click()
    shop.qtbot.waitUntil(here(page, "third").bar.isVisible)
    assert here(page, "big").note.isHidden()


def test_a_model_that_came_into_use_meanwhile_is_not_removed(
    shop: Room, page: ModelsPage, store: FakeStore
) -> None:
    line = here(page, "big")
    line.remove.click()
    shop.session.models.choose("big")
    line.question.accept.click()
    shop.qtbot.waitUntil(line.note.isVisible)
    assert "in use" in line.note.text()
    assert "big" in [row.name for row in store.rows]


def test_a_model_is_removed_after_a_question(shop: Room, page: ModelsPage, store: FakeStore) -> None:
    line = here(page, "third")
    line.remove.click()
    assert line.question.isVisible()
    assert page.step_back()
    assert line.question.isHidden()
    assert not page.step_back()
    line.remove.click()
    line.question.accept.click()
    shop.qtbot.waitUntil(lambda: "third" not in page.installed.lines)
    assert [row.name for row in store.rows] == ["starter", "big"]


def test_a_model_of_ones_own_is_imported(shop: Room, page: ModelsPage, store: FakeStore) -> None:
    source = Path("/somewhere/my model.pt")
    page.ask_about(source)
    form = page.form
    assert form.name.text() == "my-model"
    form.name.setText("Big")
    form.take.click()
    assert form.note.text() == "There is a model Big already; choose another name."
    store.failure = "my model.pt does not tell its activation; say which published model it is like."
    form.name.setText("mine")
    form.take.click()
    shop.qtbot.waitUntil(lambda: form.note.text() == store.failure)
    store.failure = ""
    form.like.setCurrentText("vit-h")
    shop.qtbot.keyClick(form.name, Qt.Key.Key_Return)
    assert not form.take.isEnabled()
    shop.qtbot.waitUntil(lambda: "mine" in page.installed.lines)
    assert store.taken == [(source, "mine", ""), (source, "mine", "vit-h")]
    assert form.isHidden()


def test_a_chosen_model_that_is_missing_can_be_got_and_used_again(
    store: FakeStore, tmp_path: Path, room: Room, qtbot: QtBot
) -> None:
    zoo = Zoo()
    choose_model(tmp_path / "library", "vit-l")
    missing = MissingModel("vit-l is not on this machine yet.")
    session = Session(Library.open(tmp_path / "library"), missing, find=zoo, store=store.services)
    page = ModelsPage(session)
    qtbot.addWidget(page)
    page.show()
    qtbot.waitUntil(lambda: bool(page.available.lines))
    assert (page.sentence.text(), page.sentence.property("role")) == (missing.reason, "error")
    assert here(page, "starter").state.isHidden()
    zoo.models["vit-l"] = another("vit-l")
    store.go_on.set()
    download(page, "vit-l")
    qtbot.waitUntil(lambda: "vit-l" in page.installed.lines)
    assert here(page, "vit-l").use.isVisible()
    here(page, "vit-l").use.click()
    qtbot.waitUntil(lambda: here(page, "vit-l").state.text() == "searches now")
    session.close()


def test_names_are_made_from_files() -> None:
    assert suggested_name(Path("/models/ViT B-32 (mine).safetensors")) == "ViT-B-32-mine"
    assert suggested_name(Path("/models/clip-vit-base-patch32")) == "clip-vit-base-patch32"
    assert suggested_name(Path("/models/v1.5")) == "v1.5"


def test_enter_presses_the_button_with_the_keyboard(shop: Room, page: ModelsPage) -> None:
    there(page, "vit-l").get.setFocus()
    shop.qtbot.keyClick(there(page, "vit-l").get, Qt.Key.Key_Return)
    assert there(page, "vit-l").question.isVisible()


def test_the_keyboard_stays_with_the_model(shop: Room, page: ModelsPage, store: FakeStore) -> None:
    line = there(page, "vit-l")
    line.get.setFocus()
    download(page, "vit-l")
    assert page.focusWidget() is line.progress.cancel
    store.go_on.set()
    shop.qtbot.waitUntil(lambda: "vit-l" in page.installed.lines)
    assert page.focusWidget() is here(page, "vit-l").use
    here(page, "big").use.setFocus()
    here(page, "big").use.click()
    shop.qtbot.waitUntil(page.undo.isVisible)
    assert page.focusWidget() is page.undo
