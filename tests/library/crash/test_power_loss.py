"""Power loss, by copying a library between two writes: every copy is in order, and work goes on from it."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("resource", reason="limits of a process are POSIX's")

from photoclip.library import recording, vectors
from photoclip.library.catalog.folders import add_folder
from photoclip.library.catalog.labels import add_label, find_label, label_photos, labelled
from photoclip.library.catalog.photos import load_table
from photoclip.library.doctor import examine
from photoclip.library.library import Library
from photoclip.library.models import LibraryModels
from photoclip.library.thumbnails import ThumbnailStore
from tests.library.crash.driver import SMALL_BATCH, bring_up_to_date
from tests.library.crash.rounds import assert_nothing_wrong
from tests.library.fakes import Zoo
from tests.library.pictures import write_photos

PHOTOS = 2 * SMALL_BATCH + 1


class Copies:
    """Copies of a library; SQLite's shared memory does not outlive the power."""

    def __init__(self, library: Path, folder: Path) -> None:
        self._library, self._folder = library, folder
        self.made: list[Path] = []

    def take(self) -> Path:
        copy = self._folder / f"{len(self.made):03}"
        shutil.copytree(self._library, copy, ignore=shutil.ignore_patterns("*-shm"))
        self.made.append(copy)
        return copy

    def around(self, work: Callable[..., Any]) -> Callable[..., Any]:
        """`work` with a copy before and one after it."""

        def copied(*arguments: Any, **options: Any) -> Any:
            self.take()
            result = work(*arguments, **options)
            self.take()
            return result

        return copied

    def torn(self, write: Callable[[Path, int, bytes], None]) -> Callable[[Path, int, bytes], None]:
        """`write`, with a copy in which only half of it reached the disk."""

        def copied(path: Path, offset: int, data: bytes) -> None:
            write(path, offset, data[: len(data) // 2])
            self.take()
            write(path, offset, data)

        return copied


@pytest.fixture
def copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Copies:
    """Of a library with a label, taken at all writes while it indexes and then changes its model."""
    write_photos(tmp_path / "photos", PHOTOS)
    folder = tmp_path / "library"
    copies = Copies(folder, tmp_path / "copies")
    monkeypatch.setattr(recording, "BATCH", SMALL_BATCH)
    with Library.open(folder) as library, monkeypatch.context() as patch:
        add_folder(library.catalog, bytes(tmp_path / "photos"))
        add_label(library.catalog, "Kept")
        patch.setattr(ThumbnailStore, "put_many", copies.around(ThumbnailStore.put_many))
        patch.setattr(recording, "record_batch", copies.around(recording.record_batch))
        patch.setattr(vectors, "_write_at", copies.torn(vectors._write_at))
        models = LibraryModels(library, Zoo())
        bring_up_to_date(models)
        label_photos(library.catalog, find_label(library.catalog, "Kept").id, load_table(library.catalog).ids)
        models.choose("big")
        bring_up_to_date(models)
    return copies


def goes_on(folder: Path) -> None:
    """The library is in order, and becomes what it was to be."""
    assert_nothing_wrong(folder)
    with Library.open(folder) as library:
        bring_up_to_date(LibraryModels(library, Zoo()))
        assert len(load_table(library.catalog)) == PHOTOS
        assert len(labelled(library.catalog, find_label(library.catalog, "Kept").id)) in (0, PHOTOS)
    assert examine(folder, disk=True) == ()


def test_between_any_two_writes(copies: Copies) -> None:
    assert len(copies.made) > 15
    for copy in copies.made:
        goes_on(copy)


def test_what_sqlite_had_not_yet_brought_to_the_disk(copies: Copies) -> None:
    chance = random.Random(5)
    for copy in copies.made[::5]:
        for name in ("catalog.sqlite-wal", "thumbnails.sqlite-wal"):
            log = copy / name
            if log.exists() and log.stat().st_size:
                with log.open("r+b") as file:
                    file.truncate(chance.randrange(log.stat().st_size))
        assert_nothing_wrong(copy)
