from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from photoclip.errors import PhotoClipError
from photoclip.library.catalog.connection import Catalog
from photoclip.library.catalog.indexing import record_batch
from photoclip.library.catalog.photos import (
    PhotoTable,
    details,
    hashes_to_photos,
    load_table,
    path_of,
    paths_of,
    photo_at,
    rate,
    set_favourite,
)
from tests.library.catalog.catalog_helpers import JULY, ids, indexed, record


def test_the_table_is_newest_first(catalog: Catalog, folder: int) -> None:
    dates = {"old": JULY, "new": JULY + 2, "same a": JULY + 1, "same b": JULY + 1}
    record_batch(
        catalog, [indexed(f"/p/{n}".encode(), folder, n, taken_at=at, colour=7) for n, at in dates.items()]
    )
    table = load_table(catalog)
    names = [details(catalog, int(i)).name for i in table.ids]
    assert names == [b"new", b"same b", b"same a", b"old"]
    assert table.taken.tolist() == [JULY + 2, JULY + 1, JULY + 1, JULY]
    assert (table.colours == 7).all()
    assert (table.widths == 40).all()
    assert (table.heights == 30).all()
    hashes, photo_ids = hashes_to_photos(catalog)
    assert (hashes == table.hashes).all()
    assert (photo_ids == table.ids).all()


def test_an_empty_library_is_an_empty_table(catalog: Catalog) -> None:
    table = load_table(catalog)
    assert len(table) == 0
    assert table.hashes.shape == (0,)
    assert table.rows_of(np.array([1, 2])).tolist() == [-1, -1]


@given(st.lists(st.integers(1, 50), unique=True), st.lists(st.integers(0, 60)))
def test_rows_are_found_by_id(known: list[int], wanted: list[int]) -> None:
    nothing = np.zeros(len(known))
    table = PhotoTable(
        np.array(known, dtype=np.int64),
        nothing,
        nothing.astype(np.uint32),
        nothing.astype(np.int32),
        nothing.astype(np.int32),
        nothing.astype("S16"),
        nothing,
    )
    rows = table.rows_of(np.array(wanted, dtype=np.int64))
    assert rows.tolist() == [known.index(i) if i in known else -1 for i in wanted]


def test_a_hash_that_ends_in_zeros_keeps_sixteen_bytes(catalog: Catalog, folder: int) -> None:
    photo = indexed(b"/p/a.jpg", folder, "x")
    odd = b"\0\1" * 4 + b"\0" * 8
    record_batch(catalog, [type(photo)(**{**vars(photo), "hash": odd})])
    assert load_table(catalog).hash_of(0) == odd
    assert details(catalog, 1).content_hash == odd


def test_paths_and_photos_find_each_other(catalog: Catalog, folder: int) -> None:
    a, b = record(catalog, folder, {b"/p/a": "1", b"/p/\xfe": "2"})
    assert paths_of(catalog, [a, b, 99]) == {a: b"/p/a", b: b"/p/\xfe"}
    assert path_of(catalog, 99) is None
    assert photo_at(catalog, b"/p/none") is None
    assert photo_at(catalog, b"/p/\xfe") == b


def test_ratings_and_favourites(catalog: Catalog, folder: int) -> None:
    a, b = record(catalog, folder, {b"/p/a": "1", b"/p/b": "2"})
    change = rate(catalog, np.array([a, b]), 5)
    assert change.photos == {a, b}
    assert change.tables == {"photo"}
    assert change.undoable
    set_favourite(catalog, [b], True)
    assert (details(catalog, a).rating, details(catalog, a).favourite) == (5, False)
    assert (details(catalog, b).rating, details(catalog, b).favourite) == (5, True)
    assert set_favourite(catalog, [b], True).rows == ()
    with pytest.raises(ValueError, match="0 to 5"):
        rate(catalog, [a], 6)
    assert ids(load_table(catalog).ids) == [b, a]


def test_a_photo_that_does_not_exist_is_said_to(catalog: Catalog) -> None:
    with pytest.raises(PhotoClipError, match="no photo 7"):
        details(catalog, 7)
