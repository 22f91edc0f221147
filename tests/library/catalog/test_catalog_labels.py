from __future__ import annotations

import pytest

from photoclip.errors import PhotoClipError
from photoclip.library.catalog.changes import undo
from photoclip.library.catalog.connection import Catalog
from photoclip.library.catalog.labels import (
    DEFAULT_THRESHOLD,
    Settlement,
    add_label,
    delete_label,
    edit_label,
    find_label,
    label_photos,
    labelled,
    list_labels,
    reject_photos,
    settle_auto,
    settle_many,
    unlabel_photos,
)
from photoclip.library.catalog.photos import details
from tests.library.catalog.catalog_helpers import ids, record


@pytest.fixture
def beach(catalog: Catalog) -> int:
    created = add_label(catalog, "Beach", ["a sandy beach", "  by the \n sea "]).created
    assert created is not None
    return created


@pytest.fixture
def four(catalog: Catalog, folder: int) -> list[int]:
    return record(catalog, folder, {b"/p/%d.jpg" % i: str(i) for i in range(4)})


def said(catalog: Catalog, photos: list[int]) -> list[tuple[str, int, float | None] | None]:
    """(source, verdict, score) of the one label of each photo."""
    labels = [details(catalog, photo).labels for photo in photos]
    return [(found[0].source, found[0].verdict, found[0].score) if found else None for found in labels]


def test_a_label_has_words_and_a_threshold(catalog: Catalog, beach: int) -> None:
    (label,) = list_labels(catalog)
    assert (label.id, label.name, label.descriptions) == (beach, "Beach", ("a sandy beach", "by the sea"))
    assert (label.threshold, label.keep_applied, label.colour) == (DEFAULT_THRESHOLD, False, None)
    edit_label(catalog, beach, name="Strand", threshold=0.7, keep_applied=True, colour=0x00FF00)
    edit_label(catalog, beach, descriptions=["ein Strand"])
    (label,) = list_labels(catalog)
    assert (label.name, label.descriptions, label.threshold) == ("Strand", ("ein Strand",), 0.7)
    assert label.keep_applied
    assert label.colour == 0x00FF00


@pytest.mark.parametrize("name", ["", "  ", "x" * 201, "a\x00b", "BEACH", " beach "])
def test_bad_and_taken_names_are_refused_with_a_sentence(catalog: Catalog, beach: int, name: str) -> None:
    with pytest.raises(PhotoClipError, match=r"\.$|;"):
        add_label(catalog, name)
    assert len(list_labels(catalog)) == 1
    edit_label(catalog, beach, name="BEACH")  # its own name in another case is free
    assert find_label(catalog, "beach").name == "BEACH"


def test_a_threshold_lies_between_0_and_1(catalog: Catalog, beach: int) -> None:
    for threshold in (-0.1, 1.1, float("nan")):
        with pytest.raises(PhotoClipError, match="between 0 and 1"):
            edit_label(catalog, beach, threshold=threshold)


def test_an_unknown_label_names_near_ones(catalog: Catalog, beach: int) -> None:
    with pytest.raises(PhotoClipError, match=r"no label named Beech\. Did you mean Beach\?"):
        find_label(catalog, "Beech")
    with pytest.raises(PhotoClipError, match=r"There is Beach\."):
        find_label(catalog, "Zebra")


def test_a_deleted_label_is_said_to_be_gone(catalog: Catalog, beach: int, four: list[int]) -> None:
    label_photos(catalog, beach, four)
    delete_label(catalog, beach)
    for change in (delete_label, edit_label):
        with pytest.raises(PhotoClipError, match="not there any more"):
            change(catalog, beach)
    with pytest.raises(PhotoClipError, match="not there any more"):
        label_photos(catalog, beach, four)
    assert details(catalog, four[0]).labels == ()
    undo(catalog)
    assert ids(labelled(catalog, beach)) == four


def test_an_automatic_label_never_replaces_a_persons_word(
    catalog: Catalog, beach: int, four: list[int]
) -> None:
    label_photos(catalog, beach, four[:1])
    reject_photos(catalog, beach, four[1:2])
    label_photos(catalog, beach, four, source="auto", scores=[0.9, 0.8, 0.7, 0.6])
    assert said(catalog, four) == [
        ("human", 1, None),
        ("human", 0, None),
        ("auto", 1, 0.7),
        ("auto", 1, 0.6),
    ]
    assert ids(labelled(catalog, beach)) == [four[0], four[2], four[3]]
    (label,) = list_labels(catalog)
    assert (label.human, label.auto) == (1, 2)
    label_photos(catalog, beach, four[1:3])  # the person's newer word; the score stays to be seen
    assert said(catalog, four)[1:3] == [("human", 1, None), ("human", 1, 0.7)]


def test_a_label_taken_off_is_forgotten_and_a_no_is_not(
    catalog: Catalog, beach: int, four: list[int]
) -> None:
    label_photos(catalog, beach, four)
    unlabel_photos(catalog, beach, four[:2])
    reject_photos(catalog, beach, four[2:])
    settle_auto(catalog, beach, four, four, [0.5] * 4)
    assert ids(labelled(catalog, beach)) == four[:2]


def test_settling_makes_automatic_labels_exactly_these_within_the_scope(
    catalog: Catalog, beach: int, four: list[int]
) -> None:
    settle_auto(catalog, beach, four, four[:3], [0.7, 0.8, 0.9])
    change = settle_auto(catalog, beach, four[:2], four[1:2], [0.6])
    assert change.photos == frozenset(four[:2])
    assert said(catalog, four) == [None, ("auto", 1, 0.6), ("auto", 1, 0.9), None]


def test_several_labels_settle_in_one_change(catalog: Catalog, beach: int, four: list[int]) -> None:
    hills = add_label(catalog, "Hills").created
    assert hills is not None
    change = settle_many(
        catalog,
        "Auto-tag the album Trip",
        [Settlement(beach, four, four[:2], [0.9, 0.9]), Settlement(hills, four, four[1:], [0.8] * 3)],
    )
    assert len(change.rows) == 5
    assert ids(labelled(catalog, beach)) == four[:2]
    assert ids(labelled(catalog, hills)) == four[1:]
    undo(catalog)
    assert ids(labelled(catalog, beach)) == []
    assert ids(labelled(catalog, hills)) == []


def test_what_arrives_by_itself_is_not_a_step_to_undo(catalog: Catalog, four: list[int], beach: int) -> None:
    change = label_photos(catalog, beach, four, source="auto", scores=[0.9] * 4, undoable=False)
    assert not change.undoable
    assert change.photos == frozenset(four)
    undone = undo(catalog)
    assert undone is not None
    assert undone.description == "Add the label Beach"


def test_photos_that_do_not_exist_are_passed_over(catalog: Catalog, beach: int, four: list[int]) -> None:
    label_photos(catalog, beach, [*four, 999])
    assert ids(labelled(catalog, beach)) == four
