"""Looking through a folder again and again, where the system tells of no changes."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from photoclip.library.scan import Scan, is_offline

POLL = 10.0
"""Seconds between two looks through a folder, at least."""
SHARE = 20
"""A look that takes long is repeated after so many times its time: a twentieth of the time, at most."""
LONGEST = 600.0
JOIN = 2.0
"""Seconds that a look under way may take to end; one at a drive that hangs is left behind."""


@dataclass(frozen=True)
class Snapshot:
    """Size and time of each photo by its path, and the folders that could not be listed."""

    files: dict[bytes, tuple[int, int]]
    unreadable: frozenset[bytes] = field(default_factory=frozenset)

    def since(self, before: Snapshot) -> tuple[Snapshot, frozenset[bytes]]:
        """This, with what is not known now as it was `before`; and the paths that have changed."""
        hidden = {path: state for path, state in before.files.items() if self._hides(path)}
        files = hidden | self.files
        changed = {path for path in before.files.keys() | files if before.files.get(path) != files.get(path)}
        return Snapshot(files, self.unreadable), frozenset(changed)

    def _hides(self, path: bytes) -> bool:
        return any(path.startswith(folder + os.sep.encode()) for folder in self.unreadable)


Look = Callable[[bytes], Snapshot | None]


def look_through(root: bytes) -> Snapshot | None:
    """What is in a folder; None when it cannot be read, or is empty as a mount point is: nothing is known."""
    if is_offline(root):
        return None
    scan = Scan()
    found = {file.path: (file.size, file.mtime_ns) for file in scan.walk(root)}
    return None if root in scan.unreadable else Snapshot(found, frozenset(scan.unreadable))


class Poller:
    """Looks through one folder from a thread of its own, which a drive that hangs holds up alone.

    `on_paths` gets what is new, changed or gone. `on_back` asks for a scan: after the first look, since what
    came during it is not told, and when a folder that could not be read can be read again. Both come from
    that thread.
    """

    def __init__(
        self,
        root: bytes,
        on_paths: Callable[[frozenset[bytes]], None],
        on_back: Callable[[bytes], None],
        *,
        look: Look = look_through,
    ) -> None:
        self.root = root
        self.interval = POLL
        self._on_paths = on_paths
        self._on_back = on_back
        self._look = look
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="photoclip-poll", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end; `join` waits for it."""
        self._stop.set()

    def join(self) -> None:
        """Wait for the thread, but not for a drive that hangs."""
        self._thread.join(JOIN)

    def _run(self) -> None:
        known: Snapshot | None = None
        away = True
        while not self._stop.is_set():
            now = self._timed()
            if self._stop.is_set():
                return
            if now is not None and (known is None or away):
                self._on_back(self.root)
            elif now is not None and known is not None:
                now, changed = now.since(known)
                if changed:
                    self._on_paths(changed)
            known, away = now or known, now is None
            self._stop.wait(self.interval)

    def _timed(self) -> Snapshot | None:
        began = time.monotonic()
        found = self._look(self.root)
        self.interval = min(LONGEST, max(POLL, SHARE * (time.monotonic() - began)))
        return found
