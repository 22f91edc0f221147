"""Thumbnails: urgent ones first, nothing twice, memory kept within bounds, damaged ones survived."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from photoclip.gui.grid.thumbnails import Thumbnails, tile, whole
from tests.gui.libraries import coloured, jpeg


class Store:
    """Pictures by key; holds the threads up until `gate` is set."""

    def __init__(self) -> None:
        self.picture = jpeg(coloured("blue", (300, 200)))
        self.asked: list[bytes] = []
        self.gate = threading.Event()
        self.missing: set[bytes] = set()

    def get(self, key: bytes) -> bytes | None:
        self.gate.wait(5)
        self.asked.append(key)
        return None if key in self.missing else self.picture


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def thumbnails(store: Store, qtbot: QtBot) -> Iterator[Thumbnails]:
    loader = Thumbnails(store.get, budget=20 * 64 * 64 * 4)
    yield loader
    store.gate.set()
    loader.close()


def keys(first: int, last: int) -> list[bytes]:
    return [number.to_bytes(16, "big") for number in range(first, last)]


def test_urgent_first_and_what_scrolled_away_never(
    qtbot: QtBot, thumbnails: Thumbnails, store: Store
) -> None:
    thumbnails.want(keys(0, 50), 64, 4)
    thumbnails.want(keys(100, 110), 64, 4)
    store.gate.set()
    qtbot.waitUntil(lambda: thumbnails.idle)
    late = [key for key in store.asked if key in keys(0, 50)]
    assert len(late) <= 2  # those the threads had already taken
    urgent = [key for key in store.asked if key not in late]
    assert sorted(urgent) == keys(100, 110)
    assert urgent[0] in keys(100, 103)  # the threads race for the first few


def test_nothing_is_loaded_twice(qtbot: QtBot, thumbnails: Thumbnails, store: Store) -> None:
    store.gate.set()
    for _ in range(3):
        thumbnails.want(keys(0, 8), 64, 4)
        qtbot.waitUntil(lambda: thumbnails.idle)
    assert sorted(store.asked) == keys(0, 8)


def test_another_size_keeps_the_old_picture_meanwhile(
    qtbot: QtBot, thumbnails: Thumbnails, store: Store
) -> None:
    store.gate.set()
    thumbnails.want(keys(0, 1), 64, 4)
    qtbot.waitUntil(lambda: thumbnails.idle)
    store.gate.clear()
    thumbnails.want(keys(0, 1), 32, 4)
    image = thumbnails.image(keys(0, 1)[0])
    assert image is not None
    assert image.width() == 64
    store.gate.set()
    qtbot.waitUntil(lambda: thumbnails.idle)
    image = thumbnails.image(keys(0, 1)[0])
    assert image is not None
    assert image.width() == 32


def test_the_least_recently_seen_are_forgotten(qtbot: QtBot, thumbnails: Thumbnails, store: Store) -> None:
    store.gate.set()
    thumbnails.want(keys(0, 20), 64, 4)
    qtbot.waitUntil(lambda: thumbnails.idle)
    assert thumbnails.image(keys(0, 1)[0]) is not None  # seen again
    thumbnails.want(keys(20, 30), 64, 4)
    qtbot.waitUntil(lambda: thumbnails.idle)
    kept = [key for key in keys(0, 30) if thumbnails.image(key) is not None]
    assert len(kept) == 20
    assert keys(0, 1)[0] in kept
    assert set(keys(20, 30)) <= set(kept)


def test_what_was_missing_is_asked_for_again_when_told(
    qtbot: QtBot, thumbnails: Thumbnails, store: Store
) -> None:
    store.gate.set()
    store.missing = set(keys(0, 1))
    thumbnails.want(keys(0, 1), 64, 4)
    qtbot.waitUntil(lambda: thumbnails.idle)
    thumbnails.want(keys(0, 1), 64, 4)
    assert thumbnails.idle
    store.missing = set()
    thumbnails.look_again()
    thumbnails.want(keys(0, 1), 64, 4)
    qtbot.waitUntil(lambda: thumbnails.image(keys(0, 1)[0]) is not None)


@pytest.mark.parametrize("size", [(300, 200), (200, 300), (64, 64), (3, 900), (1, 1)])
def test_a_tile_is_square_with_round_corners(size: tuple[int, int]) -> None:
    image = tile(jpeg(coloured("green", size)), 64, 8)
    assert image is not None
    assert (image.width(), image.height()) == (64, 64)
    assert image.pixelColor(0, 0).alpha() == 0
    middle = image.pixelColor(32, 32)
    assert middle.green() > 120
    assert middle.red() < 90


@pytest.mark.parametrize("data", [b"", b"not a picture", jpeg(coloured("red"))[:40]])
def test_damaged_data_is_no_tile(data: bytes) -> None:
    assert tile(data, 64, 4) is None


def test_only_the_stored_format_is_tried() -> None:
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="8"/></svg>'
    assert not QImage.fromData(svg).isNull(), "Qt itself would guess it"
    assert tile(svg, 32, 4.0) is None
    assert whole(svg).isNull()
