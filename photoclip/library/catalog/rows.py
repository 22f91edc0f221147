"""Row changes: what a mutation did to each row, how it is applied, reversed and kept."""

from __future__ import annotations

import base64
import json
import sqlite3
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

Values = dict[str, Any]


@dataclass(frozen=True)
class RowChange:
    """One row, found by `key`: inserted (`before` None), deleted (`after` None) or updated.

    An insert and a delete carry the whole row beside the key; an update carries the columns it changes.
    """

    table: str
    key: Values
    before: Values | None
    after: Values | None

    def inverse(self) -> RowChange:
        return RowChange(self.table, self.key, self.after, self.before)


# A row that is deleted takes these with it, and undo brings them back.
CHILDREN = {
    "label": (("photo_label", "label_id"),),
    "album": (("album_photo", "album_id"), ("album_refused", "album_id")),
}
KEYS = {
    "photo_label": ("photo_id", "label_id"),
    "album_photo": ("album_id", "photo_id"),
    "album_refused": ("album_id", "photo_id"),
}


def apply(connection: sqlite3.Connection, rows: Iterable[RowChange]) -> list[RowChange]:
    """Applies the rows whose `before` still holds; returns what was done, which its inverse exactly undoes.

    A row that has changed since (the indexer works on, and another process may) keeps its newer state. One
    thing is stronger: what a person said about a photo comes back over an automatic label.
    """
    applied: list[RowChange] = []
    for row in rows:
        if row.after is None and row.table in CHILDREN:
            children = [child for child in _children(connection, row) if _apply_one(connection, child)]
            applied.extend(children)
        if _apply_one(connection, row):
            applied.append(row)
        elif row.table == "photo_label" and row.after is not None and row.after["source"] == "human":
            current = _current(connection, row)
            if current is not None and current["source"] == "auto":
                row = RowChange(row.table, row.key, current, row.after)
                _apply_one(connection, row)
                applied.append(row)
    return applied


def _apply_one(connection: sqlite3.Connection, row: RowChange) -> bool:
    """Whether the row was as `before` says, and is now as `after` says. Table and column names are ours."""
    where = " AND ".join(f"{column} IS ?" for column in (*row.key, *(row.before or ())))
    held = (*row.key.values(), *(row.before or {}).values())
    if row.before is None:
        values = {**row.key, **(row.after or {})}
        sql = (
            f"INSERT INTO {row.table}({', '.join(values)}) VALUES({', '.join('?' * len(values))})"
            f" ON CONFLICT({', '.join(row.key)}) DO NOTHING"
        )
        return connection.execute(sql, tuple(values.values())).rowcount == 1
    if row.after is None:
        return connection.execute(f"DELETE FROM {row.table} WHERE {where}", held).rowcount == 1
    assignments = ", ".join(f"{column} = ?" for column in row.after)
    sql = f"UPDATE {row.table} SET {assignments} WHERE {where}"
    return connection.execute(sql, (*row.after.values(), *held)).rowcount == 1


def _current(connection: sqlite3.Connection, row: RowChange) -> Values | None:
    where = " AND ".join(f"{column} IS ?" for column in row.key)
    found = connection.execute(f"SELECT * FROM {row.table} WHERE {where}", tuple(row.key.values())).fetchone()
    return None if found is None else {c: found[c] for c in found.keys() if c not in row.key}  # noqa: SIM118


def _children(connection: sqlite3.Connection, row: RowChange) -> list[RowChange]:
    return [
        child
        for table, column in CHILDREN[row.table]
        for child in deletions(connection, table, f"{column} = ?", (row.key["id"],))
    ]


def deletions(
    connection: sqlite3.Connection, table: str, where: str, parameters: Sequence[Any]
) -> list[RowChange]:
    """The row changes that delete every row of `table` where the condition holds."""
    keys = KEYS[table]
    found = connection.execute(f"SELECT * FROM {table} WHERE {where}", parameters).fetchall()
    return [
        RowChange(
            table,
            {column: row[column] for column in keys},
            {column: row[column] for column in row.keys() if column not in keys},  # noqa: SIM118
            None,
        )
        for row in found
    ]


def next_id(connection: sqlite3.Connection, table: str) -> int:
    """The id the next new row gets; ids are never used twice, so that old changes never mean a new row."""
    found = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()
    return 1 if found is None else int(found[0]) + 1


def pack(rows: Sequence[RowChange]) -> bytes:
    """Rows for the journal: runs of one shape share their column names, as compressed JSON."""
    groups = []
    for (table, *columns), run in groupby(rows, _shape):
        values = [[*row.key.values(), *_values(row.before), *_values(row.after)] for row in run]
        groups.append([table, *columns, values])
    return zlib.compress(json.dumps(groups, separators=(",", ":"), default=_from_bytes).encode())


def unpack(packed: bytes) -> tuple[RowChange, ...]:
    rows: list[RowChange] = []
    groups = json.loads(zlib.decompress(packed), object_hook=lambda found: base64.b64decode(found["bytes"]))
    for table, key, before, after, run in groups:
        for values in run:
            rest = iter(values)
            rows.append(RowChange(table, _named(key, rest) or {}, _named(before, rest), _named(after, rest)))
    return tuple(rows)


def _shape(row: RowChange) -> list[Any]:
    names = (row.key, row.before, row.after)
    return [row.table, *(None if values is None else list(values) for values in names)]


def _values(values: Values | None) -> Iterable[Any]:
    return () if values is None else values.values()


def _named(columns: list[str] | None, values: Iterable[Any]) -> Values | None:
    source = iter(values)
    return None if columns is None else {column: next(source) for column in columns}


def _from_bytes(value: object) -> dict[str, str]:
    if isinstance(value, bytes):
        return {"bytes": base64.b64encode(value).decode("ascii")}
    raise TypeError(f"a {type(value).__name__} cannot be kept in the journal")
