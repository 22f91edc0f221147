"""A library whose photos are told one by one: what their hashes, vectors, cameras and dates are."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from photoclip.library.catalog.indexing import record_batch
from photoclip.library.catalog.photos import photo_at
from photoclip.library.duplicates.find import ALL, find_duplicates
from photoclip.library.duplicates.tiers import Duplicates, Tier
from photoclip.library.encoder import EncoderInfo
from photoclip.library.library import Library
from photoclip.library.worker import state_of
from photoclip.pixels import PixelSpec
from tests.library.catalog.catalog_helpers import indexed, watch

DIM = 64
INFO = EncoderInfo("pile", "pile-1", DIM, PixelSpec(16), logit_scale=100.0)
LOOK = 0x0F1E2D3C4B5A6978  # a perceptual hash with half of its bits set


class Pile:
    """Photos in `folder`; each `add` makes one file, whose bytes are `content`."""

    def __init__(self, folder: Path) -> None:
        self.library = Library.open(folder / "library")
        self.catalog = self.library.catalog
        self.photos = folder / "photos"
        self.folder_id = watch(self.catalog, self.photos)

    def add(
        self,
        name: str,
        *,
        content: str | None = None,
        look: int = LOOK,
        subject: int | None = None,
        nearness: float = 1.0,
        **facts: Any,
    ) -> int:
        """A photo of a `subject`, from which its vector is so near (1 is the same, 0 unrelated)."""
        path = self.photos / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((content or name).encode())
        if (modified := facts.pop("written", None)) is not None:
            os.utime(path, (modified, modified))
        size, mtime_ns = state_of(os.fsencode(path))
        known = indexed(os.fsencode(path), self.folder_id, content or name)
        state = {"perceptual_hash": look, "size": size, "mtime_ns": mtime_ns}
        values: dict[str, Any] = {"width": 4000, "height": 3000, **state, **facts}
        record_batch(self.catalog, [replace(known, **values)])
        self._state(path, size)
        if subject is not None:
            self.library.vectors(INFO).append([known.hash], self._vector(name, subject, nearness)[None])
        return self.id_of(name)

    def id_of(self, name: str) -> int:
        found = photo_at(self.catalog, os.fsencode(self.photos / name))
        assert found is not None
        return found

    def found(self, *tiers: Tier, **limits: Any) -> Duplicates:
        return find_duplicates(self.library, INFO, tiers=tiers or ALL, **limits)

    def groups(self, *tiers: Tier, **limits: Any) -> list[tuple[str, list[str]]]:
        """The names of each group, the keeper first, with its tier."""
        return [
            (str(group.tier), [self._name(member.paths[0]) for member in (group.keeper, *group.others)])
            for group in self.found(*tiers, **limits).groups
        ]

    def _name(self, path: bytes) -> str:
        return os.fsdecode(os.path.relpath(path, os.fsencode(self.photos)))

    def _state(self, path: Path, size: int) -> None:
        """The file is as large as it is, whatever was said of its content."""
        with self.catalog.write() as connection:
            connection.execute("UPDATE file SET size = ? WHERE path = ?", (size, os.fsencode(path)))

    def _vector(self, name: str, subject: int, nearness: float) -> np.ndarray:
        axis = np.zeros(DIM, np.float32)
        axis[subject] = 1
        # Of its own, at a right angle to all subjects, which are the first half of the directions.
        own = np.zeros(DIM, np.float32)
        own[DIM // 2 + hashlib.md5(name.encode()).digest()[0] % (DIM // 2)] = 1
        angle = np.sqrt(nearness)  # two of one subject have this cosine's square
        return angle * axis + np.sqrt(1 - angle**2) * own
