"""Whether the disk has room for a model, and the sentences for when it has not."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

from photoclip.errors import DiskFull, ModelError, PhotoClipError

GIGABYTE = 1e9


def free_bytes(folder: Path) -> int:
    """Free space on the disk that holds `folder`, which need not exist yet."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free


def require_room(folder: Path, needed: int, name: str) -> None:
    """Raises DiskFull when the disk that holds `folder` has less than `needed` bytes free."""
    try:
        free = free_bytes(folder)
    except OSError:  # a file system that does not tell: a full disk shows when it is written to
        return
    if free < needed:
        raise DiskFull(
            f"{name} needs {size(needed)} of free space on the disk that holds {folder}, and there is "
            f"{size(free)}; make room there, or set PHOTOCLIP_MODELS to a folder on another disk."
        )


def make_folder(folder: Path) -> None:
    """Makes a folder of models. Raises PhotoClipError with a sentence."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_fault(error, folder) from error


def write_fault(error: Exception, folder: Path) -> PhotoClipError:
    """The error to raise when `folder` could not be written; safetensors tells of a full disk in words."""
    if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT) or "No space left" in str(error):
        return DiskFull(f"The disk that holds {folder} is full; make room there and try again.")
    reason = getattr(error, "strerror", None) or error
    return ModelError(f"{folder} cannot be written ({reason}); set PHOTOCLIP_MODELS to another folder.")


def size(count: int) -> str:
    """A number of bytes for people.

    >>> size(605_000_000), size(1_710_000_000)
    ('605 MB', '1.7 GB')
    """
    return f"{count / GIGABYTE:.1f} GB" if count >= GIGABYTE else f"{max(1, round(count / 1e6))} MB"
