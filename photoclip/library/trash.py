"""The system's trash: files go there by send2trash, and come back where it can be read, as freedesktop.org's.

https://specifications.freedesktop.org/trash-spec/: a trash has `files/NAME` and `info/NAME.trashinfo`, which
tells the path it had, percent-encoded, absolute or relative to the trash's own place.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import sys
from collections.abc import Iterator
from typing import Protocol
from urllib.parse import unquote_to_bytes

import xxhash

from photoclip.library.opening import NotAFile, open_file


class Trash(Protocol):
    """Where files go that are not wanted any more."""

    def take(self, path: bytes) -> None:
        """Moves a file to the trash. Raises OSError."""

    def give_back(self, path: bytes, hash: bytes) -> bool:
        """Moves the file of that content that was at `path` back there; False where that cannot be done.

        Never takes the place of another file.
        """


class SystemTrash:
    """The trash of the person who runs this."""

    def take(self, path: bytes) -> None:
        from send2trash import send2trash

        # Only where paths are bytes can all of them be told as such.
        send2trash(path if sys.platform.startswith("linux") else os.fsdecode(path))

    def give_back(self, path: bytes, hash: bytes) -> bool:
        if not sys.platform.startswith("linux"):  # other systems do not tell what is in their trash
            return False
        if os.path.lexists(path) or not os.path.isdir(os.path.dirname(path)):
            return False
        for info, file in _of_path(path):
            with contextlib.suppress(OSError, NotAFile):
                if _hash(file) == hash:
                    _move(file, path)
                    os.unlink(info)
                    return True
        return False


def _of_path(path: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The info and the file of everything in a trash that was at this path, the latest first."""
    found = []
    for folder, top in _trashes(os.path.dirname(path)):
        infos = os.path.join(folder, b"info")
        with contextlib.suppress(OSError):
            for name in os.listdir(infos):
                info = os.path.join(infos, name)
                stem, extension = os.path.splitext(name)
                if extension == b".trashinfo" and _told_path(info, top) == path:
                    found.append((os.stat(info).st_mtime_ns, info, os.path.join(folder, b"files", stem)))
    return ((info, file) for _, info, file in sorted(found, reverse=True))


def _trashes(folder: bytes) -> list[tuple[bytes, bytes]]:
    """The trashes that a file of this folder may be in, each with what its paths are relative to."""
    home = os.path.expanduser(os.environb.get(b"XDG_DATA_HOME") or b"~/.local/share")
    top = os.path.realpath(folder)
    while not os.path.ismount(top):
        top = os.path.dirname(top)
    user = str(os.getuid()).encode()
    return [
        (os.path.join(home, b"Trash"), home),
        (os.path.join(top, b".Trash", user), top),
        (os.path.join(top, b".Trash-" + user), top),
    ]


def _told_path(info: bytes, top: bytes) -> bytes | None:
    """Where the file of this .trashinfo was; None where it cannot be read."""
    try:
        with open_file(info) as file:
            lines = file.read().split(b"\n")
    except (OSError, NotAFile):
        return None
    told = next((line[5:] for line in lines if line.startswith(b"Path=")), None)
    return None if told is None else os.path.normpath(os.path.join(top, unquote_to_bytes(told.strip())))


def _hash(path: bytes) -> bytes:
    state = xxhash.xxh3_128()
    with open_file(path) as file:
        while block := file.read(1 << 20):
            state.update(block)
    return state.digest()


def _move(source: bytes, target: bytes) -> None:
    try:
        os.rename(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        shutil.move(os.fsdecode(source), os.fsdecode(target))
