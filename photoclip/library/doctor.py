"""Whether a library is in order, and how what can be made again is put in order.

    catalog                 the only thing that cannot be made again: `photoclip restore` where it is damaged
    thumbnails, vectors     damaged and useless ones are dropped, and indexing makes them anew
    index                   deleted where it does not fit the vectors; it builds itself
    files, settings         leftovers are deleted, unreadable settings set aside
    backups                 those that do not open are set aside
    files on the disk       only when asked: all folders are walked; what differs is work for `index`

Nothing that people did by hand is ever repaired away, and no photo is touched.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from photoclip.errors import PhotoClipError
from photoclip.library.catalog.backup import newest_backup
from photoclip.library.catalog.connection import Catalog
from photoclip.library.doctor_catalog import examine_file, examine_rows
from photoclip.library.doctor_files import (
    examine_backups,
    examine_disk,
    examine_leftovers,
    examine_settings,
)
from photoclip.library.doctor_findings import Finding
from photoclip.library.doctor_stores import Contents, examine_thumbnails, examine_vectors
from photoclip.library.library import CATALOG_FILE, THUMBNAIL_FILE, VECTOR_FOLDER
from photoclip.library.lock import writer_lock

ROUNDS = 3
"""A repair can bring more to light: thumbnails of contents that were deleted, for instance."""


@dataclass(frozen=True)
class Repair:
    """What was done, in sentences, and what is found after it."""

    done: tuple[str, ...]
    left: tuple[Finding, ...]


def examine(folder: Path, *, disk: bool = False) -> tuple[Finding, ...]:
    """Everything that is to be said of the library in this folder, the catalog first.

    Nothing is changed, except that an older catalog is brought up to date as by any command. Others may use
    the library meanwhile; what they have just begun may be noted as unfinished. Raises PhotoClipError where
    there is no library, or one that cannot be read.
    """
    _require_library(folder)
    path = folder / CATALOG_FILE
    lost = tuple(examine_file(path))
    return (
        *lost,
        *(() if lost else _examine_contents(folder, disk)),
        *examine_backups(path),
        *examine_settings(folder),
        *examine_leftovers(folder),
    )


def _examine_contents(folder: Path, disk: bool) -> Iterator[Finding]:
    """What can only be said with a catalog that is whole."""
    with closing(Catalog(folder / CATALOG_FILE)) as catalog:
        yield from examine_rows(catalog)
        contents = Contents.of(catalog)
        yield from examine_thumbnails(folder / THUMBNAIL_FILE, contents)
        yield from examine_vectors(folder / VECTOR_FOLDER, contents)
        if disk:
            yield from examine_disk(catalog)


def repair(folder: Path, *, disk: bool = False) -> Repair:
    """Repairs all that can be, until nothing more can.

    Raises LibraryBusy while another process indexes, and PhotoClipError where the disk does not let it.
    """
    _require_library(folder)
    done: list[str] = []
    with writer_lock(folder):
        for _ in range(ROUNDS):
            found = examine(folder, disk=disk)
            todo = [finding for finding in found if finding.repairable]
            if not todo:
                return Repair(tuple(done), found)
            done += map(_mended, todo)
        return Repair(tuple(done), examine(folder, disk=disk))


def _mended(finding: Finding) -> str:
    assert finding.mend is not None
    try:
        return finding.mend()
    except OSError as error:
        raise PhotoClipError(
            f"{finding.where} cannot be repaired ({error.strerror}); close PhotoClip elsewhere and try again."
        ) from error


def _require_library(folder: Path) -> None:
    """A catalog, or backups of one that is gone."""
    path = folder / CATALOG_FILE
    if not path.exists() and newest_backup(path) is None:
        raise PhotoClipError(f"There is no library in {folder}; index a folder of photos to make one.")
