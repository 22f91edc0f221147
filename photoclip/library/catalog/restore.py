"""Putting a backup in the catalog's place, so that a kill at any moment leaves the one or the other whole."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import time
from contextlib import closing
from itertools import count
from pathlib import Path

from photoclip.errors import CatalogError, LibraryBusy, PhotoClipError
from photoclip.library.catalog.backup import (
    CatalogFacts,
    backup_dir,
    backups,
    catalog_facts,
    connect,
    copy_catalog,
)
from photoclip.library.catalog.faults import explain, is_damage
from photoclip.library.lock import writer_lock


def newest_sound(catalog: Path) -> CatalogFacts:
    """The newest backup that opens and is whole. Raises CatalogError where there is none."""
    for path in backups(catalog):
        with contextlib.suppress(CatalogError):  # `photoclip backup --list` and the doctor say what is wrong
            return catalog_facts(path)
    raise CatalogError(f"There is no backup in {backup_dir(catalog)} that can be restored.")


def restore(catalog: Path, backup: Path) -> Path | None:
    """Puts a copy of the backup in the catalog's place; returns where the replaced catalog is kept.

    None where there was no catalog. Raises LibraryBusy while another process uses the library,
    CatalogDamaged or CatalogTooNew for a backup that cannot take its place, DiskFull, CatalogError.
    """
    catalog_facts(backup)
    with writer_lock(catalog.parent):
        try:
            if catalog.exists():
                return _write_over(catalog, backup)
        except sqlite3.Error as error:
            if not is_damage(error):
                raise _refusal(error, catalog) from error
        except OSError as error:
            raise _failed(error, catalog, backup) from error
        try:
            return _replace(catalog, backup)
        except OSError as error:
            raise _failed(error, catalog, backup) from error


def _write_over(catalog: Path, backup: Path) -> Path:
    """In one transaction, which SQLite begins only where nobody else has the catalog open."""
    kept = _unused_name(catalog)
    unfinished = kept.with_name(kept.name + ".part")
    try:
        with closing(sqlite3.connect(catalog, timeout=0, isolation_level=None)) as connection:
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            connection.execute("PRAGMA journal_mode=DELETE")
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("COMMIT")  # the lock is held until the connection is closed
            os.close(os.open(unfinished, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600))
            with closing(connect(unfinished)) as copy:
                connection.backup(copy)
            unfinished.replace(kept)
            with closing(connect(backup)) as source:
                source.backup(connection)
    finally:
        unfinished.unlink(missing_ok=True)
    return kept


def _replace(catalog: Path, backup: Path) -> Path | None:
    """For a catalog that is gone, or that SQLite cannot open, so that nobody can have it open."""
    staged = catalog.with_name(catalog.name + ".restoring")
    try:
        copy_catalog(backup, staged)
        kept = _keep_files(catalog) if catalog.exists() else None
        for suffix in ("-wal", "-shm"):  # of the damaged one: SQLite would apply them to the backup
            Path(f"{catalog}{suffix}").unlink(missing_ok=True)
        staged.replace(catalog)
    finally:
        staged.unlink(missing_ok=True)
    return kept


def _keep_files(catalog: Path) -> Path:
    """Gives a damaged catalog, and the log beside it, a second name."""
    kept = _unused_name(catalog)
    for suffix in ("-wal", ""):
        source, target = Path(f"{catalog}{suffix}"), Path(f"{kept}{suffix}")
        if source.exists():
            try:
                os.link(source, target)
            except OSError:  # a file system without hard links
                shutil.copy2(source, target)
    return kept


def _unused_name(catalog: Path) -> Path:
    stem = f"{catalog.name}.replaced-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}"
    names = (catalog.with_name(f"{stem}-{number}") for number in count(1))
    return next(name for name in names if not name.exists())


def _refusal(error: sqlite3.Error, catalog: Path) -> PhotoClipError:
    if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return LibraryBusy(
            f"Another PhotoClip uses the library in {catalog.parent}; close it before a backup is restored."
        )
    return explain(error, catalog) or CatalogError(f"{catalog} cannot be replaced ({error}).")


def _failed(error: OSError, catalog: Path, backup: Path) -> CatalogError:
    return CatalogError(
        f"{backup} could not take the place of {catalog} ({error.strerror}); the catalog is as it was."
    )
