"""Decode processes: a bounded number of photos in flight, and none of them can hurt another."""

from __future__ import annotations

import logging
import multiprocessing
import os
import queue
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, TimeoutError
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from photoclip.library import worker
from photoclip.library.worker import Outcome, Refused, Task
from photoclip.paths import display

if TYPE_CHECKING:
    from pebble import ProcessFuture, ProcessPool

TIME_LIMIT = 60.0
"""Seconds for one photo; a 268-megapixel AVIF on a slow machine stays inside."""
NICENESS = 10
ATTEMPTS = 2
AHEAD = 4
"""Photos in flight for each worker: one being decoded, the others ready so that none waits for us."""
UNEXPECTED = "PhotoClip made a mistake while it read this photo; please report it, with the photo if you may."

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Flight:
    task: Task
    attempt: int


class Decoders:
    """Decode processes, started at the first task. Feed with `submit` while `room`, take with `next_outcome`.

    A photo whose worker crashes is tried once more, one that runs over its time is not; either way it comes
    back as `Refused` and the others go on. Used from one thread. `prepare` runs in the processes.
    """

    def __init__(
        self,
        workers: int | None = None,
        *,
        time_limit: float = TIME_LIMIT,
        memory_limit: int = worker.MEMORY_LIMIT,
        prepare: Callable[[Task], Outcome] = worker.prepare,
    ) -> None:
        self.workers = workers or default_workers()
        self._time_limit = time_limit
        self._memory_limit = memory_limit
        self._prepare = prepare
        self.slow = False
        """Whether one photo at a time is enough, so that the person's own work has the processors."""
        self._pool: ProcessPool | None = None
        self._flights: dict[ProcessFuture[Outcome], _Flight] = {}
        self._landed: queue.SimpleQueue[Any] = queue.SimpleQueue()

    @property
    def in_flight(self) -> int:
        return len(self._flights)

    @property
    def room(self) -> bool:
        """Whether another photo may be submitted now; the bound on memory and on what a stop throws away."""
        return len(self._flights) < (1 if self.slow else self.workers * AHEAD)

    def warm_up(self) -> None:
        """Start the processes, for photos that are about to come."""
        self._start_pool()
        self._replace_pool()  # to ask whether it works is what starts it

    def submit(self, task: Task) -> None:
        """Start decoding one photo."""
        self._launch(_Flight(task, 1))

    def next_outcome(self, timeout: float) -> Outcome | None:
        """The next photo that is finished, or None when none was within `timeout` seconds."""
        try:
            future = self._landed.get(timeout=timeout)
        except queue.Empty:
            return None
        flight = self._flights.pop(future, None)
        return None if flight is None else self._land(future, flight)

    def outcomes(self) -> Iterator[Outcome]:
        """Those that are finished now, without waiting."""
        while not self._landed.empty():
            outcome = self.next_outcome(0)
            if outcome is not None:
                yield outcome

    def forget(self) -> None:
        """Drop what is in flight, keep the processes."""
        self._flights.clear()

    def close(self) -> None:
        """End the processes, dropping what is in flight."""
        self._flights.clear()
        self._end_pool()

    def _launch(self, flight: _Flight) -> None:
        pool = self._start_pool()
        future = pool.schedule(self._prepare, args=(flight.task,), timeout=self._time_limit)
        self._flights[future] = flight
        future.add_done_callback(self._landed.put)

    def _start_pool(self) -> ProcessPool:
        from pebble import ProcessPool  # brings asyncio along, which the first frame need not wait for

        self._replace_pool()
        if self._pool is None:
            self._pool = ProcessPool(
                self.workers,
                initializer=worker.start,
                initargs=(self._memory_limit, NICENESS),
                context=multiprocessing.get_context("spawn"),
            )
        return self._pool

    def _land(self, future: ProcessFuture[Outcome], flight: _Flight) -> Outcome | None:
        from pebble import ProcessExpired

        try:
            outcome: Outcome = future.result()
        except TimeoutError:
            return self._refuse(
                flight, f"Decoding this photo took longer than {self._time_limit:.0f} seconds."
            )
        except BrokenProcessPool:
            self._replace_pool()
        except ProcessExpired:
            pass
        except CancelledError:
            return None
        except Exception:  # a mistake of ours, or of a decoder's: it costs this photo alone, and is told
            _log.exception("Reading %s failed.", display(flight.task.path))
            return self._refuse(flight, UNEXPECTED)
        else:
            return outcome
        if flight.attempt < ATTEMPTS:
            self._launch(_Flight(flight.task, flight.attempt + 1))
            return None
        return self._refuse(flight, "Decoding this photo crashed the decoder; the file may be damaged.")

    def _replace_pool(self) -> None:
        """The pool lost all its workers at once; what was in flight comes back broken too, one by one."""
        if self._pool is not None and not self._pool.active:
            self._end_pool()

    def _end_pool(self) -> None:
        if self._pool is not None:
            self._pool.stop()  # type: ignore[no-untyped-call]
            self._pool.join()
            self._pool = None

    def _refuse(self, flight: _Flight, reason: str) -> Refused:
        return Refused(flight.task.path, *worker.state_of(flight.task.path), reason)


def default_workers() -> int:
    """A process for each core; the operating system gives the model, which is less polite, what it needs."""
    affinity = getattr(os, "sched_getaffinity", None)
    return max(1, len(affinity(0)) if affinity else os.cpu_count() or 1)
