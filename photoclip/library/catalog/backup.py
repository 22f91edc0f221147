"""Copies of the catalog, made through SQLite's own backup so that a copy is always whole."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

from photoclip.errors import CatalogDamaged, CatalogError
from photoclip.library.catalog.faults import damaged, is_damage

KEPT = 3
DAY = 86_400.0


def backup_dir(catalog: Path) -> Path:
    return catalog.parent / "backups"


def backups(catalog: Path) -> list[Path]:
    """The finished backups, newest first (their names sort by time)."""
    return sorted(backup_dir(catalog).glob("catalog-*.sqlite"), reverse=True)


def newest_backup(catalog: Path) -> Path | None:
    return next(iter(backups(catalog)), None)


def make_backup(catalog: Path, *, now: float | None = None) -> Path:
    """Copies the catalog into backups/ and keeps the newest three; safe while others write.

    Raises CatalogDamaged for one whose copy is not sound, so that damage never drives out sound backups.
    """
    stamp = time.time() if now is None else now
    folder = backup_dir(catalog)
    name = (
        time.strftime("catalog-%Y%m%dT%H%M%S", time.gmtime(stamp)) + f".{int(stamp * 1000) % 1000:03d}.sqlite"
    )
    target, unfinished = folder / name, folder / (name + ".part")
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        with closing(sqlite3.connect(catalog)) as source, closing(sqlite3.connect(unfinished)) as copy:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
            if copy.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
                raise damaged(catalog)
        unfinished.replace(target)
    except CatalogDamaged:
        unfinished.unlink(missing_ok=True)
        raise
    except (OSError, sqlite3.DatabaseError) as error:
        unfinished.unlink(missing_ok=True)
        if isinstance(error, sqlite3.DatabaseError) and is_damage(error):
            raise damaged(catalog) from error
        raise CatalogError(f"The catalog could not be backed up into {folder} ({error}).") from error
    for old in backups(catalog)[KEPT:]:
        old.unlink(missing_ok=True)
    return target


def backup_if_due(catalog: Path, *, now: float | None = None) -> Path | None:
    """A new backup when there is none younger than a day; returns it, or None when none was due."""
    stamp = time.time() if now is None else now
    newest = newest_backup(catalog)
    if newest is not None and stamp - newest.stat().st_mtime < DAY:
        return None
    return make_backup(catalog, now=now)
