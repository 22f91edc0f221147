"""Which models have served a library, the one that serves now first.

A model is kept by its name, to load it by, and its key, which names its vectors: of another model under the
same name they are none.
"""

from __future__ import annotations

from dataclasses import dataclass

from photoclip.library.catalog.connection import Catalog
from photoclip.library.catalog.judged import begin_judging


@dataclass(frozen=True)
class Served:
    """A model that serves, or has served before."""

    name: str
    key: str


def served(catalog: Catalog) -> list[Served]:
    """The model that serves, then the others, the latest first; empty where none was written down yet."""
    rows = catalog.query("SELECT name, key FROM served ORDER BY turn DESC")
    return [Served(row["name"], row["key"]) for row in rows]


def serve(catalog: Catalog, model: Served) -> None:
    """From now on this model serves: one transaction, so that a kill leaves the one or the other."""
    with catalog.write() as connection:
        begin_judging(connection)
        connection.execute(
            "INSERT OR REPLACE INTO served(key, name, turn)"
            " VALUES(?, ?, (SELECT coalesce(max(turn), 0) + 1 FROM served))",
            (model.key, model.name),
        )


def forget_served(catalog: Catalog, key: str) -> None:
    """This model's vectors are gone: it cannot serve again without reading the photos anew."""
    with catalog.write() as connection:
        connection.execute("DELETE FROM served WHERE key = ?", (key,))
