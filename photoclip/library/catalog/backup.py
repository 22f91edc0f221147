"""Copies of the catalog: when they are made, which are kept, and what is in one."""

from __future__ import annotations

import calendar
import contextlib
import errno
import os
import shutil
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from photoclip.errors import CatalogDamaged, CatalogError, CatalogTooNew, DiskFull, PhotoClipError
from photoclip.library.catalog.faults import damaged, explain, is_damage
from photoclip.library.catalog.schema import APPLICATION_ID, MIGRATIONS

KEPT, DAILY, WEEKLY = 3, 7, 4
"""The newest, whatever their age; beside them the newest of so many days, and of so many weeks."""
DAY = 86_400.0
RESERVE = 500 << 20
"""Bytes that a backup nobody asked for leaves free on its disk."""
UNFINISHED_SECONDS = 3600.0
"""An unfinished copy that nobody has written to for so long was killed."""
BUSY_SECONDS = 20.0

_NAME = "catalog-%Y%m%dT%H%M%S"


@dataclass(frozen=True)
class CatalogFacts:
    """What a catalog's file holds. `made_at` is when it was copied, Unix seconds; `tagged` counts the photos
    with labels by hand."""

    path: Path
    made_at: float
    bytes: int
    version: int
    photos: int
    labels: int
    tagged: int
    albums: int


def backup_dir(catalog: Path) -> Path:
    return catalog.parent / "backups"


def backups(catalog: Path) -> list[Path]:
    """The finished backups, newest first (their names sort by time)."""
    return sorted(backup_dir(catalog).glob("catalog-*.sqlite"), reverse=True)


def newest_backup(catalog: Path) -> Path | None:
    return next(iter(backups(catalog)), None)


def make_backup(catalog: Path, *, now: float | None = None) -> Path:
    """Copies the catalog into backups/ and thins out the older ones; safe while others write.

    Raises CatalogDamaged for one whose copy is not sound, so that damage never drives out sound backups;
    DiskFull; CatalogError.
    """
    folder = backup_dir(catalog)
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        _sweep(folder)
    except OSError as error:
        raise CatalogError(f"The catalog could not be backed up into {folder} ({error}).") from error
    began = time.time()
    target = folder / backup_name(began if now is None else now)
    copy_catalog(catalog, target)
    os.utime(target, (began, began))  # what is changed while it is copied is newer
    found = backups(catalog)
    for old in set(found) - _kept(found):
        old.unlink(missing_ok=True)
    return target


def backup_if_due(catalog: Path, *, now: float | None = None) -> Path | None:
    """A new backup when something has changed and the newest is a day old; returns it, else None.

    A disk that is nearly full is left alone: `photoclip doctor` tells how old the newest backup is.
    """
    stamp = time.time() if now is None else now
    newest = newest_backup(catalog)
    if newest is not None:
        try:
            copied = newest.stat().st_mtime
        except FileNotFoundError:  # a newer one, of another process, has driven it out meanwhile
            return None
        if stamp - copied < DAY or last_change(catalog) <= copied:
            return None
    if shutil.disk_usage(catalog.parent).free < size_of(catalog) + RESERVE:
        return None
    return make_backup(catalog, now=now)


def copy_catalog(catalog: Path, target: Path) -> None:
    """Copies a catalog through SQLite's own backup, checks the copy, and only then gives it its name.

    Raises CatalogDamaged, DiskFull or CatalogError; then there is no copy.
    """
    unfinished = target.with_name(target.name + ".part")
    try:
        os.close(os.open(unfinished, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600))
        with closing(connect(catalog)) as source, closing(connect(unfinished)) as copy:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
            if copy.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
                raise damaged(catalog)
        unfinished.replace(target)
    except (OSError, sqlite3.Error) as error:
        raise _copying_failed(error, catalog, target) from error
    finally:
        unfinished.unlink(missing_ok=True)


def _copying_failed(error: OSError | sqlite3.Error, catalog: Path, target: Path) -> PhotoClipError:
    if isinstance(error, sqlite3.Error):
        if is_damage(error):
            return damaged(catalog)
        known = explain(error, target)
        if isinstance(known, DiskFull):
            return known
    elif error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(f"The disk that holds {target.parent} is full; make room there and try again.")
    return CatalogError(f"The catalog could not be backed up into {target.parent} ({error}).")


def catalog_facts(path: Path) -> CatalogFacts:
    """What a backup, or any catalog, holds; nothing in it is changed.

    Raises CatalogDamaged for one that does not open or is not whole, CatalogTooNew, CatalogError.
    """
    if not path.is_file():
        raise CatalogError(f"There is no backup {path}; see which there are with: photoclip backup --list")
    try:
        with closing(connect(path)) as connection:
            version = _known_version(path, connection)
            if connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
                raise _unusable(path)
            counts = [connection.execute(sql).fetchone()[0] for sql in _COUNTS]
    except sqlite3.Error as error:
        known = None if is_damage(error) else explain(error, path)
        raise known or _unusable(path) from error
    return CatalogFacts(path, made_at(path), path.stat().st_size, version, *counts)


_COUNTS = (
    "SELECT count(*) FROM photo",
    "SELECT count(*) FROM label",
    "SELECT count(DISTINCT photo_id) FROM photo_label WHERE source = 'human' AND verdict = 1",
    "SELECT count(*) FROM album",
)


def _known_version(path: Path, connection: sqlite3.Connection) -> int:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise CatalogError(f"{path} is no catalog of PhotoClip.")
    if version > len(MIGRATIONS):
        raise CatalogTooNew(
            f"{path} was made by a newer PhotoClip (version {version}, this one knows {len(MIGRATIONS)});"
            " install the newest PhotoClip to use it."
        )
    return version


def _unusable(path: Path) -> CatalogDamaged:
    return CatalogDamaged(f"{path} is damaged; choose another backup, see: photoclip backup --list")


def backup_name(stamp: float) -> str:
    """The file name of a backup of this moment (Unix seconds); such names sort by time."""
    return time.strftime(_NAME, time.gmtime(stamp)) + f".{int(stamp * 1000) % 1000:03d}.sqlite"


def made_at(path: Path) -> float:
    """When a backup was made, by its name, or by its file's time where the name is another (Unix seconds)."""
    try:
        return float(calendar.timegm(time.strptime(path.name.partition(".")[0], _NAME)))
    except ValueError:
        return path.stat().st_mtime


def last_change(catalog: Path) -> float:
    """When the catalog's file or its log was last written, Unix seconds."""
    return max(found.st_mtime for found in _files(catalog))


def size_of(catalog: Path) -> int:
    """Bytes that a copy of the catalog takes at most."""
    return sum(found.st_size for found in _files(catalog))


def _files(catalog: Path) -> list[os.stat_result]:
    """The catalog's file, and its log where something is in it: opening alone makes an empty one."""
    found = [catalog.stat()]
    with contextlib.suppress(FileNotFoundError):  # the last process to close the catalog deletes it
        found.append(catalog.with_name(catalog.name + "-wal").stat())
    return found[:1] + [each for each in found[1:] if each.st_size]


def _kept(found: Sequence[Path]) -> set[Path]:
    """Of backups, newest first, those that stay."""
    kept = set(found[:KEPT])
    for period, count in ((DAY, DAILY), (7 * DAY, WEEKLY)):
        newest: dict[int, Path] = {}
        for path in found:
            newest.setdefault(int(made_at(path) // period), path)
        kept |= set(list(newest.values())[:count])
    return kept


def _sweep(folder: Path) -> None:
    """Deletes what copies that were killed have left."""
    for path in folder.glob("*.part*"):
        with contextlib.suppress(FileNotFoundError):  # another process has just given it its name
            if time.time() - path.stat().st_mtime > UNFINISHED_SECONDS:
                path.unlink()


def connect(path: Path) -> sqlite3.Connection:
    """Opens an existing database file, and never makes one."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=BUSY_SECONDS)
