"""Rows of measurements, the machine they were taken on, and the table that shows both."""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

RUNS = 5


@dataclass(frozen=True)
class Row:
    """One line of the table: what was measured, the value with its unit, and the limit it is held against."""

    measure: str
    value: float
    unit: str
    target: str = ""
    met: bool | None = None
    detail: str = ""


def at_most(measure: str, value: float, unit: str, limit: float, detail: str = "") -> Row:
    return Row(measure, value, unit, f"< {limit:g} {unit}".rstrip(), value < limit, detail)


def at_least(measure: str, value: float, unit: str, limit: float, detail: str = "") -> Row:
    return Row(measure, value, unit, f"≥ {limit:g} {unit}".rstrip(), value >= limit, detail)


def median(measure: Callable[[], float], runs: int) -> float:
    """The median of `runs` measurements, after one that only warms the caches."""
    measure()
    return statistics.median(measure() for _ in range(runs))


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` (0 to 1) of the values do not exceed."""
    return float(np.percentile(values, share * 100))


def cores() -> int:
    """The processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def has_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 natively (AVX-512 BF16, AMX or Arm's BF16)."""
    words = set(_cpuinfo().split())
    return bool(words & {"avx512_bf16", "amx_bf16", "bf16"})


def machine() -> str:
    """One line naming the processor, what is used of it, the system and Python."""
    name = next((v.strip() for k, _, v in _fields() if k.strip() == "model name"), platform.processor())
    bfloat16 = "bfloat16 instructions" if has_bfloat16() else "no bfloat16 instructions"
    return f"{name}, {cores()} cores, {bfloat16}, {platform.system()}, Python {platform.python_version()}"


def _cpuinfo() -> str:
    path = Path("/proc/cpuinfo")
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _fields() -> Iterable[tuple[str, str, str]]:
    return (line.partition(":") for line in _cpuinfo().splitlines())


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table, the machine below it."""
    lines = ["| measure | value | target | |", "|---|---|---|---|"]
    for row in rows:
        met = {True: "met", False: "**missed**", None: ""}[row.met]
        value = f"{row.value:,.4g} {row.unit}".strip()
        detail = f" ({row.detail})" if row.detail else ""
        lines.append(f"| {row.measure}{detail} | {value} | {row.target} | {met} |")
    return "\n".join([*lines, "", machine()])


def as_json(rows: Sequence[Row]) -> str:
    return json.dumps(
        {"machine": machine(), "rows": [asdict(row) for row in rows]}, indent=2, ensure_ascii=False
    )
