"""Indexing yields to the person: while the window is in use, and on battery, it slows down or pauses.

Only long work does. A few new photos are taken in at once whatever happens, since somebody waits for them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from photoclip.settings import Settings

Speed = Literal["full", "slow", "pause"]
Cause = Literal["", "battery", "use"]

IN_USE = 5.0
"""Seconds after a key or a movement of the mouse in which the window counts as in use."""
LOOK = 15.0
"""Seconds between two looks at the battery, while there is something to do."""
FEW = 32
"""Photos that are taken in at full speed in any case."""
SPEEDS: tuple[Speed, ...] = ("full", "slow", "pause")


@dataclass(frozen=True)
class Manners:
    """What a person chose."""

    in_use: Speed = "slow"
    on_battery: Speed = "pause"

    @classmethod
    def of(cls, settings: Settings) -> Manners:
        """As the settings have it; a word that is no speed is the default."""
        chosen = {"in_use": settings.in_use, "on_battery": settings.on_battery}
        return cls(**{name: speed for name, speed in chosen.items() if speed in SPEEDS})


@dataclass(frozen=True)
class Verdict:
    """How fast to go, and why not faster."""

    speed: Speed = "full"
    cause: Cause = ""


FULL = Verdict()


def on_battery() -> bool:
    """Whether the machine runs on its battery now; False where there is none or nobody knows."""
    import psutil  # the first frame need not wait for it

    sensors = getattr(psutil, "sensors_battery", None)
    battery = sensors() if sensors is not None else None
    return battery is not None and battery.power_plugged is False


class Courtesy:
    """Decides how fast indexing may go. Thread-safe; costs nothing while nobody asks.

    `touch` says that the person is there. `insist` is their word that it shall go on in spite of what the
    settings say; it holds until what held it up is over.
    """

    def __init__(
        self,
        manners: Manners | None = None,
        *,
        battery: Callable[[], bool] = on_battery,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.manners = manners or Manners()
        self._battery = battery
        self._clock = clock
        self._lock = threading.Lock()
        self._touched = self._looked = float("-inf")
        self._discharging = False
        self._insisted: set[Cause] = set()

    def touch(self) -> None:
        """The person has just used the window."""
        self._touched = self._clock()

    def insist(self) -> None:
        """Go on at full speed until the causes there are now are over."""
        with self._lock:
            self._insisted = {cause for cause, holds in self._causes() if holds}

    def verdict(self, waiting: int) -> Verdict:
        """How fast to go with so many photos still waiting."""
        if waiting <= FEW:
            return FULL
        with self._lock:
            causes = self._causes()
            self._insisted -= {cause for cause, holds in causes if not holds}
            speeds: dict[Cause, Speed] = {"battery": self.manners.on_battery, "use": self.manners.in_use}
            verdicts = [
                Verdict(speeds[cause], cause)
                for cause, holds in causes
                if holds and cause not in self._insisted and speeds[cause] != "full"
            ]
        return max(verdicts, key=lambda each: SPEEDS.index(each.speed), default=FULL)

    @property
    def patience(self) -> float:
        """Seconds after which to ask again while it pauses."""
        return IN_USE if self.manners.in_use == "pause" else LOOK

    def _causes(self) -> list[tuple[Cause, bool]]:
        now = self._clock()
        if now - self._looked >= LOOK:
            self._looked, self._discharging = now, self._battery()
        return [("battery", self._discharging), ("use", now - self._touched < IN_USE)]
