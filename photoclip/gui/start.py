"""Opening the window, on a screen or into a picture."""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEventLoop, QMessageLogContext, QTimer, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from photoclip.errors import PhotoClipError
from photoclip.gui import theme
from photoclip.gui.session import Session
from photoclip.gui.window import Window
from photoclip.settings import load_settings

if TYPE_CHECKING:
    from photoclip.library.encoder import Encoder
    from photoclip.library.library import Library
    from photoclip.library.models import FindModel
    from photoclip.model_store import ModelStore

TRACE = "PHOTOCLIP_TRACE_START"
RENDER_SIZE = (1480, 920)
RENDER_SECONDS = 120
LOOK_MS = 30


def run(
    library: Library,
    encoder: Encoder,
    find: FindModel | None = None,
    *,
    store: ModelStore | None = None,
    query: str = "",
) -> int:
    """Show the window until it is closed; the exit status. Closes the library.

    `encoder` is the chosen model, `find` gets the others by their names, `store` brings more of them.
    Raises PhotoClipError where there is no display to show it on.
    """
    _require_display()
    app = _application()
    settings = load_settings(library.folder)
    theme.apply(app, settings.theme)  # type: ignore[arg-type]
    session = Session(library, encoder, find=find, store=store)
    window = Window(session, settings)
    window.first_painted.connect(lambda: QTimer.singleShot(0, lambda: _after_first_paint(session)))
    window.start(query)
    window.show()
    try:
        return app.exec()
    finally:
        window.close()  # also when the loop ends without it: everything is joined before the library goes


def _require_display() -> None:
    """Qt would end the process with a text of its own."""
    wanted = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    if sys.platform.startswith("linux") and not any(os.environ.get(name) for name in wanted):
        raise PhotoClipError(
            "There is no display to open the window on; `photoclip --help` lists what works in a terminal."
        )


def _after_first_paint(session: Session) -> None:
    gc.enable()
    if os.environ.get(TRACE):
        sys.stderr.write(f"first paint {seconds_since_start():.3f}\n")
        sys.stderr.flush()
    session.start()


def render(
    library: Library,
    encoder: Encoder,
    png: Path,
    find: FindModel | None = None,
    *,
    query: str = "",
    theme_name: str = "dark",
    size: tuple[int, int] = RENDER_SIZE,
) -> None:
    """Paint the window, with the answer to `query`, into a PNG without a screen. Closes the library.

    Raises PhotoClipError when the search fails, the picture cannot be written, or nothing comes in time.
    """
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    handler = qInstallMessageHandler(_pass_on)
    app = _application()
    theme.apply(app, theme_name)  # type: ignore[arg-type]
    session = Session(library, encoder, find=find)
    window = Window(session, load_settings(library.folder))
    window.resize(*size)
    window.show()
    failures: list[str] = []
    window.browser.failed.connect(failures.append)
    session.message.connect(lambda level, text: failures.append(text) if level == "error" else None)
    window.start(query)
    try:
        _until(lambda: bool(failures) or _is_painted(window))
        if failures:
            raise PhotoClipError(failures[0])
        if not window.grab().save(str(png)):
            raise PhotoClipError(f"The picture {png} cannot be written.")
    finally:
        window.close()
        qInstallMessageHandler(handler)


def _pass_on(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
    """Qt's messages, but for the complaint that a screen that is none does not know a window's least size."""
    if "propagateSizeHints" not in message:
        sys.stderr.write(f"{message}\n")


def _is_painted(window: Window) -> bool:
    found = window.browser.found
    return found is not None and found.wish == window.browser.wish and window.is_quiet


def _until(reached: Callable[[], bool]) -> None:
    """Run the event loop until `reached`."""
    loop = QEventLoop()
    look = QTimer(interval=LOOK_MS)
    look.timeout.connect(lambda: loop.quit() if reached() else None)
    look.start()
    QTimer.singleShot(RENDER_SECONDS * 1000, loop.quit)
    loop.exec()
    look.stop()
    if not reached():
        raise PhotoClipError(f"The window was not painted within {RENDER_SECONDS} seconds.")


def _application() -> QApplication:
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication([sys.argv[0]])
    app.setApplicationName("PhotoClip")
    app.setDesktopFileName("photoclip")
    return app


def seconds_since_start() -> float:
    """Since this process began, also before Python did where the system tells."""
    stat = Path("/proc/self/stat")
    if not stat.exists():
        return time.process_time()
    ticks = int(stat.read_text("ascii").rsplit(")", 1)[1].split()[19])
    uptime = float(Path("/proc/uptime").read_text("ascii").split()[0])
    return uptime - ticks / os.sysconf("SC_CLK_TCK")
