"""The long form of the crash test: python -m tests.library.crash [KILLS [SEED]], which is `make soak`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.library.crash.process import Driver
from tests.library.crash.rounds import CrashTest

OTHERS = 8
"""Of so many kills, one comes while old libraries are opened, and one while backups are put back."""


def main(kills: int, seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder, Driver() as driver:
        test = CrashTest(Path(folder), seed, driver)
        number = 0
        while (done := sum(test.kills.values())) < kills:
            number += 1
            if number % OTHERS == 0:
                test.migration_round()
            elif number % OTHERS == OTHERS // 2:
                test.restore_round()
            else:
                test.round()
            sys.stdout.write(f"\r{done} of {kills} kills")
            sys.stdout.flush()
        counts = ", ".join(f"{kind} {count}" for kind, count in sorted(test.kills.items()))
    sys.stdout.write(f"\r{kills} kills with seed {seed} and nothing lost: {counts}\n")


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:]]
    main(*(numbers + [200, 1][len(numbers) :]))
