"""The folder where a model is received and put together, held by one process at a time.

    models/.unfinished/NAME/    parts of a download, kept to go on from, and an installation under way
    models/.unfinished/NAME.lock

What a killed process leaves there is cleared away by the next that works on models.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from photoclip.clip.store.room import make_folder, write_fault
from photoclip.errors import ModelError
from photoclip.paths import models_dir

UNFINISHED = ".unfinished"
NEW, OLD, GONE = "new", "old", "gone"  # a model being put in place, the one it replaces, one being removed


@contextlib.contextmanager
def unfinished(name: str) -> Iterator[Path]:
    """The model's folder for what is not finished, this process's alone as long as it works on it."""
    root = models_dir() / UNFINISHED
    make_folder(root)
    clean()
    with _locked(root, name) as free:
        if not free:
            raise ModelError(f"Another PhotoClip is working on {name}; wait until it is done.")
        folder = root / name
        make_folder(folder)
        try:
            yield folder
        finally:
            _tidy(folder)


@contextlib.contextmanager
def _locked(root: Path, name: str) -> Iterator[bool]:
    """Whether the lock of `name` is held; the system frees it when the process ends, however it ends."""
    from filelock import FileLock, Timeout

    lock = FileLock(root / f"{name}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        yield False
        return
    except (OSError, NotImplementedError) as error:
        raise write_fault(error, root) from error
    try:
        yield True
    finally:
        lock.release()


def clean() -> None:
    """Clears away what killed processes left, parts of downloads apart."""
    root = models_dir() / UNFINISHED
    if not root.is_dir():
        return
    for folder in [path for path in root.iterdir() if path.is_dir()]:
        with _locked(root, folder.name) as free:
            if free:
                _tidy(folder)


def _tidy(folder: Path) -> None:
    """Of an interrupted replacement, the old model comes back."""
    target = models_dir() / folder.name
    if (folder / OLD).exists() and not target.exists():
        (folder / OLD).rename(target)
    for leftover in (NEW, OLD, GONE):
        delete(folder / leftover)
    with contextlib.suppress(OSError):  # holds a part, or is gone already
        folder.rmdir()


def delete(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
