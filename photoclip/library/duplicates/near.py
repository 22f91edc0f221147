"""When two photos are near each other, in each tier.

How near vectors have to be is said between what is usual in a library, 0, and being the same, 1;
docs/duplicates.md tells how these numbers were found.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from photoclip.library.cosines import Half
from photoclip.library.duplicates.hashes import HashIndex, spans
from photoclip.library.duplicates.stars import Mask, Near, Rows
from photoclip.library.duplicates.table import Photos
from photoclip.library.duplicates.vectors import Floats, VectorIndex, cosine_for, paired_cosines

FEW_BITS, FEW_BITS_NEARNESS = 4, 0.3
MANY_BITS, MANY_BITS_NEARNESS = 10, 0.6
ASPECT = 1.1
"""How much wider for its height one picture may be than the other: cropped a little."""
SAME_MOMENT = 1.0
"""Seconds: one camera's pictures of two moments are two pictures. A copy may have lost the fraction."""
SAME_LENGTH = 1.0
"""Seconds by which the lengths of videos may differ that are one."""
BURST_SECONDS, BURST_NEARNESS = 5.0, 0.6
MOST_IN_A_BURST = 500
"""Where one camera gives more pictures the same few seconds, its clock tells nothing, as a scanner's does."""
SIMILAR_NEARNESS = 0.85

Builder = Callable[[Photos, Half], Near]


def by_hash(photos: Photos, matrix: Half) -> Near:
    """The same picture: hashes and, where there are any, vectors agree."""
    index = HashIndex(photos.bits, photos.tells, MANY_BITS)
    few, many = (cosine_for(matrix, each) for each in (FEW_BITS_NEARNESS, MANY_BITS_NEARNESS))

    def near(leaders: Rows, free: Mask) -> tuple[Rows, Rows]:
        firsts, others = index.near(leaders[photos.tells[leaders]])
        kept = free[others]
        firsts, others = firsts[kept], others[kept]
        kept = _may_be_one(photos, firsts, others)
        firsts, others = firsts[kept], others[kept]
        bits, cosines = bits_between(photos, firsts, others), cosines_between(photos, matrix, firsts, others)
        agree = (bits <= FEW_BITS) & ((cosines >= few) | np.isnan(cosines))
        agree |= cosines >= many
        return firsts[agree], others[agree]

    return near


def by_time(photos: Photos, matrix: Half) -> Near:
    """A burst: of one camera, within seconds, and alike."""
    timed = ~np.isnan(photos.taken) & (photos.cameras >= 0) & np.isnan(photos.seconds)
    moments = _moments(photos)
    order = np.flatnonzero(timed)
    order = order[np.argsort(moments[order], kind="stable")]
    reach, least = round(BURST_SECONDS * 1000), cosine_for(matrix, BURST_NEARNESS)

    def near(leaders: Rows, free: Mask) -> tuple[Rows, Rows]:
        leaders = leaders[timed[leaders]]
        starts = np.searchsorted(moments[order], moments[leaders] - reach, "left")
        ends = np.searchsorted(moments[order], moments[leaders] + reach, "right")
        timely = ends - starts <= MOST_IN_A_BURST
        leaders = leaders[timely]
        which, places = spans(starts[timely], ends[timely])
        firsts, others = leaders[which], order[places]
        kept = free[others] & (firsts < others) & _may_be_alike(photos, firsts, others)
        firsts, others = firsts[kept], others[kept]
        alike = cosines_between(photos, matrix, firsts, others) >= least
        return firsts[alike], others[alike]

    return near


def by_vector(photos: Photos, matrix: Half) -> Near:
    """Merely similar."""
    if np.count_nonzero(photos.rows >= 0) < 2:
        return lambda leaders, free: (leaders[:0], leaders[:0])
    index, least = VectorIndex(matrix, photos.rows), cosine_for(matrix, SIMILAR_NEARNESS)

    def near(leaders: Rows, free: Mask) -> tuple[Rows, Rows]:
        firsts, others = index.near(leaders, free, least)
        kept = _may_be_alike(photos, firsts, others)
        return firsts[kept], others[kept]

    return near


def bits_between(photos: Photos, firsts: Rows, others: Rows) -> Rows:
    return np.asarray(np.bitwise_count(photos.bits[firsts] ^ photos.bits[others]), np.int64)


def cosines_between(photos: Photos, matrix: Half, firsts: Rows, others: Rows) -> Floats:
    """NaN where one of two has no vector."""
    return paired_cosines(matrix, photos.rows[firsts], photos.rows[others])


def _may_be_alike(photos: Photos, firsts: Rows, others: Rows) -> Mask:
    """Neither a RAW file and the JPEG that the camera wrote beside it, nor a photo and a video."""
    beside = (photos.stems[firsts] == photos.stems[others]) & (photos.raw[firsts] != photos.raw[others])
    of_one_kind = np.isnan(photos.seconds[firsts]) == np.isnan(photos.seconds[others])
    return np.asarray(~beside & of_one_kind)


def _may_be_one(photos: Photos, firsts: Rows, others: Rows) -> Mask:
    """Of one shape, one length, and not of two moments."""
    shapes = (photos.widths[firsts] * photos.heights[others]) / (
        photos.heights[firsts] * photos.widths[others]
    )
    of_one_shape = np.maximum(shapes, 1 / shapes) <= ASPECT
    of_one_length = ~(np.abs(photos.seconds[firsts] - photos.seconds[others]) > SAME_LENGTH)
    of_one_camera = (photos.cameras[firsts] == photos.cameras[others]) & (photos.cameras[firsts] >= 0)
    of_two_moments = of_one_camera & _differ(photos.taken[firsts], photos.taken[others])
    alike = _may_be_alike(photos, firsts, others)
    return np.asarray(alike & of_one_shape & of_one_length & ~of_two_moments)


def _differ(one: np.ndarray, other: np.ndarray) -> Mask:
    """Whether two moments are not one: to the millisecond where both are told in fractions of a second."""
    apart = np.abs(one - other)
    told = (one % 1 != 0) & (other % 1 != 0)
    return np.asarray((apart >= SAME_MOMENT) | (told & (apart >= 0.001)))


def _moments(photos: Photos) -> Rows:
    """Camera and time in one number that sorts by both: milliseconds, far more of them between cameras."""
    since = np.nan_to_num(photos.taken)
    milliseconds = np.rint((since - since.min(initial=0)) * 1000).astype(np.int64)
    return np.asarray(((photos.cameras + 1) << 45) + milliseconds)
