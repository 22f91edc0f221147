"""How soon a copied photo is in the window's grid and searchable, and what watching costs.

Window and model are real. Measured in a process of its own by tests.bench.watch_run, offscreen unless
QT_QPA_PLATFORM says otherwise.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.bench.photos import twelve_megapixels
from tests.bench.report import Row, at_most

SECONDS = 1800
BURST = 10_000
# Spawned processes import the main module again, so it has to be as light as the program's own.
RUN = "from tests.bench.watch_run import main; main()"


def measure(runs: int) -> list[Row]:
    photo = next(twelve_megapixels(1).glob("*.jpg"))
    with tempfile.TemporaryDirectory(prefix="photoclip-bench-") as name:
        report = Path(name) / "report.json"
        command = [sys.executable, "-c", RUN, name, str(report), str(runs), str(photo), str(BURST)]
        environment = {"QT_QPA_PLATFORM": "offscreen"} | os.environ
        subprocess.run(command, env=environment, check=True, timeout=SECONDS)
        seen = json.loads(report.read_text())
    return [*_latencies(seen), *_burst(seen["burst"]), *_idle(seen["idle"])]


def _latencies(seen: dict[str, Any]) -> list[Row]:
    rested = "12 MP, after half a minute's rest"
    return [
        at_most("a copied photo is in the grid", statistics.median(seen["shown"]), "s", 1, "12 MP"),
        at_most("a copied photo is in the grid", statistics.median(seen["rested"]), "s", 1, rested),
        at_most("a copied photo is searchable", statistics.median(seen["searchable"]), "s", 3, "12 MP"),
    ]


def _burst(burst: dict[str, Any]) -> list[Row]:
    copies = f"{BURST:,} small files copied"
    apart = "without decoding and model"
    return [
        Row(f"{copies}: copying", burst["copying"], "s"),
        Row(f"{copies}: until all are recorded", burst["recorded"], "s", detail="from the first copy"),
        Row(f"{copies}: processor time of the window's process", burst["cpu"], "s", detail=apart),
        Row(f"{copies}: memory of the window's process, more", burst["grown"] / 2**20, "MB"),
    ]


def _idle(idle: dict[str, Any]) -> list[Row]:
    every = "every thread of every process"
    return [
        Row("idle window: wake-ups in 30 s", idle["switches"], "", detail=every),
        Row("idle window: processor time in 30 s", 1000 * idle["cpu"], "ms", detail=every),
    ]
