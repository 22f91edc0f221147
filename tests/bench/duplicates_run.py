"""What tests.bench.duplicates measures, in a process of its own: `FOLDER PLANTED RUNS`, prints JSON."""

from __future__ import annotations

import json
import statistics
import sys
import time
from pathlib import Path

import psutil

from photoclip.library.duplicates.find import find_duplicates
from photoclip.library.duplicates.tiers import Duplicates, Tier
from photoclip.library.library import Library
from tests.bench.synthetic import INFO


def main() -> None:
    folder, planted, runs = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    truth = {tier: {tuple(pair) for pair in pairs} for tier, pairs in json.loads(planted.read_text()).items()}
    with Library.open(folder) as library:
        before = _resident()
        seconds = []
        for _ in range(runs):
            start = time.perf_counter()
            found = find_duplicates(library, INFO)
            seconds.append(time.perf_counter() - start)
    pairs = {tier: pairs_of(found, tier) for tier in Tier}
    print(
        json.dumps(
            {
                "seconds": statistics.median(seconds),
                "memory": (_resident() - before) / 1e9,
                "recall": {tier: len(truth[tier] & pairs[tier]) / len(truth[tier]) for tier in Tier},
                "precision": len(truth["same"] & pairs[Tier.SAME]) / max(1, len(pairs[Tier.SAME])),
            }
        )
    )


def pairs_of(found: Duplicates, tier: Tier) -> set[tuple[int, int]]:
    """Keeper and member of all groups of a tier, the smaller id first."""
    return {
        (min(group.keeper.photo, other.photo), max(group.keeper.photo, other.photo))
        for group in found.groups
        if group.tier is tier
        for other in group.others
    }


def _resident() -> int:
    """Bytes; the most so far where the system tells that of this process alone."""
    status = Path("/proc/self/status")
    if status.exists():
        return next(
            int(line.split()[1]) * 1024
            for line in status.read_text(encoding="ascii").splitlines()
            if line.startswith("VmHWM:")
        )
    return int(psutil.Process().memory_info().rss)


if __name__ == "__main__":
    main()
