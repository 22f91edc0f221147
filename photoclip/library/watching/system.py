"""What the system does that folders do not tell of: it sleeps and wakes up, drives are mounted and unmounted.

On Linux a thread waits for both without ever waking up in between. Elsewhere it looks at the clocks now and
then, and drives are noticed by who looks for them.
"""

from __future__ import annotations

import ctypes
import os
import select
import sys
import threading
import time
from collections.abc import Callable

LOOK = 60.0
"""Seconds between two looks at the clocks, where the system does not wake us when it wakes up."""
ASLEEP = 5.0
"""Seconds of sleep that are worth looking through the folders."""
TELLS_ALL = sys.platform == "linux"
"""Whether nothing has to be looked for: sleep, drives and moved folders are all told."""
MOUNTS = "/proc/self/mountinfo"

_TIMER_CANCEL = 3  # TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET
_FLAGS = os.O_NONBLOCK | getattr(os, "O_CLOEXEC", 0)


class SleepClock:
    """How long the system has slept: by what the clock that counts sleep is ahead of the other."""

    def __init__(
        self,
        through: Callable[[], float] | None = None,
        awake: Callable[[], float] = time.monotonic,
    ) -> None:
        self._through = through or _boot_time
        self._awake = awake
        self._ahead = self._through() - self._awake()

    def slept(self) -> float:
        """Seconds of sleep since this was asked last."""
        before, self._ahead = self._ahead, self._through() - self._awake()
        return self._ahead - before


def _boot_time() -> float:
    """A clock that counts sleep; elsewhere than on Linux that of the wall, which people may set too."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if sys.platform == "linux" else time.time()


class SystemEvents:
    """Calls `on_wake` after a sleep and `on_mounts` when drives came or went, from a thread of its own."""

    def __init__(
        self,
        on_wake: Callable[[], None],
        on_mounts: Callable[[], None],
        *,
        sleep: SleepClock | None = None,
    ) -> None:
        self._on_wake = on_wake
        self._on_mounts = on_mounts
        self._sleep = sleep or SleepClock()
        self._stop, self._stopper = os.pipe()
        self._thread = threading.Thread(target=self._run, name="photoclip-system", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End and join the thread."""
        os.write(self._stopper, b"!")
        self._thread.join()
        os.close(self._stopper)
        os.close(self._stop)

    def look(self) -> None:
        """Compare the clocks, and tell of a sleep."""
        if self._sleep.slept() > ASLEEP:
            self._on_wake()

    def _run(self) -> None:
        if sys.platform == "linux":
            self._wait_for_events()
        else:
            while not select.select([self._stop], [], [], LOOK)[0]:
                self.look()

    def _wait_for_events(self) -> None:
        timer = _clock_alarm()
        mounts = os.open(MOUNTS, os.O_RDONLY | os.O_CLOEXEC)
        try:
            waiting = select.poll()
            waiting.register(self._stop, select.POLLIN)
            waiting.register(mounts, select.POLLPRI)  # and POLLERR, when the list has changed
            if timer is not None:
                waiting.register(timer, select.POLLIN)
            while True:
                ready = {fd for fd, _ in waiting.poll(None if timer is not None else LOOK * 1000)}
                if self._stop in ready:
                    return
                if mounts in ready:
                    self._on_mounts()
                if timer in ready:
                    _set_alarm(timer)
                self.look()
        finally:
            os.close(mounts)
            if timer is not None:
                os.close(timer)


class _TimerSpec(ctypes.Structure):
    """struct itimerspec: interval and expiry, each in seconds and nanoseconds."""

    _fields_ = tuple((name, ctypes.c_long) for name in ("every_s", "every_ns", "at_s", "at_ns"))


def _clock_alarm() -> int | None:
    """A timerfd(2) that becomes readable when the clock is set, as it is after a sleep; None without one.

    `os.timerfd_create` is Python 3.13's.
    """
    create = getattr(ctypes.CDLL(None), "timerfd_create", None)
    if create is None:
        return None
    timer: int = create(time.CLOCK_REALTIME, _FLAGS)
    if timer < 0:
        return None
    if not _set_alarm(timer):
        os.close(timer)
        return None
    return timer


def _set_alarm(timer: int) -> bool:
    """Set it anew, ten years ahead, where nothing but a change of the clock reaches it."""
    spec = _TimerSpec(0, 0, int(time.time()) + 10 * 365 * 86_400, 0)
    done: int = ctypes.CDLL(None).timerfd_settime(timer, _TIMER_CANCEL, ctypes.byref(spec), None)
    return done == 0
