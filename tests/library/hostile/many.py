"""Very many files in one folder: how long a scan takes, and how much memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from photoclip.library.catalog.folders import add_folder, list_folders
from photoclip.library.library import Library
from photoclip.library.pending import Plan, plan_folder

MILLION = 1_000_000
MEMORY_LIMIT = 1 << 30
"""Bytes that a scan of a million files may take at most, Python and all."""
_LINKS = 30_000  # of one file; file systems have a limit


def fill(folder: Path, count: int) -> None:
    """So many names of few small files."""
    paths = [folder / f"{number:07}.jpg" for number in range(count)]
    for first in range(0, count, _LINKS):
        paths[first].write_bytes(b"x")
        for path in paths[first + 1 : first + _LINKS]:
            os.link(paths[first], path)


def scan(count: int) -> str:
    """Compare a folder of so many new files with an empty catalog, in a process of its own; what it took."""
    memory = Path("/dev/shm")  # making the files on a disk takes longer than the scan
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        fill(Path(folder), count)
        command = [sys.executable, "-m", "tests.library.hostile.many", folder]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    found, seconds, peak = int(said[0]), float(said[1]), int(said[2])
    assert found == count
    assert peak < MEMORY_LIMIT, f"the scan took {peak >> 20} MiB"
    return f"{found} files in one folder: looked through in {seconds:.1f} s, with {peak >> 20} MiB at most"


def _measure(folder: bytes) -> None:
    import resource

    with tempfile.TemporaryDirectory() as place, Library.open(Path(place) / "library") as library:
        add_folder(library.catalog, folder)
        (watched,) = list_folders(library.catalog)
        plan, began = Plan(), time.perf_counter()
        plan_folder(library.catalog, watched.id, watched.path, plan, threading.Event())
        seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10  # KiB, on Linux
    sys.stdout.write(f"{len(plan.wanted)} {seconds} {peak}")


if __name__ == "__main__":
    _measure(os.fsencode(sys.argv[1]))
