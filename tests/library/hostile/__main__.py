"""The long form: python -m tests.library.hostile [FLIPS [SEED [FIRST]]], a part of `make soak`.

Every sample cut off at 20 places, pictures around the pixel limits, FLIPS damaged files, and the scan of a
folder with a million; with FIRST only the damaged files, from where another run ended. With
PHOTOCLIP_TEST_DATA the odd photos are among them. The files of a batch that fails are kept.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path

from photoclip.library.decoding import Decoders
from tests.library.hostile import many
from tests.library.hostile.giants import CLAIMS, GIGAPIXEL, PHONE, claiming, phone_jpeg
from tests.library.hostile.mutations import flips, truncations
from tests.library.hostile.samples import odd_photos, samples
from tests.library.hostile.trial import Trial

BATCH = 200


def main(count: int, seed: int, first: int) -> None:
    began = time.monotonic()
    decoders = Decoders()
    try:
        with tempfile.TemporaryDirectory() as folder, Trial(Path(folder), decoders) as trial:
            done = _damage(trial, count, seed, first)
    finally:
        decoders.close()
    _say(f"\r{done} files with seed {seed} in {time.monotonic() - began:.0f} s: {len(trial.read)} read, ")
    _say(f"{trial.reasons.total()} refused\n")
    for reason, times in trial.reasons.most_common():
        _say(f"{times:6} {reason}\n")
    for name, reason in trial.suspects.items():
        _say(f"{name}: {reason}\n")
    if first == 0:
        _say(f"{many.scan(many.MILLION)}\n")


def _damage(trial: Trial, count: int, seed: int, first: int) -> int:
    """Try everything; how many files that were."""
    extra = os.environ.get("PHOTOCLIP_TEST_DATA")
    files = samples() | (odd_photos(Path(extra)) if extra else {})
    once = chain(truncations(files), _giants()) if first == 0 else iter(())
    done = 0
    for batch in _batches(files.items(), once, _flips_of_read(trial, files, seed, first, count)):
        _try(trial, batch)
        done += len(batch)
        _say(f"\r{done} files, {len(trial.read)} read, {trial.reasons.total()} refused")
    return done


def _giants() -> Iterator[tuple[str, bytes]]:
    """What a phone takes, and small files that say they are as large."""
    yield "phone.jpg", phone_jpeg(*PHONE)
    for format in CLAIMS:
        yield f"{format}-of-a-phone.jpg", claiming(format, *PHONE)
        yield f"{format}-of-a-satellite.jpg", claiming(format, *GIGAPIXEL)


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
