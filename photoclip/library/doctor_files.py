"""The doctor looks at the other files of a library, at its backups, and at the photos on the disk."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from photoclip.errors import CatalogError, CatalogTooNew
from photoclip.library.catalog.backup import (
    DAY,
    backup_dir,
    backups,
    catalog_facts,
    last_change,
    newest_backup,
)
from photoclip.library.catalog.connection import Catalog
from photoclip.library.catalog.folders import list_folders
from photoclip.library.catalog.presence import IN_IDS, ids_json
from photoclip.library.doctor_findings import Finding, are, some
from photoclip.library.pending import Plan, plan_folder
from photoclip.paths import display
from photoclip.settings import FILE_NAME

STILL_SECONDS = 60.0
"""A temporary file that was written to more recently may be somebody's work."""
OLD_BACKUP_DAYS = 7

TEMPORARY = ("*.part*", "*.restoring*", "vectors/*.part", "vectors/*.kept.*", "backups/*.part*")
SET_ASIDE = ("thumbnails.sqlite.damaged", "vectors/*.damaged")
"""Damaged files of what can be made again."""


def examine_leftovers(folder: Path) -> Iterator[Finding]:
    """Files that something which was killed, or damage, has left."""
    for path in sorted({path for pattern in TEMPORARY for path in folder.glob(pattern)}):
        if _is_still(path):
            yield _leftover(path, "was left by something that was ended in the middle")
    for path in sorted({path for pattern in SET_ASIDE for path in folder.glob(pattern)}):
        yield _leftover(path, "is damaged, was set aside and made anew")


def _is_still(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime > STILL_SECONDS
    except FileNotFoundError:  # it has just got its own name
        return False


def _leftover(path: Path, words: str) -> Finding:
    sentence = f"{path} {words}; a repair deletes it."
    return Finding("files", "leftover", path, "note", sentence, mend=partial(_delete, path))


def _delete(path: Path) -> str:
    path.unlink(missing_ok=True)
    return f"Deleted {path}."


def examine_settings(folder: Path) -> Iterator[Finding]:
    """Whether the settings can be read; PhotoClip starts with its defaults where they cannot."""
    path = folder / FILE_NAME
    try:
        sound = isinstance(json.loads(path.read_text("utf-8")), dict)
    except FileNotFoundError:
        return
    except (ValueError, RecursionError):
        sound = False
    if not sound:
        sentence = f"The settings in {path} cannot be read, so the defaults hold; a repair sets them aside."
        yield Finding("settings", "settings-damaged", path, "minor", sentence, mend=partial(_aside, path))


def _aside(path: Path) -> str:
    """Kept under another name: they are a person's."""
    aside = path.with_name(path.name + ".unreadable")
    path.replace(aside)
    return f"Set {path} aside as {aside.name}."


def examine_backups(catalog: Path) -> Iterator[Finding]:
    """Whether every backup opens and is whole, and the newest is not too old."""
    for path in backups(catalog):
        try:
            catalog_facts(path)
        except CatalogTooNew:  # sound, for the PhotoClip that made it
            continue
        except (CatalogError, FileNotFoundError):
            if not path.exists():  # newer ones have driven it out meanwhile
                continue
            sentence = f"The backup {path} does not open, or is not whole; a repair sets it aside."
            yield Finding(
                "backups", "backup-damaged", path, "minor", sentence, mend=partial(_set_aside, path)
            )
    newest = newest_backup(catalog)
    if newest is None or not newest.exists() or not catalog.exists():
        return
    copied = newest.stat().st_mtime
    days = int((time.time() - copied) / DAY)
    if days >= OLD_BACKUP_DAYS and last_change(catalog) > copied:
        sentence = (
            f"The newest backup is {days} days old; make room on the disk, and one with: photoclip backup"
        )
        yield Finding("backups", "backup-old", backup_dir(catalog), "minor", sentence)


def _set_aside(path: Path) -> str:
    aside = path.with_name(path.name + ".damaged")
    path.replace(aside)
    return f"Set the backup {path} aside as {aside.name}."


def examine_disk(catalog: Catalog) -> Iterator[Finding]:
    """Compares the catalog with the watched folders; no photo is read. All of this is work for `index`."""
    for folder in list_folders(catalog):
        where, plan = Path(display(folder.path)), Plan()
        plan_folder(catalog, folder.id, folder.path, plan, threading.Event())
        if plan.offline:
            yield Finding("files", "folder-offline", where, "note", f"{where} cannot be reached now.")
        for path, reason in plan.unreadable.items():
            sentence = f"The folder {display(path)} cannot be read: {reason}."
            yield Finding("files", "folder-unreadable", Path(display(path)), "note", sentence)
        gone = [
            row[0]
            for row in catalog.query(f"SELECT path FROM file WHERE id {IN_IDS}", (ids_json(plan.gone),))
        ]
        new = [wanted.path for wanted in plan.wanted]
        for paths, what, words in (
            (gone, "file-gone", "recorded as there but gone"),
            (new, "file-unread", "new or changed and not read yet"),
        ):
            if paths:
                sentence = f"{are(len(paths), 'file', where, words)}; put that right with: photoclip index"
                yield Finding("files", what, where, "note", sentence, len(paths), some(paths))
