"""What a library has to learn from: whose words count, which photos can be read, on which side each is."""

from __future__ import annotations

from pathlib import Path

import pytest

from photoclip.errors import PhotoClipError
from photoclip.library.catalog.albums import create_album
from photoclip.library.catalog.folders import list_folders, remove_folder
from photoclip.library.catalog.labels import add_label, label_photos, reject_photos
from photoclip.library.training_pairs import (
    FOLDS,
    Filed,
    Sources,
    filed_photos,
    label_texts,
    require_enough,
    training_pairs,
)
from tests.library.search_helpers import Shelf

NAMES = [f"{colour}-{number}.jpg" for colour in ("red", "blue") for number in range(3)]


@pytest.fixture
def filed(shelf: Shelf) -> dict[str, int]:
    """Photos of red things labelled Red, two of blue ones labelled Blue, one of them automatically."""
    ids = shelf.add(NAMES, embedded=False)
    for name in NAMES:
        (shelf.photos / name).write_bytes(name.encode())
    red, blue = (add_label(shelf.catalog, *given).created for given in (("Red", ["a red thing"]), ("Blue",)))
    assert red is not None
    assert blue is not None
    label_photos(shelf.catalog, red, [ids[name] for name in NAMES[:3]])
    label_photos(shelf.catalog, blue, [ids["blue-0.jpg"]])
    label_photos(shelf.catalog, blue, [ids["blue-1.jpg"]], source="auto", scores=[0.9])
    reject_photos(shelf.catalog, red, [ids["red-2.jpg"], ids["blue-0.jpg"]])
    return ids


def said(shelf: Shelf, sources: Sources) -> dict[str, tuple[str, ...]]:
    """Names by file name."""
    found = filed_photos(shelf.catalog, sources)
    return {shelf.names([photo.photo_id])[0]: photo.names for photo in found}


def test_a_person_s_yes_counts_and_a_no_does_not(shelf: Shelf, filed: dict[str, int]) -> None:
    assert said(shelf, Sources()) == {"red-0.jpg": ("Red",), "red-1.jpg": ("Red",), "blue-0.jpg": ("Blue",)}
    automatic = said(shelf, Sources(automatic=True))
    assert automatic["blue-1.jpg"] == ("Blue",)
    assert "red-2.jpg" not in automatic
    assert set(said(shelf, Sources(only=("blue",)))) == {"blue-0.jpg"}
    with pytest.raises(PhotoClipError, match="no label named Reed"):
        said(shelf, Sources(only=("Reed",)))


def test_an_album_gives_its_name_unless_a_label_of_that_name_was_refused(
    shelf: Shelf, filed: dict[str, int]
) -> None:
    create_album(shelf.catalog, "Trip", [filed["red-0.jpg"], filed["red-2.jpg"]])
    create_album(shelf.catalog, "red", [filed["red-2.jpg"], filed["blue-2.jpg"]])
    both = said(shelf, Sources(albums=True))
    assert both["red-0.jpg"] == ("Red", "Trip")
    assert both["red-2.jpg"] == ("Trip",)
    assert both["blue-2.jpg"] == ("red",)
    assert set(said(shelf, Sources(labels=False, albums=True))) == {"red-0.jpg", "red-2.jpg", "blue-2.jpg"}


def test_the_texts_are_what_a_label_is_searched_by(shelf: Shelf, filed: dict[str, int]) -> None:
    (photo,) = [
        each for each in filed_photos(shelf.catalog, Sources()) if each.photo_id == filed["red-0.jpg"]
    ]
    assert photo.texts == ("a photo of Red", "Red", "a red thing")
    assert label_texts("Sea", ["Sea", "waves"]) == ["a photo of Sea", "Sea", "waves"]


def test_pairs_have_a_file_that_can_be_read(shelf: Shelf, filed: dict[str, int]) -> None:
    found = training_pairs(shelf.catalog, Sources())
    paths = {bytes(shelf.photos / name) for name in ("red-0.jpg", "red-1.jpg", "blue-0.jpg")}
    assert {pair.path for pair in found.pairs} == paths
    assert [pair.filed.content for pair in found.pairs] == sorted(pair.filed.content for pair in found.pairs)
    assert (found.offline, found.missing) == (0, 0)
    assert training_pairs(shelf.catalog, Sources()) == found
    (shelf.photos / "red-0.jpg").unlink()
    found = training_pairs(shelf.catalog, Sources())
    assert (len(found.pairs), found.offline, found.missing) == (2, 0, 1)


def test_an_offline_folder_is_told_from_a_missing_photo(shelf: Shelf, filed: dict[str, int]) -> None:
    shelf.photos.rename(shelf.photos.with_name("unplugged"))
    found = training_pairs(shelf.catalog, Sources())
    assert (found.pairs, found.offline, found.missing) == ((), 3, 0)
    with pytest.raises(PhotoClipError, match="3 photos more cannot be read"):
        found.require_enough()


def test_a_removed_folder_is_no_part_of_the_library(shelf: Shelf, filed: dict[str, int]) -> None:
    remove_folder(shelf.catalog, list_folders(shelf.catalog)[0].id, keep_labels=True)
    assert filed_photos(shelf.catalog, Sources()) == []


def test_the_side_follows_from_the_content_alone() -> None:
    photos = [photo(number, number.to_bytes(8, "big") + bytes(8)) for number in range(100)]
    assert [each.fold for each in photos] == [number % FOLDS for number in range(100)]
    assert sum(each.held_out for each in photos) == 20


@pytest.mark.parametrize(
    ("names", "enough"),
    [
        ([("a",)] * 10 + [("b",)] * 10, True),
        ([("a",)] * 15 + [("b",)] * 5, True),
        ([("a",)] * 16 + [("b",)] * 4, False),
        ([("a",)] * 9 + [("b",)] * 10, False),
        ([("a", "b")] * 20, True),
        ([("a",)] * 40, False),
        ([], False),
    ],
)
def test_what_is_needed_is_said_in_one_sentence(names: list[tuple[str, ...]], enough: bool) -> None:
    photos = [photo(number, bytes(16), each) for number, each in enumerate(names)]
    if enough:
        require_enough(photos)
        return
    with pytest.raises(PhotoClipError, match=f"20 labelled photos are needed.*there are {len(names)} photos"):
        require_enough(photos)


def photo(number: int, content: bytes, names: tuple[str, ...] = ("a",)) -> Filed:
    return Filed(number, content, names, names, present=True)


def test_files_are_named_in_bytes(shelf: Shelf) -> None:
    """A copy elsewhere is taken when the first file is gone."""
    ids = shelf.add(["red-0.jpg"], embedded=False)
    label = add_label(shelf.catalog, "Red").created
    assert label is not None
    label_photos(shelf.catalog, label, ids.values())
    (shelf.photos / "other.jpg").write_bytes(b"x")
    assert training_pairs(shelf.catalog, Sources()).missing == 1
    (shelf.photos / "red-0.jpg").write_bytes(b"x")
    (pair,) = training_pairs(shelf.catalog, Sources()).pairs
    assert pair.path == bytes(Path(shelf.photos) / "red-0.jpg")
