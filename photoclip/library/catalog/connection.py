"""The one way to the catalog's file: a read connection per thread, one writer, listeners after commits."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from photoclip.errors import CatalogError, CatalogTooNew
from photoclip.library.catalog.backup import make_backup, newest_backup
from photoclip.library.catalog.faults import damaged, translated
from photoclip.library.catalog.schema import APPLICATION_ID, MIGRATIONS, TEMPORARY

if TYPE_CHECKING:
    from photoclip.library.catalog.changes import Change

BUSY_SECONDS = 20.0  # how long a second process waits for the first one's batch


class _Connection(sqlite3.Connection):
    """A connection whose errors are sentences."""

    path: Path

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        with translated(self.path):
            return super().execute(sql, parameters)

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> sqlite3.Cursor:
        with translated(self.path):
            return super().executemany(sql, parameters)


class Catalog:
    """The catalog in one file. Safe to share between threads; two processes may each open it."""

    def __init__(self, path: Path, *, migrations: Sequence[Sequence[str]] = MIGRATIONS) -> None:
        """Opens or makes the file, and migrates an older one after backing it up.

        Raises CatalogTooNew, CatalogDamaged, or CatalogError with a sentence.
        """
        self.path = path
        self._lock = threading.Lock()
        self._readers: list[tuple[threading.Thread, sqlite3.Connection]] = []
        self._readers_lock = threading.Lock()
        self._local = threading.local()
        self._listeners: list[Callable[[Change], None]] = []
        self._data_version = 0
        self._closed = False
        self._writer = self._connect()
        try:
            self._prepare(migrations)
        except BaseException:
            self._writer.close()
            raise

    def _connect(self) -> sqlite3.Connection:
        with translated(self.path):
            connection = sqlite3.connect(
                self.path,
                timeout=BUSY_SECONDS,
                isolation_level=None,
                check_same_thread=False,
                factory=_Connection,
            )
        connection.path = self.path
        connection.row_factory = sqlite3.Row
        return connection

    def _prepare(self, migrations: Sequence[Sequence[str]]) -> None:
        self._refuse_emptied()
        version = self._version(len(migrations))
        mode = self._writer.execute("PRAGMA journal_mode=WAL").fetchone()[0]
        if mode != "wal":
            raise CatalogError(
                f"{self.path.parent} is on a disk that cannot hold a library (a network place, perhaps);"
                " choose a folder on a disk of this computer."
            )
        if version < len(migrations):
            self._migrate(migrations)
        self._writer.execute("PRAGMA foreign_keys=ON")
        self._writer.execute("PRAGMA temp_store=MEMORY")
        for table in TEMPORARY:
            self._writer.execute(table)

    def _refuse_emptied(self) -> None:
        """A file of no bytes is a new catalog to SQLite; where there are backups, it is one that was lost."""
        if not self.path.exists() or self.path.stat().st_size or newest_backup(self.path) is None:
            return
        raise damaged(self.path)

    def _version(self, newest: int) -> int:
        """The file's version, after the cheap checks that it is ours and not from the future."""
        version = int(self._writer.execute("PRAGMA user_version").fetchone()[0])
        mark = int(self._writer.execute("PRAGMA application_id").fetchone()[0])
        tables = int(self._writer.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0])
        if mark != APPLICATION_ID and (mark or version or tables):
            raise CatalogError(
                f"{self.path} is a database of another program; choose another library folder."
            )
        if version > newest:
            raise CatalogTooNew(
                f"The catalog {self.path} was made by a newer PhotoClip (version {version}, this one knows"
                f" {newest}); install the newest PhotoClip to open it."
            )
        if version and not tables:
            raise damaged(self.path)
        return version

    def _migrate(self, migrations: Sequence[Sequence[str]]) -> None:
        """Brings an older file up to date in one transaction, after backing it up."""
        connection = self._writer
        if connection.execute("PRAGMA user_version").fetchone()[0]:
            make_backup(self.path)
        connection.execute("BEGIN IMMEDIATE")
        try:
            # Asked again under the lock: another process may have migrated meanwhile.
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            for statements in migrations[version:]:
                for statement in statements:
                    connection.execute(statement)
            connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version={max(version, len(migrations))}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def read(self) -> sqlite3.Connection:
        """This thread's read connection (rows: sqlite3.Row); closed with the catalog or after the thread."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is not None:
            return connection
        with self._readers_lock:
            if self._closed:
                raise RuntimeError("the catalog is closed")
            connection = self._connect()
            connection.execute("PRAGMA query_only=ON")
            self._close_readers(lambda thread: not thread.is_alive())
            self._readers.append((threading.current_thread(), connection))
        self._local.connection = connection
        return connection

    def query(self, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> list[sqlite3.Row]:
        """All rows of a SELECT, with errors as sentences."""
        with translated(self.path):
            return self.read().execute(sql, parameters).fetchall()

    def columns(self, sql: str, parameters: Sequence[Any] = ()) -> list[list[Any]]:
        """The columns of a SELECT, each a list over the rows: the quick way into NumPy."""
        with translated(self.path):
            cursor = self.read().cursor()
            cursor.row_factory = None
            cursor.execute(sql, parameters)
            columns: list[list[Any]] = [[] for _ in cursor.description]
            # Few rows at a time, so that the garbage collector never has 100,000 tuples to walk through.
            while rows := cursor.fetchmany(256):
                for column, values in zip(columns, zip(*rows, strict=True), strict=True):
                    column.extend(values)
        return columns

    @contextmanager
    def write(self, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """One transaction: committed at the end, rolled back on any exception; one at a time per process.

        `durable` waits for the disk (what people did by hand); an index batch need not, as it can be redone.
        Raises DiskFull or CatalogError with a sentence.
        """
        with self._lock, translated(self.path):
            if self._closed:
                raise RuntimeError("the catalog is closed")
            connection = self._writer
            connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:  # a full disk has already rolled back
                    connection.execute("ROLLBACK")
                raise

    def subscribe(self, listener: Callable[[Change], None]) -> Callable[[], None]:
        """Calls `listener` after each commit, in the writing thread; returns the way to stop that."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe

    def notify(self, change: Change) -> None:
        for listener in tuple(self._listeners):
            listener(change)

    def data_version(self) -> int:
        """A number that changes when another process has written; never waits for a write in progress."""
        if self._lock.acquire(blocking=False):
            try:
                if not self._closed:
                    self._data_version = int(self._writer.execute("PRAGMA data_version").fetchone()[0])
            finally:
                self._lock.release()
        return self._data_version

    def close(self) -> None:
        """Closes every connection, also those of other threads; a second call does nothing."""
        with self._lock, self._readers_lock:
            self._closed = True
            self._close_readers(lambda thread: True)
            self._writer.close()
            self._local = threading.local()

    def _close_readers(self, which: Callable[[threading.Thread], bool]) -> None:
        for thread, connection in self._readers:
            if which(thread):
                connection.close()
        self._readers = [(thread, connection) for thread, connection in self._readers if not which(thread)]
