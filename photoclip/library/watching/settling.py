"""Paths with events, held back until what is written there is finished."""

from __future__ import annotations

import os
import stat
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

LOOK = 0.25
"""Seconds between two looks at a file; when they are the same, it is finished."""
CLOSED = 0.1
"""Seconds that a file rests after it was closed: a program may open it again at once, to write a date."""
STEP = 0.1
"""Seconds between two rounds of looks."""
GATHER = 0.5
"""Seconds that settled paths wait for more to come along, at most."""
WRITING = 30.0
"""Seconds of silence after which a file that was never closed is taken for finished."""
DISTANT = 2.0
"""Seconds between two looks that are the same, on a drive that does not tell when a file is closed."""
UNFINISHED = 10.0
"""Seconds of rest before a new file that does not read well is believed to be as it is meant to be."""
MOST = 20_000
"""Paths held at a time; of a larger burst only the folders are kept, and looked through when it is over."""

_State = tuple[int, int] | None


class Rest(Protocol):
    """Who watches files while they are read."""

    def is_moving(self, path: bytes) -> bool:
        """Whether a file is being written to, as far as is known; it will be told of when it rests."""

    def hold(self, path: bytes) -> None:
        """Tell of this file again when it has rested for long: it seems to be unfinished."""


@dataclass
class _Look:
    quiet: float  # seconds that two looks have to lie apart
    state: _State = None
    at: float | None = None


class Settling:
    """Bounded and thread-safe. `note` what happened; `settled` takes what has come to rest."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, most: int = MOST) -> None:
        self._clock = clock
        self._most = most
        self._lock = threading.Lock()
        self._looks: dict[bytes, _Look] = {}
        self._settled: set[bytes] = set()
        self._first = 0.0
        self._refused = False

    @property
    def empty(self) -> bool:
        with self._lock:
            return not self._looks and not self._settled and not self._refused

    @property
    def waits(self) -> bool:
        """Whether files are held back."""
        with self._lock:
            return bool(self._looks)

    def note(self, paths: Iterable[bytes], *, quiet: float = LOOK) -> None:
        """Something happened at these paths: they rest once nothing changes for `quiet` seconds."""
        with self._lock:
            for path in paths:
                self._hold(path, quiet)

    def note_writing(self, paths: Iterable[bytes]) -> None:
        """These are open and written to; that they are closed is told by `note`, if ever."""
        self.note(paths, quiet=WRITING)

    def note_closed(self, path: bytes) -> None:
        """This was written to and is closed now."""
        state = _state(path)
        with self._lock:
            look = self._hold(path, CLOSED)
            if look is not None:
                look.state, look.at = state, self._clock()

    def _hold(self, path: bytes, quiet: float) -> _Look | None:
        look = self._looks.get(path)
        if look is None and len(self._looks) >= self._most:
            self._refused = True
            return None
        if look is None:
            look = self._looks[path] = _Look(quiet)
        look.quiet = quiet
        return look

    def is_moving(self, path: bytes) -> bool:
        """Whether this file is held back; when it rests, it will be among the settled."""
        with self._lock:
            return path in self._looks

    def overflowed(self) -> bool:
        """Whether paths were refused for want of room, once there is room again."""
        with self._lock:
            over = self._refused and len(self._looks) <= self._most // 2
            if over:
                self._refused = False
            return over

    def settled(self) -> frozenset[bytes]:
        """Take the paths at rest: all at once when none is left moving, or GATHER seconds after the first."""
        with self._lock:
            now = self._clock()
            for path, look in list(self._looks.items()):
                self._look_at(path, look, now)
            if self._looks and now - self._first < GATHER:
                return frozenset()
            taken, self._settled = frozenset(self._settled), set()
            return taken

    def _look_at(self, path: bytes, look: _Look, now: float) -> None:
        state = _state(path)
        if state is not None and (look.at is None or look.state != state):
            look.state, look.at = state, now
            return
        if state is not None and look.at is not None and now - look.at < look.quiet - STEP / 10:
            return
        del self._looks[path]
        if not self._settled:
            self._first = now
        self._settled.add(path)


def _state(path: bytes) -> _State:
    """Size and time of a file; None for what is gone, and for a folder, which has nothing to wait for."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return None if stat.S_ISDIR(found.st_mode) else (found.st_size, found.st_mtime_ns)
