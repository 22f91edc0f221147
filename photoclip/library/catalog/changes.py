"""Every mutation of the library goes through here: one transaction, a journal entry, a notice to the views.

The journal is in the catalog itself, so undo and redo survive a restart and are shared by two processes on
one library. A new change clears what was undone. What is undone is exactly the rows the change made, where
they are still as it left them: see `rows.apply` for what happens when the indexer came in between.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from photoclip.library.catalog.connection import Catalog
from photoclip.library.catalog.rows import RowChange, apply, pack, unpack
from photoclip.library.catalog.settling import settle_folders

KEPT_CHANGES = 500

Builder = Callable[[sqlite3.Connection], Sequence[RowChange]]


@dataclass(frozen=True)
class Change:
    """What one mutation did; `id` is its place in the journal, `created` the row it made, where it made one.

    `photos` are those whose details changed and `tables` those that did, for views to refresh from.
    """

    id: int | None
    description: str
    rows: tuple[RowChange, ...]
    photos: frozenset[int]
    tables: frozenset[str]
    undoable: bool
    created: int | None = None

    def inverse(self) -> Change:
        """The change that takes this one back."""
        return replace(self, rows=tuple(row.inverse() for row in reversed(self.rows)), created=None)


def perform(
    catalog: Catalog,
    description: str,
    rows: Builder | Sequence[RowChange],
    photos: Iterable[int] = (),
    *,
    undoable: bool = True,
    creates: str | None = None,
) -> Change:
    """Applies the rows in one transaction, journals them and tells the listeners.

    A callable is given the connection inside the transaction, so that it decides on what is there at that
    moment. `creates` names the table whose inserted row is the change's `created`. A change of nothing is
    neither journaled nor told. `undoable=False` is for what PhotoClip does by itself.
    """
    with catalog.write(durable=undoable) as connection:
        wanted = rows(connection) if callable(rows) else rows
        applied, moved = _apply(connection, wanted)
        journal_id = _record(connection, description, applied) if undoable and applied else None
    change = _change(journal_id, description, applied, moved | frozenset(photos), undoable)
    if creates is not None:
        ids = [row.key["id"] for row in applied if row.table == creates]
        change = replace(change, created=ids[0] if ids else None)
    if change.rows:
        catalog.notify(change)
    return change


def noticed(catalog: Catalog, description: str, photos: Iterable[int], tables: Iterable[str]) -> Change:
    """Tells the listeners what the indexer found; such a change is not undoable and carries no rows."""
    change = Change(None, description, (), frozenset(photos), frozenset(tables), undoable=False)
    if change.photos or change.tables:
        catalog.notify(change)
    return change


def undo(catalog: Catalog) -> Change | None:
    """Takes the last change back; None when there is nothing to undo."""
    return _step(catalog, "done", "undone")


def redo(catalog: Catalog) -> Change | None:
    """Does again what was undone last; None when there is nothing to redo."""
    return _step(catalog, "undone", "done")


def rows_in_force(catalog: Catalog, change_id: int) -> tuple[RowChange, ...]:
    """The rows of a change that was not taken back; none where it was, or is too long ago to be known."""
    found = catalog.query("SELECT rows FROM change WHERE id = ? AND state = 'done'", (change_id,))
    return unpack(found[0]["rows"]) if found else ()


def undo_description(catalog: Catalog) -> str | None:
    return _description(catalog.read(), "done")


def redo_description(catalog: Catalog) -> str | None:
    return _description(catalog.read(), "undone")


NEXT = {
    "done": "SELECT * FROM change WHERE state = 'done' ORDER BY id DESC LIMIT 1",
    "undone": "SELECT * FROM change WHERE state = 'undone' ORDER BY id LIMIT 1",
}


def _step(catalog: Catalog, state: str, other: str) -> Change | None:
    with catalog.write() as connection:
        while (found := connection.execute(NEXT[state]).fetchone()) is not None:
            rows = unpack(found["rows"])
            applied, moved = _apply(connection, _reversed(rows) if state == "done" else rows)
            if applied:
                break
            # Nothing of it is left to take back: the step before it is the one that is meant.
            connection.execute("DELETE FROM change WHERE id = ?", (found["id"],))
        else:
            return None
        kept = _reversed(applied) if state == "done" else applied
        connection.execute(
            "UPDATE change SET state = ?, rows = ? WHERE id = ?", (other, pack(kept), found["id"])
        )
    change = _change(found["id"], found["description"], applied, moved, True)
    catalog.notify(change)
    return change


def _reversed(rows: Sequence[RowChange]) -> list[RowChange]:
    return [row.inverse() for row in reversed(rows)]


def _apply(
    connection: sqlite3.Connection, rows: Iterable[RowChange]
) -> tuple[list[RowChange], frozenset[int]]:
    """The rows that were applied, and the photos that came or went with their folders."""
    applied = apply(connection, rows)
    folders = {row.key["id"] for row in applied if row.table == "folder"}
    return applied, settle_folders(connection, folders) if folders else frozenset()


def _record(connection: sqlite3.Connection, description: str, rows: Sequence[RowChange]) -> int:
    connection.execute("DELETE FROM change WHERE state = 'undone'")
    cursor = connection.execute(
        "INSERT INTO change(at, description, rows, state) VALUES(?, ?, ?, 'done')",
        (time.time(), description, pack(rows)),
    )
    journal_id = cursor.lastrowid
    assert journal_id is not None
    connection.execute("DELETE FROM change WHERE id <= ?", (journal_id - KEPT_CHANGES,))
    return journal_id


def _change(
    journal_id: int | None,
    description: str,
    rows: Sequence[RowChange],
    photos: frozenset[int],
    undoable: bool,
) -> Change:
    touched = {row.key["photo_id"] for row in rows if "photo_id" in row.key}
    touched |= {row.key["id"] for row in rows if row.table == "photo"}
    tables = {row.table for row in rows}
    if "folder" in tables:
        tables |= {"photo", "file"}
    return Change(journal_id, description, tuple(rows), photos | touched, frozenset(tables), undoable)


def _description(connection: sqlite3.Connection, state: str) -> str | None:
    found = connection.execute(NEXT[state]).fetchone()
    return None if found is None else str(found["description"])
