"""The identity of photos: one test for each line of the table in the package's docstring."""

from __future__ import annotations

from pathlib import Path

import pytest

from photoclip.library.catalog import indexing
from photoclip.library.catalog.albums import album_photos, create_album
from photoclip.library.catalog.connection import Catalog
from photoclip.library.catalog.indexing import (
    UnreadableFile,
    files_under,
    forget_failures,
    known_failures,
    known_files,
    mark_missing,
    mark_present,
    record_batch,
)
from photoclip.library.catalog.labels import add_label, label_photos, labelled, settle_auto
from photoclip.library.catalog.photos import details, failures, load_table, path_of, rate
from tests.library.catalog.catalog_helpers import JULY, at, ids, indexed, record


def gone(catalog: Catalog, folder: int, *paths: bytes) -> None:
    known = known_files(catalog, folder)
    mark_missing(catalog, [known[path].file_id for path in paths])


def shown(catalog: Catalog) -> set[int]:
    return set(ids(load_table(catalog).ids))


def missing(catalog: Catalog) -> set[int]:
    return set(ids(load_table(catalog, missing=True).ids))


def test_new_files_are_new_photos_with_all_that_was_read(catalog: Catalog, folder: int) -> None:
    photo = indexed(
        b"/p/\xff\n.jpg",
        folder,
        "one",
        taken_at=JULY,
        taken_offset=120,
        taken_source="name",
        camera="X100V",
        lens="23mm",
        exposure={"iso": 400},
        latitude=48.1,
        longitude=11.5,
        perceptual_hash=(1 << 64) - 2,
        truncated=True,
    )
    change = record_batch(catalog, [photo, indexed(b"/p/b.jpg", folder, "two")])
    first = at(catalog, photo.path)
    assert change.photos == {first, at(catalog, b"/p/b.jpg")}
    assert not change.undoable
    assert change.rows == ()
    known = details(catalog, first)
    assert (known.path, known.name, known.content_hash) == (photo.path, b"\xff\n.jpg", photo.hash)
    assert (known.taken_at, known.taken_offset, known.taken_source) == (JULY, 120, "name")
    assert (known.camera, known.lens) == ("X100V", "23mm")
    assert (known.exposure, known.latitude, known.longitude) == ({"iso": 400}, 48.1, 11.5)
    assert known.truncated
    assert not known.missing
    assert known.folder_id == folder


def test_the_name_of_a_copy_does_not_change_the_date(catalog: Catalog, folder: int) -> None:
    def date(path: bytes, taken_at: float | None, source: str | None) -> tuple[float | None, str | None]:
        record_batch(catalog, [indexed(path, folder, "one", taken_at=taken_at, taken_source=source)])
        found = details(catalog, at(catalog, path))
        return found.taken_at, found.taken_source

    assert date(b"/p/photo.jpg", None, None) == (None, None)
    assert date(b"/p/2017-07-14.jpg", JULY, "name") == (JULY, "name")
    assert date(b"/p/copy.jpg", None, None) == (JULY, "name")
    assert date(b"/p/2020-01-01.jpg", JULY + 9e7, "name") == (JULY, "name")
    assert date(b"/p/described.jpg", JULY + 60, "xmp") == (JULY + 60, "xmp")


def test_a_copy_is_a_further_file_of_the_photo(catalog: Catalog, folder: int) -> None:
    (photo,) = record(catalog, folder, {b"/p/a.jpg": "one"})
    assert record(catalog, folder, {b"/p/copy.jpg": "one"}) == [photo]
    assert [file.path for file in details(catalog, photo).files] == [b"/p/a.jpg", b"/p/copy.jpg"]
    assert len(load_table(catalog)) == 1


@pytest.mark.parametrize("seen_first", ["old path gone", "new path there"])
def test_a_moved_file_is_the_same_photo(catalog: Catalog, folder: int, seen_first: str) -> None:
    (photo,) = record(catalog, folder, {b"/p/a.jpg": "one"})
    if seen_first == "old path gone":
        gone(catalog, folder, b"/p/a.jpg")
        assert missing(catalog) == {photo}
        assert shown(catalog) == set()
        assert record(catalog, folder, {b"/p/sub/b.jpg": "one"}) == [photo]
    else:
        assert record(catalog, folder, {b"/p/sub/b.jpg": "one"}) == [photo]
        gone(catalog, folder, b"/p/a.jpg")
    assert shown(catalog) == {photo}
    assert missing(catalog) == set()
    assert set(known_files(catalog, folder)) == {b"/p/sub/b.jpg"}
    assert path_of(catalog, photo) == b"/p/sub/b.jpg"


def test_an_edited_file_is_the_same_photo_and_keeps_what_was_said(catalog: Catalog, folder: int) -> None:
    (photo,) = record(catalog, folder, {b"/p/a.jpg": "one"})
    rate(catalog, [photo], 4)
    assert record(catalog, folder, {b"/p/a.jpg": "edited"}) == [photo]
    known = details(catalog, photo)
    assert known.rating == 4
    assert known.content_hash == indexed(b"", 0, "edited").hash
    assert record(catalog, folder, {b"/p/a.jpg": "one"}) == [photo]  # restored from a backup
    assert load_table(catalog).hash_of(0) == indexed(b"", 0, "one").hash


def test_an_edited_copy_becomes_a_photo_with_all_that_people_said(catalog: Catalog, folder: int) -> None:
    (photo, _) = record(catalog, folder, {b"/p/a.jpg": "one", b"/p/copy.jpg": "one"})
    yes, auto = add_label(catalog, "Yes").created, add_label(catalog, "Auto").created
    assert yes is not None
    assert auto is not None
    label_photos(catalog, yes, [photo])
    settle_auto(catalog, auto, [photo], [photo], [0.9])
    album = create_album(catalog, "Trip", [photo]).created
    assert album is not None
    rate(catalog, [photo], 5)
    (edited,) = record(catalog, folder, {b"/p/copy.jpg": "edited"})
    assert edited != photo
    assert shown(catalog) == {photo, edited}
    assert ids(labelled(catalog, yes)) == [photo, edited]
    assert ids(labelled(catalog, auto)) == [photo]  # to be decided again for the new picture
    assert ids(album_photos(catalog, album)) == [photo, edited]
    assert details(catalog, edited).rating == 5


def test_two_copies_edited_alike_stay_one_photo(catalog: Catalog, folder: int) -> None:
    (photo, _) = record(catalog, folder, {b"/p/a.jpg": "one", b"/p/copy.jpg": "one"})
    assert record(catalog, folder, {b"/p/a.jpg": "two", b"/p/copy.jpg": "two"}) == [photo, photo]


def test_labels_follow_the_picture_when_two_files_swap_names(catalog: Catalog, folder: int) -> None:
    (a, b) = record(catalog, folder, {b"/p/a.jpg": "one", b"/p/b.jpg": "two"})
    assert record(catalog, folder, {b"/p/a.jpg": "two", b"/p/b.jpg": "one"}) == [b, a]
    assert shown(catalog) == {a, b}


def test_a_photo_overwritten_by_another_stays_under_missing(catalog: Catalog, folder: int) -> None:
    (a, b) = record(catalog, folder, {b"/p/a.jpg": "one", b"/p/b.jpg": "two"})
    record(catalog, folder, {b"/p/a.jpg": "two"})
    assert shown(catalog) == {b}
    assert missing(catalog) == {a}
    assert path_of(catalog, a) is None
    assert details(catalog, a).missing
    assert record(catalog, folder, {b"/p/found.jpg": "one"}) == [a]


def test_a_missing_photo_keeps_what_was_said_and_comes_back(catalog: Catalog, folder: int) -> None:
    (photo,) = record(catalog, folder, {b"/p/a.jpg": "one"})
    label = add_label(catalog, "Kept").created
    assert label is not None
    label_photos(catalog, label, [photo])
    gone(catalog, folder, b"/p/a.jpg")
    assert details(catalog, photo).missing
    assert ids(labelled(catalog, label)) == []
    assert ids(labelled(catalog, label, missing=True)) == [photo]
    known = known_files(catalog, folder)[b"/p/a.jpg"]
    assert known.missing
    change = mark_present(catalog, [known.file_id])
    assert change.photos == {photo}
    assert shown(catalog) == {photo}
    assert mark_present(catalog, [known.file_id]).photos == frozenset()


def test_a_copy_that_comes_back_unedited_is_found_too(catalog: Catalog, folder: int) -> None:
    (photo, _) = record(catalog, folder, {b"/p/a.jpg": "one", b"/p/copy.jpg": "one"})
    rate(catalog, [photo], 3)
    gone(catalog, folder, b"/p/a.jpg", b"/p/copy.jpg")
    assert record(catalog, folder, {b"/p/a.jpg": "edited"}) == [photo]
    change = mark_present(catalog, [known_files(catalog, folder)[b"/p/copy.jpg"].file_id])
    copy = at(catalog, b"/p/copy.jpg")
    assert change.photos == {photo, copy}
    assert shown(catalog) == {photo, copy}
    assert details(catalog, copy).content_hash == indexed(b"", 0, "one").hash
    assert details(catalog, copy).rating == 3


def test_one_copy_gone_leaves_the_photo(catalog: Catalog, folder: int, tmp_path: Path) -> None:
    (photo, _) = record(catalog, folder, {b"/p/a.jpg": "one", b"/p/copy.jpg": "one"})
    gone(catalog, folder, b"/p/a.jpg")
    assert shown(catalog) == {photo}
    assert path_of(catalog, photo) == b"/p/copy.jpg"


def test_a_photo_without_a_date_is_as_old_as_its_oldest_file(catalog: Catalog, folder: int) -> None:
    record_batch(
        catalog,
        [
            indexed(b"/p/dated.jpg", folder, "dated", taken_at=JULY),
            indexed(b"/p/plain.jpg", folder, "plain", mtime_ns=int(JULY + 100 * 86400) * 10**9),
            indexed(b"/p/copied.jpg", folder, "plain", mtime_ns=int(JULY + 200 * 86400) * 10**9),
        ],
    )
    table = load_table(catalog)
    assert ids(table.ids) == [at(catalog, b"/p/plain.jpg"), at(catalog, b"/p/dated.jpg")]
    assert abs(table.taken[0] - (JULY + 100 * 86400)) <= 15 * 3600  # local time, wherever this runs
    assert details(catalog, int(table.ids[0])).taken_at is None


def test_failures_are_listed_until_the_file_reads(catalog: Catalog, folder: int) -> None:
    bad = UnreadableFile(b"/p/bad.jpg", folder, 12, 34, "it is a text file")
    record_batch(catalog, [], [bad])
    assert [(f.path, f.reason) for f in failures(catalog)] == [(bad.path, bad.reason)]
    assert known_failures(catalog, folder) == {bad.path: (12, 34)}
    record(catalog, folder, {bad.path: "good now"})
    assert failures(catalog) == []


def test_a_photo_that_no_longer_reads_stays(catalog: Catalog, folder: int) -> None:
    (photo,) = record(catalog, folder, {b"/p/a.jpg": "one"})
    record_batch(catalog, [], [UnreadableFile(b"/p/a.jpg", folder, 0, 1, "it is empty")])
    assert shown(catalog) == {photo}
    assert len(failures(catalog)) == 1
    forget_failures(catalog, [b"/p/a.jpg"])
    assert failures(catalog) == []


def test_files_under_a_path_are_found_by_whole_names(catalog: Catalog, folder: int) -> None:
    record(catalog, folder, {b"/p/a/1.jpg": "1", b"/p/a/b/2.jpg": "2", b"/p/ab/3.jpg": "3", b"/p/a.jpg": "4"})
    assert set(files_under(catalog, b"/p/a")) == {b"/p/a/1.jpg", b"/p/a/b/2.jpg"}
    assert set(files_under(catalog, b"/p/a.jpg")) == {b"/p/a.jpg"}


def test_sixty_four_bits_fit_a_signed_integer(catalog: Catalog, folder: int) -> None:
    for bits in (0, (1 << 63) - 1, 1 << 63, (1 << 64) - 1):
        record_batch(catalog, [indexed(b"/p/%d.jpg" % bits, folder, str(bits), perceptual_hash=bits)])
    stored = [row[0] for row in catalog.query("SELECT perceptual_hash FROM content ORDER BY id")]
    assert [value % (1 << 64) for value in stored] == [0, (1 << 63) - 1, 1 << 63, (1 << 64) - 1]
    assert indexing._signed(None) is None
