"""Linux's own events through watchdog, with what watchdog keeps to itself: refused watches, lost events.

watchdog watches a folder by a watch for each folder in it; where the system refuses one of those, it goes on
without, and changes there would never be told.
"""

from __future__ import annotations

import errno
import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass

from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

LIMITS = frozenset((errno.ENOSPC, errno.EMFILE, errno.ENOMEM))
"""What the system says when it grants no more watches (ENOSPC), or no more watchers (EMFILE)."""


@dataclass(frozen=True)
class Troubles:
    """Who hears of what goes wrong. Called from watchdog's threads, and must not wait."""

    refused: Callable[[bytes, int], None]  # a folder inside a watched one cannot be watched, with the errno
    lost: Callable[[], None]  # more happened than the system keeps
    moved: Callable[[], None]  # a watched folder was moved, deleted or unmounted


TELLS_CLOSING = sys.platform == "linux"
"""Whether events say that a file was closed after it was written to, so that one that is open is known."""

# What it writes about lost events would go to the terminal; here it is met with a scan.
logging.getLogger("watchdog").addHandler(logging.NullHandler())

if sys.platform == "linux":
    from watchdog.observers.inotify import InotifyEmitter
    from watchdog.observers.inotify_c import (
        CallbackId,
        InotifyConstants,
        InotifyEvent,
        InotifyFD,
        Mask,
        WatchCallback,
        WatchDescriptor,
    )

    _SELF = InotifyConstants.IN_MOVE_SELF | InotifyConstants.IN_DELETE_SELF | InotifyConstants.IN_UNMOUNT

    class _Watches(InotifyFD):
        def __init__(self, troubles: Troubles) -> None:
            super().__init__()
            self._troubles = troubles

        def add_callback(
            self, path: bytes, mask: Mask, callback: WatchCallback, id_: CallbackId
        ) -> WatchDescriptor:
            try:
                return super().add_callback(path, Mask(mask | InotifyConstants.IN_MOVE_SELF), callback, id_)
            except OSError as error:
                if error.errno in LIMITS:
                    self._troubles.refused(path, error.errno)
                raise

        def handle_event(self, event: InotifyEvent) -> None:
            super().handle_event(event)
            if event.is_queue_overflow:
                self._troubles.lost()
            elif event.mask & _SELF:
                self._troubles.moved()

    class _InotifyObserver(BaseObserver):
        """watchdog's InotifyObserver, on watches of our own making."""

        def __init__(self, troubles: Troubles) -> None:
            self._watches_fd = _Watches(troubles)
            self._watches_fd.start()
            super().__init__(InotifyEmitter, inotify_fd=self._watches_fd)

        def on_thread_stop(self) -> None:
            super().on_thread_stop()
            self._watches_fd.stop()
            self._watches_fd.join()


def native_observer(troubles: Troubles) -> BaseObserver:
    """An observer of the system's own events. Raises OSError with one of LIMITS as `errno`."""
    return _InotifyObserver(troubles) if sys.platform == "linux" else Observer()


def how_to_raise(number: int) -> str:
    """The setting that a person raises, by the errno of the refusal."""
    name, value = ("max_user_instances", 512) if number == errno.EMFILE else ("max_user_watches", 524_288)
    return f"sudo sysctl fs.inotify.{name}={value}"
