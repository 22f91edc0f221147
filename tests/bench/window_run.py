"""Drives a real window for tests.bench.window and writes what it saw as JSON (seconds).

Arguments: the library's folder, the report to write, the number of runs, a folder of photos to index.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEventLoop, Qt, QTimer, SignalInstance
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QApplication

from photoclip.gui import theme
from photoclip.gui.grid.view import GridView
from photoclip.gui.search_chip import SearchRequest
from photoclip.gui.session import Session
from photoclip.gui.window import Window
from photoclip.library.library import Library
from photoclip.settings import load_settings
from tests.bench.synthetic import INFO, PHOTOS

BEAT_MS = 4
STEPS = 400
STEP_PIXELS = 90
SECONDS = 300
PAINTED: list[float] = []


class WordVectors:
    """An encoder that answers at once: what is measured is the window, not a model."""

    info = INFO
    description = INFO.name

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        drawn = np.stack([np.random.default_rng(len(text)).standard_normal(INFO.dim) for text in texts])
        return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)

    def encode_pixels(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        raise AssertionError("no photo is embedded here")


def main() -> None:
    folder, report, runs, photos = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])
    time_paints()
    app = QApplication(sys.argv[:1])
    theme.apply(app, "dark")
    seen = searching_and_scrolling(folder, runs) | indexing(folder, photos)
    report.write_text(json.dumps(seen))


def time_paints() -> None:
    """Notes the time of every paint of a grid. Call it before there is a grid: PySide looks once."""
    original = GridView.paintEvent

    def paint(view: GridView, event: QPaintEvent) -> None:
        PAINTED.append(timed(lambda: original(view, event)))

    GridView.paintEvent = paint  # type: ignore[method-assign]


def searching_and_scrolling(folder: Path, runs: int) -> dict[str, object]:
    window = open_window(folder, WordVectors())
    searched = [timed_search(window, number) for number in range(runs + 1)][1:]
    content = window.grid.content.with_weaker(True)
    shown = [timed(lambda: show(window.grid, content)) for _ in range(runs + 1)][1:]
    painted = scroll(window)
    window.close()
    return {
        "searched": statistics.median(searched), "shown": statistics.median(shown), "painted": painted,
    }  # fmt: skip


def open_window(folder: Path, encoder: object) -> Window:
    library = Library.open(folder)
    window = Window(Session(library, encoder), load_settings(folder))  # type: ignore[arg-type]
    window.show()
    window.start()
    wait_for(window.grid.painted, lambda: window.grid.content.shown >= PHOTOS)
    return window


def timed_search(window: Window, number: int) -> float:
    """From the last key to the painted answer, the bar's wait for more keys left out."""
    found = window.browser.found

    def search() -> None:
        window.browser.search(SearchRequest("word" + "s" * number))
        wait_for(window.browser.shown, lambda: window.browser.found is not found)
        window.grid.viewport().repaint()

    return timed(search)


def show(grid: GridView, content: object) -> None:
    grid.set_content(content)  # type: ignore[arg-type]
    grid.viewport().repaint()


def timed(act: Callable[[], None]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def scroll(window: Window) -> list[float]:
    """The time of every paint while the newest photos are scrolled through, one step a turn of the loop."""
    window.browser.search(SearchRequest())
    wait_for(window.browser.shown, lambda: not window.browser.found.ranked)  # type: ignore[union-attr]
    PAINTED.clear()
    bar, loop = window.grid.verticalScrollBar(), QEventLoop()
    timer = QTimer(interval=16, timerType=Qt.TimerType.PreciseTimer)
    steps = iter(range(STEPS))

    def step() -> None:
        if next(steps, None) is None:
            timer.stop()
            loop.quit()
        else:
            bar.setValue(bar.value() + STEP_PIXELS)

    timer.timeout.connect(step)
    timer.start()
    loop.exec()
    assert len(PAINTED) >= STEPS // 2, "hardly anything was painted"
    return list(PAINTED)


def indexing(folder: Path, photos: Path) -> dict[str, list[float]]:
    """How late the event loop was at every beat, from opening the window until the photos are embedded."""
    from photoclip.app import encoder  # only now: what came before is measured without it

    window = open_window(folder, encoder(None))
    count = len(list(photos.glob("*.jpg")))
    held: list[float] = []
    last = time.perf_counter()

    def beat() -> None:
        nonlocal last
        now = time.perf_counter()
        held.append(max(0.0, now - last - BEAT_MS / 1000))
        last = now

    timer = QTimer(interval=BEAT_MS, timerType=Qt.TimerType.PreciseTimer)
    timer.timeout.connect(beat)
    last = time.perf_counter()
    timer.start()
    window.session.start()
    window.add_folders([bytes(photos)])
    embedded: list[int] = []
    window.session.progress.connect(lambda step: embedded.append(step.embedded))
    wait_for(window.session.progress, lambda: max(embedded, default=0) >= count)
    timer.stop()
    window.close()
    return {"held": held}


def wait_for(signal: SignalInstance, reached: Callable[[], bool]) -> None:
    """Runs the event loop until `reached`, asked whenever `signal` comes."""
    loop = QEventLoop()

    def look(*_values: object) -> None:
        if reached():
            loop.quit()

    signal.connect(look)
    QTimer.singleShot(SECONDS * 1000, loop.quit)
    if not reached():
        loop.exec()
    signal.disconnect(look)
    assert reached(), "the window did not get there"


if __name__ == "__main__":
    main()
