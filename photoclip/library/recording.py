"""Writing what was read: thumbnails first, then the catalog, so that a kill in between costs nothing."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable

from photoclip.library.catalog.indexing import IndexedPhoto, UnreadableFile, record_batch
from photoclip.library.catalog.photos import Failure
from photoclip.library.catalog.words import file_words
from photoclip.library.library import Library
from photoclip.library.pending import Wanted
from photoclip.library.worker import Prepared, Refused

BATCH = 64
SECONDS = 0.4
"""A batch is written when it is full or this old: what a person waits for a new photo to show."""


_FACTS = [
    "width",
    "height",
    "format",
    "taken_at",
    "taken_offset",
    "taken_source",
    "camera",
    "lens",
    "exposure",
    "latitude",
    "longitude",
    "perceptual_hash",
    "colour",
    "truncated",
    "animated",
    "seconds",
    "codec",
    "poster_at",
    "frames",
]


class Recorder:
    """Collects outcomes and writes them in batches; counts what they were."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._photos: list[tuple[Wanted, Prepared]] = []
        self._refused: list[tuple[Wanted, Refused]] = []
        self._since: float | None = None
        self.added = 0
        self.changed = 0
        self.failed: dict[bytes, Failure] = {}

    @property
    def empty(self) -> bool:
        return not self._photos and not self._refused

    @property
    def due(self) -> bool:
        """Whether the batch is full, or old enough to be written however small."""
        if self._since is None:
            return False
        return len(self._photos) + len(self._refused) >= BATCH or time.monotonic() - self._since >= SECONDS

    def began(self) -> None:
        """Something is to be written; the clock runs from the first."""
        if self._since is None:
            self._since = time.monotonic()

    def take(self, wanted: Wanted, prepared: Prepared) -> None:
        """A photo that was read."""
        self.began()
        self._photos.append((wanted, prepared))
        self.failed.pop(wanted.path, None)
        if not wanted.previous:
            self.added += 1
        elif wanted.previous != prepared.hash:
            self.changed += 1

    def refuse(self, wanted: Wanted, refused: Refused) -> None:
        """A file that is no photo, and why."""
        self.began()
        self._refused.append((wanted, refused))
        self.failed[wanted.path] = Failure(wanted.path, refused.reason, time.time())

    def write(self) -> frozenset[int]:
        """Write the batch in one transaction; returns the photos to show anew. Raises `DiskFull`."""
        self._since = None
        if self.empty:
            return frozenset()
        pictures = [(p.hash, p.picture.thumbnail) for _, p in self._photos if p.picture is not None]
        self._library.thumbnails.put_many(pictures)
        known = self._contents(p.hash for _, p in self._photos if p.picture is None)
        photos = [_indexed(wanted, prepared, known) for wanted, prepared in self._photos]
        failures = [
            UnreadableFile(r.path, wanted.folder_id, r.size, r.mtime_ns, r.reason)
            for wanted, r in self._refused
        ]
        change = record_batch(self._library.catalog, photos, failures)
        self._photos.clear()
        self._refused.clear()
        return change.photos

    def _contents(self, hashes: Iterable[bytes]) -> dict[bytes, dict[str, object]]:
        """What the catalog has of contents that were not decoded again."""
        found: dict[bytes, dict[str, object]] = {}
        for hash in set(hashes):
            for row in self._library.catalog.query("SELECT * FROM content WHERE hash = ?", (hash,)):
                found[hash] = {key: row[key] for key in _FACTS}
                found[hash]["exposure"] = json.loads(row["exposure"] or "{}")
                for mark in ("truncated", "animated"):
                    found[hash][mark] = bool(row[mark])
        return found


def _indexed(wanted: Wanted, read: Prepared, known: dict[bytes, dict[str, object]]) -> IndexedPhoto:
    picture = read.picture
    if picture is None:
        facts = {**known[read.hash], **_date_beside(read, known[read.hash])}
    else:
        facts = {
            "width": picture.width,
            "height": picture.height,
            "format": picture.format,
            "colour": picture.colour,
            "perceptual_hash": picture.perceptual_hash,
            "truncated": picture.truncated,
            "animated": picture.animated,
            "frames": 1 + len(picture.frames),
            **(vars(picture.moving) if picture.moving else {}),
            **vars(read.said.facts),
        }
    return IndexedPhoto(
        path=read.path,
        folder_id=wanted.folder_id,
        size=read.size,
        mtime_ns=read.mtime_ns,
        hash=read.hash,
        words=file_words(read.said.described, read.said.problems, wanted.sidecars),
        **facts,  # type: ignore[arg-type]
    )


def _date_beside(read: Prepared, known: dict[str, object]) -> dict[str, object]:
    """The date of a content that was not decoded again; the camera's own is in it for ever."""
    if known["taken_source"] == "exif":
        return {}
    found = read.said.facts
    return {name: getattr(found, name) for name in ("taken_at", "taken_offset", "taken_source")}
