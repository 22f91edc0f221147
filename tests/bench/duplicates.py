"""Duplicates among 100,000 made-up photos in which some are planted: seconds, memory, and what is found."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from photoclip.library.library import Library
from tests.bench.report import Row, at_least, at_most
from tests.bench.synthetic import INFO
from tests.bench.vectors_generator import vectors
from tests.library.duplicates.planted import plant

PHOTOS = 100_000
SECONDS = 600


def measure(runs: int) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="photoclip-bench-") as name:
        folder = Path(name, "library")
        with Library.open(folder) as library:
            planted = plant(library, INFO, PHOTOS, vectors)
        truth = Path(name, "planted.json")
        truth.write_text(json.dumps({tier: sorted(pairs) for tier, pairs in vars(planted).items()}))
        command = [sys.executable, "-m", "tests.bench.duplicates_run", str(folder), str(truth), str(runs)]
        done = subprocess.run(command, check=True, timeout=SECONDS, stdout=subprocess.PIPE)
    found = json.loads(done.stdout)
    shares = ", ".join(f"{tier} {recall:.4f}" for tier, recall in found["recall"].items())
    return [
        at_most(f"duplicates in four tiers among {PHOTOS:,} photos", found["seconds"], "s", 60),
        Row("memory above that of the opened library", found["memory"], "GB"),
        at_least("planted pairs found, worst tier", min(found["recall"].values()), "", 0.98, shares),
        at_least("pairs found that were planted, tier of one picture", found["precision"], "", 0.99),
    ]
