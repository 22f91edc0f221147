"""Watching folders: what changes in them becomes sets of paths that have come to rest.

Folders are watched by the system's own events. Those on a network drive, and those for which the system
grants no more watches, are looked through now and then.
"""

from __future__ import annotations

import os
import threading
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
from watchdog.observers.api import BaseObserver, ObservedWatch

from photoclip.library.scan import is_candidate, is_hidden_below, is_sidecar
from photoclip.library.watching.inotify import (
    LIMITS,
    TELLS_CLOSING,
    Troubles,
    how_to_raise,
    native_observer,
)
from photoclip.library.watching.places import is_folder, network_kind
from photoclip.library.watching.polling import Poller
from photoclip.library.watching.settling import DISTANT, LOOK, STEP, UNFINISHED, Settling
from photoclip.paths import display

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
LIMIT = "limit"
_Identity = tuple[int, int] | None
_Native = Callable[[Troubles], BaseObserver]


@dataclass(frozen=True)
class Watched:
    """How a folder is watched. `why` it is polled: a network file system's type, or LIMIT; else empty."""

    path: bytes
    why: str = ""
    interval: float = 0.0  # seconds between two looks


class FolderWatcher:
    """Watches folders with native events where those exist and are granted, and by polling elsewhere.

    `on_paths` gets bytes paths that changed and are at rest; `on_lost` gets folders whose events were lost,
    or that can be reached again, and that must be scanned. `on_moved` says that a folder may not be the
    watched one any more: see `watched`. `on_stir` says that files begin to come, which will be told of when
    they rest. All are called from other threads and must not wait.
    """

    def __init__(
        self,
        on_paths: Callable[[frozenset[bytes]], None],
        on_lost: Callable[[frozenset[bytes]], None],
        on_moved: Callable[[], None] = lambda: None,
        on_stir: Callable[[], None] = lambda: None,
        *,
        native: _Native = native_observer,
        kind_of: Callable[[bytes], str] = network_kind,
    ) -> None:
        self._on_paths = on_paths
        self._on_lost = on_lost
        self._on_moved = on_moved
        self._on_stir = on_stir
        self._native = native
        self._kind_of = kind_of
        self._observer: BaseObserver | None = None
        self._watches: dict[bytes, ObservedWatch] = {}
        self._identities: dict[bytes, _Identity] = {}  # which folder lay at the path when it was watched
        self._pollers: dict[bytes, tuple[Poller, str]] = {}  # by path, with the reason
        self._settling = Settling()
        self._changed = threading.Condition()
        self._folders = threading.RLock()  # who changes what is watched
        self._refused: dict[bytes, int] = {}
        self._lost: set[bytes] = set()
        self._closed = False
        self._thread: threading.Thread | None = None
        self._limit_met = 0  # errno of the last refusal

    def watch(self, folders: Iterable[bytes]) -> None:
        """Watch exactly these folders from now on; ones that cannot be reached are left out."""
        wanted = set(folders)
        with self._folders:
            for path in set(self._watches) - (wanted & self.watched):
                self._leave(path)
            for path in set(self._pollers) - wanted:
                poller, _ = self._pollers.pop(path)
                poller.stop()
                poller.join()
            for path in sorted(wanted - set(self._watches) - set(self._pollers)):
                self._add(path)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="photoclip-watch", daemon=True)
            self._thread.start()

    @property
    def watched(self) -> frozenset[bytes]:
        """The folders whose events arrive; one that was deleted, unmounted or replaced is not among them.

        A folder that is polled always is: its poller tells when it comes back.
        """
        emitters = tuple(self._observer.emitters) if self._observer is not None else ()
        alive = {emitter.watch for emitter in emitters if emitter.is_alive()}
        native = {
            path
            for path, watch in tuple(self._watches.items())
            if watch in alive and _identity(path) == self._identities[path]
        }
        return frozenset(native | set(self._pollers))

    @property
    def how(self) -> tuple[Watched, ...]:
        """How each folder is watched, by path."""
        polled = [Watched(path, why, poller.interval) for path, (poller, why) in tuple(self._pollers.items())]
        native = [Watched(path) for path in self.watched - {each.path for each in polled}]
        return tuple(sorted(native + polled, key=lambda each: each.path))

    @property
    def notice(self) -> str:
        """A sentence for the person where the system's limit is met, else empty."""
        short = [each for each in self.how if each.why == LIMIT]
        if not short:
            return ""
        names = ", ".join(display(each.path) for each in short)
        every = max(each.interval for each in short)
        return (
            f"The system watches too many folders already, so {names} is looked through every {every:.0f}"
            f" seconds; to see new photos at once, run {how_to_raise(self._limit_met)} and start again."
        )

    def is_moving(self, path: bytes) -> bool:
        """Whether this file is being written to, as far as is known; it is told of when it rests."""
        return self._settling.is_moving(path)

    def hold(self, path: bytes) -> None:
        """Tell of this file again when nothing has happened to it for a while: it seems to be unfinished."""
        self._note(lambda: self._settling.note([path], quiet=UNFINISHED + LOOK))

    def close(self) -> None:
        """Stop watching and join every thread."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()
        with self._folders:
            if self._observer is not None:
                self._observer.stop()
                self._observer.join()
            for poller, _ in self._pollers.values():
                poller.stop()
            for poller, _ in self._pollers.values():
                poller.join()
            self._watches.clear()
            self._pollers.clear()

    def _add(self, path: bytes) -> None:
        kind = self._kind_of(path)
        if kind:
            self._poll(path, kind)
            return
        if not is_folder(path):
            return  # offline, and watched when it comes back
        try:
            if self._observer is None:
                self._observer = _started(
                    self._native(Troubles(self._refuse, self._lose_all, self._on_moved))
                )
            self._schedule(self._observer, path)
        except OSError as error:
            if error.errno in LIMITS:
                self._poll_for_want(path, error.errno)

    def _schedule(self, observer: BaseObserver, path: bytes) -> None:
        self._identities[path] = _identity(path)
        handler = _Handler(path, self._settling, self._note)
        self._watches[path] = observer.schedule(
            handler, os.fsdecode(path), recursive=True, event_filter=_EVENTS
        )

    def _leave(self, path: bytes) -> None:
        watch = self._watches.pop(path)
        assert self._observer is not None
        self._observer.unschedule(watch)

    def _poll(self, path: bytes, why: str) -> None:
        self._pollers[path] = (Poller(path, self._note_distant, self._lose), why)

    def _poll_for_want(self, path: bytes, number: int) -> None:
        """Poll a folder for which the system grants no watches."""
        self._limit_met = number
        self._poll(path, LIMIT)

    def _note(self, note: Callable[[], None]) -> None:
        with self._changed:
            note()
            self._changed.notify_all()

    def _note_distant(self, paths: Iterable[bytes]) -> None:
        self._note(lambda: self._settling.note(paths, quiet=DISTANT))

    def _refuse(self, path: bytes, number: int) -> None:
        with self._changed:
            self._refused[path] = number
            self._changed.notify_all()

    def _lose(self, root: bytes) -> None:
        with self._changed:
            self._lost.add(root)
            self._changed.notify_all()

    def _lose_all(self) -> None:
        with self._changed:
            self._lost |= set(self._watches)
            self._changed.notify_all()

    def _run(self) -> None:
        stirring = False
        while True:
            with self._changed:
                self._changed.wait_for(
                    lambda: self._closed or self._lost or self._refused or not self._settling.empty
                )
                if self._closed:
                    return
                lost, self._lost = set(self._lost), set()
                refused, self._refused = self._refused, {}
            self._poll_refused(refused)
            if self._settling.overflowed():
                lost |= self.watched
            if lost:
                self._on_lost(frozenset(lost))
            settled = self._settling.settled()
            if settled:
                self._on_paths(settled)
            if self._settling.waits and not stirring:
                self._on_stir()
            stirring = self._settling.waits
            with self._changed:
                self._changed.wait_for(lambda: self._closed or bool(self._lost), timeout=STEP)

    def _poll_refused(self, refused: dict[bytes, int]) -> None:
        """Poll the watched folders in which a watch was refused, and give their other watches back."""
        with self._folders:
            roots = {
                root: number
                for path, number in refused.items()
                for root in self._watches
                if path.startswith(root.rstrip(b"/") + b"/")
            }
            for root, number in roots.items():
                self._leave(root)
                self._poll_for_want(root, number)


class _Handler(FileSystemEventHandler):
    def __init__(
        self,
        root: bytes,
        settling: Settling,
        note: Callable[[Callable[[], None]], None],
    ) -> None:
        self._root = root
        self._settling = settling
        self._note = note

    def on_any_event(self, event: FileSystemEvent) -> None:
        paths = [os.fsencode(path) for path in (event.src_path, event.dest_path) if path]
        shown = [path for path in paths if not is_hidden_below(self._root, path)]
        wanted = [path for path in shown if event.is_directory or _concerns_photos(os.path.basename(path))]
        if not wanted:
            return
        if isinstance(event, FileClosedEvent):
            self._note(lambda: self._settling.note_closed(wanted[0]))
        elif _is_open(event):
            self._note(lambda: self._settling.note_writing(wanted))
        else:
            self._note(lambda: self._settling.note(wanted))


def _concerns_photos(name: bytes) -> bool:
    return is_candidate(name) or (is_sidecar(name) and not name.startswith(b"."))


def _is_open(event: FileSystemEvent) -> bool:
    """Whether the file is written to now: it was and is not closed, or it is new and nothing is in it yet."""
    if not TELLS_CLOSING or not isinstance(event, FileModifiedEvent | FileCreatedEvent):
        return False
    try:
        return isinstance(event, FileModifiedEvent) or os.stat(event.src_path).st_size == 0
    except OSError:  # gone already
        return False


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
