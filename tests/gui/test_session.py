"""Work goes out to threads and comes back on the GUI thread; the last one wins; closing joins all."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from photoclip.errors import PhotoClipError
from photoclip.gui.session import Session
from photoclip.library.catalog import albums, photos
from photoclip.library.library import Library
from photoclip.library.missing_model import MissingModel
from photoclip.library.models import LibraryModels
from photoclip.library.search import Results
from tests.library.fakes import FakeEncoder, Zoo


@pytest.fixture
def session(tmp_path: Path, ids: dict[str, int]) -> Iterator[Session]:
    session = Session(Library.open(tmp_path / "library"), FakeEncoder())
    yield session
    session.close()


def test_results_come_back_on_the_gui_thread(qtbot: QtBot, session: Session) -> None:
    seen: list[tuple[threading.Thread, threading.Thread]] = []
    session.compute(
        lambda _cancelled: threading.current_thread(),
        lambda worker: seen.append((worker, threading.current_thread())),
    )
    qtbot.waitUntil(lambda: bool(seen))
    worker, receiver = seen[0]
    assert receiver is threading.main_thread()
    assert worker is not receiver


def test_the_last_of_a_key_wins_and_the_middle_ones_never_run(qtbot: QtBot, session: Session) -> None:
    started, release = threading.Event(), threading.Event()
    ran: list[int] = []
    got: list[int] = []

    def work(number: int) -> Callable[[Callable[[], bool]], int]:
        def run(_cancelled: Callable[[], bool]) -> int:
            ran.append(number)
            started.set()
            release.wait(5)
            return number

        return run

    session.compute(work(0), got.append, key="k")
    assert started.wait(5)
    for number in (1, 2, 3):
        session.compute(work(number), got.append, key="k")
    release.set()
    qtbot.waitUntil(lambda: session.is_settled)
    assert (ran, got) == ([0, 3], [3])


def test_cancelled_tells_the_work(qtbot: QtBot, session: Session) -> None:
    started, told = threading.Event(), threading.Event()

    def work(cancelled: Callable[[], bool]) -> None:
        started.set()
        while not cancelled():
            threading.Event().wait(0.005)
        told.set()

    session.compute(work, lambda _nothing: pytest.fail("a cancelled result was handed over"), key="k")
    assert started.wait(5)
    session.cancel("k")
    assert told.wait(5)
    qtbot.waitUntil(lambda: session.is_settled)


def test_the_worlds_faults_become_messages(qtbot: QtBot, session: Session) -> None:
    def work(_cancelled: Callable[[], bool]) -> None:
        raise PhotoClipError("The disk is away.")

    with qtbot.waitSignal(session.message) as said:
        session.compute(work, lambda _nothing: None)
    assert said.args == ["error", "The disk is away."]


def test_our_bugs_are_raised_on_the_gui_thread(qtbot: QtBot, session: Session) -> None:
    with qtbot.captureExceptions() as raised:
        session.compute(lambda _cancelled: 1 // 0, lambda _nothing: None)
        qtbot.waitUntil(lambda: bool(raised))
    assert raised[0][0] is ZeroDivisionError
    assert session.is_settled


def test_changes_are_told_and_undone_in_order(qtbot: QtBot, session: Session, ids: dict[str, int]) -> None:
    catalog, photo = session.library.catalog, ids["red-0.jpg"]
    with qtbot.waitSignal(session.changed) as told:
        session.mutate(lambda catalog: photos.rate(catalog, [photo], 3))
    assert told.args is not None
    assert told.args[0].photos == {photo}
    session.mutate(lambda catalog: photos.rate(catalog, [photo], 5))
    session.undo()
    qtbot.waitUntil(lambda: session.is_settled)
    assert photos.details(catalog, photo).rating == 3
    session.redo()
    qtbot.waitUntil(lambda: session.is_settled)
    assert photos.details(catalog, photo).rating == 5


def test_nothing_to_undo_is_said(qtbot: QtBot, session: Session) -> None:
    session.undo()
    with qtbot.waitSignal(session.message):
        session.undo()


def test_another_process_is_noticed(qtbot: QtBot, session: Session, tmp_path: Path) -> None:
    session.look_for_other_processes()
    qtbot.waitUntil(lambda: session.is_settled)
    with Library.open(tmp_path / "library") as other:
        albums.create_album(other.catalog, "From elsewhere")
    with qtbot.waitSignal(session.changed) as told:
        session.look_for_other_processes()
    assert told.args is not None
    assert "album" in told.args[0].tables


def test_another_process_is_noticed_without_looking(qtbot: QtBot, session: Session, tmp_path: Path) -> None:
    session.start()
    qtbot.waitUntil(lambda: session.is_settled)
    assert not session._others.polls
    with Library.open(tmp_path / "library") as other, qtbot.waitSignal(session.changed) as told:
        albums.create_album(other.catalog, "From elsewhere")
    assert told.args is not None


def test_a_choice_in_a_terminal_is_noticed_without_looking(
    qtbot: QtBot, choosing: Session, tmp_path: Path, zoo: Zoo
) -> None:
    choosing.start()
    qtbot.waitUntil(lambda: choosing.is_settled)
    with Library.open(tmp_path / "library") as other, qtbot.waitSignal(choosing.models_changed):
        LibraryModels(other, Zoo()).choose("big")


def test_close_finishes_what_people_did(tmp_path: Path, ids: dict[str, int], qtbot: QtBot) -> None:
    session = Session(Library.open(tmp_path / "library"), FakeEncoder())
    session.mutate(lambda catalog: photos.rate(catalog, [ids["red-0.jpg"]], 4))
    session.close()
    session.close()
    with Library.open(tmp_path / "library") as library:
        assert photos.details(library.catalog, ids["red-0.jpg"]).rating == 4


@pytest.fixture
def zoo() -> Zoo:
    return Zoo()


@pytest.fixture
def choosing(tmp_path: Path, ids: dict[str, int], zoo: Zoo) -> Iterator[Session]:
    """A session with several models; the starter knows the photos."""
    session = Session(Library.open(tmp_path / "library"), zoo("starter"), find=zoo)
    yield session
    session.close()


def best(qtbot: QtBot, session: Session) -> tuple[str, int]:
    """The model that searched for red, and the first photo."""
    found: list[Results] = []
    session.compute(lambda _cancelled: session.engine.search("red"), found.append)
    qtbot.waitUntil(lambda: bool(found))
    return found[0].model, int(found[0].ids[0])


def test_another_model_takes_over_and_all_views_are_told(
    qtbot: QtBot, choosing: Session, ids: dict[str, int], zoo: Zoo
) -> None:
    red = {photo for name, photo in ids.items() if name.startswith("red")}
    changes: list[frozenset[str]] = []
    choosing.changed.connect(lambda change: changes.append(change.tables))
    with qtbot.waitSignal(choosing.models_changed):
        choosing.choose_model("big")
    assert (choosing.encoder, choosing.models.coming) == (zoo("starter"), zoo("big"))
    assert changes == []
    model, photo = best(qtbot, choosing)
    assert (model, photo in red) == ("fake", True)
    with qtbot.waitSignal(choosing.models_changed, timeout=30_000):
        choosing.start()
    assert choosing.encoder is zoo("big")
    assert any("photo" in tables for tables in changes)
    model, photo = best(qtbot, choosing)
    assert (model, photo in red) == ("big", True)
    with qtbot.waitSignal(choosing.models_changed):
        choosing.switch_model_back()
    assert choosing.encoder is zoo("starter")
    assert best(qtbot, choosing)[0] == "fake"


def test_a_choice_made_in_a_terminal_is_noticed(
    qtbot: QtBot, choosing: Session, tmp_path: Path, zoo: Zoo
) -> None:
    with Library.open(tmp_path / "library") as other:
        LibraryModels(other, Zoo()).choose("big")
    with qtbot.waitSignal(choosing.models_changed):
        choosing.look_for_other_processes()
    assert choosing.models.coming is zoo("big")


def test_a_model_that_cannot_be_chosen_is_a_sentence(qtbot: QtBot, choosing: Session) -> None:
    for wrong in (lambda: choosing.choose_model("nonesuch"), choosing.switch_model_back):
        with qtbot.waitSignal(choosing.message) as said:
            wrong()
        assert said.args is not None
        assert said.args[0] == "error"


def test_states_are_those_of_the_model_that_serves(qtbot: QtBot, choosing: Session, zoo: Zoo) -> None:
    states: list[str] = []
    choosing.encoder_state.connect(states.append)
    for model in zoo.models.values():
        model.on_state = lambda state: None
    choosing._follow(choosing.encoder)
    choosing.models.choose("big", at_once=True)
    qtbot.waitSignal(choosing.models_changed).wait()
    for name in ("starter", "big"):
        zoo.models[name].on_state("ready")
    qtbot.waitUntil(lambda: bool(states))
    assert states == ["ready"]


def test_the_window_goes_on_without_the_chosen_model(
    qtbot: QtBot, tmp_path: Path, ids: dict[str, int], zoo: Zoo
) -> None:
    with Library.open(tmp_path / "library") as library:
        LibraryModels(library, zoo).choose("big")
    missing = MissingModel("There is no model big; get it again.")
    session = Session(Library.open(tmp_path / "library"), missing, find=zoo)
    with qtbot.waitSignal(session.message) as said:
        session.start()
    assert said.args == ["error", "There is no model big; get it again."]
    assert session.encoder is zoo("starter")
    session.close()
