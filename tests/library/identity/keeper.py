"""A library in which a person has said all there is to say of a photo, and what must hold of it later."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import xxhash

from photoclip.library.catalog.albums import create_album
from photoclip.library.catalog.folders import add_folder
from photoclip.library.catalog.labels import add_label, label_photos, reject_photos
from photoclip.library.catalog.photos import load_table, photo_at, rate, set_favourite
from photoclip.library.decoding import Decoders
from photoclip.library.ingest import index
from photoclip.library.library import Library
from photoclip.library.progress import Progress
from tests.library.fakes import FAKE_INFO, FakeEncoder


@dataclass(frozen=True)
class Words:
    """What a person said of one photo; `labels` are verdicts by name, 0 for a No."""

    labels: tuple[tuple[str, int], ...] = ()
    albums: tuple[str, ...] = ()
    rating: int = 0
    favourite: bool = False


SAID = Words((("Beach", 1), ("Dogs", 0)), ("Trip",), 4, True)
SILENCE = Words()


class Keeper:
    """One library under `root`, one watched folder `photos`, and a model that counts what it is asked."""

    def __init__(self, root: Path, decoders: Decoders) -> None:
        self.root = root
        self.library = Library.open(root / "library")
        self.catalog = self.library.catalog
        self.decoders = decoders
        self.encoder = FakeEncoder()
        self.photos = self.watch("photos")
        self._yes = add_label(self.catalog, "Beach").created
        self._no = add_label(self.catalog, "Dogs").created

    def watch(self, name: str) -> Path:
        """Makes a folder beside the library, where there is none, and watches it."""
        folder = self.root / name
        folder.mkdir(exist_ok=True)
        add_folder(self.catalog, bytes(folder))
        return folder

    def look(self) -> Progress:
        """Scans and reads everything; the model's `calls` are those of this run."""
        self.encoder.calls.clear()
        *_, last = index(self.library, self.encoder, decoders=self.decoders)
        return last

    def speak(self, path: Path) -> int:
        """Labels, rejects, rates and collects the photo at this path; returns it."""
        assert self._yes is not None
        assert self._no is not None
        photo = self.at(path)
        label_photos(self.catalog, self._yes, [photo])
        reject_photos(self.catalog, self._no, [photo])
        create_album(self.catalog, "Trip", [photo])
        rate(self.catalog, [photo], 4)
        set_favourite(self.catalog, [photo], True)
        assert self.words(photo) == SAID
        return photo

    def at(self, path: Path) -> int:
        """The photo at this path."""
        found = photo_at(self.catalog, bytes(path))
        assert found is not None, path
        return found

    def words(self, photo: int) -> Words:
        query = self.catalog.query
        labels = query(
            "SELECT name, verdict FROM photo_label JOIN label ON label.id = label_id"
            " WHERE photo_id = ? AND source = 'human' ORDER BY name",
            (photo,),
        )
        albums = query(
            "SELECT name FROM album_photo JOIN album ON album.id = album_id WHERE photo_id = ?", (photo,)
        )
        (row,) = query("SELECT rating, favourite FROM photo WHERE id = ?", (photo,))
        return Words(
            tuple((label["name"], label["verdict"]) for label in labels),
            tuple(album["name"] for album in albums),
            row["rating"],
            bool(row["favourite"]),
        )

    @property
    def shown(self) -> set[int]:
        return set(load_table(self.catalog).ids.tolist())

    @property
    def missing(self) -> set[int]:
        """What lies under Missing."""
        return set(load_table(self.catalog, missing=True).ids.tolist())

    def assert_shows(self, path: Path, photo: int, said: Words = SAID) -> None:
        """The file here is this photo, with these words and with the thumbnail and vector of its bytes."""
        assert self.at(path) == photo
        assert photo in self.shown
        assert self.words(photo) == said
        self.assert_looks_like(path.read_bytes(), photo)

    def assert_looks_like(self, data: bytes, photo: int) -> None:
        """The photo has the content of these bytes, whose thumbnail and vector are there."""
        hash = xxhash.xxh3_128_digest(data)
        (row,) = self.catalog.query("SELECT hash FROM photo WHERE id = ?", (photo,))
        assert bytes(row["hash"]) == hash
        assert self.library.thumbnails.get(hash) is not None
        assert self.library.vectors(FAKE_INFO).missing([hash]) == set()

    def assert_missing(self, photo: int, said: Words = SAID) -> None:
        """The photo lies under Missing, with these words."""
        assert photo in self.missing
        assert photo not in self.shown
        assert self.words(photo) == said
