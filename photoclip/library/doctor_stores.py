"""The doctor looks at what can be made again: thumbnails, vectors, and the index over them."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from photoclip.errors import CatalogDamaged
from photoclip.library.catalog.backup import connect
from photoclip.library.catalog.connection import Catalog
from photoclip.library.catalog.faults import translated
from photoclip.library.catalog.schema import PRESENT
from photoclip.library.catalog.served import served
from photoclip.library.cosines import Half
from photoclip.library.doctor_findings import Finding, Part, Severity, are, many
from photoclip.library.frames import known_keys
from photoclip.library.levels import are_unit
from photoclip.library.neighbours import Neighbours
from photoclip.library.vectors import HEADER_BYTES, RECORD_BYTES, VectorStore, stored_dim

ROWS_AT_A_TIME = 16_384
_NO_JPEG = "substr(jpeg, 1, 3) != x'FFD8FF' OR substr(jpeg, -2) != x'FFD9'"


@dataclass(frozen=True)
class Contents:
    """Content hashes by what the catalog says of them."""

    known: frozenset[bytes]
    shown: frozenset[bytes]  # of photos that are there
    serving: str  # the key of the model that searches; empty where that is not written down
    frames: frozenset[bytes] = frozenset()  # the keys of further frames of videos

    @classmethod
    def of(cls, catalog: Catalog) -> Contents:
        (known,) = catalog.columns("SELECT hash FROM content")
        (shown,) = catalog.columns("SELECT hash FROM photo WHERE presence = ?", (PRESENT,))
        serving = next((m.key for m in served(catalog)), "")
        return cls(frozenset(known), frozenset(shown), serving, frozenset(known_keys(catalog)))


def examine_thumbnails(path: Path, contents: Contents) -> Iterator[Finding]:
    """Whether each photo has a thumbnail, and each thumbnail is a JPEG of a known content."""
    try:
        stored, bad = _read_thumbnails(path)
    except CatalogDamaged as error:
        yield _damaged_thumbnails(path, str(error.__cause__))
        return
    yield from _thumbnails(path, bad, "thumbnail-damaged", "minor", "damaged")
    unused = sorted(stored - contents.known)
    yield from _thumbnails(path, unused, "thumbnail-unused", "note", "of no photo any more")
    if lacking := contents.shown - stored:
        yield Finding(
            "thumbnails",
            "thumbnail-missing",
            path,
            "note",
            f"Thumbnails are missing ({many(len(lacking), 'photo')}); make them with: photoclip index",
            len(lacking),
        )


def _read_thumbnails(path: Path) -> tuple[set[bytes], list[bytes]]:
    """The hashes that have a thumbnail, and those whose thumbnail is no JPEG. Raises CatalogDamaged."""
    if not path.exists():
        return set(), []
    with translated(path), closing(connect(path)) as connection:
        said = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if said != "ok":
            raise CatalogDamaged(str(path)) from sqlite3.DatabaseError(said)
        if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'thumbnail'").fetchone():
            return set(), []  # killed before the first was written
        stored = {row[0] for row in connection.execute("SELECT hash FROM thumbnail")}
        bad = [row[0] for row in connection.execute(f"SELECT hash FROM thumbnail WHERE {_NO_JPEG}")]
    return stored, bad


def _damaged_thumbnails(path: Path, said: str) -> Finding:
    return Finding(
        "thumbnails",
        "thumbnails-damaged",
        path,
        "minor",
        f"The thumbnails in {path} are damaged ({said}); a repair deletes them, and photoclip index makes"
        " new ones.",
        mend=partial(_delete_database, path),
    )


def _delete_database(path: Path) -> str:
    for suffix in ("", "-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    return f"Deleted {path}."


def _thumbnails(
    path: Path, hashes: list[bytes], what: str, severity: Severity, words: str
) -> Iterator[Finding]:
    if hashes:
        sentence = f"{are(len(hashes), 'thumbnail', path, words)}; a repair makes room for new ones."
        mend = partial(_delete_thumbnails, path, hashes)
        yield Finding("thumbnails", what, path, severity, sentence, len(hashes), mend=mend)


def _delete_thumbnails(path: Path, hashes: list[bytes]) -> str:
    with translated(path), closing(connect(path)) as connection, connection:
        connection.executemany("DELETE FROM thumbnail WHERE hash = ?", [(hash,) for hash in hashes])
    return f"Deleted {many(len(hashes), 'thumbnail')} from {path}."


def examine_vectors(folder: Path, contents: Contents) -> Iterator[Finding]:
    """Whether the vectors of every model are whole, and those of the one that serves complete."""
    keys = {path.name.partition(".")[0] for path in folder.glob("*.*")}
    serving = contents.serving or (next(iter(keys)) if len(keys) == 1 else "")
    for key in sorted(keys):
        with contextlib.suppress(FileNotFoundError):  # another process has just deleted a model's vectors
            yield from list(_examine_model(folder, key, contents, serves=key == serving))
    if serving and serving not in keys and contents.shown:
        yield _unread(folder / f"{serving}.keys", len(contents.shown))


def _examine_model(folder: Path, key: str, contents: Contents, *, serves: bool) -> Iterator[Finding]:
    records, rows = folder / f"{key}.keys", [folder / f"{key}.half", folder / f"{key}.vectors"]
    if not records.exists():
        useless = [path for path in (*rows, *_index_files(folder, key)) if path.exists()]
        if useless:
            yield _useless(useless, "vectors-unfinished", "note", "holds vectors of no photo")
        return
    begun = records.stat().st_size < HEADER_BYTES
    dim = stored_dim(records)
    if dim is None or not any(path.exists() for path in rows):
        severity: Severity = "note" if begun else "minor"
        found = [path for path in (records, *rows) if path.exists()]
        yield _useless(found, "vectors-damaged", severity, "is not what it should be")
        return
    store = VectorStore(folder, key, dim)
    try:
        yield from _torn(store)
        if rows[1].exists():  # a kill between the last two steps of `float_vectors.to_half`
            yield _useless(rows[1:], "vectors-left-over", "note", "holds vectors that are kept elsewhere now")
        yield from _rows(store, contents, serves=serves)
        if Neighbours(store).file_fits() is False:
            yield _useless(_index_files(folder, key), "index-stale", "note", "does not fit the vectors")
    finally:
        store.close()


def _index_files(folder: Path, key: str) -> list[Path]:
    return [folder / f"{key}.graph", folder / f"{key}.graph.npz"]


def _useless(paths: list[Path], what: str, severity: Severity, words: str) -> Finding:
    part: Part = "index" if what.startswith("index") else "vectors"
    sentence = f"{paths[0]} {words}; a repair deletes it, and it is made anew."
    return Finding(part, what, paths[0], severity, sentence, mend=partial(_delete, paths))


def _delete(paths: list[Path]) -> str:
    for path in paths:
        path.unlink(missing_ok=True)
    return f"Deleted {', '.join(map(str, paths))}."


def _torn(store: VectorStore) -> Iterator[Finding]:
    """What a kill, or a power loss, has left behind the last whole row; the next batch overwrites it."""
    if _whole_sizes(store) != (store.rows_path.stat().st_size, store.keys_path.stat().st_size):
        yield Finding(
            "vectors",
            "vectors-torn",
            store.rows_path,
            "note",
            f"{store.rows_path} ends with an unfinished batch, which indexing makes anew; a repair cuts it"
            " off.",
            mend=partial(_cut, store.rows_path.parent, store.rows_path.stem, store.dim),
        )


def _whole_sizes(store: VectorStore) -> tuple[int, int]:
    return len(store) * store.row_bytes, HEADER_BYTES + len(store) * RECORD_BYTES


def _cut(folder: Path, key: str, dim: int) -> str:
    store = VectorStore(folder, key, dim)
    rows, records = _whole_sizes(store)
    store.close()
    os.truncate(store.keys_path, records)
    os.truncate(store.rows_path, rows)
    return f"Cut the unfinished batch off {store.rows_path}."


def _rows(store: VectorStore, contents: Contents, *, serves: bool) -> Iterator[Finding]:
    keys, matrix = store.snapshot()
    bad = ~store.sound() | ~_unit(matrix) | _repeated(keys)
    unknown = ~bad & ~_among(keys, contents.known | contents.frames)
    path = store.rows_path
    checks: tuple[tuple[NDArray[np.bool_], str, Severity, str], ...] = (
        (bad, "vectors-damaged", "minor", "damaged"),
        (unknown, "vectors-unused", "note", "of no photo any more"),
    )
    for mask, what, severity, words in checks:
        count = int(mask.sum())
        if count:
            sentence = f"{are(count, 'vector', path, words)}; a repair makes room for new ones."
            mend = partial(_drop, path.parent, path.stem, store.dim, frozenset(keys[mask].tolist()))
            yield Finding("vectors", what, path, severity, sentence, count, mend=mend)
    lacking = len(store.missing(contents.shown)) if serves else 0
    if lacking:
        yield _unread(path, lacking)


def _unread(path: Path, count: int) -> Finding:
    sentence = (
        f"The model that searches has not read {many(count, 'photo')} yet; it does with: photoclip index"
    )
    return Finding("vectors", "vector-missing", path, "note", sentence, count)


def _unit(matrix: Half) -> NDArray[np.bool_]:
    parts = [
        are_unit(matrix[start : start + ROWS_AT_A_TIME]) for start in range(0, len(matrix), ROWS_AT_A_TIME)
    ]
    return np.concatenate([np.empty(0, bool), *parts])


def _repeated(keys: NDArray[np.bytes_]) -> NDArray[np.bool_]:
    _, first = np.unique(keys, return_index=True)
    repeated = np.ones(len(keys), bool)
    repeated[first] = False
    return repeated


def _among(keys: NDArray[np.bytes_], hashes: frozenset[bytes]) -> NDArray[np.bool_]:
    return np.isin(keys, np.array(list(hashes), "S16"))


def _drop(folder: Path, key: str, dim: int, hashes: frozenset[bytes]) -> str:
    """`hashes` as NumPy gives them, without trailing zero bytes."""
    store = VectorStore(folder, key, dim)
    count = store.keep(np.array([key not in hashes for key in store.keys().tolist()], bool))
    store.close()
    return f"Deleted {many(count, 'vector')} from {store.rows_path}."
