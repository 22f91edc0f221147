"""Moving photos' files to the trash as a change that can be undone.

The files go first. What went is then one change in the journal, and the catalog has them as missing at once;
a kill in between leaves files in the trash that the next look at their folders finds missing. What people
said about a photo stays with it, and it comes back by its content, from whatever place.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from photoclip.library.catalog import changes
from photoclip.library.catalog.changes import Change
from photoclip.library.catalog.connection import Catalog
from photoclip.library.catalog.indexing import mark_missing, mark_present
from photoclip.library.catalog.presence import IN_IDS, ids_json
from photoclip.library.catalog.rows import RowChange, Values, next_id
from photoclip.library.trash import Trash
from photoclip.library.worker import state_of
from photoclip.paths import display


@dataclass(frozen=True)
class Trashed:
    """`change` is None where nothing went; `refused` says of each file that stays why."""

    change: Change | None
    gone: tuple[bytes, ...] = ()
    refused: dict[bytes, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """A change that was taken back or done again, and what to tell of files that belong to it."""

    change: Change | None
    sentences: tuple[str, ...] = ()


@dataclass(frozen=True)
class _File:
    path: bytes
    hash: bytes
    size: int
    mtime_ns: int


Objection = Callable[[bytes], str]
"""Why a file is to stay, in a sentence; empty where nothing is against it."""
Consequences = Callable[[sqlite3.Connection, frozenset[bytes]], Sequence[RowChange]]
"""What else changes, in the same step, once these files are gone."""


def trash_files(
    catalog: Catalog,
    trash: Trash,
    paths: Iterable[bytes],
    *,
    objection: Objection = lambda path: "",
    consequences: Consequences = lambda connection, gone: (),
) -> Trashed:
    """Moves those of these files to the trash that are as they were indexed.

    Stopped halfway, what has gone is recorded.
    """
    gone: list[_File] = []
    refused: dict[bytes, str] = {}
    try:
        for path in paths:
            file = _known(catalog, path)
            why = "It is not in the library any more." if file is None else _unlike(file) or objection(path)
            if file is None or why:
                refused[path] = why
            elif failure := _take(trash, path):
                refused[path] = failure
            else:
                gone.append(file)
    finally:
        change = _record(catalog, gone, consequences) if gone else None
    return Trashed(change, tuple(file.path for file in gone), refused)


def trash_photos(catalog: Catalog, trash: Trash, photos: Iterable[int]) -> Trashed:
    """Moves all files of these photos, copies and companions too, to the trash. Sidecars stay."""
    ids = ids_json(photos)
    found = catalog.query(
        "SELECT path FROM photo JOIN file ON file.photo_id = photo.id WHERE missing_since IS NULL"
        f" AND (photo.id {IN_IDS} OR photo.lead_id {IN_IDS}) ORDER BY file.id",
        (ids, ids),
    )
    return trash_files(catalog, trash, [row["path"] for row in found])


def undo(catalog: Catalog, trash: Trash) -> Step:
    """`changes.undo`, and where that was a move to the trash, the files come back if they can."""
    return _followed(catalog, trash, changes.undo(catalog))


def redo(catalog: Catalog, trash: Trash) -> Step:
    """`changes.redo`, and where that was a move to the trash, the files go there again."""
    return _followed(catalog, trash, changes.redo(catalog))


def _record(catalog: Catalog, gone: Sequence[_File], consequences: Consequences) -> Change:
    paths = frozenset(file.path for file in gone)

    def rows(connection: sqlite3.Connection) -> list[RowChange]:
        first, now = next_id(connection, "trashed"), time.time()
        inserted = [
            RowChange("trashed", {"id": first + number}, None, {**vars(file), "at": now})
            for number, file in enumerate(gone)
        ]
        return [*inserted, *consequences(connection, paths)]

    change = changes.perform(catalog, f"Move {_counted(len(gone))} to the trash", rows)
    mark_missing(catalog, _file_ids(catalog, paths))
    return change


def _followed(catalog: Catalog, trash: Trash, change: Change | None) -> Step:
    rows = [row for row in (change.rows if change else ()) if row.table == "trashed"]
    back = [_file_of(row.before) for row in rows if row.before is not None]
    again = [_file_of(row.after) for row in rows if row.after is not None]
    return Step(change, (*_put_back(catalog, trash, back), *_take_again(catalog, trash, again)))


def _put_back(catalog: Catalog, trash: Trash, files: Sequence[_File]) -> Iterator[str]:
    returned = {file.path for file in files if trash.give_back(file.path, file.hash)}
    lost = [file.path for file in files if file.path not in returned]
    if returned:
        known = _file_ids(catalog, returned)
        mark_present(catalog, known)
        yield f"{_files(len(returned))} back from the trash."
        if len(known) < len(returned):
            yield "Copies among them are known again once their folders are indexed."
    if lost:
        yield (
            f"{_files(len(lost))} not put back, such as {display(lost[0])}; what is still in the system's"
            " trash can be restored there, and PhotoClip knows it again by its content."
        )


def _take_again(catalog: Catalog, trash: Trash, files: Sequence[_File]) -> Iterator[str]:
    gone = {file.path for file in files if not _unlike(file) and not _take(trash, file.path)}
    mark_missing(catalog, _file_ids(catalog, gone))
    left = [file.path for file in files if file.path not in gone]
    if gone:
        yield f"{_files(len(gone))} in the trash again."
    if left:
        yield f"{_files(len(left))} left where they are, such as {display(left[0])}: not as they were."


def _known(catalog: Catalog, path: bytes) -> _File | None:
    found = catalog.query(
        "SELECT path, hash, size, mtime_ns FROM file JOIN content ON content.id = content_id"
        " WHERE path = ? AND missing_since IS NULL",
        (path,),
    )
    return _File(*found[0]) if found else None


def _file_of(values: Values) -> _File:
    return _File(values["path"], values["hash"], values["size"], values["mtime_ns"])


def _file_ids(catalog: Catalog, paths: Iterable[bytes]) -> list[int]:
    found = (catalog.query("SELECT id FROM file WHERE path = ?", (path,)) for path in paths)
    return [int(rows[0][0]) for rows in found if rows]


def _unlike(file: _File) -> str:
    """Why this is not the file that was indexed; empty where it is."""
    state = state_of(file.path)
    if state == (file.size, file.mtime_ns):
        return ""
    return (
        "It is not there."
        if state == (0, 0) and not os.path.lexists(file.path)
        else "It has changed since it was indexed."
    )


def _take(trash: Trash, path: bytes) -> str:
    """Moves a file to the trash; returns why it could not be, else nothing."""
    try:
        trash.take(path)
    except OSError as error:
        return f"The system's trash does not take it ({error.strerror or error})."
    return ""


def _counted(count: int) -> str:
    return "1 file" if count == 1 else f"{count:,} files"


def _files(count: int) -> str:
    return f"{_counted(count)} {'is' if count == 1 else 'are'}"
