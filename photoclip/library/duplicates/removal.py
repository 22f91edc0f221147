"""Keeping the keepers: all others of some groups go to the trash."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence

from photoclip.library.catalog.connection import Catalog
from photoclip.library.catalog.presence import IN_IDS, ids_json
from photoclip.library.catalog.rows import RowChange
from photoclip.library.duplicates.tiers import Group, Member, Tier
from photoclip.library.trash import Trash
from photoclip.library.trashing import Trashed, trash_files
from photoclip.library.worker import state_of
from photoclip.paths import display


def trash_others(catalog: Catalog, trash: Trash, groups: Sequence[Group]) -> Trashed:
    """Moves all files of the groups but those of the keepers to the trash, as one change.

    Of groups of the same picture the keeper takes over the labels given by hand, the albums, the favourite
    and the stars. A file stays where its keeper is not there as it was indexed, or is that same file.
    """
    keepers = {path: group.keeper for group in groups for other in group.others for path in other.paths}

    def consequences(connection: sqlite3.Connection, gone: frozenset[bytes]) -> list[RowChange]:
        rows = []
        for group in groups:
            heirs = [other.photo for other in group.others if gone.issuperset(other.paths)]
            if group.tier is Tier.SAME and heirs:
                rows += list(_inherited(connection, group.keeper.photo, heirs))
        return rows

    return trash_files(
        catalog,
        trash,
        keepers,
        objection=lambda path: _objection(catalog, path, keepers[path]),
        consequences=consequences,
    )


def _objection(catalog: Catalog, path: bytes, keeper: Member) -> str:
    there = [kept for kept in keeper.paths if _is_as_indexed(catalog, kept)]
    if not there:
        return f"{display(keeper.paths[0])}, which is to be kept instead, is not there as it was indexed."
    try:
        linked = any(os.path.samefile(path, kept) for kept in there)
    except OSError as error:
        return f"It cannot be compared with {display(there[0])} ({error.strerror})."
    return f"It is the same file as {display(there[0])}, which is to be kept: a link to it." if linked else ""


def _is_as_indexed(catalog: Catalog, path: bytes) -> bool:
    found = catalog.query("SELECT size, mtime_ns FROM file WHERE path = ? AND missing_since IS NULL", (path,))
    return bool(found) and tuple(found[0]) == state_of(path)


def _inherited(connection: sqlite3.Connection, keeper: int, others: Sequence[int]) -> Iterator[RowChange]:
    """What was said of the others, where nothing is said of the keeper itself."""
    yield from _labels(connection, keeper, others)
    yield from _albums(connection, keeper, others)
    mine, best = (
        connection.execute(
            f"SELECT max(rating), max(rated), max(favourite) FROM photo WHERE id {IN_IDS}", (ids_json(ids),)
        ).fetchone()
        for ids in ([keeper], others)
    )
    before = dict(zip(("rating", "rated", "favourite"), mine, strict=True))
    after = {**before, "favourite": max(mine[2], best[2])}
    if not mine[0] and not mine[1] and best[0]:
        after |= {"rating": best[0], "rated": 1}
    if after != before:
        yield RowChange("photo", {"id": keeper}, before, after)


def _labels(connection: sqlite3.Connection, keeper: int, others: Sequence[int]) -> Iterator[RowChange]:
    said = connection.execute(
        "SELECT label_id, max(verdict) FROM photo_label"
        f" WHERE source = 'human' AND photo_id {IN_IDS} GROUP BY label_id ORDER BY label_id",
        (ids_json(others),),
    ).fetchall()
    mine = {
        row["label_id"]: {name: row[name] for name in ("source", "verdict", "score")}
        for row in connection.execute("SELECT * FROM photo_label WHERE photo_id = ?", (keeper,))
    }
    for label_id, verdict in said:
        before = mine.get(label_id)
        if before is None or before["source"] == "auto":
            key = {"photo_id": keeper, "label_id": label_id}
            after = {"source": "human", "verdict": verdict, "score": None}
            yield RowChange("photo_label", key, before, after)


def _albums(connection: sqlite3.Connection, keeper: int, others: Sequence[int]) -> Iterator[RowChange]:
    places = connection.execute(
        f"SELECT album_id, min(position) FROM album_photo WHERE photo_id {IN_IDS} AND album_id NOT IN"
        " (SELECT album_id FROM album_photo WHERE photo_id = ?) GROUP BY album_id ORDER BY album_id",
        (ids_json(others), keeper),
    ).fetchall()
    for album_id, position in places:
        key = {"album_id": album_id, "photo_id": keeper}
        yield RowChange("album_photo", key, None, {"position": position})
