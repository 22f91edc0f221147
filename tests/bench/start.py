"""From starting the process to the first painted grid, and the memory that the window then takes.

The window is opened the way `photoclip` opens it, in a process of its own, offscreen unless
QT_QPA_PLATFORM says otherwise.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.report import Row, at_most
from tests.bench.synthetic import PHOTOS, make_library

SECONDS = 60


def measure(runs: int) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="photoclip-bench-") as name:
        folder = Path(name)
        make_library(folder / "library")
        seen = [_start(folder) for _ in range(runs + 1)][1:]  # the first only warms the caches
    photos = f"{PHOTOS:,} photos"
    if any(run["torch"] for run in seen):
        raise AssertionError("torch was loaded into the window's process")
    first, painted, memory, settled = (
        statistics.median(run[key] for run in seen)
        for key in ("first_photos", "seconds", "pss_painted", "pss_settled")
    )
    return [
        at_most(
            f"process start to first painted grid, the newest of {photos}", first, "s", 1.0, "no torch loaded"
        ),
        at_most("the same until the grid holds all of them", painted, "s", 1.0),
        at_most("memory of the window's process (PSS) then", memory, "MB", 400),
        at_most("the same once thumbnails and counts have settled", settled, "MB", 400),
    ]


def _start(folder: Path) -> dict[str, float]:
    """One start; what tests.bench.first_paint reports of it."""
    report = folder / "report.json"
    environment = {"QT_QPA_PLATFORM": "offscreen"} | os.environ
    command = [sys.executable, "-m", "tests.bench.first_paint", str(folder / "library"), str(report)]
    command += [str(PHOTOS), repr(time.time())]
    subprocess.run(command, env=environment, check=True, timeout=SECONDS, stdout=subprocess.DEVNULL)
    seen: dict[str, float] = json.loads(report.read_text())
    return seen
