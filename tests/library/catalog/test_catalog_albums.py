from __future__ import annotations

import pytest

from photoclip.errors import PhotoClipError
from photoclip.library.catalog.albums import (
    add_to_album,
    album_photos,
    create_album,
    delete_album,
    find_album,
    list_albums,
    remove_from_album,
    rename_album,
    reorder_album,
)
from photoclip.library.catalog.changes import undo
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
