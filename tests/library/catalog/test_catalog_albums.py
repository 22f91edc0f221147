from __future__ import annotations

import pytest

from photoclip.errors import PhotoClipError
from photoclip.library.catalog.albums import (
    Album,
    add_to_album,
    album_photos,
    change_query,
    create_album,
    delete_album,
    find_album,
    list_albums,
    refused_photos,
    remove_from_album,
    rename_album,
    reorder_album,
    save_live_album,
)
from photoclip.library.catalog.changes import redo, undo
from photoclip.library.catalog.connection import Catalog
from photoclip.library.catalog.indexing import known_files, mark_missing
from photoclip.library.catalog.photos import details
from tests.library.catalog.catalog_helpers import ids, record


@pytest.fixture
def four(catalog: Catalog, folder: int) -> list[int]:
    return record(catalog, folder, {b"/p/%d.jpg" % i: str(i) for i in range(4)})


@pytest.fixture
def trip(catalog: Catalog, four: list[int]) -> int:
    created = create_album(catalog, "Trip", [four[2], four[0], four[2]]).created
    assert created is not None
    return created


def test_an_album_keeps_the_order_it_was_given(catalog: Catalog, four: list[int], trip: int) -> None:
    a, b, c, d = four
    assert ids(album_photos(catalog, trip)) == [c, a]
    add_to_album(catalog, trip, [d, c, b, 999])
    assert ids(album_photos(catalog, trip)) == [c, a, d, b]
    remove_from_album(catalog, trip, [a, 999])
    assert ids(album_photos(catalog, trip)) == [c, d, b]
    reorder_album(catalog, trip, [b, 999, c])
    assert ids(album_photos(catalog, trip)) == [b, c, d]
    add_to_album(catalog, trip, [a])
    assert ids(album_photos(catalog, trip)) == [b, c, d, a]
    for expected in ([b, c, d], [c, d, b], [c, a, d, b], [c, a]):
        undo(catalog)
        assert ids(album_photos(catalog, trip)) == expected


def test_albums_are_named_listed_and_found(catalog: Catalog, four: list[int], trip: int) -> None:
    create_album(catalog, "Best")
    assert [(album.name, album.photos) for album in list_albums(catalog)] == [("Trip", 2), ("Best", 0)]
    rename_album(catalog, trip, " Journey ")
    assert find_album(catalog, "JOURNEY").id == trip
    assert details(catalog, four[0]).albums == ((trip, "Journey"),)
    with pytest.raises(PhotoClipError, match="There is an album named Best already"):
        rename_album(catalog, trip, "best")
    with pytest.raises(PhotoClipError, match=r"Did you mean Journey\?"):
        find_album(catalog, "journy")


def test_a_deleted_album_comes_back_with_its_photos(catalog: Catalog, four: list[int], trip: int) -> None:
    delete_album(catalog, trip)
    assert list_albums(catalog) == []
    for change in (delete_album, lambda c, a: add_to_album(c, a, four), lambda c, a: rename_album(c, a, "x")):
        with pytest.raises(PhotoClipError, match="not there any more"):
            change(catalog, trip)
    undo(catalog)
    assert ids(album_photos(catalog, trip)) == [four[2], four[0]]


def test_missing_photos_keep_their_place(catalog: Catalog, folder: int, four: list[int], trip: int) -> None:
    mark_missing(catalog, [known_files(catalog, folder)[b"/p/2.jpg"].file_id])
    assert ids(album_photos(catalog, trip)) == [four[0]]
    assert ids(album_photos(catalog, trip, missing=True)) == [four[2], four[0]]
    assert list_albums(catalog)[0].photos == 1


def live(catalog: Catalog, name: str, query: str) -> int:
    created = save_live_album(catalog, name, query).created
    assert created is not None
    return created


def test_a_live_album_is_saved_renamed_changed_and_deleted(catalog: Catalog, four: list[int]) -> None:
    dogs = live(catalog, "Dogs", " a dog -cat ")
    assert list_albums(catalog) == [Album(dogs, "Dogs", 0, "a dog -cat")]
    rename_album(catalog, dogs, "Pets")
    assert change_query(catalog, dogs, "a dog").description == "Change the query of Pets"
    assert not change_query(catalog, dogs, "a dog").rows
    add_to_album(catalog, dogs, four[:2])
    remove_from_album(catalog, dogs, four[2:])
    delete_album(catalog, dogs)
    assert list_albums(catalog) == []
    undo(catalog)
    assert find_album(catalog, "pets") == Album(dogs, "Pets", 2, "a dog")
    assert (ids(album_photos(catalog, dogs)), ids(refused_photos(catalog, dogs))) == (four[:2], four[2:])
    for _ in range(5):
        undo(catalog)
    assert list_albums(catalog) == []
    for _ in range(5):
        redo(catalog)
    assert find_album(catalog, "Pets") == Album(dogs, "Pets", 2, "a dog")
    assert ids(refused_photos(catalog, dogs)) == four[2:]


def test_what_is_no_live_album(catalog: Catalog, trip: int) -> None:
    for query, sentence in (
        ("  ", "needs a query"),
        ("()", "nothing between the parentheses"),
        ("labl:x", "did you mean “label:”"),
        ("a" * 10_001, "more than 10,000 characters"),
    ):
        with pytest.raises(PhotoClipError, match=sentence):
            save_live_album(catalog, "Live", query)
    with pytest.raises(PhotoClipError, match="There is an album named Trip already"):
        save_live_album(catalog, "trip", "a dog")
    with pytest.raises(PhotoClipError, match="The album Trip is made by hand"):
        change_query(catalog, trip, "a dog")
    with pytest.raises(PhotoClipError, match="not there any more"):
        change_query(catalog, 999, "a dog")


def test_half_a_surrogate_pair_can_be_saved(catalog: Catalog) -> None:
    live(catalog, "Odd", "a \ud800 dog")
    assert list_albums(catalog)[0].query == "a ? dog"


def test_taking_a_photo_out_of_a_hand_made_album_keeps_nothing_out(
    catalog: Catalog, four: list[int], trip: int
) -> None:
    remove_from_album(catalog, trip, four)
    assert ids(refused_photos(catalog, trip)) == []
