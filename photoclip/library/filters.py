"""Which photos meet a query's filters: label, album, folder, date and exact words."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import date
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from photoclip.errors import PhotoClipError, QueryError
from photoclip.library.catalog.albums import album_photos, find_album, list_albums
from photoclip.library.catalog.connection import Catalog
from photoclip.library.catalog.labels import find_label, labelled, list_labels
from photoclip.library.catalog.names import plain
from photoclip.library.catalog.photos import PhotoTable
from photoclip.library.dates import parse_date
from photoclip.library.query import EXACT, Filter
from photoclip.library.snapshot import Snapshot, folder_parts

T = TypeVar("T")
Mask = NDArray[np.bool_]  # [N], a truth per row of the photo table


def matching(catalog: Catalog, snapshot: Snapshot, filters: Sequence[Filter], today: date) -> Mask:
    """The photos that meet all `filters`; raises QueryError for a name the library does not have."""
    mask = np.ones(len(snapshot), np.bool_)
    for condition in filters:
        met = _MASKS[condition.field](catalog, snapshot, condition, today)
        mask &= ~met if condition.negated else met
    return mask


def mask_of(table: PhotoTable, ids: NDArray[np.int64]) -> Mask:
    """The rows of `table` that hold one of the photos `ids`."""
    mask = np.zeros(len(table.ids), np.bool_)
    rows = table.rows_of(ids)
    mask[rows[rows >= 0]] = True
    return mask


def _label(catalog: Catalog, snapshot: Snapshot, condition: Filter, today: date) -> Mask:
    label = _named(condition, lambda: _label_id(catalog, condition.value))
    return mask_of(snapshot.table, labelled(catalog, label))


def _label_id(catalog: Catalog, name: str) -> int:
    """Without counting its photos as `find_label` does, which knows what to say where there is none."""
    found = catalog.query("SELECT id FROM label WHERE name = ?", (plain(name),))
    return found[0]["id"] if found else find_label(catalog, name).id


def _album(catalog: Catalog, snapshot: Snapshot, condition: Filter, today: date) -> Mask:
    album = _named(condition, lambda: find_album(catalog, condition.value))
    return mask_of(snapshot.table, album_photos(catalog, album.id))


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
        raise QueryError(f"“{condition.value}” is not a date.", condition.position, "a date")
    start, end = when(today).seconds()
    return (snapshot.table.taken >= start) & (snapshot.table.taken < end)


def _folder(catalog: Catalog, snapshot: Snapshot, condition: Filter, today: date) -> Mask:
    """Photos in a folder of this name, or at this path, or anywhere below."""
    wanted = folder_parts(os.path.expanduser(condition.value))
    files = snapshot.files
    met = np.array([_within(parts, wanted) for parts in files.folders], np.bool_)
    return mask_of(snapshot.table, files.photos[met[files.folder_of]])


def _exact(catalog: Catalog, snapshot: Snapshot, condition: Filter, today: date) -> Mask:
    """Photos whose file name, or one of whose labels or albums, contains the words, whatever their case."""
    wanted = condition.value.casefold()
    files = snapshot.files
    met = np.array([wanted in name for name in files.names], np.bool_)
    mask = mask_of(snapshot.table, files.photos[met])
    for label in list_labels(catalog):
        if wanted in label.name.casefold():
            mask |= mask_of(snapshot.table, labelled(catalog, label.id))
    for album in list_albums(catalog):
        if wanted in album.name.casefold():
            mask |= mask_of(snapshot.table, album_photos(catalog, album.id))
    return mask


def _within(folders: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    """Whether `wanted` are consecutive among `folders`."""
    count = len(wanted)
    return any(folders[at : at + count] == wanted for at in range(len(folders) - count + 1))


_MASKS: dict[str, Callable[[Catalog, Snapshot, Filter, date], Mask]] = {
    "label": _label,
    "album": _album,
    "folder": _folder,
    "date": _date,
    EXACT: _exact,
}
