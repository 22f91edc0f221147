"""Which photos have which label: by a person's word (Yes, No, take it off), and by applying automatically."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from photoclip.library.catalog.changes import Change, perform
from photoclip.library.catalog.connection import Catalog
from photoclip.library.catalog.names import name_of
from photoclip.library.catalog.photos import counted
from photoclip.library.catalog.presence import IN_IDS, ids_json
from photoclip.library.catalog.rows import RowChange, Values

Decide = Callable[[int, Values | None], Values | None]


@dataclass(frozen=True)
class Settlement:
    """Of the photos in `scope`, exactly `ids` get the label automatically, with these scores (0 to 1)."""

    label_id: int
    scope: Sequence[int]
    ids: Sequence[int]
    scores: Sequence[float]


def label_photos(
    catalog: Catalog,
    label_id: int,
    ids: Iterable[int],
    *,
    source: str = "human",
    scores: Sequence[float] | None = None,
    undoable: bool = True,
) -> Change:
    """Gives the photos the label: as a person's word, or automatically, which leaves a person's word alone.

    `undoable=False` is for what arrives while nobody asked (a label kept applied).
    """
    ids = [int(i) for i in ids]
    score = dict(zip(ids, map(float, scores), strict=True)) if scores is not None else {}

    def decide(photo_id: int, current: Values | None) -> Values | None:
        if source == "auto" and current is not None and current["source"] == "human":
            return current
        known = current["score"] if current is not None else None
        return {"source": source, "verdict": 1, "score": score.get(photo_id, known)}

    name = name_of(catalog.read(), "label", label_id)
    words = f"Label {counted(len(ids))} {name}"
    return perform(catalog, words, lambda c: _decided(c, label_id, ids, decide), undoable=undoable)


def unlabel_photos(catalog: Catalog, label_id: int, ids: Iterable[int]) -> Change:
    """Takes the label off, and forgets a No: nothing is said about these photos any more."""
    ids = list(ids)
    words = f"Take {name_of(catalog.read(), 'label', label_id)} off {counted(len(ids))}"
    return perform(catalog, words, lambda c: _decided(c, label_id, ids, lambda photo_id, current: None))


def reject_photos(catalog: Catalog, label_id: int, ids: Iterable[int]) -> Change:
    """Says No: these photos do not get the label, and never will automatically."""
    ids = list(ids)

    def decide(photo_id: int, current: Values | None) -> Values | None:
        return {"source": "human", "verdict": 0, "score": current["score"] if current is not None else None}

    words = f"Say No to {name_of(catalog.read(), 'label', label_id)} for {counted(len(ids))}"
    return perform(catalog, words, lambda c: _decided(c, label_id, ids, decide))


def settle_auto(
    catalog: Catalog,
    label_id: int,
    scope_ids: Iterable[int],
    ids: Iterable[int],
    scores: Iterable[float],
    *,
    undoable: bool = True,
) -> Change:
    """Makes the automatic labels within the scope exactly these; a person's Yes and No stay."""
    settlement = Settlement(label_id, list(scope_ids), list(ids), list(scores))
    name = name_of(catalog.read(), "label", label_id)
    words = f"Apply {name} to {counted(len(settlement.ids))}"
    return settle_many(catalog, words, [settlement], undoable=undoable)


def settle_many(
    catalog: Catalog, description: str, settlements: Sequence[Settlement], *, undoable: bool = True
) -> Change:
    """Settles several labels in one change, which is undone in one step."""

    def build(connection: sqlite3.Connection) -> list[RowChange]:
        return [row for settlement in settlements for row in settled(connection, settlement)]

    return perform(catalog, description, build, undoable=undoable)


def settled(connection: sqlite3.Connection, settlement: Settlement) -> list[RowChange]:
    """The rows that settling changes now."""
    wanted = dict(zip(map(int, settlement.ids), map(float, settlement.scores), strict=True))

    def decide(photo_id: int, current: Values | None) -> Values | None:
        if current is not None and current["source"] == "human":
            return current
        return {"source": "auto", "verdict": 1, "score": wanted[photo_id]} if photo_id in wanted else None

    return _decided(connection, settlement.label_id, [*settlement.scope, *wanted], decide)


def _decided(
    connection: sqlite3.Connection, label_id: int, ids: Iterable[int], decide: Decide
) -> list[RowChange]:
    """One row change per photo of the library whose row differs from what `decide` says of it."""
    name_of(connection, "label", label_id)
    found = connection.execute(
        "SELECT photo.id, source, verdict, score FROM photo"
        " LEFT JOIN photo_label ON photo_id = photo.id AND label_id = ?"
        f" WHERE photo.id {IN_IDS} ORDER BY photo.id",
        (label_id, ids_json(ids)),
    )
    rows = []
    for photo_id, source, verdict, score in found:
        current = None if source is None else {"source": source, "verdict": verdict, "score": score}
        wanted = decide(photo_id, current)
        if wanted != current:
            rows.append(
                RowChange("photo_label", {"photo_id": photo_id, "label_id": label_id}, current, wanted)
            )
    return rows
