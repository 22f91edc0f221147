"""Watching folders: the system's events become sets of paths that have come to rest."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver, ObservedWatch
from watchdog.observers.polling import PollingObserver

from photoclip.library.scan import is_candidate, is_hidden_below, is_sidecar
from photoclip.paths import display

LOOK = 0.25
"""Seconds between two looks at a file; when they are the same, it is finished."""
GATHER = 0.5
"""Seconds that settled paths wait for more to come along, at most."""
POLL = 10.0
_EVENTS: list[type[FileSystemEvent]] = [
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
]
_LIMITS = {errno.ENOSPC, errno.EMFILE, errno.ENOMEM}
_State = tuple[int, int] | None
_Identity = tuple[int, int] | None


class FolderWatcher:
    """Watches folders with native events, or by polling where the system's limits are met.

    `on_paths` gets bytes paths that changed and are at rest; `on_lost` gets folders whose events were lost
    and that must be scanned. Both are called from this object's thread. `notice` is a sentence or empty.
    """

    def __init__(
        self,
        on_paths: Callable[[frozenset[bytes]], None],
        on_lost: Callable[[frozenset[bytes]], None],
        *,
        native: Callable[[], BaseObserver] = Observer,
    ) -> None:
        self._on_paths = on_paths
        self._on_lost = on_lost
        self._native = native
        self._observer: BaseObserver | None = None
        self._poller: BaseObserver | None = None
        self._watches: dict[bytes, tuple[BaseObserver, ObservedWatch]] = {}
        self._identities: dict[bytes, _Identity] = {}  # which folder lay at the path when it was watched
        self._settling = Settling()
        self._changed = threading.Condition()
        self._lost: set[bytes] = set()
        self._closed = False
        self._thread: threading.Thread | None = None
        self._overflow = _OverflowListener(self._lose_all)
        self.notice = ""

    def watch(self, folders: Iterable[bytes]) -> None:
        """Watch exactly these folders from now on; ones that cannot be reached are left out."""
        wanted = set(folders)
        for path in set(self._watches) - (wanted & self.watched):
            observer, watch = self._watches.pop(path)
            observer.unschedule(watch)
        for path in sorted(wanted - set(self._watches)):
            if os.path.isdir(path):
                self._add(path)
        if self._thread is None:
            logging.getLogger(_OVERFLOW_LOGGER).addHandler(self._overflow)
            self._thread = threading.Thread(target=self._run, name="photoclip-watch", daemon=True)
            self._thread.start()

    @property
    def watched(self) -> frozenset[bytes]:
        """The folders whose events arrive; one that was deleted, unmounted or replaced is not among them."""
        alive = {
            emitter.watch
            for observer in (self._observer, self._poller)
            if observer is not None
            for emitter in tuple(observer.emitters)
            if emitter.is_alive()
        }
        return frozenset(
            path
            for path, (_, watch) in tuple(self._watches.items())
            if watch in alive and _identity(path) == self._identities[path]
        )

    def close(self) -> None:
        """Stop watching and join every thread."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for observer in (self._observer, self._poller):
            if observer is not None:
                observer.stop()
                observer.join()
        self._watches.clear()
        logging.getLogger(_OVERFLOW_LOGGER).removeHandler(self._overflow)
        if self._thread is not None:
            self._thread.join()

    def _add(self, path: bytes) -> None:
        try:
            if self._observer is None:
                self._observer = _started(self._native())
            self._schedule(self._observer, path)
        except OSError as error:
            if error.errno not in _LIMITS:
                return  # gone meanwhile: it is offline, and watched when it comes back
        else:
            return
        self.notice = (
            f"The system watches too many folders already, so {display(path)} is looked at every"
            f" {POLL:.0f} seconds; raise fs.inotify.max_user_watches to have new photos at once."
        )
        if self._poller is None:
            self._poller = _started(PollingObserver(timeout=POLL))
        with contextlib.suppress(OSError):  # gone meanwhile
            self._schedule(self._poller, path)

    def _schedule(self, observer: BaseObserver, path: bytes) -> None:
        handler = _Handler(path, self._note)
        self._identities[path] = _identity(path)
        watch = observer.schedule(handler, os.fsdecode(path), recursive=True, event_filter=_EVENTS)
        self._watches[path] = (observer, watch)

    def _note(self, paths: Iterable[bytes]) -> None:
        with self._changed:
            self._settling.note(paths)
            self._changed.notify_all()

    def _lose_all(self) -> None:
        with self._changed:
            self._lost |= set(self._watches)
            self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._lost or not self._settling.empty)
                if self._closed:
                    return
                lost, self._lost = frozenset(self._lost), set()
            if lost:
                self._on_lost(lost)
            settled = self._settling.settled()
            if settled:
                self._on_paths(settled)
            with self._changed:
                self._changed.wait_for(lambda: self._closed or bool(self._lost), timeout=LOOK)


@dataclass
class _Look:
    state: _State
    at: float


class Settling:
    """Paths with events, held back until two looks at them are the same. Thread-safe."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._looks: dict[bytes, _Look | None] = {}
        self._settled: set[bytes] = set()
        self._first = 0.0

    @property
    def empty(self) -> bool:
        with self._lock:
            return not self._looks and not self._settled

    def note(self, paths: Iterable[bytes]) -> None:
        """Something happened at these paths."""
        with self._lock:
            for path in paths:
                self._looks.setdefault(path, None)

    def settled(self) -> frozenset[bytes]:
        """Take the paths at rest: all at once when none is left moving, or GATHER seconds after the first."""
        with self._lock:
            now = self._clock()
            for path, look in list(self._looks.items()):
                state = _state(path)
                if state is None or (
                    look is not None and look.state == state and now - look.at >= LOOK * 0.9
                ):
                    del self._looks[path]
                    if not self._settled:
                        self._first = now
                    self._settled.add(path)
                elif look is None or look.state != state:
                    self._looks[path] = _Look(state, now)
            if self._looks and now - self._first < GATHER:
                return frozenset()
            taken, self._settled = frozenset(self._settled), set()
            return taken


def _state(path: bytes) -> _State:
    """Size and time of a file; None for what is gone, and for a folder, which has nothing to wait for."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return None if os.path.isdir(path) else (found.st_size, found.st_mtime_ns)


class _Handler(FileSystemEventHandler):
    def __init__(self, root: bytes, note: Callable[[Iterable[bytes]], None]) -> None:
        self._root = root
        self._note = note

    def on_any_event(self, event: FileSystemEvent) -> None:
        paths = [os.fsencode(path) for path in (event.src_path, event.dest_path) if path]
        shown = [path for path in paths if not is_hidden_below(self._root, path)]
        wanted = [path for path in shown if event.is_directory or _concerns_photos(os.path.basename(path))]
        if wanted:
            self._note(wanted)


def _concerns_photos(name: bytes) -> bool:
    return is_candidate(name) or (is_sidecar(name) and not name.startswith(b"."))


_OVERFLOW_LOGGER = "watchdog.observers.inotify_c"


class _OverflowListener(logging.Handler):
    """watchdog tells of lost events in its log only."""

    def __init__(self, on_overflow: Callable[[], None]) -> None:
        super().__init__(logging.WARNING)
        self._on_overflow = on_overflow

    def emit(self, record: logging.LogRecord) -> None:
        if "overflow" in record.getMessage():
            self._on_overflow()


def _started(observer: BaseObserver) -> BaseObserver:
    observer.name = "photoclip-events"
    observer.start()
    return observer


def _identity(folder: bytes) -> _Identity:
    """What tells a folder from another at the same path, such as a mount point from what is mounted there."""
    try:
        found = os.stat(folder)
    except OSError:
        return None
    return found.st_dev, found.st_ino
