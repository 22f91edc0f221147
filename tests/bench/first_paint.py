"""A PhotoClip that reports its first painted grid and closes itself: started by tests.bench.start.

Arguments: the library's folder, the report to write (JSON), how many photos the library has, the time of
starting the process (Unix seconds).
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QApplication

from photoclip.gui.grid.view import GridView

SETTLING_MS = 3000


def main() -> None:
    library, report, photos, started = (
        Path(sys.argv[1]),
        Path(sys.argv[2]),
        int(sys.argv[3]),
        float(sys.argv[4]),
    )
    seen: dict[str, Any] = {}
    original = GridView.paintEvent

    def paint(view: GridView, event: QPaintEvent) -> None:
        original(view, event)
        if view.content.shown:
            seen.setdefault("first_photos", time.time() - started)
        if "seconds" not in seen and view.content.shown == photos:
            seen.update(seconds=time.time() - started, pss_painted=pss(), torch=has_torch())
            QTimer.singleShot(SETTLING_MS, lambda: finish(seen, report))

    GridView.paintEvent = paint  # type: ignore[method-assign]
    sys.argv = ["photoclip", "--library", str(library)]
    from photoclip.app import main as photoclip

    photoclip()


def finish(seen: dict[str, Any], report: Path) -> None:
    seen["pss_settled"] = pss()
    seen["torch"] = seen["torch"] or has_torch()
    report.write_text(json.dumps(seen))
    QApplication.closeAllWindows()


def pss() -> float:
    """This process's memory in MB, what it shares with others counted in proportion."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    (kilobytes,) = (int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return kilobytes * 1024 / 1e6


def has_torch() -> bool:
    return "torch" in sys.modules or "libtorch" in Path("/proc/self/maps").read_text()


if __name__ == "__main__":
    main()
