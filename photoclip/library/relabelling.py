"""After a change of models: the automatic labels are judged anew by the model that serves now.

A label that is kept applied is judged on all photos, as what arrives is. Any other one only where it is, or
was until the last change of models: a person has seen what it would be put on, and nothing is put on more
photos unseen. So the model before, when it serves again, gives the labels that it gave. What a person said
stays.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping

from photoclip.library.catalog.changes import Change, perform, rows_in_force
from photoclip.library.catalog.connection import Catalog
from photoclip.library.catalog.judged import Judged, judged, set_judged
from photoclip.library.catalog.labels import list_labels
from photoclip.library.catalog.rows import RowChange
from photoclip.library.catalog.served import served
from photoclip.library.catalog.tags import Settlement, settled
from photoclip.library.engines import Engines
from photoclip.library.labelling import Scope, settlement
from photoclip.library.models import LibraryModels
from photoclip.library.search import SearchEngine


def is_due(catalog: Catalog) -> bool:
    """Whether the automatic labels are of another model than the one that serves."""
    state, serving = judged(catalog), next(iter(served(catalog)), None)
    return state is not None and serving is not None and state.key != serving.key


def follow(models: LibraryModels, engines: Engines) -> Change | None:
    """Renews with the engine of the model that serves, which is not made unless it is due."""
    return renew(models, engines.current()) if is_due(models.library.catalog) else None


def renew(models: LibraryModels, engine: SearchEngine) -> Change | None:
    """Judges the automatic labels with the engine's model, where that is due and it knows all photos.

    One transaction: a kill leaves it done or due. Raises ModelError where the model cannot be asked.
    """
    catalog, info = engine.library.catalog, engine.encoder.info
    state = judged(catalog)
    if state is None or not is_due(catalog) or info.key == state.key:
        return None
    reading = models.known_to(info)
    if reading.known < reading.total:
        return None
    settlements = list(_settlements(engine, _taken_off(catalog, state)))

    def build(connection: sqlite3.Connection) -> list[RowChange]:
        rows = [row for each in settlements for row in settled(connection, each)]
        set_judged(connection, info.key, changed=bool(rows))
        return rows

    change = perform(catalog, f"Renew automatic labels with {info.name}", build)
    return change if change.rows else None


def _settlements(engine: SearchEngine, taken_off: Mapping[int, set[int]]) -> Iterator[Settlement]:
    catalog = engine.library.catalog
    for label in list_labels(catalog):
        if label.keep_applied:
            yield settlement(engine, label, Scope("all"))
        elif photos := _automatic(catalog, label.id) | taken_off.get(label.id, set()):
            yield settlement(engine, label, Scope("photos", photos=tuple(photos)))


def _automatic(catalog: Catalog, label_id: int) -> set[int]:
    """The photos that have the label automatically."""
    (ids,) = catalog.columns(
        "SELECT photo_id FROM photo_label WHERE label_id = ? AND verdict = 1 AND source = 'auto'", (label_id,)
    )
    return set(ids)


def _taken_off(catalog: Catalog, state: Judged) -> Mapping[int, set[int]]:
    """By label, the photos that lost it when the automatic labels were renewed last."""
    found: dict[int, set[int]] = defaultdict(set)
    for row in () if state.change_id is None else rows_in_force(catalog, state.change_id):
        if row.after is None:
            found[row.key["label_id"]].add(row.key["photo_id"])
    return found
