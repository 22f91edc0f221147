"""Damage to files: cut off at many places, bits turned at random, the same for the same seed everywhere."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping

PLACES = 20
"""Where each file is cut off: evenly along it, the last time one byte before its end."""
_HEAD = 2048  # bytes; where formats keep what readers stumble over
_EXTREMES = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\x80\0\0\0")


def truncations(files: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """Each file cut off at `PLACES` places: (name, bytes)."""
    for name, data in files.items():
        for place in range(1, PLACES + 1):
            end = len(data) - 1 if place == PLACES else len(data) * place // PLACES
            yield f"cut{place:02}-{name}", data[:end]


def flips(files: Mapping[str, bytes], seed: int, first: int, count: int) -> Iterator[tuple[str, bytes]]:
    """Numbers `first` and on of an endless row of damaged files, the files in turn: (name, bytes)."""
    names = list(files)
    for number in range(first, first + count):
        name = names[number % len(names)]
        yield f"flip{number:06}-{name}", flipped(files[name], random.Random(f"{seed}:{number}"))


def flipped(data: bytes, rng: random.Random) -> bytes:
    """The same length with one to a few bits turned, now and then a number made extreme."""
    damaged = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        end = min(len(damaged), _HEAD) if rng.random() < 0.6 else len(damaged)
        at = rng.randrange(end)
        if rng.random() < 0.15:
            extreme = rng.choice(_EXTREMES)[: end - at]
            damaged[at : at + len(extreme)] = extreme
        else:
            damaged[at] ^= 1 << rng.randrange(8)
    return bytes(damaged)
