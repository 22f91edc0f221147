"""New files that did not read well: something may be writing them, so what was read of them waits."""

from __future__ import annotations

import threading
import time
from collections import Counter

from photoclip.library.pending import Wanted
from photoclip.library.watching.settling import UNFINISHED, Rest
from photoclip.library.worker import Prepared, Refused, state_of

SETTLE = 0.3
RECENT = 2.0
"""A file written in the last so many seconds may be unfinished; it is looked at again before refusing it."""
LOOKS = 5
"""How often at most: something may be writing it for ever."""

Read = Prepared | Refused


class Unfinished:
    """What was read of such files. With `rest`, who watches them tells when they have come to rest."""

    def __init__(self, rest: Rest | None = None) -> None:
        self._rest = rest
        self._kept: list[tuple[Wanted, Read]] = []
        self._looks: Counter[bytes] = Counter()

    def __len__(self) -> int:
        """Files to look at again."""
        return len(self._kept)

    def keeps(self, wanted: Wanted, outcome: Read) -> bool:
        """Whether this does not count yet: the file is looked at again, here or by who watches it."""
        if self._rest is not None and self._rest.is_moving(wanted.path):
            return True
        if not self._may_change(outcome):
            return False
        # A time in the future never grows old, so that file is looked at here.
        if self._rest is not None and outcome.mtime_ns / 1e9 <= time.time():
            self._rest.hold(wanted.path)
        else:
            self._looks[wanted.path] += 1
            self._kept.append((wanted, outcome))
        return True

    def look_again(self, stop: threading.Event) -> tuple[list[tuple[Wanted, Read]], list[Wanted]]:
        """After a moment: what counts, its file being as it was, and files that are to be read anew."""
        if self._kept:
            stop.wait(SETTLE)
        settled: list[tuple[Wanted, Read]] = []
        changed: list[Wanted] = []
        for wanted, outcome in self._kept:
            if state_of(wanted.path) == (outcome.size, outcome.mtime_ns):
                settled.append((wanted, outcome))
            else:
                changed.append(wanted)
        self._kept.clear()
        return settled, changed

    def _may_change(self, outcome: Read) -> bool:
        if isinstance(outcome, Prepared) and not (outcome.picture and outcome.picture.truncated):
            return False
        age = time.time() - outcome.mtime_ns / 1e9
        recent = RECENT if self._rest is None or age < 0 else UNFINISHED
        return self._looks[outcome.path] < LOOKS and age < recent
