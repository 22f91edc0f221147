"""Which model the automatic labels are of, and the change that made them so out of another model's."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from photoclip.library.catalog.connection import Catalog
from photoclip.library.catalog.rows import next_id


@dataclass(frozen=True)
class Judged:
    """A model's key, and the journal's number of the change; None where nothing had to be changed."""

    key: str
    change_id: int | None = None


def judged(catalog: Catalog) -> Judged | None:
    """None as long as one model alone has served."""
    found = catalog.query("SELECT key, change_id FROM judged")
    return Judged(*found[0]) if found else None


def set_judged(connection: sqlite3.Connection, key: str, *, changed: bool) -> None:
    """Part of the transaction that makes the labels those of this model; the next change is what did it."""
    change_id = next_id(connection, "change") if changed else None
    connection.execute("INSERT OR REPLACE INTO judged(id, key, change_id) VALUES(1, ?, ?)", (key, change_id))


def begin_judging(connection: sqlite3.Connection) -> None:
    """Part of the transaction by which another model serves: until then the labels were of the one before."""
    connection.execute(
        "INSERT OR IGNORE INTO judged(id, key) SELECT 1, key FROM served ORDER BY turn DESC LIMIT 1"
    )
