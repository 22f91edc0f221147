"""Files that are one photo: the rule, and what hangs on the one."""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from photoclip.library.catalog import pairing
from photoclip.library.catalog.albums import (
    add_to_album,
    album_photos,
    create_album,
    refused_photos,
    remove_from_album,
    save_live_album,
)
from photoclip.library.catalog.changes import redo, undo
from photoclip.library.catalog.connection import Catalog
from photoclip.library.catalog.folders import folder_photos, list_folders, remove_folder
from photoclip.library.catalog.indexing import (
    known_files,
    mark_missing,
    mark_present,
    pair_known,
    record_batch,
)
from photoclip.library.catalog.labels import add_label, label_photos, labelled, reject_photos, unlabel_photos
from photoclip.library.catalog.photos import (
    details,
    load_table,
    photo_at,
    photos_below,
    rate,
    set_favourite,
)
from photoclip.library.catalog.schema import MIGRATIONS
from photoclip.library.catalog.words import FileWords, Keyword
from photoclip.library.facts import photos_meeting
from photoclip.library.query import Filter
from photoclip.library.spoken import photos_saying, photos_with_keyword
from tests.library.catalog.catalog_helpers import JULY, at, watch
from tests.library.catalog.pairs import LIVE, inner, label_of, photo_of, shown


def pair(catalog: Catalog, folder: int, first: str = "JPEG", second: str = "CR2") -> tuple[int, int]:
    """Two files named alike; the photo of the first, and of the second as the catalog has it inside."""
    paths = [f"/p/1.{format.lower()}".encode() for format in (first, second)]
    record_batch(
        catalog, [photo_of(path, folder, form) for path, form in zip(paths, (first, second), strict=True)]
    )
    return inner(catalog, paths[0]), inner(catalog, paths[1])


@pytest.mark.parametrize(
    ("first", "second", "facts", "together"),
    [
        ("JPEG", "CR2", {}, True),
        ("HEIF", "ARW", {}, True),
        ("JPEG", "CR2", {"taken_at": JULY + 1}, True),
        ("JPEG", "CR2", {"taken_at": JULY + 60}, False),
        ("JPEG", "CR2", {"taken_at": None, "taken_source": None}, True),
        ("JPEG", "CR2", {"taken_at": JULY + 60, "taken_source": "name"}, True),
        ("PNG", "CR2", {}, False),
        ("JPEG", "HEIF", {}, False),
        ("JPEG", "MOV", {}, True),
        ("HEIF", "MOV", {}, True),
        ("DNG", "MOV", {}, True),
        ("JPEG", "MOV", {"seconds": 30.0}, False),
        ("JPEG", "MOV", {"taken_at": JULY + 60}, False),
        ("JPEG", "MOV", {"taken_at": None, "taken_source": None}, False),
    ],
)
def test_the_rule(
    catalog: Catalog, folder: int, first: str, second: str, facts: dict[str, object], together: bool
) -> None:
    record_batch(
        catalog,
        [
            photo_of(b"/p/1." + first.lower().encode(), folder, first),
            photo_of(b"/p/1." + second.lower().encode(), folder, second, **facts),
        ],
    )
    assert len(shown(catalog)) == (1 if together else 2)


@pytest.mark.parametrize(
    ("picture", "film", "together"), [(LIVE, LIVE, True), (LIVE, "another", False), (LIVE, None, False)]
)
def test_apples_identifier_has_the_word(
    catalog: Catalog, folder: int, picture: str, film: str | None, together: bool
) -> None:
    far = {"taken_at": JULY + 3600, "seconds": 60.0}  # what the dates say is another thing
    record_batch(
        catalog,
        [
            photo_of(b"/p/1.heic", folder, "HEIF", live_id=picture),
            photo_of(b"/p/1.mov", folder, "MOV", live_id=film, **far),
        ],
    )
    assert len(shown(catalog)) == (1 if together else 2)


@pytest.mark.parametrize("second", [b"/p/2.cr2", b"/p/1-2.cr2", b"/p/1.jpg.cr2", b"/p/deep/1.cr2", b"/p/1"])
def test_other_names_and_folders_are_other_photos(catalog: Catalog, folder: int, second: bytes) -> None:
    record_batch(catalog, [photo_of(b"/p/1.jpg", folder, "JPEG"), photo_of(second, folder, "CR2")])
    assert len(shown(catalog)) == 2


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (2, 0, 1)])
def test_three_files_are_one_photo_in_any_order(
    catalog: Catalog, folder: int, order: tuple[int, ...]
) -> None:
    files = [
        photo_of(b"/p/1.jpg", folder, "JPEG"),
        photo_of(b"/p/1.dng", folder, "DNG"),
        photo_of(b"/p/1.mov", folder, "MOV"),
    ]
    for place in order:
        record_batch(catalog, [files[place]])
    assert shown(catalog) == {inner(catalog, b"/p/1.jpg")}
    found = details(catalog, at(catalog, b"/p/1.jpg"))
    assert [(each.path, each.is_video) for each in found.companions] == [
        (b"/p/1.dng", False),
        (b"/p/1.mov", True),
    ]


def test_everywhere_it_is_the_one(catalog: Catalog, folder: int) -> None:
    jpeg, raw = pair(catalog, folder)
    assert shown(catalog) == {jpeg}
    assert photo_at(catalog, b"/p/1.cr2") == jpeg
    assert photos_below(catalog, b"/p") == [jpeg]
    assert [each.photos for each in list_folders(catalog)] == [1]
    assert raw not in load_table(catalog, missing=True).ids


def test_what_was_said_of_either_is_said_of_the_one(catalog: Catalog, folder: int) -> None:
    record_batch(catalog, [photo_of(b"/p/1.cr2", folder, "CR2")])
    raw, label = at(catalog, b"/p/1.cr2"), label_of(catalog)
    other, album = add_label(catalog, "Other").created, create_album(catalog, "Best").created
    assert other is not None
    assert album is not None
    label_photos(catalog, label, [raw])
    reject_photos(catalog, other, [raw])
    add_to_album(catalog, album, [raw])
    rate(catalog, [raw], 4)
    set_favourite(catalog, [raw], True)
    record_batch(catalog, [photo_of(b"/p/1.jpg", folder, "JPEG")])
    jpeg = at(catalog, b"/p/1.jpg")
    found = details(catalog, jpeg)
    assert {(each.label_id, each.verdict) for each in found.labels} == {(label, 1), (other, 0)}
    assert (found.rating, found.favourite, found.albums) == (4, True, ((album, "Best"),))
    assert labelled(catalog, label).tolist() == [jpeg]
    assert album_photos(catalog, album).tolist() == [jpeg]


def test_a_persons_word_is_stronger_than_a_guess(catalog: Catalog, folder: int) -> None:
    record_batch(catalog, [photo_of(b"/p/1.jpg", folder, "JPEG", taken_at=0.0)])
    record_batch(catalog, [photo_of(b"/p/1.cr2", folder, "CR2")])
    jpeg, raw, label = inner(catalog, b"/p/1.jpg"), inner(catalog, b"/p/1.cr2"), label_of(catalog)
    label_photos(catalog, label, [jpeg], source="auto", scores=[0.7])
    reject_photos(catalog, label, [raw])
    record_batch(catalog, [photo_of(b"/p/1.jpg", folder, "JPEG")])  # read again, with the right date
    (applied,) = details(catalog, jpeg).labels
    assert (applied.source, applied.verdict) == ("human", 0)


@pytest.mark.parametrize("gone", [b"/p/1.jpeg", b"/p/1.cr2"])
def test_when_one_file_is_gone_the_other_has_all_that_was_said(
    catalog: Catalog, folder: int, gone: bytes
) -> None:
    jpeg, raw = pair(catalog, folder)
    label = label_of(catalog)
    label_photos(catalog, label, [jpeg])
    rate(catalog, [jpeg], 5)
    file = known_files(catalog, folder)[gone]
    mark_missing(catalog, [file.file_id])
    left = raw if gone.endswith(b"jpeg") else jpeg
    assert shown(catalog) == {left}
    assert labelled(catalog, label, missing=True).tolist() == sorted((jpeg, raw))
    assert details(catalog, left).rating == 5
    mark_present(catalog, [file.file_id])
    assert shown(catalog) == {jpeg}
    assert labelled(catalog, label, missing=True).tolist() == [jpeg]


def test_a_label_taken_off_the_pair_does_not_come_back(catalog: Catalog, folder: int) -> None:
    record_batch(catalog, [photo_of(b"/p/1.cr2", folder, "CR2")])
    label = label_of(catalog)
    label_photos(catalog, label, [at(catalog, b"/p/1.cr2")])
    record_batch(catalog, [photo_of(b"/p/1.jpg", folder, "JPEG")])
    unlabel_photos(catalog, label, [at(catalog, b"/p/1.jpg")])
    mark_missing(catalog, [known_files(catalog, folder)[b"/p/1.jpg"].file_id])
    assert labelled(catalog, label, missing=True).tolist() == []


def test_undo_reaches_what_was_said_before_the_pair(catalog: Catalog, folder: int) -> None:
    record_batch(catalog, [photo_of(b"/p/1.cr2", folder, "CR2")])
    label = label_of(catalog)
    label_photos(catalog, label, [at(catalog, b"/p/1.cr2")])
    record_batch(catalog, [photo_of(b"/p/1.jpg", folder, "JPEG")])
    jpeg = at(catalog, b"/p/1.jpg")
    change = undo(catalog)
    assert change is not None
    assert change.photos == {jpeg}
    assert labelled(catalog, label, missing=True).tolist() == []
    redo(catalog)
    assert labelled(catalog, label, missing=True).tolist() == [jpeg]


def test_a_renamed_file_leaves_the_pair(catalog: Catalog, folder: int) -> None:
    jpeg, raw = pair(catalog, folder)
    label_photos(catalog, label_of(catalog), [jpeg])
    record_batch(catalog, [photo_of(b"/p/2.cr2", folder, "CR2", "/p/1.cr2")])
    mark_missing(catalog, [known_files(catalog, folder)[b"/p/1.cr2"].file_id])
    assert shown(catalog) == {jpeg, raw}
    assert [len(details(catalog, each).labels) for each in (jpeg, raw)] == [1, 1]


def test_a_folder_that_goes_and_comes_takes_the_pair_along(catalog: Catalog, folder: int) -> None:
    jpeg, _ = pair(catalog, folder)
    remove_folder(catalog, folder, keep_labels=True)
    assert shown(catalog) == set()
    undo(catalog)
    assert shown(catalog) == {jpeg}


def test_a_copy_of_the_raw_file_stays_when_the_folder_of_the_pair_goes(
    catalog: Catalog, folder: int, tmp_path: Path
) -> None:
    jpeg, raw = pair(catalog, folder)
    other, label = watch(catalog, tmp_path / "other"), label_of(catalog)
    record_batch(catalog, [photo_of(b"/q/1.cr2", other, "CR2", "/p/1.cr2")])
    label_photos(catalog, label, [jpeg])
    assert [each.photos for each in list_folders(catalog)] == [1, 1]
    remove_folder(catalog, folder, keep_labels=False)
    assert shown(catalog) == set(labelled(catalog, label).tolist()) == {raw}
    undo(catalog)
    assert shown(catalog) == set(labelled(catalog, label).tolist()) == {jpeg}
    assert folder_photos(catalog, other).tolist() == [jpeg]


def test_a_rename_of_both_keeps_the_pair(catalog: Catalog, folder: int) -> None:
    jpeg, _ = pair(catalog, folder)
    label = label_of(catalog)
    label_photos(catalog, label, [jpeg])
    before = known_files(catalog, folder)
    for ending, form in (("cr2", "CR2"), ("jpeg", "JPEG")):  # each in a batch of its own
        record_batch(catalog, [photo_of(f"/p/2.{ending}".encode(), folder, form, f"/p/1.{ending}")])
    mark_missing(catalog, [file.file_id for file in before.values()])
    assert shown(catalog) == set(labelled(catalog, label, missing=True).tolist()) == {jpeg}
    assert [each.path for each in details(catalog, jpeg).companions] == [b"/p/2.cr2"]


def test_what_the_raw_files_sidecar_says_is_found_at_the_pair(catalog: Catalog, folder: int) -> None:
    words = FileWords(title="At the lake", keywords=(Keyword(("water",)),), rating=4)
    raw = replace(photo_of(b"/p/1.cr2", folder, "CR2"), words=words)
    record_batch(catalog, [photo_of(b"/p/1.jpeg", folder, "JPEG"), raw])
    jpeg = at(catalog, b"/p/1.jpeg")
    assert photos_saying(catalog, "lake").tolist() == [jpeg]
    assert photos_with_keyword(catalog, Filter("keyword", "water", 0)).tolist() == [jpeg]
    assert (details(catalog, jpeg).rating, details(catalog, jpeg).words) == (4, words)
    mark_missing(catalog, [known_files(catalog, folder)[b"/p/1.cr2"].file_id])
    assert details(catalog, jpeg).words == FileWords()
    assert details(catalog, jpeg).rating == 0  # what a file said goes with it; a person rated nothing


def test_a_persons_rating_stays_over_the_files(catalog: Catalog, folder: int) -> None:
    record_batch(catalog, [photo_of(b"/p/1.cr2", folder, "CR2")])
    rate(catalog, [at(catalog, b"/p/1.cr2")], 2)
    words = FileWords(rating=5)
    record_batch(catalog, [replace(photo_of(b"/p/1.jpeg", folder, "JPEG"), words=words)])
    assert details(catalog, at(catalog, b"/p/1.jpeg")).rating == 2


def test_what_is_kept_out_of_a_live_album_stays_out(catalog: Catalog, folder: int) -> None:
    record_batch(catalog, [photo_of(b"/p/1.cr2", folder, "CR2")])
    raw = at(catalog, b"/p/1.cr2")
    out, pinned = (save_live_album(catalog, name, "is:raw").created for name in ("Out", "In"))
    assert out is not None
    assert pinned is not None
    remove_from_album(catalog, out, [raw])
    remove_from_album(catalog, pinned, [raw])
    mark_missing(catalog, [known_files(catalog, folder)[b"/p/1.cr2"].file_id])
    record_batch(catalog, [photo_of(b"/p/1.jpeg", folder, "JPEG")])
    jpeg = at(catalog, b"/p/1.jpeg")
    add_to_album(catalog, pinned, [jpeg])
    record_batch(catalog, [photo_of(b"/p/1.cr2", folder, "CR2")])
    assert refused_photos(catalog, out).tolist() == [jpeg]
    assert refused_photos(catalog, pinned).tolist() == []
    assert album_photos(catalog, pinned).tolist() == [jpeg]


def test_is_raw_finds_pairs_and_is_video_no_live_photo(catalog: Catalog, folder: int) -> None:
    jpeg, _ = pair(catalog, folder)
    record_batch(catalog, [photo_of(b"/p/1.mov", folder, "MOV"), photo_of(b"/p/2.mov", folder, "MOV")])
    film = at(catalog, b"/p/2.mov")
    there = {
        (field, value): ids
        for field, value, ids in (
            ("is", "raw", [jpeg]),
            ("is", "video", [film]),
            ("type", "cr2", [jpeg]),
            ("type", "jpeg", [jpeg]),
        )
    }
    for (field, value), ids in there.items():
        found = set(photos_meeting(catalog, Filter(field, value, 0)).tolist())
        assert sorted(found & shown(catalog)) == ids


@pytest.mark.parametrize("sql", [pairing._FILES, pairing._MATES, pairing._PAIRED, *pairing._GIVE])
def test_pairing_goes_through_no_whole_table(catalog: Catalog, sql: str) -> None:
    with catalog.write() as connection:
        plan = [row["detail"] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}")]
    scanned = {step.split()[1] for step in plan if step.startswith("SCAN")}
    assert scanned <= {"touched", "alike", "given"}


def test_photos_of_an_earlier_version_are_paired_once(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    with closing(Catalog(path, migrations=MIGRATIONS[:6])) as old, old.write() as connection:
        folder = connection.execute(
            "INSERT INTO folder(path, added_at) VALUES(?, 0) RETURNING id", (os.fsencode(tmp_path / "p"),)
        ).fetchone()[0]
        for number, name in enumerate(("1.jpg", "1.cr2"), 1):
            connection.execute(
                "INSERT INTO content(id, hash, bytes, width, height, format, colour)"
                " VALUES(?, ?, 1, 1, 1, ?, 0)",
                (number, bytes([number] * 16), "JPEG" if number == 1 else "CR2"),
            )
            connection.execute(
                "INSERT INTO photo(id, content_id, added_at, hash) VALUES(?, ?, 0, ?)",
                (number, number, bytes([number] * 16)),
            )
            connection.execute(
                "INSERT INTO file(photo_id, content_id, folder_id, path, size, mtime_ns)"
                " VALUES(?, ?, ?, ?, 1, 1)",
                (number, number, folder, os.fsencode(tmp_path / "p" / name)),
            )
    with closing(Catalog(path)) as catalog:
        assert shown(catalog) == {1, 2}
        assert pair_known(catalog).photos == {1, 2}
        assert shown(catalog) == {1}
        assert pair_known(catalog).photos == set()
