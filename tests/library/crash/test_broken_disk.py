"""Disks that are full, fail or cannot be written: a sentence, and at most the batch in hand is lost."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("resource", reason="limits of a process are POSIX's")

from photoclip.errors import PhotoClipError
from photoclip.library import vectors
from photoclip.library.catalog.folders import add_folder
from photoclip.library.catalog.photos import load_table
from photoclip.library.doctor import examine
from photoclip.library.library import CATALOG_FILE, Library
from photoclip.library.models import LibraryModels
from tests.library.crash.driver import bring_up_to_date
from tests.library.crash.process import ROOT, Driver
from tests.library.crash.rounds import assert_nothing_wrong
from tests.library.fakes import Zoo
from tests.library.pictures import picture, write_photos

PHOTOS = 40
LIMITS = range(32, 512, 96)  # KiB
NAMESPACE = ["unshare", "--user", "--map-root-user", "--mount"]
"""A process of its own may mount disks there, which are gone with it."""


def may_mount() -> bool:
    try:
        tried = subprocess.run([*NAMESPACE, "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True)
    except FileNotFoundError:
        return False
    return tried.returncode == 0


def test_disks_that_become_full_or_cannot_be_written(tmp_path: Path) -> None:
    if not may_mount():
        pytest.skip("this system lets nobody mount a small disk")
    write_photos(tmp_path / "photos", PHOTOS)
    (tmp_path / "disk").mkdir()
    child = [*NAMESPACE, sys.executable, "-m", "tests.library.crash.full_disk", str(tmp_path)]
    done = subprocess.run(child, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    library = tmp_path / "disk" / "library"
    full = f"The disk that holds {library} is full; make room there and try again."
    assert set(said["full"]) == {full, ""}
    assert said["full"].count(full) > len(said["full"]) // 2
    assert [sentence.split("; ")[0] for sentence in said["read_only"]] == [
        f"The library's folder {library} cannot be written",
        f"{library / CATALOG_FILE} cannot be opened",
    ]


@pytest.mark.parametrize(("size", "file"), [((320, 240), "thumbnails.sqlite"), ((64, 48), "catalog.sqlite")])
def test_writing_that_fails_at_any_place(tmp_path: Path, size: tuple[int, int], file: str) -> None:
    """No file grows beyond a limit; of large photos the thumbnails come to it first."""
    (tmp_path / "photos").mkdir()
    for number in range(PHOTOS):
        picture("red", number, size).save(tmp_path / "photos" / f"{number}.jpg", quality=95)
    with Driver() as driver:
        for limit in LIMITS:
            folder = tmp_path / str(limit)
            with Library.open(folder) as library:
                add_folder(library.catalog, bytes(tmp_path / "photos"))
            with driver.job("act", folder, [["index"]], limit << 10):
                driver.wait_for(1)
            assert driver.told[0].startswith("failed "), driver.told
            assert str(folder / file) in driver.told[0]
            assert_goes_on(folder)


def test_vectors_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_photos(tmp_path / "photos", PHOTOS)

    def fail(handle: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with Library.open(tmp_path / "library") as library, monkeypatch.context() as patch:
        add_folder(library.catalog, bytes(tmp_path / "photos"))
        patch.setattr(vectors.os, "fsync", fail)
        with pytest.raises(PhotoClipError, match="vectors in .* cannot be written"):
            bring_up_to_date(LibraryModels(library, Zoo()))
    assert_goes_on(tmp_path / "library")


def assert_goes_on(folder: Path) -> None:
    """Nothing is wrong, and the next run reads what is lacking."""
    assert_nothing_wrong(folder)
    with Library.open(folder) as library:
        bring_up_to_date(LibraryModels(library, Zoo()))
        assert len(load_table(library.catalog)) == PHOTOS
    assert examine(folder, disk=True) == ()
