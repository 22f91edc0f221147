"""The search bar: chips from filters, photos as chips, keys, and asking only when there is something new."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from pytestqt.qtbot import QtBot

from photoclip.gui.grid.model import IDS_MIME
from photoclip.gui.search_bar import SearchBar, local_path
from photoclip.gui.search_chip import SearchRequest


@pytest.fixture
def bar(qtbot: QtBot) -> SearchBar:
    bar = SearchBar()
    qtbot.addWidget(bar)
    bar.resize(800, 40)
    bar.show()
    return bar


def chips(bar: SearchBar) -> list[str]:
    return [f"{chip.kind.text()}:{chip.value.text()}" for chip in bar.chips]


def test_results_are_asked_for_shortly_after_typing(qtbot: QtBot, bar: SearchBar) -> None:
    asked: list[SearchRequest] = []
    bar.searched.connect(asked.append)
    with qtbot.waitSignal(bar.searched):
        qtbot.keyClicks(bar.edit, "a red sled")
    assert asked == [SearchRequest("a red sled")]


@pytest.mark.parametrize(
    ("typed", "expected", "left"),
    [
        ("label:Snow ", ["label:Snow"], ""),
        ("sled -people ", ["not:people"], "sled "),
        ('album:"Winter best" ', ["album:Winter best"], ""),
        ("-label:Snow ", ["not label:Snow"], ""),
        ('"IMG 12" ', ["named:IMG 12"], ""),
        ("label:Snow", [], "label:Snow"),  # still being typed
        ("date:never ", [], "date:never "),  # wrong: stays to be mended
        ("well-known ", [], "well-known "),
        ("rating:>=4 ", ["rating:>=4"], ""),
        ("-is:favourite ", ["not is:favourite"], ""),
        ("similar:IMG_1 ", ["similar to:IMG_1"], ""),
        ("size:10MB ", [], "size:10MB "),  # wrong: stays to be mended
        ("dog OR label:Snow ", [], "dog OR label:Snow "),
        ("(label:Snow dog ", [], "(label:Snow dog "),
        ("label:Snow (dog OR cat) ", ["label:Snow"], "(dog OR cat) "),
        ("sunset^2 -sea^2 ", [], "sunset^2 -sea^2 "),
    ],
)
def test_whole_filters_become_chips(
    qtbot: QtBot, bar: SearchBar, typed: str, expected: list[str], left: str
) -> None:
    qtbot.keyClicks(bar.edit, typed)
    assert chips(bar) == expected
    assert bar.edit.text() == left
    with qtbot.waitSignal(bar.searched):
        pass


def test_enter_takes_the_last_filter_and_asks_at_once(qtbot: QtBot, bar: SearchBar) -> None:
    qtbot.keyClicks(bar.edit, "dog label:Snow")
    with qtbot.waitSignals([bar.searched, bar.left]):
        qtbot.keyClick(bar.edit, Qt.Key.Key_Return)
    assert chips(bar) == ["label:Snow"]
    assert bar.is_asked
    assert bar.request().text == "label:Snow dog"


def test_chips_keep_the_order_of_the_text(bar: SearchBar) -> None:
    bar.set_text('red -blue album:"Winter best"')
    assert chips(bar) == ["not:blue", "album:Winter best"]
    assert bar.edit.text() == "red"


def test_a_query_with_or_stays_whole(bar: SearchBar) -> None:
    bar.set_text("label:Snow dog OR cat")
    assert chips(bar) == []
    assert bar.request().text == "label:Snow dog OR cat"


def test_chips_hold_for_every_branch_of_what_is_typed(qtbot: QtBot, bar: SearchBar) -> None:
    bar.set_text("label:Snow")
    with qtbot.waitSignal(bar.searched) as asked:
        qtbot.keyClicks(bar.edit, "dog OR cat")
    assert asked.args == [SearchRequest("label:Snow (dog OR cat)")]


def test_or_after_a_chip_is_between_the_two(qtbot: QtBot, bar: SearchBar) -> None:
    qtbot.keyClicks(bar.edit, "label:Snow OR label:Ice")
    with qtbot.waitSignals([bar.searched, bar.left]):
        qtbot.keyClick(bar.edit, Qt.Key.Key_Return)
    assert bar.request().text == "label:Snow OR label:Ice"


def test_backspace_at_the_start_takes_the_last_chip(qtbot: QtBot, bar: SearchBar) -> None:
    bar.set_text("label:A label:B dog")
    bar.edit.setCursorPosition(0)
    with qtbot.waitSignal(bar.searched) as asked:
        qtbot.keyClick(bar.edit, Qt.Key.Key_Backspace)
    assert asked.args == [SearchRequest("label:A dog")]


def test_escape_clears_then_leaves(qtbot: QtBot, bar: SearchBar) -> None:
    bar.set_text("label:A dog")
    with qtbot.waitSignal(bar.searched) as asked:
        qtbot.keyClick(bar.edit, Qt.Key.Key_Escape)
    assert asked.args == [SearchRequest()]
    with qtbot.waitSignal(bar.left):
        qtbot.keyClick(bar.edit, Qt.Key.Key_Escape)


def test_photos_replace_words_or_join_them(qtbot: QtBot, bar: SearchBar) -> None:
    bar.set_text("dog")
    bar.set_photos((7,), keep_words=True)
    assert bar.request() == SearchRequest("dog", (7,))
    bar.set_photos((8, 9))
    assert bar.request() == SearchRequest("", (8, 9))


def test_the_same_question_is_not_asked_twice(qtbot: QtBot, bar: SearchBar) -> None:
    bar.set_text("dog")
    with qtbot.assertNotEmitted(bar.searched, wait=50):
        bar.set_text("dog")


def drop(bar: SearchBar, mime: QMimeData) -> None:
    keys, buttons = Qt.KeyboardModifier(0), Qt.MouseButton.LeftButton
    bar.dropEvent(QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, mime, buttons, keys))


def test_dropped_photos_and_pictures(bar: SearchBar, tmp_path: Path) -> None:
    mime = QMimeData()
    mime.setData(IDS_MIME, b"4,5")
    drop(bar, mime)
    assert bar.request().photos == (4, 5)
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path / "a b é.jpg"))])
    drop(bar, mime)
    assert bar.request().images == (bytes(tmp_path) + "/a b é.jpg".encode(),)


def test_a_path_that_is_not_utf8_survives_the_url() -> None:
    assert local_path(QUrl.fromEncoded(b"file:///photos/%FF%0A.jpg")) == b"/photos/\xff\n.jpg"


def test_chips_that_cannot_be_read_are_counted(qtbot: QtBot, bar: SearchBar) -> None:
    bar.set_text("a dog -snow label:Snow date:2023 folder:trip")
    more = bar._more
    assert all(chip.isVisible() for chip in bar.chips)
    assert not more.isVisible()
    bar.resize(330, 40)
    qtbot.waitUntil(lambda: more.isVisible())
    assert [chip.isVisible() for chip in bar.chips] == [True, False, False, False]
    assert (more.text(), more.toolTip()) == ("+3", "label Snow\ndate 2023\nfolder trip")
    assert bar.request().text == "-snow label:Snow date:2023 folder:trip a dog"
    for _ in range(3):  # Backspace takes the last, which may be one that is not shown
        bar.edit.setCursorPosition(0)
        qtbot.keyClick(bar.edit, Qt.Key.Key_Backspace)
    assert not more.isVisible()
    assert chips(bar) == ["not:snow"]
