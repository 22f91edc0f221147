"""Undo and redo: exact over any mutations, kept over a restart, sensible when others came between."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photoclip.errors import PhotoClipError
from photoclip.library.catalog import albums, folders, labels, missing, photos
from photoclip.library.catalog.changes import Change, perform, redo, redo_description, undo, undo_description
from photoclip.library.catalog.connection import Catalog
from photoclip.library.catalog.indexing import mark_missing
from photoclip.library.catalog.rows import RowChange, pack, unpack
from tests.library.catalog.catalog_helpers import ids, record, stated, watch

PHOTOS = 6
Mutation = Callable[[Catalog, Path], object]

photo_ids = st.lists(st.integers(1, PHOTOS + 1), min_size=1, max_size=4)  # one of them does not exist
row_ids = st.integers(1, 3)
names = st.sampled_from(["Beach", "beach", "Hills", "Straße"])
some_float = st.floats(0, 1)
MUTATIONS: st.SearchStrategy[Mutation] = st.one_of(
    st.builds(lambda i, r: lambda c, d: photos.rate(c, i, r), photo_ids, st.integers(0, 5)),
    st.builds(lambda i, v: lambda c, d: photos.set_favourite(c, i, v), photo_ids, st.booleans()),
    st.builds(lambda i: lambda c, d: missing.clear_missing(c, i), photo_ids),
    st.builds(lambda n, t: lambda c, d: labels.add_label(c, n, [n, "x"], t), names, some_float),
    st.builds(
        lambda i, n, t: lambda c, d: labels.edit_label(c, i, name=n, threshold=t), row_ids, names, some_float
    ),
    st.builds(lambda i: lambda c, d: labels.delete_label(c, i), row_ids),
    st.builds(lambda i, p: lambda c, d: labels.label_photos(c, i, p), row_ids, photo_ids),
    st.builds(lambda i, p: lambda c, d: labels.unlabel_photos(c, i, p), row_ids, photo_ids),
    st.builds(lambda i, p: lambda c, d: labels.reject_photos(c, i, p), row_ids, photo_ids),
    st.builds(
        lambda i, p, s: lambda c, d: labels.settle_auto(c, i, range(1, 4), p, [s] * len(p)),
        row_ids,
        photo_ids,
        some_float,
    ),
    st.builds(lambda n, p: lambda c, d: albums.create_album(c, n, p), names, photo_ids),
    st.builds(lambda i, n: lambda c, d: albums.rename_album(c, i, n), row_ids, names),
    st.builds(lambda i: lambda c, d: albums.delete_album(c, i), row_ids),
    st.builds(lambda i, p: lambda c, d: albums.add_to_album(c, i, p), row_ids, photo_ids),
    st.builds(lambda i, p: lambda c, d: albums.remove_from_album(c, i, p), row_ids, photo_ids),
    st.builds(lambda i, p: lambda c, d: albums.reorder_album(c, i, p), row_ids, photo_ids),
    st.builds(lambda i, k: lambda c, d: folders.remove_folder(c, i, keep_labels=k), row_ids, st.booleans()),
    st.builds(lambda n: lambda c, d: watch(c, d / n), st.sampled_from(["a", "a/inner", "b", "."])),
)


@contextmanager
def library() -> Iterator[tuple[Catalog, Path]]:
    """A catalog with two folders of three photos each, with two labels and an album, and an empty journal."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name) / "photos"
        catalog = Catalog(Path(name) / "catalog.sqlite")
        try:
            for sub in ("a/inner", "b"):
                folder = watch(catalog, root / sub)
                base = str(root / sub).encode()
                record(catalog, folder, {base + b"/%d.jpg" % i: f"{sub}{i}" for i in range(PHOTOS // 2)})
            labels.add_label(catalog, "First")
            labels.add_label(catalog, "Second")
            labels.label_photos(catalog, 1, [1, 4])
            albums.create_album(catalog, "Album", [3, 1])
            mark_missing(catalog, [1, 2, 5])
            with catalog.write() as connection:
                connection.execute("DELETE FROM change")
            yield catalog, root
        finally:
            catalog.close()


@settings(max_examples=40, deadline=None)
@given(st.lists(MUTATIONS, min_size=1, max_size=8))
def test_undoing_everything_is_the_identity_and_redo_restores(mutations: list[Mutation]) -> None:
    with library() as (catalog, root):
        states = [stated(catalog)]
        for mutate in mutations:
            before = undo_count(catalog)
            try:
                mutate(catalog, root)
            except PhotoClipError:
                assert stated(catalog) == states[-1]
            if undo_count(catalog) > before:
                states.append(stated(catalog))
            assert_consistent(catalog)
        for state in reversed(states[:-1]):
            assert undo(catalog) is not None
            assert stated(catalog) == state
            assert_consistent(catalog)
        assert undo(catalog) is None
        assert undo_description(catalog) is None
        for state in states[1:]:
            assert redo(catalog) is not None
            assert stated(catalog) == state
        assert redo(catalog) is None
        assert redo_description(catalog) is None


def undo_count(catalog: Catalog) -> int:
    return int(catalog.query("SELECT count(*) FROM change WHERE state = 'done'")[0][0])


def assert_consistent(catalog: Catalog) -> None:
    """Foreign keys hold, and presence says what files and folders say."""
    assert catalog.query("PRAGMA foreign_key_check") == []
    wrong = catalog.query(
        "SELECT photo.id FROM photo JOIN file ON file.photo_id = photo.id"
        " JOIN folder ON folder.id = folder_id"
        " WHERE (presence = 2) != (removed_at IS NULL AND missing_since IS NULL)"
    )
    assert wrong == []


@pytest.fixture
def three(catalog: Catalog, folder: int) -> list[int]:
    return record(catalog, folder, {b"/p/%d.jpg" % i: str(i) for i in range(3)})


@pytest.fixture
def label(catalog: Catalog) -> int:
    created = labels.add_label(catalog, "Beach").created
    assert created is not None
    return created


def test_undo_and_redo_survive_a_restart(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "catalog.sqlite")
    album = albums.create_album(catalog, "Trip").created
    assert album is not None
    albums.rename_album(catalog, album, "Journey")
    undo(catalog)
    catalog.close()
    catalog = Catalog(tmp_path / "catalog.sqlite")
    assert undo_description(catalog) == "Create the album Trip"
    assert redo_description(catalog) == "Rename the album to Journey"
    redo(catalog)
    assert albums.find_album(catalog, "journey").id == album
    catalog.close()


def test_a_new_change_clears_what_was_undone(catalog: Catalog, three: list[int]) -> None:
    photos.rate(catalog, three, 3)
    undo(catalog)
    photos.rate(catalog, three, 1)
    assert redo(catalog) is None
    assert photos.details(catalog, three[0]).rating == 1


def test_changing_nothing_is_not_a_change(catalog: Catalog, three: list[int]) -> None:
    photos.rate(catalog, three, 3)
    photos.rate(catalog, three, 3)
    undo(catalog)
    assert photos.details(catalog, three[0]).rating == 0


def test_listeners_hear_each_change_and_its_undoing(catalog: Catalog, three: list[int], label: int) -> None:
    heard: list[Change] = []
    stop = catalog.subscribe(heard.append)
    done = labels.label_photos(catalog, label, three[:2])
    undo(catalog)
    redo(catalog)
    stop()
    undo(catalog)
    assert [change.photos for change in heard] == [frozenset(three[:2])] * 3
    assert heard[0] == done
    assert heard[1].rows == done.inverse().rows
    assert heard[2].rows == done.rows
    assert heard[1].tables == {"photo_label"}


def test_five_thousand_labels_are_undone_in_one_step(catalog: Catalog, folder: int, label: int) -> None:
    many = record(catalog, folder, {b"/p/%d.jpg" % i: str(i) for i in range(5000)})
    before = stated(catalog)
    change = labels.label_photos(catalog, label, many)
    assert len(change.rows) == 5000
    undone = undo(catalog)
    assert undone is not None
    assert undone.photos == frozenset(many)
    assert stated(catalog) == before


def test_a_persons_label_comes_back_over_an_automatic_one(
    catalog: Catalog, three: list[int], label: int
) -> None:
    labels.label_photos(catalog, label, three)
    labels.unlabel_photos(catalog, label, three)
    labels.settle_auto(catalog, label, three, three[:1], [0.9], undoable=False)  # the indexer comes between
    undo(catalog)
    assert [label.source for i in three for label in photos.details(catalog, i).labels] == ["human"] * 3
    redo(catalog)
    assert [label.source for i in three for label in photos.details(catalog, i).labels] == ["auto"]


def test_undo_leaves_what_changed_since(catalog: Catalog, three: list[int], label: int) -> None:
    labels.settle_auto(catalog, label, three, three, [0.5, 0.6, 0.7])
    labels.settle_auto(catalog, label, three[:1], three[:1], [0.9], undoable=False)
    undo(catalog)
    assert ids(labels.labelled(catalog, label)) == three[:1]
    redo(catalog)
    assert ids(labels.labelled(catalog, label)) == three
    assert photos.details(catalog, three[0]).labels[0].score == 0.9


def test_undo_goes_on_to_the_step_before_when_nothing_of_one_is_left(
    catalog: Catalog, three: list[int], label: int
) -> None:
    photos.rate(catalog, three, 2)
    labels.settle_auto(catalog, label, three, three[:1], [0.5])
    labels.settle_auto(catalog, label, three, [], [], undoable=False)
    undone = undo(catalog)
    assert undone is not None
    assert undone.description == "Rate 3 photos"


def test_deleting_a_label_takes_what_the_indexer_added_and_gives_it_back(
    catalog: Catalog, three: list[int], label: int
) -> None:
    labels.settle_auto(catalog, label, three, three, [0.5] * 3, undoable=False)
    undo(catalog)  # the adding of the label
    assert labels.list_labels(catalog) == []
    redo(catalog)
    assert ids(labels.labelled(catalog, label)) == three


def test_a_change_that_fails_leaves_nothing(catalog: Catalog, three: list[int]) -> None:
    before = stated(catalog)

    def build(connection: object) -> list[RowChange]:
        return [
            RowChange("photo", {"id": three[0]}, {"rating": 0}, {"rating": 5}),
            RowChange("photo", {"id": three[1]}, {"rating": 0}, {"rating": 77}),
        ]

    with pytest.raises(Exception, match="CHECK"):
        perform(catalog, "Too many stars", build)
    assert stated(catalog) == before
    assert undo_description(catalog) != "Too many stars"


def test_the_journal_is_bounded(catalog: Catalog, three: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("photoclip.library.catalog.changes.KEPT_CHANGES", 5)
    for n in range(12):
        photos.rate(catalog, three, 1 + n % 5)
    assert undo_count(catalog) == 5


words = st.text('aé☃\n"', max_size=4)
values = st.one_of(
    st.none(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), words, st.binary()
)
columns = st.dictionaries(st.sampled_from(["id", "name", "score", "path"]), values, min_size=1)
rows = st.builds(
    RowChange, st.sampled_from(["label", "folder"]), columns, st.none() | columns, st.none() | columns
)


@settings(deadline=None)
@given(st.lists(rows, max_size=12))
def test_the_journal_keeps_rows_exactly(changes: list[RowChange]) -> None:
    kept = unpack(pack(changes))
    assert list(kept) == changes
    assert [r.inverse().inverse() for r in kept] == changes
