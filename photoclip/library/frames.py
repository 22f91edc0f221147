"""The further vectors of videos: a photo has one vector, a video one for each frame that stands for it.

The poster's vector is kept under the content's hash, as a photo's is, so everything that knows photos knows
videos too. The other frames are kept under keys that follow from the hash, and stored before it: where the
poster's vector is, all are. What is searched for is compared with all frames, and a video is as near to it as
its nearest frame. A library without videos has nothing here, and does nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xxhash

from photoclip.library.catalog.connection import Catalog
from photoclip.library.catalog.schema import PRESENT
from photoclip.library.cosines import Cosines, Rows
from photoclip.library.levels import ROUNDING

# A photo's presence is looked up last, so that only videos are looked at: they have an index of their own.
_VIDEOS = "SELECT hash, frames FROM content WHERE seconds IS NOT NULL AND frames > 1"
_SHOWN = f"{_VIDEOS} AND (SELECT presence FROM photo WHERE photo.content_id = content.id) = ?"


def _none() -> Rows:
    return np.zeros(0, np.int64)


def frame_key(hash: bytes, number: int) -> bytes:
    """What the vector of a frame is kept under: 16 bytes; frame 0 is the poster, whose key is the hash."""
    return xxhash.xxh3_128_digest(hash + number.to_bytes(2, "little")) if number else hash


def further_keys(hash: bytes, count: int) -> list[bytes]:
    """The keys of a video's frames but the poster, of `count` frames in all."""
    return [frame_key(hash, number) for number in range(1, count)]


def further(catalog: Catalog) -> tuple[list[bytes], list[bytes]]:
    """The hash of the video and the key, for each further frame of the videos that are there."""
    return _spread(catalog.columns(_SHOWN, (PRESENT,)))


def known_keys(catalog: Catalog) -> set[bytes]:
    """The keys of all further frames that there may be vectors of, also of videos that are not there."""
    return set(_spread(catalog.columns(_VIDEOS))[1])


def incomplete(catalog: Catalog, missing: Callable[[Iterable[bytes]], set[bytes]]) -> set[bytes]:
    """The hashes of videos that are there and of which a further frame is among what `missing` tells."""
    hashes, keys = further(catalog)
    lost = missing(keys) if keys else set()
    return {hash for hash, key in zip(hashes, keys, strict=True) if key in lost}


def _spread(videos: list[list[Any]]) -> tuple[list[bytes], list[bytes]]:
    owners: list[bytes] = []
    keys: list[bytes] = []
    for hash, count in zip(*videos, strict=True):
        keys += further_keys(hash, count)
        owners += [hash] * (count - 1)
    return owners, keys


@dataclass(frozen=True, eq=False)
class FrameRows:
    """Vectors beyond a photo's first: that of the photo at place `owners[i]` of the table is row `rows[i]`.

    int64 [F] each; none in a library of photos alone.
    """

    owners: Rows = field(default_factory=_none)
    rows: Rows = field(default_factory=_none)

    @classmethod
    def of(cls, owners: Rows, rows: Rows) -> FrameRows:
        """Without those whose owner or row is nowhere (-1)."""
        there = (owners >= 0) & (rows >= 0)
        return cls(owners[there], rows[there])

    def lift(self, candidates: Rows, cosines: Cosines, compare: Callable[[Rows], Cosines]) -> None:
        """Raises the `cosines` [N, K] of the `candidates` [N] to those of their best frames.

        Candidates are ascending places in the table; `compare` gives the cosines [F, K] of rows [F]. Damaged
        vectors have no say.
        """
        if not len(self.rows) or not len(candidates):
            return
        places = np.searchsorted(candidates, self.owners).clip(max=len(candidates) - 1)
        asked = candidates[places] == self.owners
        if not asked.any():
            return
        found = compare(self.rows[asked])
        sound = np.asarray((np.abs(found) <= 1 + ROUNDING).all(axis=1))  # False for NaN, too
        np.maximum.at(cosines, places[asked][sound], found[sound])
