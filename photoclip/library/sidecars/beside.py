"""Noticing that a sidecar came, changed or went, without opening it."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Set

from photoclip.library.scan import is_candidate, is_sidecar
from photoclip.library.sidecars.places import sidecars_of


def sidecar_state(photo: bytes, listing: Set[bytes] | None = None) -> bytes:
    """What tells one state of a photo's sidecars from any other: names, sizes, times; empty without any.

    `listing` are the paths in the photo's folder, where they are known; else the disk is asked for each.
    """
    if listing is not None and not listing:
        return b""
    found = sidecars_of(photo) if listing is None else sidecars_of(photo, listing.__contains__)
    return b"".join(map(_state, found))


def _state(sidecar: bytes) -> bytes:
    try:
        state = os.stat(sidecar)
    except OSError:  # gone meanwhile, or a link to nothing
        return b""
    return b"%s\0%d\0%d\0" % (os.path.basename(sidecar), state.st_size, state.st_mtime_ns)


def with_photos_beside(paths: frozenset[bytes]) -> frozenset[bytes]:
    """These paths, and of each sidecar among them, there or gone, the photos it may speak of."""
    folders = defaultdict[bytes, set[bytes]](set)
    for path in filter(is_sidecar, paths):
        folder, name = os.path.split(path)
        folders[folder].add(os.path.splitext(name)[0])
    return paths.union(
        os.path.join(folder, name)
        for folder, described in folders.items()
        for name in _names(folder)
        if is_candidate(name) and (name in described or os.path.splitext(name)[0] in described)
    )


def _names(folder: bytes) -> Iterable[bytes]:
    try:
        return os.listdir(folder)
    except OSError:  # gone with all that was in it
        return ()
