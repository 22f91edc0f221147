"""The vectors of one model: append-only files beside the catalog, memory-mapped, found by content hash.

`<key>.half` holds rows in half precision. `<key>.keys` holds one 24-byte record a row, the content's hash and
a checksum over hash and row, after a 16-byte header. Rows are written and synced before their records, so a
process killed at any moment leaves at most rows without records, which the next append overwrites.

Earlier versions kept whole floats; `float_vectors` makes halves of them when they are first opened.
"""

from __future__ import annotations

import contextlib
import errno
import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import xxhash
from numpy.typing import NDArray

from photoclip.errors import DiskFull, PhotoClipError
from photoclip.library.cosines import Half

_MAGIC, FLOAT_MAGIC = b"PhCpVec2", b"PhCpVec1"
HEADER_BYTES = 16
RECORD = np.dtype([("key", "S16"), ("check", "<u8")])
RECORD_BYTES = RECORD.itemsize
_TAIL = 64
"""Rows checked at opening: what a power loss may have torn. `verify` checks them all."""
_LONGEST = 1 << 16
"""A dimension above this is a damaged header."""
_KEPT = "kept"
"""Part of the name of files that are about to take the place of others."""


def stored_dim(keys_path: Path) -> int | None:
    """The dimension of the vectors whose records these are; None when the file is not what it should be.

    Raises OSError.
    """
    with keys_path.open("rb") as file:
        header = file.read(HEADER_BYTES)
    dim = int.from_bytes(header[8:], "little")
    ours = header[:8] in (_MAGIC, FLOAT_MAGIC)
    sound = len(header) == HEADER_BYTES and ours and 0 < dim <= _LONGEST
    return dim if sound else None


def is_of_floats(keys_path: Path, dim: int) -> bool:
    """Whether these are the records of whole floats, as earlier versions kept them."""
    try:
        with keys_path.open("rb") as file:
            return file.read(HEADER_BYTES) == FLOAT_MAGIC + dim.to_bytes(8, "little")
    except FileNotFoundError:
        return False


class VectorStore:
    """One row for each content, in order of arrival. One process appends (the writer lock), any may read."""

    def __init__(self, folder: Path, key: str, dim: int) -> None:
        self.dim = dim
        self.rows_path = folder / f"{key}.half"
        self.keys_path = folder / f"{key}.keys"
        self._lock = threading.RLock()
        self._generation = 0
        self._file = (-1, -1)  # inode and size of the keys file that was read last
        self._records = np.empty(0, RECORD)
        self._matrix: Half = np.empty((0, dim), np.float16)
        self._known: set[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        self.refresh()

    def __len__(self) -> int:
        return len(self._records)

    @property
    def generation(self) -> int:
        """Grows whenever rows were added or the files replaced, by this process or another."""
        self.refresh()
        return self._generation

    def keys(self) -> NDArray[np.bytes_]:
        """Content hashes, S16 [N]."""
        with self._lock:
            return np.asarray(self._records["key"])

    @property
    def row_bytes(self) -> int:
        return self.dim * np.dtype(np.float16).itemsize

    def matrix(self) -> Half:
        """Unit vectors, float16 [N, D], read-only, mapped from the file; stays valid while others append."""
        with self._lock:
            return self._matrix

    def snapshot(self) -> tuple[NDArray[np.bytes_], Half]:
        """`keys()` and `matrix()` of one moment."""
        with self._lock:
            return self.keys(), self._matrix

    def missing(self, keys: Iterable[bytes]) -> set[bytes]:
        """Those of `keys` that have no vector."""
        with self._lock:
            return {key for key in keys if key not in self._key_set()}

    def append(self, keys: Sequence[bytes], vectors: NDArray[np.float32]) -> None:
        """Add rows and sync them to the disk; keys already here are left out. Raises `DiskFull`."""
        if vectors.shape != (len(keys), self.dim):
            raise ValueError(
                f"{len(keys)} keys and vectors of shape {vectors.shape} for dimension {self.dim}"
            )
        with self._lock:
            self.refresh()
            known = self._key_set()
            fresh = {key: at for at, key in enumerate(keys) if key not in known}
            if fresh:
                with np.errstate(over="ignore"):  # what is no unit vector shows itself when it is compared
                    halves = vectors[list(fresh.values())].astype(np.float16)
                self._write(list(fresh), halves)

    def refresh(self) -> None:
        """Notice rows another process has added. Cheap when nothing changed."""
        with self._lock:
            try:
                found = self.keys_path.stat()
            except FileNotFoundError:
                state = (-1, -1)
            else:
                state = (found.st_ino, found.st_size)
            if state != self._file:
                self._read(state)

    def verify(self) -> int:
        """Check every row; damaged files are set aside, sound rows written anew. Returns the rows dropped."""
        self.refresh()
        return self.keep(self.sound())

    def sound(self) -> NDArray[np.bool_]:
        """Which rows are as they were written, bool [N]; reads all of them."""
        with self._lock:
            records, matrix = self._records, self._matrix
        return np.fromiter(
            (
                record["check"] == checksum(record["key"], row)
                for record, row in zip(records, matrix, strict=True)
            ),
            bool,
            len(records),
        )

    def keep(self, rows: NDArray[np.bool_]) -> int:
        """Write these rows anew, then set the files with the others aside; bool [N], later ones stay.

        Returns the rows dropped. The new files are whole before the old ones go. Raises `DiskFull`.
        """
        if rows.all():
            return 0
        with self._lock:
            later = np.ones(len(self) - len(rows), bool)  # appended meanwhile
            kept = np.concatenate([rows, later])
            keys = [bytes(key) for key in _full(self._records["key"][kept])]
            fresh = VectorStore(self.rows_path.parent, f"{self.rows_path.stem}.{_KEPT}", self.dim)
            if keys:
                fresh._set_aside()  # what a kill in here may have left
                fresh._write(keys, np.array(self._matrix[kept]))
            self._set_aside()
            if keys:
                fresh.rows_path.replace(self.rows_path)
                fresh.keys_path.replace(self.keys_path)
            self.refresh()
        return int(len(rows) - rows.sum())

    def close(self) -> None:
        """Let go of the mapped file; the store is empty afterwards."""
        with self._lock:
            self._known = None
            self._records, self._matrix = self._records[:0], np.empty((0, self.dim), np.float16)
            self._file = (-2, -2)

    def _key_set(self) -> set[bytes]:
        if self._known is None:
            self._known = {bytes(key) for key in _full(self._records["key"])}
        return self._known

    def _read(self, state: tuple[int, int]) -> None:
        """Take the files as they are; rows whose end was torn do not count."""
        if is_of_floats(self.keys_path, self.dim):
            from photoclip.library.float_vectors import to_half  # of use once in a library's life

            with self._room():
                state = to_half(self)
        records = self._sound_records()
        if records is None:
            self._set_aside()
            return
        rows = self.rows_path.stat().st_size // self.row_bytes if len(records) else 0
        records = records[:rows]
        matrix: Half = np.empty((0, self.dim), np.float16)
        if len(records):
            matrix = np.memmap(self.rows_path, np.float16, "r", shape=(len(records), self.dim))
        count = len(records)
        while (
            count
            and len(records) - count < _TAIL
            and records[count - 1]["check"] != checksum(records[count - 1]["key"], matrix[count - 1])
        ):
            count -= 1
        self._take(records[:count], matrix[:count], state)

    def _sound_records(self) -> NDArray[np.void] | None:
        """The records, or None when the files are not what they should be."""
        try:
            data = self.keys_path.read_bytes()
        except FileNotFoundError:
            return np.empty(0, RECORD)
        if len(data) < HEADER_BYTES:  # not a record yet, or torn before the first
            return np.empty(0, RECORD)
        if data[:HEADER_BYTES] != self.header() or not self.rows_path.exists():
            return None
        return np.frombuffer(
            data[: len(data) - (len(data) - HEADER_BYTES) % RECORD.itemsize], RECORD, offset=HEADER_BYTES
        )

    def _take(self, records: NDArray[np.void], matrix: Half, state: tuple[int, int]) -> None:
        if self._known is not None:
            grown = len(records) >= len(self._records) and state[0] == self._file[0]
            new = _full(records["key"][len(self._records) :])
            self._known = self._known | {bytes(key) for key in new} if grown else None
        self._records, self._matrix, self._file = records, matrix, state
        self._generation += 1

    def header(self) -> bytes:
        """What the file of records begins with."""
        return _MAGIC + self.dim.to_bytes(8, "little")

    def _write(self, keys: list[bytes], rows: Half) -> None:
        count = len(self._records)
        records = np.array([(key, checksum(key, row)) for key, row in zip(keys, rows, strict=True)], RECORD)
        with self._room():
            self.rows_path.parent.mkdir(parents=True, exist_ok=True)
            _write_at(self.rows_path, count * self.row_bytes, rows.tobytes())
            if count:
                _write_at(self.keys_path, HEADER_BYTES + count * RECORD.itemsize, records.tobytes())
            else:
                _write_at(self.keys_path, 0, self.header() + records.tobytes())
        found = self.keys_path.stat()
        matrix = np.memmap(self.rows_path, np.float16, "r", shape=(count + len(keys), self.dim))
        self._take(np.concatenate([self._records, records]), matrix, (found.st_ino, found.st_size))

    @contextlib.contextmanager
    def _room(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            folder = self.rows_path.parent
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise DiskFull(
                    f"The disk that holds {folder} is full; make room there and try again."
                ) from error
            raise PhotoClipError(f"The vectors in {folder} cannot be written ({error.strerror}).") from error

    def _set_aside(self) -> None:
        for path in (self.rows_path, self.keys_path):
            with contextlib.suppress(FileNotFoundError):
                path.replace(path.with_name(path.name + ".damaged"))
        self._known = None
        self._take(np.empty(0, RECORD), np.empty((0, self.dim), np.float16), (-1, -1))


def checksum(key: bytes, row: NDArray[Any]) -> int:
    """What a row's record says of it, so that a torn or damaged one is noticed."""
    return xxhash.xxh3_64_intdigest(bytes(key).ljust(16, b"\0") + row.tobytes())


def _full(keys: NDArray[np.bytes_]) -> NDArray[np.void]:
    """Hashes with their trailing zero bytes, which NumPy's S16 does not give back."""
    return np.ascontiguousarray(keys).view("V16")


def _write_at(path: Path, offset: int, data: bytes) -> None:
    """Write `data` at `offset`, cut off what came after it, and sync."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
    file: BinaryIO
    with os.fdopen(handle, "r+b") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(offset)
        try:
            file.write(data)
            file.truncate()
            file.flush()
            os.fsync(file.fileno())
        except OSError:
            with contextlib.suppress(OSError):
                os.truncate(path, min(size, offset))  # half a batch is worth nothing
            raise
