"""Trashes for tests: the system's own in another place, and one that is a folder."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
import xxhash


def home_trash(data: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Lets the system's trash lie in `data`, for photos on the same disk; returns its folder."""
    from send2trash import plat_other

    data.mkdir(parents=True, exist_ok=True)
    home = os.fsencode(data)
    monkeypatch.setenv("XDG_DATA_HOME", str(data))
    monkeypatch.setattr(plat_other, "XDG_DATA_HOME", home)
    monkeypatch.setattr(plat_other, "HOMETRASH_B", home + b"/Trash")
    monkeypatch.setenv("HOME", str(data))  # whose disk is compared with the photo's
    return data / "Trash"


class FolderTrash:
    """A `Trash` that remembers where things were; `refuses` are ends of paths that it does not take."""

    def __init__(self, folder: Path, *, refuses: tuple[bytes, ...] = (), returns: bool = True) -> None:
        self.folder = folder
        self.refuses = refuses
        self.returns = returns
        self.held: dict[bytes, Path] = {}
        folder.mkdir()

    def take(self, path: bytes) -> None:
        if path.endswith(self.refuses):
            raise OSError(errno.EACCES, "Permission denied")
        held = self.folder / str(len(self.held))
        Path(os.fsdecode(path)).rename(held)
        self.held[path] = held

    def give_back(self, path: bytes, hash: bytes) -> bool:
        held = self.held.get(path)
        if not self.returns or held is None or xxhash.xxh3_128_digest(held.read_bytes()) != hash:
            return False
        held.rename(os.fsdecode(path))
        return True
