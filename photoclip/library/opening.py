"""What a path leads to, and opening it without ever waiting for it."""

from __future__ import annotations

import io
import os
import stat
from typing import Any

from photoclip.errors import PhotoClipError

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
_LATEST = (1 << 63) - 1


class NotAFile(PhotoClipError):
    """Something that is no regular file; the message says what it is, without the path."""


def open_file(path: bytes) -> io.FileIO:
    """A regular file, opened for reading; raises OSError or `NotAFile`.

    Anything else is told by looking, never opened: a pipe would wait, a device would act. What took the
    file's place since then is opened without waiting, and told as well.
    """
    check_kind(os.stat(path))
    file = io.FileIO(path, "rb", opener=_open_at_once)
    try:
        check_kind(os.fstat(file.fileno()))
    except BaseException:
        file.close()
        raise
    return file


def check_kind(state: os.stat_result) -> None:
    """Raises `NotAFile` for all but regular files."""
    if not stat.S_ISREG(state.st_mode):
        kind = next((name for is_kind, name in _KINDS if is_kind(state.st_mode)), "something else")
        raise NotAFile(f"This is {kind}, not a file.")


def written_at(state: os.stat_result) -> int:
    """When a file was written, in nanoseconds since 1970, within the 64 bits that the catalog has for it.

    Those end in the year 2262; file systems go on, and a broken clock reaches them.
    """
    return max(-_LATEST, min(state.st_mtime_ns, _LATEST))


def read_at_most(file: io.FileIO, size: int) -> bytes:
    """Up to `size` bytes from where the file stands; fewer at its end, or where reading would wait."""
    chunks, left = [], size
    while left > 0 and (chunk := file.read(left)):  # None where it would wait
        chunks.append(chunk)
        left -= len(chunk)
    return b"".join(chunks)


def _open_at_once(path: Any, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
