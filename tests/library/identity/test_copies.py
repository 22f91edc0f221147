"""One photo in several files: copies, and links of both kinds."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from photoclip.library.catalog.photos import details
from tests.library.identity.keeper import SILENCE, Keeper
from tests.library.pictures import jpeg, write_photos


@pytest.fixture
def spoken(keeper: Keeper) -> tuple[Path, int]:
    """One photo of two, with all that a person said of it."""
    one, _ = write_photos(keeper.photos, 2)
    keeper.look()
    return one, keeper.speak(one)


def test_copied(keeper: Keeper, spoken: tuple[Path, int]) -> None:
    path, photo = spoken
    copies = [keeper.photos / "copy.jpg", keeper.watch("backup") / path.name]
    for copy in copies:
        shutil.copy2(path, copy)
    done = keeper.look()
    for each in (path, *copies):
        keeper.assert_shows(each, photo)
    assert {file.path for file in details(keeper.catalog, photo).files} == {bytes(path), *map(bytes, copies)}
    assert (len(keeper.shown), done.embedded, keeper.encoder.calls) == (2, 0, [])


@pytest.mark.parametrize("which", ["first", "second"])
def test_one_of_two_copies_goes(keeper: Keeper, spoken: tuple[Path, int], which: str) -> None:
    path, photo = spoken
    copy = Path(shutil.copy(path, keeper.photos / "copy.jpg"))
    keeper.look()
    gone, left = (path, copy) if which == "first" else (copy, path)
    gone.unlink()
    keeper.look()
    keeper.assert_shows(left, photo)
    assert [file.path for file in details(keeper.catalog, photo).files] == [bytes(left)]
    assert (len(keeper.shown), keeper.missing) == (2, set())
    left.unlink()
    keeper.look()
    keeper.assert_missing(photo)


def test_one_of_two_copies_edited(keeper: Keeper, spoken: tuple[Path, int]) -> None:
    path, photo = spoken
    copy = Path(shutil.copy(path, keeper.photos / "copy.jpg"))
    keeper.look()
    copy.write_bytes(jpeg("purple", 70))
    keeper.look()
    keeper.assert_shows(path, photo)
    edited = keeper.at(copy)
    assert edited != photo
    keeper.assert_shows(copy, edited)


def test_two_copies_edited_alike(keeper: Keeper, spoken: tuple[Path, int]) -> None:
    path, photo = spoken
    copy = Path(shutil.copy(path, keeper.photos / "copy.jpg"))
    keeper.look()
    for each in (path, copy):
        each.write_bytes(jpeg("purple", 70))
    keeper.look()
    keeper.assert_shows(path, photo)
    keeper.assert_shows(copy, photo)
    assert keeper.missing == set()


def test_two_copies_edited_alike_one_after_the_other(keeper: Keeper, spoken: tuple[Path, int]) -> None:
    """A scan came in between, when the one was edited and the other was not."""
    path, photo = spoken
    copy = Path(shutil.copy(path, keeper.photos / "copy.jpg"))
    keeper.look()
    for each in (path, copy):
        each.write_bytes(jpeg("purple", 70))
        keeper.look()
    edited = keeper.at(path)
    keeper.assert_shows(path, edited)
    keeper.assert_shows(copy, edited)
    keeper.assert_missing(photo)


def test_hard_links(keeper: Keeper, spoken: tuple[Path, int]) -> None:
    path, photo = spoken
    link = keeper.photos / "link.jpg"
    os.link(path, link)
    assert keeper.look().embedded == 0
    keeper.assert_shows(link, photo)
    path.write_bytes(jpeg("purple", 70))  # and so the other
    keeper.look()
    keeper.assert_shows(path, photo)
    keeper.assert_shows(link, photo)
    path.unlink()
    keeper.look()
    keeper.assert_shows(link, photo)
    assert (len(keeper.shown), keeper.missing) == (2, set())


def test_links_to_photos(keeper: Keeper, spoken: tuple[Path, int]) -> None:
    path, photo = spoken
    outside = keeper.root / "elsewhere.jpg"
    outside.write_bytes(jpeg("purple", 70))
    (keeper.photos / "link.jpg").symlink_to(path)
    (keeper.photos / "outside.jpg").symlink_to(outside)
    keeper.look()
    keeper.assert_shows(keeper.photos / "link.jpg", photo)
    other = keeper.at(keeper.photos / "outside.jpg")
    outside.rename(keeper.root / "unplugged")
    done = keeper.look()
    assert [failure.reason for failure in done.failed] == ["This link leads to no file."]
    keeper.assert_missing(other, SILENCE)
    (keeper.root / "unplugged").rename(outside)
    keeper.look()
    keeper.assert_shows(keeper.photos / "outside.jpg", other, SILENCE)


def test_links_to_folders(keeper: Keeper, spoken: tuple[Path, int]) -> None:
    """Each real folder is walked once, under its own name where it has one that is watched."""
    path, photo = spoken
    (keeper.photos / "all").symlink_to(keeper.photos)
    (keeper.photos / "trip").mkdir()
    (keeper.photos / "a link").symlink_to(keeper.photos / "trip")
    moved = path.rename(keeper.photos / "trip" / path.name)
    keeper.look()
    keeper.assert_shows(moved, photo)
    assert [file.path for file in details(keeper.catalog, photo).files] == [bytes(moved)]
    outside = keeper.root / "elsewhere"
    outside.mkdir()
    (keeper.photos / "outside").symlink_to(outside)
    shutil.move(moved, outside / path.name)
    keeper.look()
    keeper.assert_shows(keeper.photos / "outside" / path.name, photo)
    assert (len(keeper.shown), keeper.missing) == (2, set())
