"""Clearing missing photos; test_catalog_changes tests that it is undone exactly, as every change is."""

from __future__ import annotations

import pytest

from photoclip.library.catalog.albums import create_album
from photoclip.library.catalog.changes import undo
from photoclip.library.catalog.connection import Catalog
from photoclip.library.catalog.folders import remove_folder
from photoclip.library.catalog.indexing import mark_missing, mark_present
from photoclip.library.catalog.labels import add_label, label_photos, settle_auto
from photoclip.library.catalog.missing import clear_missing
from photoclip.library.catalog.photos import rate
from photoclip.library.catalog.schema import HIDDEN, MISSING, PRESENT
from tests.library.catalog.catalog_helpers import record


@pytest.fixture
def three(catalog: Catalog, folder: int) -> None:
    """Photos 1 and 2 are missing, photo 3 is there."""
    record(catalog, folder, {f"/p/{name}".encode(): name for name in "abc"})
    mark_missing(catalog, [1, 2])


def presences(catalog: Catalog) -> list[int]:
    return [row[0] for row in catalog.query("SELECT presence FROM photo ORDER BY id")]


@pytest.mark.usefixtures("three")
def test_only_missing_ones_are_cleared(catalog: Catalog) -> None:
    rate(catalog, [1, 3], 4)
    change = clear_missing(catalog, [1, 3, 99])
    assert (change.photos, change.undoable) == ({1}, True)
    assert presences(catalog) == [HIDDEN, MISSING, PRESENT]
    assert [row[0] for row in catalog.query("SELECT rating FROM photo ORDER BY id")] == [0, 0, 4]
    assert clear_missing(catalog, [1, 3]).rows == ()


@pytest.mark.usefixtures("three")
def test_what_people_said_goes_and_automatic_labels_stay(catalog: Catalog) -> None:
    mine, automatic = add_label(catalog, "Mine").created, add_label(catalog, "Automatic").created
    assert mine is not None
    assert automatic is not None
    label_photos(catalog, mine, [1])
    settle_auto(catalog, automatic, range(1, 4), [1], [0.9])
    create_album(catalog, "Album", [1, 2])
    clear_missing(catalog, [1])
    assert [row[0] for row in catalog.query("SELECT label_id FROM photo_label")] == [automatic]
    assert [row[0] for row in catalog.query("SELECT photo_id FROM album_photo")] == [2]


@pytest.mark.usefixtures("three")
def test_one_that_came_back_is_left_alone_by_undo_and_gets_its_words(catalog: Catalog) -> None:
    rate(catalog, [1], 4)
    clear_missing(catalog, [1])
    mark_present(catalog, [1])
    assert presences(catalog)[0] == PRESENT
    undo(catalog)
    assert presences(catalog)[0] == PRESENT
    assert catalog.query("SELECT rating, cleared FROM photo WHERE id = 1")[0][:] == (4, 0)
    mark_missing(catalog, [1])
    assert presences(catalog)[0] == MISSING


@pytest.mark.usefixtures("three")
def test_a_cleared_photo_stays_away_when_its_folder_is_removed_and_added_again(
    catalog: Catalog, folder: int
) -> None:
    clear_missing(catalog, [1])
    remove_folder(catalog, folder, keep_labels=True)
    assert presences(catalog) == [HIDDEN, HIDDEN, HIDDEN]
    undo(catalog)
    assert presences(catalog) == [HIDDEN, MISSING, PRESENT]
