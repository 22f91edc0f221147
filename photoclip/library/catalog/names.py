"""Names of labels and albums: what is allowed, what is taken, what is near."""

from __future__ import annotations

import difflib
import sqlite3
from collections.abc import Sequence

from photoclip.errors import PhotoClipError

LONGEST_NAME = 200


def plain(text: str) -> str:
    """The text on one line, and such that it can be stored: a word typed in a terminal need not be UTF-8."""
    return " ".join(text.encode("utf-8", "replace").decode().split())


def check_name(name: str, kind: str) -> str:
    """The name without surrounding space and line breaks; `kind` is "label" or "album".

    Raises PhotoClipError for an empty or very long one.
    """
    name = " ".join(name.split())
    if not name:
        raise PhotoClipError(f"The {kind} needs a name.")
    if len(name) > LONGEST_NAME:
        raise PhotoClipError(
            f"The name of the {kind} is longer than {LONGEST_NAME} characters; choose a shorter one."
        )
    if not name.isprintable():
        raise PhotoClipError(f"The name of the {kind} has characters that cannot be shown; type it again.")
    return name


def free_name(connection: sqlite3.Connection, table: str, name: str, *, besides: int | None = None) -> None:
    """Raises PhotoClipError when another row of the table has this name, in any case."""
    for row in connection.execute(f"SELECT id, name FROM {table}"):
        if row["id"] != besides and row["name"].casefold() == name.casefold():
            article = "an" if table == "album" else "a"
            raise PhotoClipError(
                f"There is {article} {table} named {row['name']} already; choose another name."
            )


def nearest(name: str, names: Sequence[str]) -> str:
    """A further sentence with the names that come near, or with all of a few; empty when there are none."""
    folded = {known.casefold(): known for known in names}
    near = difflib.get_close_matches(name.casefold(), list(folded), n=3, cutoff=0.5)
    if near:
        return f" Did you mean {' or '.join(folded[known] for known in near)}?"
    if 0 < len(names) <= 8:
        return f" There is {', '.join(sorted(names))}."
    return ""


def name_of(connection: sqlite3.Connection, table: str, row_id: int) -> str:
    """The name of a label or album; raises PhotoClipError when it has been deleted."""
    found = connection.execute(f"SELECT name FROM {table} WHERE id = ?", (row_id,)).fetchone()
    if found is None:
        raise PhotoClipError(f"This {table} is not there any more.")
    return str(found[0])
