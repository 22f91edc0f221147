"""How long the window holds the person up: showing 100,000 results, scrolling, and indexing behind it.

Measured in a process of its own by tests.bench.window_run, offscreen unless QT_QPA_PLATFORM says otherwise.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench.photos import twelve_megapixels, warm
from tests.bench.report import Row, at_most, percentile
from tests.bench.synthetic import PHOTOS, add_vectors, make_library
from tests.bench.vectors_generator import vectors

INDEXED = 48
SECONDS = 600


def measure(runs: int) -> list[Row]:
    warm(twelve_megapixels(INDEXED))
    with tempfile.TemporaryDirectory(prefix="photoclip-bench-") as name:
        folder = Path(name)
        make_library(folder / "library")
        add_vectors(folder / "library", vectors(PHOTOS))
        seen = _run(folder, runs)
    held = [1000 * second for second in seen["held"]]
    painted = [1000 * second for second in seen["painted"]]
    photos = f"{PHOTOS:,} photos"
    return [
        at_most(f"showing a result of {photos}", 1000 * seen["shown"], "ms", 50, "until painted"),
        Row(f"searching {photos} and showing the result", 1000 * seen["searched"], "ms"),
        at_most("painting while scrolling, 95th percentile", percentile(painted, 0.95), "ms", 16),
        at_most("event loop held while indexing, 99th percentile", percentile(held, 0.99), "ms", 50),
        at_most(
            "event loop held while indexing, longest", max(held), "ms", 250, f"{INDEXED} photos of 12 MP"
        ),
    ]


def _run(folder: Path, runs: int) -> dict:  # type: ignore[type-arg]
    report = folder / "report.json"
    environment = {"QT_QPA_PLATFORM": "offscreen"} | os.environ
    command = [
        sys.executable,
        "-m",
        "tests.bench.window_run",
        str(folder / "library"),
        str(report),
        str(runs),
    ]
    command.append(str(twelve_megapixels(INDEXED)))
    subprocess.run(command, env=environment, check=True, timeout=SECONDS)
    return json.loads(report.read_text())
