"""Going through the tiers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from photoclip.library.catalog.connection import Catalog
from photoclip.library.cosines import Half
from photoclip.library.duplicates import near, preference
from photoclip.library.duplicates.stars import Near, Rows, stars
from photoclip.library.duplicates.table import File, Photos, load_files, load_photos
from photoclip.library.duplicates.tiers import Duplicates, Evidence, Group, Member, Reason, Tier
from photoclip.library.duplicates.vectors import sound_rows
from photoclip.library.encoder import EncoderInfo
from photoclip.library.library import Library

ALL = tuple(Tier)

_TIERS: dict[Tier, tuple[near.Builder, Sequence[Reason]]] = {
    Tier.SAME: (near.by_hash, preference.OF_ONE_PICTURE),
    Tier.BURST: (near.by_time, preference.OF_SEVERAL_PICTURES),
    Tier.SIMILAR: (near.by_vector, preference.OF_SEVERAL_PICTURES),
}


def find_duplicates(
    library: Library,
    info: EncoderInfo,
    *,
    photos: Iterable[int] | None = None,
    folders: Sequence[bytes] = (),
    tiers: Sequence[Tier] = ALL,
    between: Callable[[], None] = lambda: None,
) -> Duplicates:
    """The groups of these `tiers` among the `photos` (None: all that are there) with files in `folders`.

    `info` is of the model whose vectors are compared. Stronger tiers are looked at in any case, as what they
    would let go is not looked at by weaker ones. `between` is called every now and then, and may raise to
    end it.
    """
    files = _best_first(load_files(library.catalog, photos, folders))
    groups = list(_identical(library.catalog, files)) if Tier.IDENTICAL in tiers else []
    store = library.vectors(info)
    store.refresh()
    keys, matrix = store.snapshot()
    table = load_photos(library.catalog, files, keys)
    table = table.with_rows(sound_rows(matrix, table.rows))
    unread = int(np.count_nonzero(table.rows < 0))
    for tier, (build, reasons) in _TIERS.items():
        if not any(ALL.index(wanted) >= ALL.index(tier) for wanted in tiers):
            break
        between()
        criteria = preference.of_photos(table, reasons)
        order = preference.in_order(criteria)
        table = table.take(order)
        ranked = {reason: values[order] for reason, values in criteria.items()}
        keepers = stars(len(table), _interrupted(build(table, matrix), between))
        if tier in tiers:
            groups += _groups(tier, table, matrix, ranked, keepers)
        table = table.take((keepers < 0) | (keepers == np.arange(len(table))))
    return Duplicates(tuple(sorted(groups, key=_place)), unread)


def _interrupted(near: Near, between: Callable[[], None]) -> Near:
    def interrupted(leaders: Rows, free: np.ndarray) -> tuple[Rows, Rows]:
        between()
        return near(leaders, free)

    return interrupted


def _best_first(files: Sequence[File]) -> list[File]:
    return [files[at] for at in preference.in_order(preference.of_files(files))]


def _identical(catalog: Catalog, files: Sequence[File]) -> Iterator[Group]:
    """Files of the same bytes have one content, and so are one photo. The best `files` come first."""
    by_content: dict[int, list[File]] = {}
    for file in files:
        by_content.setdefault(file.content, []).append(file)
    several = {content: found for content, found in by_content.items() if len(found) > 1}
    if not several:
        return
    hashes = dict(zip(*catalog.columns("SELECT id, hash FROM content"), strict=True))
    for content, found in several.items():
        reason = preference.reason_for(preference.of_files(found[:2]), 0, 1)
        keeper, *others = (Member(file.photo, (file.path,)) for file in found)
        yield Group(Tier.IDENTICAL, keeper, reason, tuple(others), hashes[content])


def _groups(
    tier: Tier, photos: Photos, matrix: Half, criteria: preference.Criteria, keepers: Rows
) -> Iterator[Group]:
    """Groups of photos that are numbered in the order in which they would be kept."""
    others = np.flatnonzero((keepers >= 0) & (keepers != np.arange(len(keepers))))
    others = others[np.argsort(keepers[others], kind="stable")]
    evidence = _evidence(tier, photos, matrix, keepers[others], others)
    found, starts, counts = np.unique(keepers[others], return_index=True, return_counts=True)
    for keeper, start, end in zip(found.tolist(), starts, starts + counts, strict=True):
        reason = preference.reason_for(criteria, keeper, int(others[start]))
        members = tuple(
            Member(int(photos.ids[at]), photos.paths[at], said)
            for at, said in zip(others[start:end].tolist(), evidence[start:end], strict=True)
        )
        yield Group(tier, Member(int(photos.ids[keeper]), photos.paths[keeper]), reason, members)


def _evidence(tier: Tier, photos: Photos, matrix: Half, firsts: Rows, others: Rows) -> list[Evidence]:
    """What was compared in this tier, of each pair."""
    bits: Sequence[int | None] = near.bits_between(photos, firsts, others).tolist()
    seconds = np.abs(photos.taken[firsts] - photos.taken[others]).tolist()
    cosines = near.cosines_between(photos, matrix, firsts, others).tolist()
    return [
        Evidence(
            bits=bit if tier is Tier.SAME else None,
            seconds=round(apart, 3) if tier is Tier.BURST else None,
            cosine=None if cosine != cosine else round(cosine, 4),
        )
        for bit, apart, cosine in zip(bits, seconds, cosines, strict=True)
    ]


def _place(group: Group) -> tuple[int, int, bytes]:
    return ALL.index(group.tier), -len(group.others), group.keeper.paths[0]
