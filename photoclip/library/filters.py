"""Which photos meet a query's filters, as truths over the rows of the photo table."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from photoclip.errors import PhotoClipError, QueryError
from photoclip.library.catalog.albums import Album, album_photos, find_album, list_albums
from photoclip.library.catalog.connection import Catalog
from photoclip.library.catalog.labels import find_label, labelled, list_labels
from photoclip.library.catalog.names import nearest, plain
from photoclip.library.catalog.photos import PhotoTable
from photoclip.library.dates import parse_date
from photoclip.library.facts import FACT_FIELDS, photos_meeting
from photoclip.library.query import And, Condition, Exact, Filter, Node, Not, Or, SimilarTo, mistakes
from photoclip.library.query.values import fact_of
from photoclip.library.snapshot import Snapshot, folder_parts
from photoclip.library.spoken import photos_saying

T = TypeVar("T")
ALIKE, COMPARED = 3, 1000  # a suggestion begins as what was typed, and is the nearest of so many at most
Mask = NDArray[np.bool_]  # [N], a truth per row of the photo table
Live = Callable[[Album, Filter], Mask]


class Conditions:
    """Tells which photos of a snapshot a query lets be found; each filter is asked once."""

    def __init__(self, catalog: Catalog, snapshot: Snapshot, today: date, live: Live) -> None:
        """`live` looks up a live album for the filter that asks for it."""
        self._live = live
        self._catalog = catalog
        self._snapshot = snapshot
        self._today = today
        self._masks: dict[Condition, Mask] = {}

    def found(self, tree: Node) -> Mask:
        """The photos that a query may find: those `allowed`, missing ones only where it asks for them.

        That is where "is:missing" must hold, in one branch of the tree at least that lets the photo through.
        """
        missing = self._snapshot.missing
        mask = self.allowed(tree)
        return mask if missing is None else mask & (~missing | self._asked_for(tree))

    def _asked_for(self, tree: Node) -> Mask:
        """The photos let through by a branch in which "is:missing" must hold."""
        if not isinstance(tree, (And, Or)):
            return self.allowed(tree) if asks_for_missing(tree) else np.zeros(len(self._snapshot), np.bool_)
        asked = np.zeros(len(self._snapshot), np.bool_)
        for part in tree.parts:
            asked |= self._asked_for(part)
        return np.asarray(asked & self.allowed(tree))

    def allowed(self, tree: Node) -> Mask:
        """The photos that meet all filters of a tree in which Not stands around single things only.

        Meanings let every photo through. The mask is the caller's own. Raises QueryError for a name the
        library does not have.
        """
        if isinstance(tree, (And, Or)):
            mask = np.full(len(self._snapshot), isinstance(tree, And))
            for part in tree.parts:
                met = self.allowed(part)
                mask = mask & met if isinstance(tree, And) else mask | met
            return mask
        inner = tree.part if isinstance(tree, Not) else tree
        if not isinstance(inner, (Exact, Filter)):
            return np.ones(len(self._snapshot), np.bool_)
        mask = self._mask(inner)
        return ~mask if isinstance(tree, Not) else mask.copy()

    def _mask(self, condition: Condition) -> Mask:
        mask = self._masks.get(condition)
        if mask is None:
            mask = self._masks[condition] = self._found(condition)
        return mask

    def _found(self, condition: Condition) -> Mask:
        if isinstance(condition, Exact):
            return _exact(self._catalog, self._snapshot, condition)
        if condition.field in FACT_FIELDS:
            return mask_of(self._snapshot.table, photos_meeting(self._catalog, condition))
        if condition.field == "album":
            return self._album(condition)
        return _MASKS[condition.field](self._catalog, self._snapshot, condition, self._today)

    def _album(self, condition: Filter) -> Mask:
        album = _named(condition, lambda: find_album(self._catalog, condition.value))
        if album.query is not None:
            return self._live(album, condition)
        return mask_of(self._snapshot.table, album_photos(self._catalog, album.id, missing=True))


def asks_for_missing(tree: Node) -> bool:
    """Whether "is:missing" must hold somewhere in a tree in which Not stands around single things only."""
    if isinstance(tree, (And, Or)):
        return any(map(asks_for_missing, tree.parts))
    return isinstance(tree, Filter) and tree.field == "is" and fact_of(tree.value) == "missing"


def mask_of(table: PhotoTable, ids: NDArray[np.int64]) -> Mask:
    """The rows of `table` that hold one of the photos `ids`."""
    mask = np.zeros(len(table.ids), np.bool_)
    rows = table.rows_of(ids)
    mask[rows[rows >= 0]] = True
    return mask


def photo_named(snapshot: Snapshot, similar: SimilarTo) -> int:
    """The newest photo whose file has this name, with its ending or without; QueryError where none has."""
    wanted, files = similar.value.casefold(), snapshot.files
    places = [at for at, name in enumerate(files.names) if wanted in (name, os.path.splitext(name)[0])]
    rows = snapshot.table.rows_of(files.photos[places])
    rows = rows[rows >= 0]
    if not len(rows):
        alike = sorted(name for name in set(files.names) if name.startswith(wanted[:ALIKE]))[:COMPARED]
        raise QueryError(
            f"There is no photo named {similar.value}.{nearest(similar.value, alike)}",
            similar.position,
            "the file name of one of your photos",
        )
    return int(snapshot.table.ids[rows.min()])


def _label(catalog: Catalog, snapshot: Snapshot, condition: Filter, today: date) -> Mask:
    label = _named(condition, lambda: _label_id(catalog, condition.value))
    return mask_of(snapshot.table, labelled(catalog, label, missing=True))


def _label_id(catalog: Catalog, name: str) -> int:
    """Without counting its photos as `find_label` does, which knows what to say where there is none."""
    found = catalog.query("SELECT id FROM label WHERE name = ?", (plain(name),))
    return found[0]["id"] if found else find_label(catalog, name).id


def _named(condition: Filter, find: Callable[[], T]) -> T:
    """What `find` finds; its PhotoClipError becomes one that says where in the query."""
    try:
        return find()
    except PhotoClipError as error:
        what = f"the name of one of your {condition.field}s"
        raise QueryError(str(error), condition.position, what) from error


def _date(catalog: Catalog, snapshot: Snapshot, condition: Filter, today: date) -> Mask:
    when = parse_date(condition.value)
    if when is None:  # a Filter that did not come from `parse`
        raise mistakes.wrong_value(condition.field, condition.value, condition.position)
    start, end = when(today).seconds()
    return (snapshot.table.taken >= start) & (snapshot.table.taken < end)


def _folder(catalog: Catalog, snapshot: Snapshot, condition: Filter, today: date) -> Mask:
    """Photos in a folder of this name, or at this path, or anywhere below."""
    wanted = folder_parts(os.path.expanduser(condition.value))
    files = snapshot.files
    met = np.array([_within(parts, wanted) for parts in files.folders], np.bool_)
    return mask_of(snapshot.table, files.photos[met[files.folder_of]])


def _exact(catalog: Catalog, snapshot: Snapshot, condition: Exact) -> Mask:
    """Photos of which the file's name or words, a label or an album contains this, whatever the case.

    Of live albums those pinned in: what else such an album holds has not been named by anybody.
    """
    wanted = condition.value.casefold()
    files = snapshot.files
    met = np.array([wanted in name for name in files.names], np.bool_)
    mask = mask_of(snapshot.table, files.photos[met])
    mask |= mask_of(snapshot.table, photos_saying(catalog, condition.value))
    for label in list_labels(catalog):
        if wanted in label.name.casefold():
            mask |= mask_of(snapshot.table, labelled(catalog, label.id, missing=True))
    for album in list_albums(catalog):
        if wanted in album.name.casefold():
            mask |= mask_of(snapshot.table, album_photos(catalog, album.id, missing=True))
    return mask


def _within(folders: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    """Whether `wanted` are consecutive among `folders`."""
    count = len(wanted)
    return any(folders[at : at + count] == wanted for at in range(len(folders) - count + 1))


_MASKS: dict[str, Callable[[Catalog, Snapshot, Filter, date], Mask]] = {
    "label": _label,
    "folder": _folder,
    "date": _date,
}
