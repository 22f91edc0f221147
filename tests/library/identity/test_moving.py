"""Files that get another path: the photo goes with them."""

from __future__ import annotations

from pathlib import Path

from photoclip.library.catalog.folders import list_folders, remove_folder
from tests.library.identity.keeper import SILENCE, Keeper
from tests.library.pictures import jpeg, write_photos


def test_renamed(keeper: Keeper) -> None:
    one, _ = write_photos(keeper.photos, 2)
    keeper.look()
    photo = keeper.speak(one)
    new = one.rename(keeper.photos / "sunset.jpg")
    done = keeper.look()
    keeper.assert_shows(new, photo)
    assert (done.missing, done.embedded, keeper.encoder.calls) == (1, 0, [])
    assert (len(keeper.shown), keeper.missing) == (2, set())


def test_moved_within_a_watched_folder(keeper: Keeper) -> None:
    one, _ = write_photos(keeper.photos, 2)
    keeper.look()
    photo = keeper.speak(one)
    (keeper.photos / "2019" / "July").mkdir(parents=True)
    new = one.rename(keeper.photos / "2019" / "July" / one.name)
    done = keeper.look()
    keeper.assert_shows(new, photo)
    assert (done.embedded, keeper.encoder.calls, keeper.missing) == (0, [], set())


def test_moved_to_another_watched_folder(keeper: Keeper) -> None:
    """Into one that is scanned before the old place, and into one that is scanned after it."""
    first, last = keeper.watch("a folder"), keeper.watch("z folder")
    one, two, _ = write_photos(keeper.photos, 3)
    keeper.look()
    photo, other = keeper.speak(one), keeper.at(two)
    new, new_other = one.rename(first / "moved.jpg"), two.rename(last / two.name)
    done = keeper.look()
    keeper.assert_shows(new, photo)
    keeper.assert_shows(new_other, other, SILENCE)
    assert (done.embedded, keeper.encoder.calls, keeper.missing) == (0, [], set())


def test_a_folder_inside_renamed(keeper: Keeper) -> None:
    one, two = write_photos(keeper.photos / "holiday", 2)
    keeper.look()
    photo, other = keeper.speak(one), keeper.at(two)
    new = (keeper.photos / "holiday").rename(keeper.photos / "Lanzarote")
    done = keeper.look()
    keeper.assert_shows(new / one.name, photo)
    keeper.assert_shows(new / two.name, other, SILENCE)
    assert (done.embedded, keeper.encoder.calls, keeper.missing) == (0, [], set())


def test_a_watched_folder_renamed(keeper: Keeper) -> None:
    """It cannot be reached until it is added by its new name; then the old one may go."""
    (one,) = write_photos(keeper.photos, 1)
    keeper.look()
    photo = keeper.speak(one)
    keeper.photos.rename(keeper.root / "pictures")
    assert "cannot be reached" in keeper.look().message
    assert photo in keeper.shown
    new = keeper.watch("pictures")
    done = keeper.look()
    keeper.assert_shows(new / one.name, photo)
    assert (done.embedded, keeper.encoder.calls) == (0, [])
    (old,) = (folder for folder in list_folders(keeper.catalog) if not folder.online)
    remove_folder(keeper.catalog, old.id, keep_labels=False)
    keeper.look()
    keeper.assert_shows(new / one.name, photo)


def test_only_the_case_of_a_name_changed(keeper: Keeper) -> None:
    (one,) = write_photos(keeper.photos, 1)
    keeper.look()
    photo = keeper.speak(one)
    new = one.rename(keeper.photos / one.name.replace(".jpg", ".JPG"))
    done = keeper.look()
    keeper.assert_shows(new, photo)
    assert (done.embedded, len(keeper.shown), keeper.missing) == (0, 1, set())


def test_two_names_swapped(keeper: Keeper) -> None:
    one, two = write_photos(keeper.photos, 2)
    keeper.look()
    photo, other = keeper.speak(one), keeper.at(two)
    one.rename(keeper.photos / "between")
    two.rename(one)
    (keeper.photos / "between").rename(two)
    done = keeper.look()
    keeper.assert_shows(two, photo)
    keeper.assert_shows(one, other, SILENCE)
    assert (done.embedded, keeper.encoder.calls, keeper.missing) == (0, [], set())


def test_names_moved_up_by_one(keeper: Keeper) -> None:
    """The first of three is deleted and the others renumbered."""
    one, two, three = write_photos(keeper.photos, 3)
    keeper.look()
    first, second, third = keeper.at(one), keeper.speak(two), keeper.at(three)
    one.unlink()
    two.rename(one)
    three.rename(two)
    done = keeper.look()
    keeper.assert_shows(one, second)
    keeper.assert_shows(two, third, SILENCE)
    keeper.assert_missing(first, SILENCE)
    assert (done.embedded, keeper.encoder.calls) == (0, [])


def test_renamed_and_edited_at_once(keeper: Keeper) -> None:
    """Between two scans: neither the path nor the bytes are known any more."""
    one, _ = write_photos(keeper.photos, 2)
    keeper.look()
    photo, data = keeper.speak(one), one.read_bytes()
    one.unlink()
    new = keeper.photos / "edited.jpg"
    new.write_bytes(jpeg("purple", 70))
    assert keeper.look().missing == 1
    keeper.assert_missing(photo)
    keeper.assert_shows(new, keeper.at(new), SILENCE)
    back = _put_back(keeper, data)
    keeper.assert_shows(back, photo)


def _put_back(keeper: Keeper, data: bytes) -> Path:
    path = keeper.photos / "found again.jpg"
    path.write_bytes(data)
    keeper.look()
    return path
