"""What photo files and their sidecars say: title, description, keywords, rating, colour label, regions.

These are the files' words, kept apart from what a person says in PhotoClip: a keyword is not a label. They
hang on the file, as each copy of a photo may have a sidecar of its own; of a photo, its best file speaks.

A keyword that PhotoClip wrote for one of its labels counts only where the library has no label of that name:
where it has, the label itself tells which photos have it.

The file's rating is a photo's until a person rates that photo here (presence.py).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from photoclip.library.catalog.connection import Catalog
from photoclip.library.sidecars.described import Described, Region

READ_VERSION = 1
"""Raised when more is read than before: files read by an earlier version are read again."""
LEVEL = "\x1f"
"""Parts the levels of a keyword in `keyword.path`."""
COUNTS = "NOT (written AND EXISTS (SELECT 1 FROM label WHERE label.name = keyword.path))"
"""The SQL condition on a `file_keyword` and its `keyword` that it is the file's own word."""


@dataclass(frozen=True)
class Keyword:
    """`path` are its levels, outermost first; `written` says that PhotoClip wrote it for a label."""

    path: tuple[str, ...]
    written: bool = False


@dataclass(frozen=True)
class FileWords:
    """What one file says. A `rating` of -1 is "rejected"; `problems` are sentences of what was refused.

    `sidecars` is the state (`sidecar_state`) the sidecars had before they were read.
    """

    title: str | None = None
    description: str | None = None
    keywords: tuple[Keyword, ...] = ()
    rating: int | None = None
    colour_label: str | None = None
    regions: tuple[Region, ...] = ()
    problems: tuple[str, ...] = ()
    sidecars: bytes = b""


def file_words(described: Described, problems: Iterable[str], sidecars: bytes) -> FileWords:
    """What was read, in the catalog's form."""
    return FileWords(
        title=described.title,
        description=described.description,
        keywords=_keywords(described),
        rating=described.rating,
        colour_label=described.colour_label,
        regions=described.regions,
        problems=tuple(problems),
        sidecars=sidecars,
    )


def _keywords(described: Described) -> tuple[Keyword, ...]:
    """Each keyword once, with all that it lies in; programs list the levels of it as flat keywords, too."""
    ours = {*described.labels, *described.automatic}
    deep = [path for path in described.hierarchies if len(path) > 1]
    levels = {level for path in deep for level in path}
    flat = dict.fromkeys([*(path[-1] for path in described.hierarchies), *described.keywords])
    return (
        *(Keyword(path) for path in deep),
        *(Keyword((keyword,), keyword in ours) for keyword in flat if keyword not in levels),
    )


def record_words(connection: sqlite3.Connection, file_id: int, words: FileWords) -> None:
    """Part of the transaction that writes the file."""
    connection.execute(
        "UPDATE file SET read_version = ?, sidecars = ? WHERE id = ?", (READ_VERSION, words.sidecars, file_id)
    )
    for table in ("words", "file_keyword", "region"):
        connection.execute(f"DELETE FROM {table} WHERE file_id = ?", (file_id,))
    problems = "\n".join(words.problems) or None
    texts = (words.title, words.description, words.rating, words.colour_label, problems)
    if any(text is not None for text in texts):
        connection.execute("INSERT INTO words VALUES(?, ?, ?, ?, ?, ?)", (file_id, *texts))
    for position, keyword in enumerate(words.keywords):
        connection.execute(
            "INSERT INTO file_keyword(file_id, position, keyword_id, written) VALUES(?, ?, ?, ?)",
            (file_id, position, _keyword_id(connection, LEVEL.join(keyword.path)), keyword.written),
        )
    connection.executemany(
        "INSERT INTO region VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
        [(file_id, at, r.name, r.kind, r.x, r.y, r.width, r.height) for at, r in enumerate(words.regions)],
    )


def _keyword_id(connection: sqlite3.Connection, path: str) -> int:
    found = connection.execute("SELECT id FROM keyword WHERE path = ?", (path,)).fetchone()
    if found is None:
        found = connection.execute("INSERT INTO keyword(path) VALUES(?) RETURNING id", (path,)).fetchone()
    return int(found[0])


def words_of(catalog: Catalog, file_id: int) -> FileWords:
    """What a file says; nothing where it says nothing or has not been read."""
    keywords = catalog.query(
        "SELECT path, written FROM file_keyword JOIN keyword ON keyword.id = keyword_id"
        f" WHERE file_id = ? AND {COUNTS} ORDER BY position",
        (file_id,),
    )
    regions = catalog.query(
        "SELECT name, kind, x, y, width, height FROM region WHERE file_id = ? ORDER BY position", (file_id,)
    )
    found = catalog.query("SELECT * FROM words WHERE file_id = ?", (file_id,))
    said = dict(found[0]) if found else {}
    return FileWords(
        title=said.get("title"),
        description=said.get("description"),
        keywords=tuple(Keyword(tuple(row["path"].split(LEVEL)), bool(row["written"])) for row in keywords),
        rating=said.get("rating"),
        colour_label=said.get("colour_label"),
        regions=tuple(Region(*row) for row in regions),
        problems=tuple((said.get("problems") or "").splitlines()),
    )


def photos_with_keywords(catalog: Catalog, keyword_ids: Iterable[int]) -> list[int]:
    """The photos of which a file that is there has one of these keywords."""
    (photos,) = catalog.columns(
        "SELECT DISTINCT photo_id FROM file_keyword JOIN keyword ON keyword.id = keyword_id"
        " JOIN file ON file.id = file_id WHERE missing_since IS NULL AND"
        f" keyword_id IN (SELECT value FROM json_each(?)) AND {COUNTS}",
        (json.dumps([*keyword_ids]),),
    )
    return photos
