"""Which precision was found the fastest for a model on this machine, remembered from its first use.

A small JSON file in the person's cache folder: {model key: {"machine", "candidates", "chosen", "speeds"}},
and of each machine that the folder was used on how quick it is: {"rates": {machine: {"device", "flops"}}}.
It can be lost or damaged at no cost but measuring again. Torch is not imported here.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import platformdirs

FILE_NAME = "precision.json"
RATES = "rates"  # no model's key: those are hexadecimal


@dataclass(frozen=True)
class Measured:
    """`candidates` could run here, `chosen` is the fastest that agreed; `speeds` are pictures per second."""

    machine: str
    candidates: tuple[str, ...]
    chosen: str
    speeds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Rate:
    """Floating-point operations a second of a Transformer, on the device that models run on here."""

    device: str
    flops: float

    def photos_per_second(self, flops: float) -> float:
        """About how many a Transformer that takes `flops` for each makes: to two digits, below ten to one."""
        speed = self.flops / flops
        return float(f"{speed:.{2 if speed >= 10 else 1}g}")


class Precisions:
    """What was measured, by model key; and of this machine itself."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file or Path(platformdirs.user_cache_dir("photoclip", appauthor=False)) / FILE_NAME

    def of(self, key: str) -> Measured | None:
        """The last measurement of a model, on whatever machine."""
        found = self._all().get(key)
        try:
            return None if found is None else Measured(**{**found, "candidates": tuple(found["candidates"])})
        except (TypeError, KeyError):
            return None

    def here(self, key: str, machine: str, candidates: Sequence[str]) -> Measured | None:
        """The measurement, if it was made on this machine among these candidates."""
        found = self.of(key)
        fits = found is not None and (found.machine, found.candidates) == (machine, tuple(candidates))
        return found if fits and found is not None and found.chosen in found.candidates else None

    def describe(self, key: str) -> str | None:
        """For people: "bfloat16, 41 photos/s on this machine", or None before it is measured here."""
        found = self.of(key)
        if found is None or found.machine != machine():
            return None
        device, _, precision = found.chosen.rpartition(", ")
        named = precision if device in ("", "CPU") else f"{precision} on {device}"
        speed = found.speeds.get(found.chosen)
        return (
            named
            if speed is None
            else f"{named}, {speed:.{0 if speed >= 10 else 1}f} photos/s on this machine"
        )

    def keep(self, key: str, measured: Measured) -> None:
        """Remembers. A folder that cannot be written costs measuring again, nothing more."""
        self._write({**self._all(), key: asdict(measured)})

    def rate(self) -> Rate | None:
        """How quick this machine was found, or None before the first time."""
        found: Any = self._all().get(RATES, {}).get(machine())
        try:
            rate = Rate(str(found["device"]), float(found["flops"]))
        except (TypeError, KeyError, ValueError):
            return None
        return rate if 0 < rate.flops < float("inf") else None

    def keep_rate(self, rate: Rate) -> None:
        """Remembers the better one of a device: the machine's other work makes it slower, never quicker."""
        before, values = self.rate(), self._all()
        if before is not None and before.device == rate.device and before.flops >= rate.flops:
            return
        self._write({**values, RATES: {**values.get(RATES, {}), machine(): asdict(rate)}})

    def _write(self, values: dict[str, Any]) -> None:
        unfinished = self._file.with_suffix(f".{os.getpid()}.part")
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            unfinished.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
            unfinished.replace(self._file)

    def _all(self) -> dict[str, dict[str, Any]]:
        try:
            found = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        return (
            {key: row for key, row in found.items() if isinstance(row, dict)}
            if isinstance(found, dict)
            else {}
        )


def machine() -> str:
    """What a measurement holds for: the processor, its cores and torch's version."""
    return f"{platform.machine()} {processor()}, {os.cpu_count()} cores, torch {version('torch')}"


def processor() -> str:
    """The processor's name, as the system tells it."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()
