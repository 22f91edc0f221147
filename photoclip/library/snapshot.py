"""What a search looks at: the photos that are there, and where each one's vector lies.

A search that has to do with missing photos looks at those too, in a snapshot of its own.

A snapshot is immutable; a new one is made when the catalog or the vectors have changed, by one thread at a
time, while searches under way keep theirs.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from photoclip.library.catalog.changes import Change
from photoclip.library.catalog.connection import Catalog
from photoclip.library.catalog.photos import PhotoTable, load_table, together
from photoclip.library.catalog.schema import MISSING
from photoclip.library.cosines import Half
from photoclip.library.frames import FrameRows, further
from photoclip.library.library import Library
from photoclip.library.vectors import VectorStore

# Labels and albums change often and do not move a photo or its vector.
PHOTO_TABLES = frozenset({"photo", "file", "content", "folder"})
_OF_MISSING = f"OR EXISTS(SELECT 1 FROM photo WHERE photo.id = photo_id AND presence = {MISSING})"

_State = tuple[int, int, int]  # of the photos in this process and in others, and of the vectors


@dataclass(frozen=True, eq=False)
class Files:
    """Names and folders of files, F of them, without case, for filters: of a photo those that are there,
    of a missing one all.
    """

    photos: NDArray[np.int64]  # [F]
    names: list[str]  # [F], the files' own names
    folder_of: NDArray[np.int64]  # [F], places in `folders`
    folders: list[tuple[str, ...]]  # each folder once, as the names it is made of


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Photos, newest first, and their vectors."""

    catalog: Catalog
    table: PhotoTable
    matrix: Half  # [M, D], unit rows, of any content ever embedded
    rows: NDArray[np.int64]  # [N], the row of each photo's vector in `matrix`; -1 is not embedded yet
    missing: NDArray[np.bool_] | None = None  # [N], whose files are all gone; None where none is among them
    frames: FrameRows = field(default_factory=FrameRows)  # further vectors of videos

    def __len__(self) -> int:
        return len(self.table.ids)

    @cached_property
    def files(self) -> Files:
        """Read when a filter first asks."""
        missing = "" if self.missing is None else _OF_MISSING
        photos, paths = self.catalog.columns(
            f"SELECT photo_id, path FROM file WHERE missing_since IS NULL {missing}"
        )
        folders: dict[bytes, int] = {}
        split = [os.path.split(path) for path in paths]
        folder_of = [folders.setdefault(folder, len(folders)) for folder, _ in split]
        return Files(
            photos=np.array(photos, np.int64),
            names=[os.fsdecode(name).casefold() for _, name in split],
            folder_of=np.array(folder_of, np.int64),
            folders=[folder_parts(os.fsdecode(folder)) for folder in folders],
        )

    def photos_at(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Positions in the table of the photos whose vectors are `rows`, without absent photos."""
        owner = np.full(len(self.matrix), -1, np.int64)
        embedded = np.flatnonzero(self.rows >= 0)
        owner[self.rows[embedded]] = embedded
        owner[self.frames.rows] = self.frames.owners
        found = owner[rows]
        return found[found >= 0]


class Snapshots:
    """Keeps the newest snapshots of a library for one model's vectors: without missing photos, and with."""

    def __init__(self, library: Library, store: VectorStore) -> None:
        self._catalog = library.catalog
        self._store = store
        self._lock = threading.Lock()
        self._changes = 0  # of photos, by this process
        self._made: dict[bool, tuple[_State, Snapshot]] = {}
        self._unsubscribe = library.catalog.subscribe(self._on_change)

    def latest(self, *, missing: bool = False) -> Snapshot:
        """The snapshot of now, with `missing` photos or without; cheap when nothing changed."""
        with self._lock:
            state = (self._changes, self._catalog.data_version(), self._store.generation)
            known = self._made.get(missing)
            if known is None or known[0] != state:
                known = self._made[missing] = (state, self._renewed(state, missing))
            return known[1]

    def close(self) -> None:
        self._unsubscribe()

    def _on_change(self, change: Change) -> None:
        if change.tables & PHOTO_TABLES:
            self._changes += 1

    def _renewed(self, state: _State, missing: bool) -> Snapshot:
        """A snapshot of `state`; the photo table is read again only when the catalog changed."""
        known = self._made.get(missing)
        if known is not None and known[0][:2] == state[:2]:
            table, gone = known[1].table, known[1].missing
        else:
            table, gone = self._read(missing)
        keys, matrix = self._store.snapshot()
        rows, frames = find_rows(keys, table.hashes), self._frames(table, keys)
        return Snapshot(self._catalog, table, np.asarray(matrix), rows, gone, frames)

    def _read(self, missing: bool) -> tuple[PhotoTable, NDArray[np.bool_] | None]:
        there = load_table(self._catalog)
        if not missing:
            return there, None
        gone = load_table(self._catalog, missing=True)
        both = together(there, gone)
        return both, gone.rows_of(both.ids) >= 0

    def _frames(self, table: PhotoTable, keys: NDArray[np.bytes_]) -> FrameRows:
        videos, further_keys = (np.frombuffer(b"".join(found), "S16") for found in further(self._catalog))
        return FrameRows.of(find_rows(table.hashes, videos), find_rows(keys, further_keys))


def folder_parts(path: str) -> tuple[str, ...]:
    """A folder's names without case; an absolute path begins with an empty name (Windows: its drive)."""
    return tuple(path.casefold().replace("\\", "/").rstrip("/").split("/"))


def find_rows(keys: NDArray[np.bytes_], wanted: NDArray[np.generic]) -> NDArray[np.int64]:
    """Where each of the `wanted` 16-byte hashes [N] is in `keys` [M], the last of several; -1 is nowhere."""
    hashes = np.ascontiguousarray(wanted).view("S16").reshape(-1)
    if not len(keys) or not len(hashes):
        return np.full(len(hashes), -1, np.int64)
    rows = _last_with(_beginning(keys), _beginning(hashes))
    found = (rows >= 0) & (keys[rows] == hashes)
    if not (found | (rows < 0)).all():  # hashes that begin alike: nobody has seen it happen
        places = {key: row for row, key in enumerate(keys.tolist())}
        return np.array([places.get(key, -1) for key in hashes.tolist()], np.int64)
    return np.where(found, rows, -1)


def _beginning(hashes: NDArray[np.bytes_]) -> NDArray[np.uint64]:
    """The first half of each hash [N] as a number, which is quicker to sort and find than sixteen bytes."""
    return np.ascontiguousarray(hashes).view(np.uint64)[::2].copy()


def _last_with(keys: NDArray[np.uint64], wanted: NDArray[np.uint64]) -> NDArray[np.int64]:
    """The last place of each of `wanted` [N] in `keys` [M]; -1 is nowhere. Sorted, both are read in order."""
    order, turn = np.argsort(keys, kind="stable"), np.argsort(wanted, kind="stable")
    sorted_keys, sorted_wanted = keys[order], wanted[turn]
    place = np.searchsorted(sorted_keys, sorted_wanted, side="right") - 1
    there = (place >= 0) & (sorted_keys[place] == sorted_wanted)
    rows = np.empty(len(wanted), np.int64)
    rows[turn] = np.where(there, order[place], -1)
    return rows
