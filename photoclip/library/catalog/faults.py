"""SQLite's errors as sentences for people."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from photoclip.errors import CatalogDamaged, CatalogError, DiskFull, PhotoClipError

DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Raises SQLite errors that are the world's fault as PhotoClipErrors; `path` is the catalog's file."""
    try:
        yield
    except sqlite3.Error as error:
        sentence = explain(error, path)
        if sentence is None:
            raise
        raise sentence from error


def explain(error: sqlite3.Error, path: Path) -> PhotoClipError | None:
    """The sentence for a SQLite error, or None when it is our own mistake (bad SQL, a broken constraint)."""
    primary = _primary_code(error)
    if primary is None:
        return None
    if is_damage(error):
        return damaged(path)
    if is_full(error):
        return DiskFull(f"The disk that holds {path.parent} is full; make room there and try again.")
    if primary == sqlite3.SQLITE_READONLY:
        return CatalogError(f"{path} cannot be written; choose a library folder that you may write to.")
    if primary == sqlite3.SQLITE_BUSY:
        return CatalogError(
            f"{path} is being written by another program for too long; try again in a moment."
        )
    if primary == sqlite3.SQLITE_CANTOPEN:
        return CatalogError(
            f"{path} cannot be opened; check that the folder exists and that you may write to it."
        )
    if primary == sqlite3.SQLITE_IOERR:
        return CatalogError(f"Reading or writing {path} failed ({error}); check the disk it is on.")
    return None


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the error says that the file is not a sound database."""
    return _primary_code(error) in DAMAGED


def is_full(error: sqlite3.Error) -> bool:
    """Whether the error says that the disk has no room, be it only for the log's index, made at opening."""
    log = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_IOERR_SHMSIZE
    return log or _primary_code(error) == sqlite3.SQLITE_FULL


def _primary_code(error: sqlite3.Error) -> int | None:
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def damaged(path: Path) -> CatalogDamaged:
    """Names the newest backup and how to use it."""
    from photoclip.library.catalog.backup import newest_backup

    backup = newest_backup(path)
    if backup is None:
        return CatalogDamaged(
            f"The catalog {path} is damaged and there is no backup yet; move it away and PhotoClip starts"
            " a new one (the photos themselves are untouched)."
        )
    return CatalogDamaged(
        f"The catalog {path} is damaged; to restore the newest backup ({backup.name}), close PhotoClip and"
        f" run: photoclip restore --library {path.parent}"
    )
