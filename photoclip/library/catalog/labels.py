"""Labels: a name, descriptions in the person's own words, and a threshold; and which photos have them.

What a person says and what PhotoClip finds are kept apart: a photo's row is `human` (verdict 1, or 0 for a
No that is remembered) or `auto`. An automatic label never replaces a human word.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photoclip.errors import PhotoClipError
from photoclip.library.catalog.changes import Change, perform
from photoclip.library.catalog.connection import Catalog
from photoclip.library.catalog.names import check_name, free_name, name_of, nearest, plain
from photoclip.library.catalog.rows import RowChange, next_id
from photoclip.library.catalog.schema import PRESENT
from photoclip.library.catalog.tags import (
    Settlement,
    label_photos,
    reject_photos,
    settle_auto,
    settle_many,
    unlabel_photos,
)

__all__ = [
    "DEFAULT_THRESHOLD",
    "Label",
    "Settlement",
    "add_label",
    "delete_label",
    "edit_label",
    "find_label",
    "label_photos",
    "labelled",
    "list_labels",
    "reject_photos",
    "settle_auto",
    "settle_many",
    "unlabel_photos",
]

DEFAULT_THRESHOLD = 0.5


@dataclass(frozen=True)
class Label:
    """`human` and `auto` count the photos that are there; `colour` is 0xRRGGBB or None."""

    id: int
    name: str
    descriptions: tuple[str, ...]
    threshold: float
    keep_applied: bool
    colour: int | None
    human: int
    auto: int


def add_label(
    catalog: Catalog,
    name: str,
    descriptions: Sequence[str] = (),
    threshold: float = DEFAULT_THRESHOLD,
    *,
    keep_applied: bool = False,
) -> Change:
    """`created` is the label's id. Raises PhotoClipError for a taken name or a threshold out of 0 to 1."""
    name = check_name(name, "label")

    def build(connection: sqlite3.Connection) -> list[RowChange]:
        free_name(connection, "label", name)
        values = {
            "name": name,
            "descriptions": _descriptions(descriptions),
            "threshold": _threshold(threshold),
            "keep_applied": int(keep_applied),
            "colour": None,
            "position": connection.execute("SELECT coalesce(max(position), 0) + 1 FROM label").fetchone()[0],
        }
        return [RowChange("label", {"id": next_id(connection, "label")}, None, values)]

    return perform(catalog, f"Add the label {name}", build, creates="label")


def edit_label(
    catalog: Catalog,
    label_id: int,
    *,
    name: str | None = None,
    descriptions: Sequence[str] | None = None,
    threshold: float | None = None,
    keep_applied: bool | None = None,
    colour: int | None = None,
) -> Change:
    """Changes what is given and leaves the rest. Raises PhotoClipError for a name another label has."""
    wanted: dict[str, Any] = {
        "name": None if name is None else check_name(name, "label"),
        "descriptions": None if descriptions is None else _descriptions(descriptions),
        "threshold": None if threshold is None else _threshold(threshold),
        "keep_applied": None if keep_applied is None else int(keep_applied),
        "colour": colour,
    }

    def build(connection: sqlite3.Connection) -> list[RowChange]:
        row = _row(connection, label_id)
        if wanted["name"] is not None:
            free_name(connection, "label", wanted["name"], besides=label_id)
        after = {
            column: value for column, value in wanted.items() if value is not None and value != row[column]
        }
        before = {column: row[column] for column in after}
        return [RowChange("label", {"id": label_id}, before, after)] if after else []

    return perform(catalog, f"Edit the label {name_of(catalog.read(), 'label', label_id)}", build)


def delete_label(catalog: Catalog, label_id: int) -> Change:
    """Deletes the label and takes it from all photos."""

    def build(connection: sqlite3.Connection) -> list[RowChange]:
        row = dict(_row(connection, label_id))
        return [RowChange("label", {"id": row.pop("id")}, row, None)]

    return perform(catalog, f"Delete the label {name_of(catalog.read(), 'label', label_id)}", build)


def list_labels(catalog: Catalog) -> list[Label]:
    """All labels, by their position."""
    found = catalog.query(
        "SELECT label.*, coalesce(sum(source = 'human'), 0) AS human,"
        " coalesce(sum(source = 'auto'), 0) AS auto FROM label"
        " LEFT JOIN (SELECT label_id, source FROM photo_label JOIN photo ON photo.id = photo_id"
        " WHERE verdict = 1 AND presence = ?) ON label_id = label.id"
        " GROUP BY label.id ORDER BY label.position, label.id",
        (PRESENT,),
    )
    return [
        Label(
            row["id"],
            row["name"],
            tuple(json.loads(row["descriptions"])),
            row["threshold"],
            bool(row["keep_applied"]),
            row["colour"],
            row["human"],
            row["auto"],
        )
        for row in found
    ]


def find_label(catalog: Catalog, name: str) -> Label:
    """The label of this name, in any case; raises PhotoClipError naming near ones."""
    name, labels = plain(name), list_labels(catalog)
    for label in labels:
        if label.name.casefold() == name.casefold():
            return label
    raise PhotoClipError(f"There is no label named {name}.{nearest(name, [label.name for label in labels])}")


def labelled(catalog: Catalog, label_id: int, *, missing: bool = False) -> NDArray[np.int64]:
    """The photos with this label, int64 [N], in the order of their ids: those there, with `missing` all."""
    there = "" if missing else f" AND (SELECT presence FROM photo WHERE photo.id = photo_id) = {PRESENT}"
    (ids,) = catalog.columns(
        f"SELECT photo_id FROM photo_label WHERE label_id = ? AND verdict = 1{there}", (label_id,)
    )
    return np.sort(np.array(ids, dtype=np.int64))


def _descriptions(descriptions: Sequence[str]) -> str:
    words = map(plain, descriptions)
    return json.dumps([description for description in words if description], ensure_ascii=False)


def _threshold(threshold: float) -> float:
    if not 0.0 <= threshold <= 1.0:
        raise PhotoClipError(f"A label's threshold lies between 0 and 1; {threshold:g} does not.")
    return float(threshold)


def _row(connection: sqlite3.Connection, label_id: int) -> sqlite3.Row:
    found: sqlite3.Row | None = connection.execute("SELECT * FROM label WHERE id = ?", (label_id,)).fetchone()
    if found is None:
        raise PhotoClipError("This label is not there any more.")
    return found
