"""A made-up library in which it is known what is a duplicate of what, for tests and benchmarks.

Of every ten photos one has a copy of its file, one was saved again, one has a second shot of a burst and one
a similar picture taken another day. Hashes are those of smooth random pictures, as uneven as real ones.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from photoclip.library.encoder import EncoderInfo
from photoclip.library.library import Library
from tests.library.synthetic import fill

Floats = NDArray[np.float32]
Pairs = frozenset[tuple[int, int]]
_AT_A_TIME = 50_000


@dataclass(frozen=True)
class Planted:
    """By tier the pairs of photos, the smaller id first; of identical files each photo with itself."""

    identical: Pairs
    same: Pairs
    burst: Pairs
    similar: Pairs


def plant(library: Library, info: EncoderInfo, photos: int, vectors: Callable[[int, int], Floats]) -> Planted:
    """Fills `library` with `photos` photos; `vectors` gives so many unit vectors [N, D] for a seed."""
    random = np.random.default_rng(7)
    fill(library.catalog, photos)
    ids = np.arange(1, photos + 1)
    chosen = random.permutation(photos)[: 8 * (photos // 10)].reshape(4, 2, -1)
    tiers = dict(zip(("identical", "same", "burst", "similar"), chosen, strict=True))
    hashes = smooth_hashes(photos, random)
    stored = np.concatenate(
        [vectors(min(_AT_A_TIME, photos - at), 100 + at) for at in range(0, photos, _AT_A_TIME)]
    )
    for name, nearness in (("same", 0.95), ("burst", 0.8), ("similar", 0.95)):
        first, second = tiers[name]
        stored[second] = towards(stored[first], stored[second], nearness)
    first, second = tiers["same"]
    hashes[second] = hashes[first] ^ _few_bits(len(first), 3, random)
    with library.catalog.write(durable=False) as connection:
        connection.executemany(
            "UPDATE content SET perceptual_hash = ? WHERE id = ?",
            zip(hashes.view(np.int64).tolist(), ids.tolist(), strict=True),
        )
        connection.executemany(_SHAPE, zip(ids[first].tolist(), ids[second].tolist(), strict=True))
        connection.executemany("UPDATE content SET camera = NULL WHERE id = ?", _each(ids[second]))
        first, second = tiers["burst"]
        connection.executemany(_SHAPE, zip(ids[first].tolist(), ids[second].tolist(), strict=True))
        connection.executemany(_MOMENT, zip(ids[first].tolist(), ids[second].tolist(), strict=True))
        connection.executemany(_COPY, _each(ids[tiers["identical"][0]]))
        connection.execute(
            "UPDATE photo SET taken_at = (SELECT taken_at FROM content WHERE content.id = content_id)"
        )
    (keys,) = library.catalog.columns("SELECT hash FROM content ORDER BY id")
    library.vectors(info).append(keys, stored)
    pairs = {name: frozenset(map(_pair, *ids[tiers[name]])) for name in ("same", "burst", "similar")}
    own = ids[tiers["identical"][0]].tolist()
    return Planted(identical=frozenset(zip(own, own, strict=True)), **pairs)


def towards(originals: Floats, others: Floats, nearness: float | NDArray[np.float64]) -> Floats:
    """Unit vectors [N, D] so near to the originals, between those of the others (0) and themselves (1)."""
    usual = np.einsum("nd,nd->n", originals, others)[:, None]
    wanted = usual + nearness * (1 - usual)
    across = others - usual * originals
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    return np.asarray(wanted * originals + np.sqrt(1 - wanted**2) * across, np.float32)


def smooth_hashes(count: int, random: np.random.Generator) -> NDArray[np.uint64]:
    """dHashes of random pictures of 9 x 8, in which coarse structure outweighs fine."""
    across, down = np.arange(9), np.arange(8)
    waves = [
        np.outer(np.cos(np.pi * v * (down + 0.5) / 8), np.cos(np.pi * u * (across + 0.5) / 9)) / (1 + u + v)
        for v in range(8)
        for u in range(9)
    ]
    pictures = random.standard_normal((count, len(waves)), dtype=np.float32) @ np.reshape(waves, (72, 72))
    grey = pictures.reshape(count, 8, 9)
    bits = (grey[:, :, :-1] > grey[:, :, 1:]).reshape(count, 64)
    return np.packbits(bits, axis=1).view(">u8").astype(np.uint64).ravel()


_SHAPE = (
    "UPDATE content SET (width, height, camera, taken_at) ="
    " (SELECT width, height, camera, taken_at FROM content WHERE id = ?1) WHERE id = ?2"
)
_MOMENT = (
    "UPDATE content SET camera = 'Phone', taken_at = round(taken_at) + (id = ?2) * 1.5 WHERE id IN (?1, ?2)"
)
_COPY = (
    "INSERT INTO file(photo_id, content_id, folder_id, path, size, mtime_ns)"
    " SELECT photo_id, content_id, folder_id, CAST(path || ' copy' AS BLOB), size, mtime_ns FROM file"
    " WHERE photo_id = ?"
)


def _few_bits(count: int, most: int, random: np.random.Generator) -> NDArray[np.uint64]:
    flips = np.uint64(1) << random.integers(0, 64, (count, most)).astype(np.uint64)
    return np.asarray(np.bitwise_xor.reduce(flips, axis=1))


def _each(ids: NDArray[np.int64]) -> list[tuple[int]]:
    return [(each,) for each in ids.tolist()]


def _pair(one: int, other: int) -> tuple[int, int]:
    return (min(int(one), int(other)), max(int(one), int(other)))
