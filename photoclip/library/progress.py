"""What indexing tells of itself while it runs."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from typing import Literal

from photoclip.library.catalog.photos import Failure

Phase = Literal["scanning", "indexing", "waiting", "paused", "idle", "done"]


@dataclass(frozen=True)
class Progress:
    """How far an index run is. Counts are of this run; `photos` and `searchable` since the last Progress.

    `done` of `total` are files read, recorded and embedded. `photos` are to be shown anew, `searchable` have
    a vector now and wait for labels. `failed` also names folders that could not be listed and
    things that only have a photo's name. `message` is a
    sentence or empty. `model` names the model that `fill` runs with: then `done` of `total` are all the
    photos that it knows. `yields` is why it is slow or paused without having been told to: "battery", "use",
    or empty. `videos_left_out` are new ones that wait for what reads videos to be installed.
    """

    phase: Phase
    done: int = 0
    total: int = 0
    per_second: float = 0.0
    seconds_left: float | None = None
    found: int = 0
    added: int = 0
    changed: int = 0
    missing: int = 0
    embedded: int = 0
    failed: tuple[Failure, ...] = ()
    photos: frozenset[int] = frozenset()
    searchable: frozenset[int] = frozenset()
    message: str = ""
    model: str = ""
    yields: str = ""
    videos_left_out: int = 0


class Pace:
    """How fast it goes, over the last seconds.

    The first that is done has waited for the model to load, which says nothing of what follows: the clock
    starts when it is there.
    """

    WINDOW = 15.0

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int]] = deque()
        self._before: int | None = None  # how much was done before anything came

    def per_second(self, done: int) -> float:
        now = time.monotonic()
        if self._before is None:
            self._before = done
        if not self._marks and done == self._before:
            return 0.0
        self._marks.append((now, done))
        while len(self._marks) > 2 and now - self._marks[0][0] > self.WINDOW:
            self._marks.popleft()
        began, first = self._marks[0]
        return (done - first) / (now - began) if now - began > 0.2 else 0.0
