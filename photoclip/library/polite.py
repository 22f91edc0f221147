"""A thread for work that nobody waits for: one at a time, at a low priority, joined at the end."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable

_NICENESS = 10


class PoliteThread:
    """Does `work` whenever it is asked to; asked while at it, it does not begin again."""

    def __init__(self, name: str, work: Callable[[], None]) -> None:
        self._name = name
        self._work = work
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        with self._lock:
            if self._thread is not None and self._thread.is_alive():
                return
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()

    def join(self, timeout: float | None = None) -> None:
        """Waits for the end of the work, which `work` itself has to know of, but no longer than `timeout`."""
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join(timeout)

    def _run(self) -> None:
        with contextlib.suppress(OSError, AttributeError):  # Linux alone gives threads a niceness
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
        self._work()
