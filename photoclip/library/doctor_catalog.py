"""The doctor looks at the catalog: its file, and whether its rows fit together."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

from photoclip.errors import CatalogError
from photoclip.library.catalog.backup import connect
from photoclip.library.catalog.connection import Catalog
from photoclip.library.catalog.faults import explain, is_damage
from photoclip.library.catalog.presence import settle_photos
from photoclip.library.catalog.restore import newest_sound
from photoclip.library.catalog.rows import unpack
from photoclip.library.doctor_findings import Finding, are, many

PROBLEMS = 10
"""So many of SQLite's complaints are counted; one is enough to restore a backup."""
MADE_AGAIN = frozenset({"file", "failure", "arrival", "words", "file_keyword", "region"})
"""Tables whose rows indexing writes anew; all others hold what people did, or hang on it."""

_ORPHANS = (
    "FROM content WHERE NOT EXISTS (SELECT 1 FROM photo WHERE photo.content_id = content.id)"
    " AND NOT EXISTS (SELECT 1 FROM file WHERE file.content_id = content.id)"
)
_STALE = "FROM photo JOIN content ON content.id = photo.content_id WHERE photo.hash != content.hash"


def examine_file(path: Path) -> Iterator[Finding]:
    """Whether the file is a whole database; nothing is changed in it."""
    if not path.exists():
        yield _lost(path, "catalog-gone", f"The catalog {path} is gone")
        return
    if path.stat().st_size == 0:
        yield _lost(path, "catalog-empty", f"The catalog {path} is empty")
        return
    try:
        with closing(connect(path)) as connection:
            said = [row[0] for row in connection.execute(f"PRAGMA integrity_check({PROBLEMS})")]
    except sqlite3.Error as error:
        if not is_damage(error):
            raise explain(error, path) or CatalogError(f"{path} cannot be read ({error}).") from error
        said = [str(error)]
    if said != ["ok"]:
        yield _lost(path, "catalog-damaged", f"The catalog {path} is damaged", len(said))


def _lost(path: Path, what: str, sentence: str, count: int = 1) -> Finding:
    """Says the way to `photoclip restore`, where there is a backup."""
    try:
        backup = newest_sound(path)
    except CatalogError:
        way = "there is no backup of it; move it away, and indexing makes a new one without your labels"
    else:
        way = (
            f"to put the newest backup in its place ({many(backup.photos, 'photo')},"
            f" {many(backup.labels, 'label')}), close PhotoClip and run: photoclip restore"
        )
    return Finding("catalog", what, path, "serious", f"{sentence}; {way}.", count)


def examine_rows(catalog: Catalog) -> Iterator[Finding]:
    """Rows that refer to nothing, or that do not fit each other."""
    yield from _broken_references(catalog)
    yield from _stale_photos(catalog)
    yield from _unreadable_history(catalog)
    yield from _orphans(catalog)


def _broken_references(catalog: Catalog) -> Iterator[Finding]:
    found = catalog.query("PRAGMA foreign_key_check")
    for table, count in sorted(Counter(row["table"] for row in found).items()):
        rows = sorted({row["rowid"] for row in found if row["table"] == table} - {None})
        words = f"In {catalog.path}, what {many(count, 'row')} of the table {table} belong to is gone"
        if table in MADE_AGAIN:
            way = "a repair deletes them, and indexing writes new ones"
            mend = partial(_delete_rows, catalog.path, table, rows)
            yield Finding("catalog", "reference", catalog.path, "minor", f"{words}; {way}.", count, mend=mend)
        else:
            way = "an older state can be had with: photoclip restore"
            yield Finding("catalog", "reference", catalog.path, "serious", f"{words}; {way}.", count)


def _delete_rows(path: Path, table: str, rows: list[int]) -> str:
    with closing(Catalog(path)) as catalog, catalog.write() as connection:
        photos: set[int] = set()
        if table == "file":
            asked = (connection.execute("SELECT photo_id FROM file WHERE rowid = ?", (row,)) for row in rows)
            photos = {found[0] for cursor in asked for found in cursor}
        connection.executemany(f"DELETE FROM {table} WHERE rowid = ?", [(row,) for row in rows])
        settle_photos(connection, photos)
    return f"Deleted {many(len(rows), 'row')} of the table {table} that referred to nothing."


def _stale_photos(catalog: Catalog) -> Iterator[Finding]:
    ids = [row[0] for row in catalog.query(f"SELECT photo.id {_STALE}")]
    if ids:
        yield Finding(
            "catalog",
            "photo-stale",
            catalog.path,
            "minor",
            f"{catalog.path} shows another content than the file's for {many(len(ids), 'photo')}; a repair"
            " sets that right.",
            len(ids),
            mend=partial(_settle, catalog.path, ids),
        )


def _settle(path: Path, ids: list[int]) -> str:
    with closing(Catalog(path)) as catalog, catalog.write() as connection:
        settle_photos(connection, ids)
    return f"Set {many(len(ids), 'photo')} right."


def _unreadable_history(catalog: Catalog) -> Iterator[Finding]:
    bad = 0
    for row in catalog.query("SELECT rows FROM change"):
        try:
            unpack(row["rows"])
        except (zlib.error, json.JSONDecodeError, ValueError, TypeError, KeyError):
            bad += 1
    if bad:
        yield Finding(
            "catalog",
            "history",
            catalog.path,
            "serious",
            f"In {catalog.path}, {many(bad, 'step')} of the history cannot be read, so nothing before them"
            " can be undone; an older state can be had with: photoclip restore",
            bad,
        )


def _orphans(catalog: Catalog) -> Iterator[Finding]:
    count = int(catalog.query(f"SELECT count(*) {_ORPHANS}")[0][0])
    if count:
        yield Finding(
            "catalog",
            "content-unused",
            catalog.path,
            "note",
            f"{are(count, 'content', catalog.path, 'of no photo any more')} (earlier states of edited files);"
            " a repair deletes what is known of them.",
            count,
            mend=partial(_delete_orphans, catalog.path),
        )


def _delete_orphans(path: Path) -> str:
    with closing(Catalog(path)) as catalog, catalog.write() as connection:
        count = connection.execute(f"DELETE {_ORPHANS}").rowcount
    return f"Deleted {many(count, 'content')} that no photo has any more."
