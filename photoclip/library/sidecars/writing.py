"""A sidecar in place of the one before, whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile

from photoclip.errors import DiskFull, PhotoClipError
from photoclip.library.sidecars.places import read_sidecar
from photoclip.paths import display


def write_sidecar(path: bytes, data: bytes, before: bytes | None, like: bytes) -> None:
    """Writes `data` where `before` stood (None: nothing); a new sidecar may be read by who may read `like`.

    Raises DiskFull, or PhotoClipError with a sentence, also where it has changed since `before` was read.
    """
    target = os.path.realpath(path)
    try:
        if read_sidecar(target) != before:
            raise PhotoClipError(f"{display(path)} has changed meanwhile and is left alone; export again.")
        mode = stat.S_IMODE(os.stat(like if before is None else target).st_mode) & 0o666 | 0o600
        _replace(target, data, mode)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(f"The disk is full; {display(path)} is as it was.") from error
        raise PhotoClipError(f"{display(path)} cannot be written ({error.strerror or error}).") from error


def _replace(target: bytes, data: bytes, mode: int) -> None:
    folder = os.path.dirname(target)
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=b".photoclip-", suffix=b".tmp")
    try:
        with open(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(handle)
        os.chmod(temporary, mode)
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    _settle(folder)


def _settle(folder: bytes) -> None:
    """The folder's entry on the disk, where the system has such a thing."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
