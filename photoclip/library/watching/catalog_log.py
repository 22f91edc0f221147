"""Telling that another process has written to the catalog, without looking for it while none does."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

from watchdog.events import FileCreatedEvent, FileModifiedEvent, FileSystemEvent, FileSystemEventHandler
from watchdog.observers.api import BaseObserver

from photoclip.library.catalog.connection import Catalog
from photoclip.library.watching.inotify import Troubles, native_observer

LOOKS = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
"""Seconds before each look after an event: what is in the log shows only when the disk has it."""


class CatalogLog(FileSystemEventHandler):
    """Calls `on_written` from a thread of its own after each write of another process.

    Every write appends to the catalog's log (WAL), those of this process too; which it was, SQLite tells.
    Where the system does not let the folder be watched, nothing is told.
    """

    def __init__(self, catalog: Catalog, on_written: Callable[[], None]) -> None:
        self._catalog = catalog
        self._on_written = on_written
        self._log = catalog.path.name + "-wal"
        self._appended = threading.Event()
        self._closed = threading.Event()
        self._known = catalog.data_version()
        self._thread = threading.Thread(target=self._run, name="photoclip-catalog", daemon=True)
        self._thread.start()
        self._observer = self._watch()

    def on_any_event(self, event: FileSystemEvent) -> None:
        if os.path.basename(os.fsdecode(event.src_path)) == self._log:
            self._appended.set()

    def close(self) -> None:
        """End and join the threads."""
        if self._observer is not None:
            self._observer.stop()
            self._observer.join()
        self._closed.set()
        self._appended.set()
        self._thread.join()

    def _watch(self) -> BaseObserver | None:
        troubles = Troubles(lambda _path, _number: None, self._appended.set, lambda: None)
        try:
            observer = native_observer(troubles)
            observer.schedule(
                self, str(self._catalog.path.parent), event_filter=[FileCreatedEvent, FileModifiedEvent]
            )
            observer.start()
        except OSError:
            return None
        return observer

    def _run(self) -> None:
        while not self._closed.is_set():
            self._appended.wait()
            self._appended.clear()
            for seconds in LOOKS:
                if self._closed.wait(seconds) or self._has_changed():
                    break

    def _has_changed(self) -> bool:
        before, self._known = self._known, self._catalog.data_version()
        if before != self._known:
            self._on_written()
        return before != self._known
