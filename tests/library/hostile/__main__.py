"""The long form: python -m tests.library.hostile [FLIPS [SEED [FIRST]]], a part of `make soak`.

Every sample cut off at 20 places, then FLIPS damaged ones; FIRST goes on where another run ended. With
PHOTOCLIP_TEST_DATA the odd photos are among them. A file that fails is kept, and named.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from photoclip.library.decoding import Decoders
from tests.library.hostile.mutations import flips, truncations
from tests.library.hostile.samples import odd_photos, samples
from tests.library.hostile.trial import Trial

BATCH = 200


def main(count: int, seed: int, first: int) -> None:
    extra = os.environ.get("PHOTOCLIP_TEST_DATA")
    files = samples() | (odd_photos(Path(extra)) if extra else {})
    cut = truncations(files) if first == 0 else iter(())
    began, done = time.monotonic(), 0
    decoders = Decoders()
    try:
        with tempfile.TemporaryDirectory() as folder, Trial(Path(folder), decoders) as trial:
            for batch in _batches(files.items(), cut, _flips_of_read(trial, files, seed, first, count)):
                _try(trial, batch)
                done += len(batch)
                _say(f"\r{done} files, {len(trial.read)} read, {trial.reasons.total()} refused")
    finally:
        decoders.close()
    _say(f"\r{done} files with seed {seed} in {time.monotonic() - began:.0f} s: {len(trial.read)} read, ")
    _say(f"{trial.reasons.total()} refused\n")
    for reason, times in trial.reasons.most_common():
        _say(f"{times:6} {reason}\n")
    for name, reason in trial.suspects.items():
        _say(f"{name}: {reason}\n")


def _flips_of_read(
    trial: Trial, files: dict[str, bytes], seed: int, first: int, count: int
) -> Iterator[tuple[str, bytes]]:
    """Of files that were read as they are; damage to what is refused already would find little."""
    yield from flips({name: files[name] for name in files if name in trial.read}, seed, first, count)


def _batches(*rows: Iterable[tuple[str, bytes]]) -> Iterator[list[tuple[str, bytes]]]:
    for row in rows:
        left = iter(row)
        while batch := list(islice(left, BATCH)):
            yield batch


def _try(trial: Trial, batch: list[tuple[str, bytes]]) -> None:
    try:
        trial.try_files(batch)
    except BaseException:
        kept = Path(tempfile.mkdtemp(prefix="hostile-"))
        for name, data in batch:
            (kept / name).write_bytes(data)
        _say(f"\nThe files of this batch are kept in {kept}.\n")
        raise


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:]]
    main(*(numbers + [5000, 1, 0][len(numbers) :]))
