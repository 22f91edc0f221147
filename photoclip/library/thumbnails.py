"""Thumbnails in a database of their own beside the catalog: they can always be made again."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from photoclip.errors import DiskFull, PhotoClipError
from photoclip.library.catalog.faults import is_full

T = TypeVar("T")
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_SCHEMA = "CREATE TABLE IF NOT EXISTS thumbnail(hash BLOB PRIMARY KEY, jpeg BLOB NOT NULL)"
_LOOK_UP = 500


class ThumbnailStore:
    """JPEG bytes by content hash (16 bytes). Thread-safe, shared by processes; damaged means empty."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        self._lock = threading.RLock()
        self._open: list[sqlite3.Connection] = []
        self._era = 0  # counts the files there have been; a connection of an older one is not used again
        self._closed = False
        self._guard(lambda connection: connection.execute("SELECT count(*) FROM thumbnail WHERE hash = x''"))

    def get(self, hash: bytes) -> bytes | None:
        """The thumbnail of this content, or None."""
        row = self._guard(
            lambda connection: connection.execute(
                "SELECT jpeg FROM thumbnail WHERE hash = ?", (hash,)
            ).fetchone()
        )
        return bytes(row[0]) if row else None

    def put_many(self, items: Iterable[tuple[bytes, bytes]]) -> None:
        """Store (hash, JPEG) pairs in one transaction; raises `DiskFull`."""
        rows = list(items)

        def store(connection: sqlite3.Connection) -> None:
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                connection.executemany("INSERT OR REPLACE INTO thumbnail VALUES (?, ?)", rows)

        if rows:
            self._guard(store)

    def missing(self, hashes: Iterable[bytes]) -> set[bytes]:
        """Those of `hashes` that have no thumbnail."""
        wanted = list(dict.fromkeys(hashes))
        return set(wanted) - self._guard(lambda connection: _present(connection, wanted))

    def close(self) -> None:
        """Close every thread's connection."""
        with self._lock:
            self._closed = True
            for connection in self._open:
                connection.close()
            self._open.clear()

    def _guard(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work`; a damaged file is set aside and the work done once more on a new, empty one."""
        era = self._era
        try:
            return work(self._connection())
        except sqlite3.Error as error:
            if _code(error) not in _DAMAGED:
                raise self._sentence(error) from error
        with self._lock:
            if era == self._era:
                self._set_aside()
        try:
            return work(self._connection())
        except sqlite3.Error as error:
            raise self._sentence(error) from error

    def _connection(self) -> sqlite3.Connection:
        held: tuple[int, sqlite3.Connection] | None = getattr(self._local, "held", None)
        if held is not None and held[0] == self._era:
            return held[1]
        with self._lock:
            if self._closed:
                raise PhotoClipError(f"The thumbnails in {self.path} are closed.")
            connection = sqlite3.connect(self.path, timeout=30, isolation_level=None, check_same_thread=False)
            self._open.append(connection)
            self._local.held = (self._era, connection)
            connection.execute("PRAGMA page_size = 8192")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute(_SCHEMA)
            return connection

    def _set_aside(self) -> None:
        for connection in self._open:
            connection.close()
        self._open.clear()
        self._era += 1
        for suffix in ("-wal", "-shm"):
            Path(f"{self.path}{suffix}").unlink(missing_ok=True)
        with contextlib.suppress(FileNotFoundError):
            self.path.replace(self.path.with_name(self.path.name + ".damaged"))

    def _sentence(self, error: sqlite3.Error) -> Exception:
        if is_full(error):
            return DiskFull(f"The disk that holds {self.path.parent} is full; make room there and try again.")
        if _code(error) in (None, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_MISUSE):
            return error
        return PhotoClipError(f"The thumbnails in {self.path} cannot be read or written ({error}).")


def _code(error: sqlite3.Error) -> int | None:
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def _present(connection: sqlite3.Connection, wanted: list[bytes]) -> set[bytes]:
    found: set[bytes] = set()
    for start in range(0, len(wanted), _LOOK_UP):
        part = wanted[start : start + _LOOK_UP]
        marks = ",".join("?" * len(part))
        found.update(
            row[0] for row in connection.execute(f"SELECT hash FROM thumbnail WHERE hash IN ({marks})", part)
        )
    return found
