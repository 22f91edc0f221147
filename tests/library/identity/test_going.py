"""Files that are not there any more, or not now, and those that come back."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from photoclip.library.catalog.folders import list_folders, remove_folder
from tests.library.identity.keeper import SILENCE, Keeper
from tests.library.pictures import jpeg, write_photos


@pytest.fixture
def spoken(keeper: Keeper) -> tuple[Path, int]:
    """One photo of two, with all that a person said of it."""
    one, _ = write_photos(keeper.photos / "trip", 2)
    write_photos(keeper.photos, 1, first=2)
    keeper.look()
    return one, keeper.speak(one)


def test_deleted(keeper: Keeper, spoken: tuple[Path, int]) -> None:
    path, photo = spoken
    data = path.read_bytes()
    path.unlink()
    assert keeper.look().missing == 1
    keeper.assert_missing(photo)
    keeper.assert_looks_like(data, photo)
    assert keeper.look().missing == 0
    keeper.assert_missing(photo)


@pytest.mark.parametrize("time", ["kept", "new"])
def test_restored_from_a_backup(keeper: Keeper, spoken: tuple[Path, int], time: str) -> None:
    path, photo = spoken
    backup = shutil.copy2(path, keeper.root / "backup")
    path.unlink()
    keeper.look()
    keeper.assert_missing(photo)
    (shutil.copy2 if time == "kept" else shutil.copyfile)(backup, path)
    done = keeper.look()
    keeper.assert_shows(path, photo)
    assert (done.embedded, keeper.encoder.calls, keeper.missing) == (0, [], set())


def test_restored_at_another_path(keeper: Keeper, spoken: tuple[Path, int]) -> None:
    path, photo = spoken
    path.rename(keeper.root / "backup")
    keeper.look()
    keeper.assert_missing(photo)
    new = keeper.watch("restored") / "by another name.jpg"
    (keeper.root / "backup").rename(new)
    done = keeper.look()
    keeper.assert_shows(new, photo)
    assert (done.embedded, keeper.encoder.calls, keeper.missing) == (0, [], set())


def test_an_earlier_version_restored(keeper: Keeper, spoken: tuple[Path, int]) -> None:
    path, photo = spoken
    before = path.read_bytes()
    path.write_bytes(jpeg("purple", 70))
    keeper.look()
    path.write_bytes(before)
    done = keeper.look()
    keeper.assert_shows(path, photo)
    assert (done.embedded, keeper.encoder.calls) == (0, [])  # the vector was kept


def test_an_earlier_version_beside_the_edited_one(keeper: Keeper, spoken: tuple[Path, int]) -> None:
    path, photo = spoken
    before = path.read_bytes()
    path.write_bytes(jpeg("purple", 70))
    keeper.look()
    restored = keeper.photos / "before.jpg"
    restored.write_bytes(before)
    done = keeper.look()
    keeper.assert_shows(path, photo)
    keeper.assert_shows(restored, keeper.at(restored), SILENCE)
    assert keeper.at(restored) != photo
    assert done.embedded == 0


@pytest.mark.parametrize("how", ["gone", "empty"])
def test_the_drive_of_a_watched_folder_unplugged(keeper: Keeper, spoken: tuple[Path, int], how: str) -> None:
    path, photo = spoken
    shown = keeper.shown
    keeper.photos.rename(keeper.root / "unplugged")
    if how == "empty":  # as a mount point is
        keeper.photos.mkdir()
    done = keeper.look()
    assert (done.missing, keeper.shown, keeper.missing) == (0, shown, set())
    assert "cannot be reached now" in done.message
    if how == "empty":
        keeper.photos.rmdir()
    (keeper.root / "unplugged").rename(keeper.photos)
    assert keeper.look().total == 0
    keeper.assert_shows(path, photo)


def test_a_drive_inside_a_watched_folder_unplugged(keeper: Keeper, spoken: tuple[Path, int]) -> None:
    path, photo = spoken
    path.parent.rename(keeper.root / "unplugged")
    path.parent.mkdir()
    assert keeper.look().missing == 2
    keeper.assert_missing(photo)
    path.parent.rmdir()
    (keeper.root / "unplugged").rename(path.parent)
    assert keeper.look().total == 0  # nothing is read again
    keeper.assert_shows(path, photo)
    assert keeper.missing == set()


def test_permission_lost(keeper: Keeper, spoken: tuple[Path, int], monkeypatch: pytest.MonkeyPatch) -> None:
    path, photo = spoken
    shown, real = keeper.shown, os.scandir

    def scandir(folder: Any) -> Any:
        if os.fsencode(folder).endswith(b"trip"):
            raise PermissionError(13, "Permission denied")
        return real(folder)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", scandir)
        done = keeper.look()
    assert (done.missing, keeper.shown, keeper.missing) == (0, shown, set())
    assert [(failure.path, failure.reason) for failure in done.failed] == [
        (bytes(path.parent), "This folder cannot be read: Permission denied.")
    ]
    keeper.assert_shows(path, photo)


@pytest.mark.parametrize("labels", ["kept", "deleted"])
def test_a_folder_removed_and_added_again(keeper: Keeper, spoken: tuple[Path, int], labels: str) -> None:
    path, photo = spoken
    (folder,) = list_folders(keeper.catalog)
    remove_folder(keeper.catalog, folder.id, keep_labels=labels == "kept")
    keeper.look()
    assert (keeper.shown, keeper.missing) == (set(), set())
    keeper.watch("photos")
    assert keeper.look().total == 0
    said = keeper.words(photo)
    assert said.labels == ((("Beach", 1), ("Dogs", 0)) if labels == "kept" else ())
    keeper.assert_shows(path, photo, said)
    assert (said.albums, said.rating, said.favourite) == (("Trip",), 4, True)
