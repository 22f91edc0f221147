"""Work on threads for widgets: it goes out from the GUI thread, and comes back on it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal

from photoclip.errors import PhotoClipError

T = TypeVar("T")
Cancelled = Callable[[], bool]

COMPUTE_THREADS = 6  # mostly waiting: for the disk, the catalog or the model


class Work(QObject):
    """A pool for what is computed, and one thread for what is written. Make it on the GUI thread."""

    message = Signal(str, str)  # level "info" or "error", sentence
    settled = Signal()  # nothing is under way any more

    _posted = Signal(object)  # a callable to run on the GUI thread

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._closing = threading.Event()
        self._latest: dict[str, int] = {}
        self._lanes: dict[str, Callable[[], None] | None] = {}  # by key: one runs, perhaps one waits
        self._running = 0  # what was asked for and is not handed over yet
        self._pool = ThreadPoolExecutor(COMPUTE_THREADS, thread_name_prefix="photoclip-compute")
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="photoclip-writer")
        self._posted.connect(self._run_posted, Qt.ConnectionType.QueuedConnection)

    @property
    def is_settled(self) -> bool:
        """Whether nothing is under way that was asked for with `compute` or `write`."""
        return self._running == 0

    @property
    def closing(self) -> bool:
        return self._closing.is_set()

    def post(self, call: Callable[[], None]) -> None:
        """Run `call` on the GUI thread soon; from any thread. Dropped once the session closes."""
        if not self._closing.is_set():
            self._posted.emit(call)

    def compute(
        self,
        work: Callable[[Cancelled], T],
        done: Callable[[T], None],
        *,
        key: str | None = None,
        failed: Callable[[PhotoClipError], None] | None = None,
    ) -> None:
        """Run `work` on a pool thread and hand its result to `done` on the GUI thread.

        Call it on the GUI thread. With a `key`, a later call of the same key supersedes this one:
        `cancelled()` becomes true for it and its result is dropped; only one at a time runs, and of
        those that wait only the last, so that typing while the model loads does not fill the pool.
        A PhotoClipError goes to `failed`, or becomes a `message`; any other exception is our bug and
        is raised on the GUI thread.
        """
        if self._closing.is_set():
            return
        turn = 0
        if key is not None:
            turn = self._latest[key] = self._latest.get(key, 0) + 1

        def cancelled() -> bool:
            return self._closing.is_set() or (key is not None and self._latest[key] != turn)

        def run() -> None:
            outcome = None if cancelled() else _attempt(lambda: work(cancelled))
            self.post(lambda: self._leave_lane(key, None if cancelled() else outcome, done, failed))

        self._running += 1
        if key is None:
            self._pool.submit(run)
        elif key in self._lanes:
            self._running -= self._lanes[key] is not None
            self._lanes[key] = run
        else:
            self._lanes[key] = None
            self._pool.submit(run)

    def cancel(self, key: str) -> None:
        """Drop whatever is under way under this key."""
        self._latest[key] = self._latest.get(key, 0) + 1

    def write(
        self,
        work: Callable[[], T],
        done: Callable[[T], None],
        failed: Callable[[PhotoClipError], None] | None = None,
    ) -> None:
        """Run `work` on the one writer thread, in the order of the calls; what fails goes as in `compute`."""

        def run() -> None:
            outcome = _attempt(work)
            self.post(lambda: self._finish(outcome, done, failed))

        if not self._closing.is_set():
            self._running += 1
            self._writer.submit(run)

    def _join(self) -> None:
        """Wait for both; what is only computed is dropped, what is written is finished."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._writer.shutdown(wait=True)

    def _run_posted(self, call: Callable[[], None]) -> None:
        if not self._closing.is_set():
            call()

    def _leave_lane(
        self,
        key: str | None,
        outcome: tuple[Any, BaseException | None] | None,
        done: Callable[[Any], None],
        failed: Callable[[PhotoClipError], None] | None,
    ) -> None:
        """Let the one that waited for this key go on, then hand over what came back."""
        if key is not None:
            waiting = self._lanes.pop(key)
            if waiting is not None:
                self._lanes[key] = None
                self._pool.submit(waiting)
        self._finish(outcome, done, failed)

    def _finish(
        self,
        outcome: tuple[Any, BaseException | None] | None,
        done: Callable[[Any], None],
        failed: Callable[[PhotoClipError], None] | None,
    ) -> None:
        """Hand over what a thread brought back; None was superseded."""
        self._running -= 1
        value, error = outcome or (None, None)
        try:
            if outcome is None:
                return
            if error is None:
                done(value)
            elif not isinstance(error, PhotoClipError):
                raise error
            elif failed is not None:
                failed(error)
            else:
                self.message.emit("error", str(error))
        finally:
            if not self._running:
                self.settled.emit()


def _attempt(work: Callable[[], T]) -> tuple[T | None, BaseException | None]:
    try:
        return work(), None
    except Exception as error:  # handed to the GUI thread, which raises what is not the world's fault
        return None, error
