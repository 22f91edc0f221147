"""Comparing a folder with the catalog: what to read, what is gone, what is back."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from photoclip.library.catalog.connection import Catalog
from photoclip.library.catalog.indexing import known_failures
from photoclip.library.catalog.presence import inside
from photoclip.library.catalog.schema import PRESENT
from photoclip.library.catalog.words import READ_VERSION
from photoclip.library.scan import Found, Scan, is_hidden_below, is_offline, is_video, look_at
from photoclip.library.sidecars.beside import sidecar_state, with_photos_beside
from photoclip.pixels import video


@dataclass(frozen=True, slots=True)
class Known:
    """A file as the catalog has it, in whatever folder it was recorded."""

    size: int
    mtime_ns: int
    file_id: int
    missing: bool
    folder_id: int
    hash: bytes
    read_version: int
    sidecars: bytes  # their state when they were read


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file to read. `known` is the hash that its bytes probably have; empty means decode it in any case."""

    path: bytes
    folder_id: int
    known: bytes
    previous: bytes  # the hash recorded for this path, empty for a new one
    repair: bool = False  # unchanged, but its thumbnail or vector is lost
    vector_only: bool = False  # recorded as it is; of a file that has changed since, nothing is taken
    jpeg: bool = False  # a whole JPEG, which a model may decode itself
    sidecars: bytes = b""  # the state of its sidecars
    # Its size and mtime_ns, where it is as recorded and only what is said about it is to be read.
    unchanged: tuple[int, int] | None = None


@dataclass
class Plan:
    """What one look at the folders gave."""

    wanted: list[Wanted] = field(default_factory=list)
    back: list[int] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)
    forgotten: list[bytes] = field(default_factory=list)  # failures of files that are gone
    offline: list[bytes] = field(default_factory=list)
    unreadable: dict[bytes, str] = field(default_factory=dict)  # folders, with the system's words
    refused: dict[bytes, str] = field(default_factory=dict)  # what is no file or out of reach, in a sentence
    unchanged: dict[bytes, Wanted] = field(default_factory=dict)  # by hash: where to read that content again
    found: int = 0
    reread: list[Wanted] = field(default_factory=list)  # unchanged, but not what is said about them
    out_of_reach: int = 0  # photos to read that lie in offline folders only
    videos_left_out: int = 0  # new videos, while what reads them is not installed


_FILES = (
    "SELECT file.path, file.size, file.mtime_ns, file.id, file.missing_since IS NOT NULL, file.folder_id,"
    " content.hash, file.read_version, file.sidecars"
    " FROM file JOIN content ON content.id = file.content_id WHERE "
)
_MANY = 500
"""Above so many paths it is quicker to load the folder's files at once than to ask for each."""


def known_below(
    catalog: Catalog, folder_id: int, root: bytes, only: frozenset[bytes] | None
) -> dict[bytes, Known]:
    """The catalog's files of a folder or recorded anywhere below it, or those at or below `only`, by path."""
    if only is not None and len(only) <= _MANY:
        found: dict[bytes, Known] = {}
        for path in only:
            found |= _files(
                catalog, "file.path = ? OR (file.path >= ? AND file.path < ?)", (path, *inside(path))
            )
        return found
    every = _files(
        catalog, "file.folder_id = ? OR (file.path >= ? AND file.path < ?)", (folder_id, *inside(root))
    )
    return every if only is None else {path: file for path, file in every.items() if _covered(path, only)}


def _files(catalog: Catalog, condition: str, parameters: tuple[object, ...]) -> dict[bytes, Known]:
    rows = zip(*catalog.columns(_FILES + condition, parameters), strict=True)
    return {row[0]: Known(row[1], row[2], row[3], bool(row[4]), *row[5:]) for row in rows}


def plan_folder(
    catalog: Catalog,
    folder_id: int,
    root: bytes,
    plan: Plan,
    stop: threading.Event,
    only: frozenset[bytes] | None = None,
) -> None:
    """Add to `plan` what to do in one folder, or only at the paths `only` inside it."""
    if is_offline(root) and not _emptied_by_hand(root, only):
        plan.offline.append(root)
        return
    if only is not None:
        only = with_photos_beside(frozenset(path for path in only if not is_hidden_below(root, path)))
    known = known_below(catalog, folder_id, root, only)
    reads_videos = video.is_available()
    failures = known_failures(catalog, folder_id, curable=video.NEEDS_EXTRA if reads_videos else "")
    scan, seen, fresh = Scan(), set[bytes](), list[tuple[Found, bytes]]()
    for found in _look(scan, root, only):
        seen.add(found.path)
        plan.found += 1
        if stop.is_set():  # half a look says nothing of what is gone
            return
        sidecars, failed = sidecar_state(found.path, scan.listing), _failed_before(found, failures)
        settled = _settle_known(plan, found, known.get(found.path), folder_id, sidecars)
        if not settled and not failed:
            fresh.append((found, sidecars))
        elif settled and not failed:
            _read_words(plan, found, known[found.path], sidecars)
    if is_offline(root) and not _emptied_by_hand(root, only):  # it went away meanwhile: nothing is known
        plan.offline.append(root)
        return
    plan.unreadable.update(scan.unreadable)
    plan.refused.update(scan.refused)
    plan.refused.update(
        {path: f"The file cannot be looked at: {why}." for path, why in scan.unreachable.items()}
    )
    hidden = frozenset((*scan.unreadable, *scan.unreachable))
    gone = {path: file for path, file in known.items() if path not in seen and not _covered(path, hidden)}
    plan.gone += [file.file_id for file in gone.values() if not file.missing and file.folder_id == folder_id]
    plan.forgotten += [
        path
        for path in failures
        if path not in seen and (only is None or _covered(path, only)) and not _covered(path, hidden)
    ]
    wanted = list(_wanted(fresh, known, gone, folder_id))
    can_be_read = [one for one in wanted if reads_videos or not _is_new_video(one)]
    plan.wanted += can_be_read
    plan.videos_left_out += len(wanted) - len(can_be_read)


def add_repairs(plan: Plan, lost: set[bytes]) -> None:
    """Read unchanged files again whose thumbnail or vector is lost; after them those with new words."""
    plan.wanted += [plan.unchanged[hash] for hash in plan.unchanged if hash in lost]
    paths = {wanted.path for wanted in plan.wanted}
    plan.wanted += [wanted for wanted in plan.reread if wanted.path not in paths]


JPEG_LIMIT = 32 << 20
"""Larger files are not given to a model to decode: many are read at a time."""
_READABLE = """
SELECT content.hash, file.path, file.folder_id,
content.format = 'JPEG' AND NOT content.truncated AND content.bytes <= ?
FROM photo JOIN content ON content.id = photo.content_id
JOIN file ON file.content_id = content.id JOIN folder ON folder.id = file.folder_id
LEFT JOIN failure ON failure.path = file.path
WHERE photo.presence = ? AND file.missing_since IS NULL AND folder.removed_at IS NULL AND failure.path IS NULL
"""


def readable(catalog: Catalog, folder_ids: Iterable[int] | None = None) -> dict[bytes, list[Wanted]]:
    """Where each photo that is there can be read (in these folders, or all), by its content's hash.

    Without what could not be read when it was last tried. The disk is not looked at.
    """
    found: dict[bytes, list[Wanted]] = {}
    only = None if folder_ids is None else set(folder_ids)
    for hash, path, folder_id, jpeg in zip(*catalog.columns(_READABLE, (JPEG_LIMIT, PRESENT)), strict=True):
        if only is None or folder_id in only:
            wanted = Wanted(path, folder_id, b"", hash, vector_only=True, jpeg=bool(jpeg))
            found.setdefault(hash, []).append(wanted)
    return found


def add_unknown(
    plan: Plan, photos: Mapping[bytes, list[Wanted]], unknown: Iterable[bytes], offline: Mapping[int, bytes]
) -> None:
    """Read those of `photos` that are `unknown` to a model, folder by folder; `offline` are paths by id."""
    for hash in unknown:
        at_hand = [wanted for wanted in photos[hash] if wanted.folder_id not in offline]
        if at_hand:
            plan.wanted.append(at_hand[0])
        else:
            plan.out_of_reach += 1
            plan.offline.append(offline[photos[hash][0].folder_id])
    plan.wanted.sort(key=lambda wanted: wanted.path)
    plan.offline = sorted(set(plan.offline))


def _emptied_by_hand(root: bytes, only: frozenset[bytes] | None) -> bool:
    """An event told of a deletion inside a folder that is still mounted: then empty means empty."""
    return only is not None and os.path.isdir(root)


def _look(scan: Scan, root: bytes, only: frozenset[bytes] | None) -> Iterator[Found]:
    if only is None:
        yield from scan.walk(root)
        return
    seen: set[bytes] = set()
    for path in sorted(only):
        scan.listing = None
        single = look_at(path)
        for found in [single] if single else scan.walk(path) if os.path.isdir(path) else ():
            if found.path not in seen:
                seen.add(found.path)
                yield found


def _settle_known(plan: Plan, found: Found, file: Known | None, folder_id: int, sidecars: bytes) -> bool:
    """Whether this file is as the catalog has it, so that it need not be read."""
    if (
        file is None
        or file.folder_id != folder_id
        or (file.size, file.mtime_ns) != (found.size, found.mtime_ns)
    ):
        return False
    if file.missing:
        plan.back.append(file.file_id)
    if file.hash not in plan.unchanged:
        repair = Wanted(found.path, folder_id, b"", file.hash, repair=True, sidecars=sidecars)
        plan.unchanged[file.hash] = repair
    return True


def _read_words(plan: Plan, found: Found, file: Known, sidecars: bytes) -> None:
    """Read what is said about an unchanged file, when a sidecar differs or an earlier version read less."""
    if (file.read_version, file.sidecars) != (READ_VERSION, sidecars):
        state = found.size, found.mtime_ns
        plan.reread.append(
            Wanted(found.path, file.folder_id, file.hash, file.hash, sidecars=sidecars, unchanged=state)
        )


def _failed_before(found: Found, failures: dict[bytes, tuple[int, int]]) -> bool:
    return failures.get(found.path) == (found.size, found.mtime_ns)


def _wanted(
    fresh: list[tuple[Found, bytes]], known: dict[bytes, Known], gone: dict[bytes, Known], folder_id: int
) -> Iterator[Wanted]:
    """New paths first: a photo that was renamed keeps its identity before its old path is looked at again."""
    moved = {(_mark_of(path), file.size, file.mtime_ns): file.hash for path, file in gone.items()}
    changed = []
    for found, sidecars in fresh:
        file = known.get(found.path)
        if file is not None:
            changed.append(Wanted(found.path, folder_id, file.hash, file.hash, sidecars=sidecars))
        else:
            guess = moved.get((_mark_of(found.path), found.size, found.mtime_ns), b"")
            yield Wanted(found.path, folder_id, guess, b"", sidecars=sidecars)
    yield from changed


def _mark_of(path: bytes) -> bytes:
    """What a file that was moved keeps beside its size and time: its name. Of videos those two are enough."""
    return b"video" if is_video(path) else os.path.basename(path)


def _is_new_video(wanted: Wanted) -> bool:
    """Whether nothing is known of a video, which without its reader stays so; a moved one can be told."""
    return is_video(wanted.path) and not wanted.known


def _covered(path: bytes, roots: frozenset[bytes]) -> bool:
    """Whether `path` is one of `roots` or lies inside one."""
    if not roots:
        return False
    while path not in roots:
        parent = os.path.dirname(path)
        if parent == path:
            return False
        path = parent
    return True
