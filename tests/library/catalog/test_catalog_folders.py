from __future__ import annotations

import os
from pathlib import Path

import pytest

from photoclip.errors import PhotoClipError
from photoclip.library.catalog.changes import redo, undo
from photoclip.library.catalog.connection import Catalog
from photoclip.library.catalog.folders import add_folder, list_folders, remove_folder
from photoclip.library.catalog.indexing import UnreadableFile, known_files, record_batch
from photoclip.library.catalog.labels import add_label, label_photos, labelled
from photoclip.library.catalog.photos import details, failures, load_table
from tests.library.catalog.catalog_helpers import at, ids, make_folder, record, stated, watch


def paths(catalog: Catalog) -> list[bytes]:
    return [folder.path for folder in list_folders(catalog)]


def fill(catalog: Catalog, folder: int, path: Path, *names: str) -> list[int]:
    return record(catalog, folder, {os.fsencode(path / name): name for name in names})


def test_folders_are_listed_with_their_photos(catalog: Catalog, tmp_path: Path) -> None:
    folder = watch(catalog, tmp_path / "photos")
    fill(catalog, folder, tmp_path / "photos", "a.jpg", "b.jpg")
    (listed,) = list_folders(catalog)
    assert (listed.id, listed.path, listed.photos, listed.online) == (
        folder,
        os.fsencode(tmp_path / "photos"),
        2,
        True,
    )
    (tmp_path / "photos").rmdir()
    assert not list_folders(catalog)[0].online


def test_paths_are_bytes_and_absolute(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = os.fsencode(tmp_path) + b"/\xff \n"
    Path(os.fsdecode(odd)).mkdir()
    add_folder(catalog, odd + b"/")
    monkeypatch.chdir(tmp_path)
    make_folder(tmp_path / "relative")
    add_folder(catalog, b"relative")
    assert set(paths(catalog)) == {odd, os.fsencode(tmp_path / "relative")}


def test_what_cannot_be_watched_is_refused_with_a_sentence(catalog: Catalog, tmp_path: Path) -> None:
    watch(catalog, tmp_path / "photos")
    inner = make_folder(tmp_path / "photos" / "inner")
    (tmp_path / "file.jpg").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "photos")
    for path, words in (
        (tmp_path / "nowhere", "does not exist"),
        (tmp_path / "file.jpg", "is not a folder"),
        (tmp_path / "photos", "is watched already"),
        (tmp_path / "link", "is watched already"),
        (tmp_path / "photos" / "inner", "lies inside"),
    ):
        with pytest.raises(PhotoClipError, match=words):
            add_folder(catalog, os.fsencode(path))
    assert inner not in paths(catalog)
    assert len(paths(catalog)) == 1


@pytest.mark.skipif(getattr(os, "geteuid", lambda: 1)() == 0, reason="root may read every folder")
def test_a_folder_without_permission_is_refused(catalog: Catalog, tmp_path: Path) -> None:
    path = make_folder(tmp_path / "closed")
    (tmp_path / "closed").chmod(0)
    with pytest.raises(PhotoClipError, match="cannot be read"):
        add_folder(catalog, path)
    (tmp_path / "closed").chmod(0o700)


def test_a_sibling_with_the_same_beginning_is_not_inside(catalog: Catalog, tmp_path: Path) -> None:
    watch(catalog, tmp_path / "photos")
    watch(catalog, tmp_path / "photos 2")
    watch(catalog, tmp_path / "photo")
    assert len(paths(catalog)) == 3


def test_removing_hides_photos_and_adding_again_shows_them(catalog: Catalog, tmp_path: Path) -> None:
    folder = watch(catalog, tmp_path / "photos")
    (photo,) = fill(catalog, folder, tmp_path / "photos", "a.jpg")
    label = add_label(catalog, "Kept").created
    assert label is not None
    label_photos(catalog, label, [photo])
    record_batch(catalog, [], [UnreadableFile(b"/bad", folder, 1, 1, "bad")])
    change = remove_folder(catalog, folder, keep_labels=True)
    assert change.photos == {photo}
    assert {"folder", "photo"} <= change.tables
    assert len(load_table(catalog)) == 0
    assert len(load_table(catalog, missing=True)) == 0
    assert failures(catalog) == []
    assert list_folders(catalog) == []
    with pytest.raises(PhotoClipError, match="not watched any more"):
        remove_folder(catalog, folder, keep_labels=True)
    assert watch(catalog, tmp_path / "photos") == folder
    assert ids(load_table(catalog).ids) == [photo]
    assert ids(labelled(catalog, label)) == [photo]


def test_removing_with_labels_takes_only_those_of_photos_nowhere_else(
    catalog: Catalog, tmp_path: Path
) -> None:
    first, second = watch(catalog, tmp_path / "one"), watch(catalog, tmp_path / "two")
    fill(catalog, second, tmp_path / "two", "both.jpg")
    both, only = fill(catalog, first, tmp_path / "one", "both.jpg", "only.jpg")
    label = add_label(catalog, "Label").created
    assert label is not None
    label_photos(catalog, label, [both, only])
    before = stated(catalog)
    remove_folder(catalog, first, keep_labels=False)
    after = stated(catalog)
    assert ids(labelled(catalog, label, missing=True)) == [both]
    assert ids(load_table(catalog).ids) == [both]
    assert details(catalog, both).path == os.fsencode(tmp_path / "two" / "both.jpg")
    undo(catalog)
    assert stated(catalog) == before
    redo(catalog)
    assert stated(catalog) == after


def test_undoing_an_added_folder_hides_what_was_indexed_since(catalog: Catalog, tmp_path: Path) -> None:
    folder = watch(catalog, tmp_path / "photos")
    (photo,) = fill(catalog, folder, tmp_path / "photos", "a.jpg")
    undone = undo(catalog)
    assert undone is not None
    assert undone.photos == {photo}
    assert list_folders(catalog) == []
    assert len(load_table(catalog)) == 0
    redo(catalog)
    assert ids(load_table(catalog).ids) == [photo]


def test_a_folder_takes_the_place_of_those_it_holds(catalog: Catalog, tmp_path: Path) -> None:
    inner = watch(catalog, tmp_path / "photos" / "inner")
    (photo,) = fill(catalog, inner, tmp_path / "photos" / "inner", "a.jpg")
    before = stated(catalog)
    outer = watch(catalog, tmp_path / "photos")
    assert paths(catalog) == [os.fsencode(tmp_path / "photos")]
    assert set(known_files(catalog, outer)) == {os.fsencode(tmp_path / "photos/inner/a.jpg")}
    assert ids(load_table(catalog).ids) == [photo]
    undo(catalog)
    assert stated(catalog) == before
    redo(catalog)
    remove_folder(catalog, outer, keep_labels=True)
    assert len(load_table(catalog)) == 0
    assert watch(catalog, tmp_path / "photos" / "inner") == inner
    assert ids(load_table(catalog).ids) == [photo]
    assert at(catalog, os.fsencode(tmp_path / "photos/inner/a.jpg"))
