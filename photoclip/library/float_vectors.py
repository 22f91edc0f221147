"""Vectors as the first catalogs kept them, in whole floats: `<key>.vectors`. They become halves once.

The halves are whole before the records that speak of them take the old ones' place in one step, so a process
killed at any moment leaves the one or the other.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from photoclip.library.vectors import HEADER_BYTES, RECORD, VectorStore, checksum

_ROWS_AT_A_TIME = 16_384


def to_half(store: VectorStore) -> tuple[int, int]:
    """Writes the files of `store` from the earlier ones, which it deletes; damaged rows are left out.

    Returns the inode and the size of the new records. Raises OSError.
    """
    old_rows = store.rows_path.with_suffix(".vectors")
    records = _old_records(store.keys_path)
    stored = old_rows.stat().st_size // (4 * store.dim) if old_rows.exists() else 0
    records = records[:stored]
    parts = [path.with_name(f"{path.name}.{os.getpid()}.part") for path in (store.rows_path, store.keys_path)]
    try:
        with parts[0].open("wb") as rows, parts[1].open("wb") as keys:
            keys.write(store.header())
            if len(records):
                floats = np.memmap(old_rows, np.float32, "r", shape=(len(records), store.dim))
                _copy(records, floats, rows, keys)
            for file in (rows, keys):
                file.flush()
                os.fsync(file.fileno())
        parts[0].replace(store.rows_path)
        found = parts[1].replace(store.keys_path).stat()
    finally:
        for part in parts:
            part.unlink(missing_ok=True)
    old_rows.unlink(missing_ok=True)
    return found.st_ino, found.st_size


def _old_records(path: Path) -> NDArray[np.void]:
    data = path.read_bytes()
    whole = len(data) - (len(data) - HEADER_BYTES) % RECORD.itemsize
    return np.frombuffer(data[:whole], RECORD, offset=HEADER_BYTES)


def _copy(records: NDArray[np.void], floats: NDArray[np.float32], rows: BinaryIO, keys: BinaryIO) -> None:
    for start in range(0, len(records), _ROWS_AT_A_TIME):
        part = slice(start, start + _ROWS_AT_A_TIME)
        sound = [
            at
            for at, (record, row) in enumerate(zip(records[part], floats[part], strict=True))
            if record["check"] == checksum(record["key"], row)
        ]
        with np.errstate(over="ignore"):
            halves = floats[part][sound].astype(np.float16)
        hashes = records[part]["key"][sound]
        rows.write(halves.tobytes())
        checked = [(key, checksum(key, row)) for key, row in zip(hashes, halves, strict=True)]
        keys.write(np.array(checked, RECORD).tobytes())
