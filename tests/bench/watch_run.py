"""Drives a real window for tests.bench.watch and writes what it saw as JSON (seconds, bytes).

Arguments: an empty folder, the report to write, the number of runs, a photo, the files in a burst.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
import threading
import time
from pathlib import Path

import psutil
from PIL import Image
from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from photoclip.app import encoder
from photoclip.gui import theme
from photoclip.gui.session import Session
from photoclip.gui.window import Window
from photoclip.library.catalog.folders import add_folder
from photoclip.library.library import Library
from photoclip.settings import load_settings
from tests.bench.window_run import wait_for

IDLE_SECONDS = 30
REST_SECONDS = 25  # after which the decode processes have ended


def main() -> None:
    folder, report, runs = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    photo, count = Path(sys.argv[4]), int(sys.argv[5])
    app = QApplication(sys.argv[:1])
    theme.apply(app, "dark")
    photos = folder / "photos"
    photos.mkdir()
    shutil.copy(photo, photos / "first.jpg")
    window = open_window(folder / "library", photos)
    data = photo.read_bytes()
    seen: dict[str, object] = dict(latencies(window, data, photos, runs))
    seen["rested"] = [rested(window, data, photos / f"rested-{number}.jpg") for number in range(runs)]
    seen["burst"] = burst(window, photos / "burst", count)
    wait(REST_SECONDS)
    report.write_text(json.dumps(seen | {"idle": idle()}))
    window.close()


def open_window(library_folder: Path, photos: Path) -> Window:
    """A window that watches `photos`, its model loaded."""
    library = Library.open(library_folder)
    add_folder(library.catalog, bytes(photos))
    window = Window(Session(library, encoder(None)), load_settings(library_folder))
    window.show()
    window.start()
    searchable: set[int] = set()
    window.session.progress.connect(lambda step: searchable.update(step.searchable))
    window.session.start()
    wait_for(window.session.progress, lambda: bool(searchable))
    wait_for(window.grid.painted, lambda: window.grid.content.shown == 1)
    return window


def latencies(window: Window, data: bytes, photos: Path, runs: int) -> dict[str, list[float]]:
    """The seconds of `latency`, the first left out."""
    seen = []
    for number in range(runs + 1):
        seen.append(latency(window, data, photos / f"{number}.jpg"))
        wait(1.0)
    return {"shown": [shown for shown, _ in seen[1:]], "searchable": [found for _, found in seen[1:]]}


def latency(window: Window, data: bytes, path: Path) -> tuple[float, float]:
    """From the end of a copy until the grid's rows are one more, and until the photo has its vector."""
    rows, found = window.grid.content.shown, set[int]()
    follow = window.session.progress.connect(lambda step: found.update(step.searchable))
    path.write_bytes(data + os.fsencode(path.name))  # another content, the same picture
    began = time.perf_counter()
    wait_for(window.grid.painted, lambda: window.grid.content.shown > rows)
    shown = time.perf_counter() - began
    wait_for(window.session.progress, lambda: bool(found))
    searchable = time.perf_counter() - began
    window.session.progress.disconnect(follow)
    return shown, searchable


def rested(window: Window, data: bytes, path: Path) -> float:
    """Until the grid's rows are one more, where the decode processes have to be started first."""
    wait(REST_SECONDS)
    return latency(window, data, path)[0]


def burst(window: Window, folder: Path, count: int) -> dict[str, float]:
    """Many small files copied by another thread, as fast as it can."""
    prepared = [small_jpeg(number) for number in range(count)]
    process, copying = psutil.Process(), list[float]()
    cpu, memory, began = process.cpu_times(), process.memory_info().rss, time.perf_counter()

    def copy() -> None:
        folder.mkdir()
        for number, data in enumerate(prepared):
            (folder / f"{number:05}.jpg").write_bytes(data)
        copying.append(time.perf_counter() - began)

    thread = threading.Thread(target=copy)
    thread.start()
    catalog = window.session.library.catalog

    def recorded() -> bool:
        return bool(catalog.query("SELECT count(*) >= ? FROM photo", (count,))[0][0])

    phases: list[str] = []
    window.session.progress.connect(lambda step: phases.append(step.phase))
    wait_for(window.session.progress, recorded)
    took = time.perf_counter() - began
    thread.join()
    used = process.cpu_times()
    wait_for(window.session.progress, lambda: phases[-1:] == ["idle"])
    return {
        "copying": copying[0], "recorded": took, "cpu": used.user + used.system - cpu.user - cpu.system,
        "grown": process.memory_info().rss - memory,
    }  # fmt: skip


def small_jpeg(number: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), (number % 251, number // 251 % 251, 90)).save(out, "JPEG")
    return out.getvalue() + number.to_bytes(4, "big")


def idle() -> dict[str, float]:
    """Voluntary context switches and seconds of processor time while nothing happens."""
    before = spent()
    wait(IDLE_SECONDS)
    after = spent()
    more = [
        (now[0] - was[0], now[1] - was[1])
        for task, now in after.items()
        for was in [before.get(task, (0, 0))]
    ]
    return {"switches": sum(switches for switches, _ in more), "cpu": sum(cpu for _, cpu in more)}


def spent() -> dict[Path, tuple[int, float]]:
    """Switches and seconds of every thread, of the children too."""
    found = {}
    for process in [psutil.Process(), *psutil.Process().children(recursive=True)]:
        for task in Path(f"/proc/{process.pid}/task").iterdir():
            status = (task / "status").read_text("ascii", "replace")
            switches = int(status.partition("\nvoluntary_ctxt_switches:")[2].split()[0])
            found[task] = switches, int((task / "schedstat").read_text("ascii").split()[0]) / 1e9
    return found


def wait(seconds: float) -> None:
    """Runs the event loop."""
    loop = QEventLoop()
    QTimer.singleShot(round(seconds * 1000), loop.quit)
    loop.exec()
