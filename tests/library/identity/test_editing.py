"""Paths that get other bytes: an edited photo is the photo it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from photoclip.library.catalog.arrivals import arrivals, settle_arrivals
from photoclip.library.catalog.photos import details
from tests.library.identity.keeper import SAID, SILENCE, Keeper
from tests.library.pictures import jpeg, write_photos
from tests.library.xmp_samples import DIGIKAM


@pytest.fixture
def spoken(keeper: Keeper) -> tuple[Path, int]:
    """One photo of two, with all that a person said of it."""
    one, _ = write_photos(keeper.photos, 2)
    keeper.look()
    photo = keeper.speak(one)
    settle_arrivals(keeper.catalog, keeper.shown)
    return one, photo


def test_edited(keeper: Keeper, spoken: tuple[Path, int]) -> None:
    path, photo = spoken
    path.write_bytes(jpeg("purple", 70))
    done = keeper.look()
    keeper.assert_shows(path, photo)
    assert (done.added, done.changed, done.embedded, keeper.missing) == (0, 1, 1, set())
    assert set(arrivals(keeper.catalog)) == {photo}  # labels that are put on by themselves look at it anew


def test_edited_again_and_again(keeper: Keeper, spoken: tuple[Path, int]) -> None:
    path, photo = spoken
    for number in range(70, 73):
        path.write_bytes(jpeg("purple", number))
        keeper.look()
    keeper.assert_shows(path, photo)
    assert (len(keeper.shown), keeper.missing) == (2, set())


def test_keywords_written_by_another_program(keeper: Keeper, spoken: tuple[Path, int]) -> None:
    path, photo = spoken
    path.write_bytes(jpeg("red", 0, xmp=DIGIKAM))
    done = keeper.look()
    keeper.assert_shows(path, photo)
    assert (done.changed, done.embedded, keeper.missing) == (1, 1, set())
    words = details(keeper.catalog, photo).words
    assert (words.title, SAID.rating) == ("A square", keeper.words(photo).rating)


def test_edited_by_way_of_a_temporary_file(keeper: Keeper, spoken: tuple[Path, int]) -> None:
    path, photo = spoken
    temporary = keeper.photos / "000.tmp.jpg"
    temporary.write_bytes(jpeg("purple", 70))
    temporary.rename(path)
    done = keeper.look()
    keeper.assert_shows(path, photo)
    assert (done.added, done.changed, keeper.missing) == (0, 1, set())


def test_edited_and_the_original_kept_beside(keeper: Keeper, spoken: tuple[Path, int]) -> None:
    """Both are photos from then on, both with all that was said; the original is who it was."""
    path, photo = spoken
    original = path.rename(keeper.photos / "000_original.jpg")
    path.write_bytes(jpeg("purple", 70))
    keeper.look()
    keeper.assert_shows(original, photo)
    edited = keeper.at(path)
    assert edited != photo
    keeper.assert_shows(path, edited)
    assert keeper.missing == set()


def test_a_temporary_file_that_was_taken_for_a_photo(keeper: Keeper, spoken: tuple[Path, int]) -> None:
    """A scan came between writing and renaming: the picture is known, as a photo of its own."""
    path, photo = spoken
    temporary = keeper.photos / "000.tmp.jpg"
    temporary.write_bytes(jpeg("purple", 70))
    keeper.look()
    other = keeper.at(temporary)
    temporary.rename(path)
    keeper.look()
    keeper.assert_shows(path, other, SILENCE)
    keeper.assert_missing(photo)


def test_replaced_by_a_picture_never_seen(keeper: Keeper, spoken: tuple[Path, int]) -> None:
    path, photo = spoken
    incoming = keeper.root / "from the camera.jpg"
    incoming.write_bytes(jpeg("green", 71))
    incoming.replace(path)
    keeper.look()
    keeper.assert_shows(path, photo)
    assert keeper.missing == set()


def test_replaced_by_a_known_photo(keeper: Keeper, spoken: tuple[Path, int]) -> None:
    path, photo = spoken
    other, data = keeper.photos / "001.jpg", path.read_bytes()
    path.write_bytes(other.read_bytes())
    done = keeper.look()
    keeper.assert_shows(path, keeper.at(other), SILENCE)
    keeper.assert_missing(photo)
    assert (done.embedded, keeper.encoder.calls) == (0, [])
    path.write_bytes(data)
    keeper.look()
    keeper.assert_shows(path, photo)
    assert keeper.missing == set()
