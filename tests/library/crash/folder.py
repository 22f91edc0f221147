"""A watched folder that changes at random, and who is who in it."""

from __future__ import annotations

import os
import random
from pathlib import Path

from tests.library.fakes import COLOURS
from tests.library.pictures import jpeg

MOST = 60
"""Photos there at a time."""
LONG_AGO = 1_600_000_000


class PhotoFolder:
    """Every photo ever made has bytes of its own. `ids` are the photos' ids by name, once they are known."""

    def __init__(self, path: Path, chance: random.Random) -> None:
        self.path = path
        self.ids: dict[str, int] = {}
        self.names: set[str] = set()
        self._gone: list[tuple[bytes, int]] = []  # deleted photos: bytes and id
        self._made = 0
        self._chance = chance
        path.mkdir()
        bad = path / "bad.jpg"
        bad.write_bytes(b"no picture")
        os.utime(bad, (LONG_AGO, LONG_AGO))  # nobody is writing it any more

    def add(self, count: int) -> None:
        for _ in range(count):
            (self.path / self._new_name()).write_bytes(self._picture())

    def stir(self) -> None:
        """Renames, edits, deletes and brings back a few photos whose ids are known, each at most once."""
        known = self._chance.sample(sorted(self.ids), min(6, len(self.ids)))
        for name in known:
            self._chance.choice((self._rename, self._edit, self._delete))(name)
        if self._gone and self._chance.random() < 0.5:
            data, photo_id = self._gone.pop(self._chance.randrange(len(self._gone)))
            name = self._new_name()
            (self.path / name).write_bytes(data)
            self.ids[name] = photo_id
        while len(self.names) > MOST and (still := sorted(set(self.ids) - set(known))):
            self._delete(still[0])

    def _rename(self, name: str) -> None:
        new = self._new_name()
        (self.path / name).rename(self.path / new)
        self.names.discard(name)
        self.ids[new] = self.ids.pop(name)

    def _edit(self, name: str) -> None:
        (self.path / name).write_bytes(self._picture())

    def _delete(self, name: str) -> None:
        path = self.path / name
        self._gone.append((path.read_bytes(), self.ids.pop(name)))
        self.names.discard(name)
        path.unlink()

    def _new_name(self) -> str:
        name = f"{self._made:05}-{len(self.names):03}.jpg"
        self._made += 1
        self.names.add(name)
        return name

    def _picture(self) -> bytes:
        self._made += 1
        return jpeg(self._chance.choice(list(COLOURS)), self._made)
