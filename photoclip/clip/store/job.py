"""What a person sees of a download, and how they stop it."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from photoclip.errors import Cancelled

REPORT_SECONDS, SPEED_SECONDS = 0.1, 5.0

Report = Callable[[int, int, float, float], None]


def _silent(done: int, total: int, speed: float, left: float) -> None: ...


@dataclass(frozen=True)
class Job:
    """What a person sees of a download and can do about it.

    `progress` gets bytes done, total bytes, bytes a second and seconds left (infinite while unknown); `say`
    gets a sentence when something takes another way. `clock` and `wait` are for tests.
    """

    cancel: threading.Event = field(default_factory=threading.Event)
    progress: Report = _silent
    say: Callable[[str], None] = lambda text: None
    clock: Callable[[], float] = time.monotonic
    wait: Callable[[threading.Event, float], object] = threading.Event.wait

    def check(self) -> None:
        """Raises Cancelled once `cancel` is set."""
        if self.cancel.is_set():
            raise Cancelled("Stopped; what has arrived is kept, and the same command goes on from there.")


class Speed:
    """Reports progress a few times a second, with the speed of the last seconds."""

    def __init__(self, job: Job, total: int) -> None:
        self._job, self._total = job, total
        self._seen: deque[tuple[float, int]] = deque()

    def report(self, done: int, *, last: bool = False) -> None:
        now = self._job.clock()
        if self._seen and now - self._seen[-1][0] < REPORT_SECONDS and not last:
            return
        self._seen.append((now, done))
        while now - self._seen[0][0] > SPEED_SECONDS and len(self._seen) > 2:
            self._seen.popleft()
        seconds, count = now - self._seen[0][0], done - self._seen[0][1]
        speed = count / seconds if seconds > 0 and count > 0 else 0.0
        left = (self._total - done) / speed if speed else (0.0 if last else float("inf"))
        self._job.progress(done, self._total, speed, left)
