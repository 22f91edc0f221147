"""A library with photos and vectors in place, without picture files: what the search stands on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from photoclip.library.catalog.photos import photo_at
from photoclip.library.library import Library
from photoclip.library.search import Results
from tests.library.catalog.catalog_helpers import record, watch
from tests.library.fakes import COLOURS, FAKE_INFO, FakeEncoder, encode_pictures, plain


class Shelf:
    """A library in `folder` watching one folder of photos that are named after what they show."""

    def __init__(self, folder: Path) -> None:
        self.library = Library.open(folder / "library")
        self.catalog = self.library.catalog
        self.encoder = FakeEncoder()
        self.photos = folder / "photos"
        self.folder_id = watch(self.catalog, self.photos)

    def add(self, names: Iterable[str], *, embedded: bool = True) -> dict[str, int]:
        """Photos whose file names begin with a colour, for example `red-1.jpg` or `trip/red-1.jpg`."""
        files = {name: bytes(self.photos / name) for name in names}
        ids = record(self.catalog, self.folder_id, {path: name for name, path in files.items()})
        if embedded:
            self.embed(files)
        return dict(zip(files, ids, strict=True))

    def embed(self, names: Iterable[str]) -> None:
        """Vectors of plain pictures in each photo's colour; copies of a colour differ a little."""
        names = list(names)
        pixels = np.concatenate([_picture(Path(name).name) for name in names])
        keys = [hashlib.md5(name.encode()).digest() for name in names]
        self.library.vectors(FAKE_INFO).append(keys, encode_pictures(pixels))

    def taken(self, days: Mapping[str, float]) -> None:
        """Sets when photos were taken, in Unix seconds of local time."""
        with self.catalog.write() as connection:
            for name, seconds in days.items():
                connection.execute("UPDATE photo SET taken_at = ? WHERE id = ?", (seconds, self.id_of(name)))

    def id_of(self, name: str) -> int:
        found = photo_at(self.catalog, bytes(self.photos / name))
        assert found is not None
        return found

    def names(self, found: Results | Iterable[int]) -> list[str]:
        """File names of results, in order."""
        ids = found.ids if isinstance(found, Results) else found
        known = {
            photo: Path(bytes(path).decode()).name
            for photo, path in self.catalog.read().execute("SELECT photo_id, path FROM file")
        }
        return [known[int(photo)] for photo in ids]


def _picture(name: str) -> np.ndarray:
    colour = name.split("-")[0].split(".")[0]
    shift = int(hashlib.md5(name.encode()).digest()[0]) % 24
    pixels = plain(COLOURS.get(colour, (120, 120, 120))).copy()
    pixels[:, ::2] = np.clip(pixels[:, ::2].astype(int) + shift, 0, 255).astype(np.uint8)
    return pixels
