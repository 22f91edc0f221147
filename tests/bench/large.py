"""Libraries of up to a million photos that exist only in the catalog, and a rescan of 100,000 real files.

Each size is opened in a process of its own (tests.bench.large_run), so that its memory is its own. Vectors
are those of `vectors_generator`; the text tower's cost is left out.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
from PIL import Image

from photoclip.library.library import Library
from photoclip.library.pending import Plan, plan_folder
from tests.bench.report import Row, at_least, at_most, median
from tests.bench.synthetic import INFO
from tests.bench.vectors_generator import vectors
from tests.library.synthetic import fill

SIZES = (10_000, 100_000, 1_000_000)
FILES, FOLDERS = 100_000, 200
WRITTEN = 1_700_000_000
AT_A_TIME = 50_000
SECONDS = 600


def measure(runs: int) -> list[Row]:
    by_size = [figures(size, runs) for size in SIZES]
    return [*_rows(by_size[-1]), *_growth(by_size), _rescan(runs)]


def figures(size: int, runs: int) -> dict[str, float]:
    """What tests.bench.large_run measures in a library of `size` photos; "photos" is the size."""
    with tempfile.TemporaryDirectory(prefix="photoclip-bench-") as name:
        folder = Path(name, "library")
        make_library(folder, size)
        command = [sys.executable, "-m", "tests.bench.large_run", str(folder), str(runs)]
        done = subprocess.run(command, check=True, timeout=SECONDS, stdout=subprocess.PIPE)
    return {"photos": size, **json.loads(done.stdout)}


def make_library(folder: Path, size: int) -> None:
    with Library.open(folder) as library:
        fill(library.catalog, size)
        (hashes,) = library.catalog.columns("SELECT hash FROM content ORDER BY id")
        store = library.vectors(INFO)
        for seed, start in enumerate(range(0, size, AT_A_TIME)):
            part = hashes[start : start + AT_A_TIME]
            store.append(part, vectors(len(part), seed=100 + seed))


def _rows(found: dict[str, float]) -> list[Row]:
    photos = f"{found['photos']:,.0f} photos"
    return [
        at_most(f"opening the catalog of {photos}", found["open"], "s", 1),
        at_most("the same and its newest 500 photos", found["first_screen"], "s", 1),
        Row("the same and all of them, in the background", found["table"], "s"),
        at_most(f"date range and label among {photos}", found["filtered"], "ms", 100),
        at_most("a meaning, text tower excluded", found["meaning"], "ms", 50),
        at_least("recall@50 of the same against exact search", found["recall"], "", 0.98),
        at_most("a meaning within a date range and label", found["meaning_filtered"], "ms", 100),
        at_most("resident vectors and index, all of them read", found["vectors_resident"], "GB", 1.8),
    ]


def _growth(by_size: list[dict[str, float]]) -> list[Row]:
    """One row a figure, for the plot: its values by size."""
    units = {"first_screen": "s", "table": "s", "filtered": "ms", "meaning": "ms", "vectors_resident": "GB"}
    sizes = " / ".join(f"{found['photos']:,.0f}" for found in by_size)
    return [
        Row(f"{key} at {sizes} photos", by_size[-1][key], unit,
            detail=" / ".join(f"{found[key]:.3g}" for found in by_size))
        for key, unit in units.items()
    ]  # fmt: skip


def _rescan(runs: int) -> Row:
    """Seconds to find that none of 100,000 files has changed; most are links."""
    with tempfile.TemporaryDirectory(prefix="photoclip-bench-") as name:
        root = Path(name, "photos")
        paths = _files(root)
        with Library.open(Path(name, "library")) as library:
            fill(library.catalog, FILES, root=bytes(root))
            _know(library, paths)
            seconds = median(lambda: _scanned(library, bytes(root)), runs)
    return at_most(f"rescan of {FILES:,} unchanged files", seconds, "s", 5)


def _files(root: Path) -> list[Path]:
    """A picture in each folder, and links to it: a file system allows a file 65,000 of them at most."""
    paths = [root / f"{number % FOLDERS:03}" / f"IMG_{number:06}.jpg" for number in range(FILES)]
    for path in paths[:FOLDERS]:
        path.parent.mkdir(parents=True)
        Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(path)
        os.utime(path, (WRITTEN, WRITTEN))
    for number, path in enumerate(paths[FOLDERS:]):
        os.link(paths[number % FOLDERS], path)
    return paths


def _know(library: Library, paths: list[Path]) -> None:
    """Makes the catalog's files those on the disk."""
    state = paths[0].stat()
    with library.catalog.write() as connection:
        connection.executemany(
            "UPDATE file SET path = ?, size = ?, mtime_ns = ? WHERE id = ?",
            ((bytes(path), state.st_size, state.st_mtime_ns, i) for i, path in enumerate(paths, start=1)),
        )


def _scanned(library: Library, root: bytes) -> float:
    plan = Plan()
    start = time.perf_counter()
    plan_folder(library.catalog, 1, root, plan, threading.Event())
    seconds = time.perf_counter() - start
    assert (plan.found, len(plan.wanted), len(plan.gone)) == (FILES, 0, 0)
    return seconds
