"""What becomes of files: new, bad, of any name. Which photo is which: tests/library/identity."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
from PIL import Image

from photoclip.library.catalog.photos import failures, path_of, photo_at
from photoclip.library.decoding import Decoders
from photoclip.library.library import Library
from tests.library.fakes import FAKE_INFO, FakeEncoder
from tests.library.ingest.ingest_helpers import assert_complete, run, settled
from tests.library.pictures import jpeg, write_photos


def test_a_folder_becomes_photos(library: Library, photos: Path, decoders: Decoders) -> None:
    write_photos(photos / "deep", 10)
    write_photos(photos, 15, first=10)
    encoder = FakeEncoder()
    done = run(library, decoders, encoder=encoder)
    assert (done.found, done.added, done.embedded, done.failed) == (25, 25, 25, ())
    assert (done.done, done.total) == (25, 25)
    assert len(done.photos) == len(done.searchable) == 25
    assert_complete(library, 25)
    red = photo_at(library.catalog, bytes(photos / "deep" / "000.jpg"))
    assert red in done.photos
    store = library.vectors(FAKE_INFO)
    best = int(np.argmax(store.matrix() @ encoder.encode_texts(["red"])[0]))
    row = library.catalog.query(
        "SELECT id FROM photo WHERE hash = ?", (store.keys()[best].ljust(16, b"\0"),)
    )[0]
    assert path_of(library.catalog, row["id"]) in {
        bytes(p) for p in photos.rglob("*.jpg") if int(p.stem) % 8 == 0
    }


def test_nothing_to_do_is_quick_and_changes_nothing(
    library: Library, photos: Path, decoders: Decoders
) -> None:
    write_photos(photos, 3)
    run(library, decoders)
    again = run(library, decoders)
    assert (again.found, again.total, again.added, again.photos) == (3, 0, 0, frozenset())


def test_an_empty_folder_is_fine(library: Library, photos: Path, decoders: Decoders) -> None:
    done = run(library, decoders)
    assert (done.found, done.added, done.missing) == (0, 0, 0)


def test_bad_files_are_listed_with_reasons_and_do_not_stop_the_rest(
    library: Library, photos: Path, decoders: Decoders
) -> None:
    write_photos(photos, 4)
    whole = jpeg("green", 99)
    for name, data in (
        ("empty.jpg", b""),
        ("letter.jpg", b"Dear all,"),
        ("cut.jpg", whole[: len(whole) * 2 // 3]),
    ):
        (photos / name).write_bytes(data)
        settled(photos / name)
    done = run(library, decoders)
    reasons = {failure.path.rpartition(b"/")[2]: failure.reason for failure in done.failed}
    assert set(reasons) == {b"empty.jpg", b"letter.jpg"}
    assert "empty" in reasons[b"empty.jpg"]
    assert "text file" in reasons[b"letter.jpg"]
    assert {failure.reason for failure in failures(library.catalog)} == set(reasons.values())
    cut = photo_at(library.catalog, bytes(photos / "cut.jpg"))
    assert library.catalog.query("SELECT truncated FROM content WHERE truncated")[0][0] == 1
    assert cut is not None
    assert_complete(library, 5)


def test_a_failure_is_tried_again_when_the_file_changes(
    library: Library, photos: Path, decoders: Decoders
) -> None:
    path = photos / "a.jpg"
    path.write_bytes(b"not yet")
    settled(path)
    write_photos(photos, 1)
    assert len(run(library, decoders).failed) == 1
    assert run(library, decoders).total == 0  # not tried again as it is
    path.write_bytes(jpeg("red", 50))
    assert run(library, decoders).added == 1
    assert failures(library.catalog) == []
    assert_complete(library, 2)


def test_a_failure_of_a_file_that_is_gone_is_forgotten(
    library: Library, photos: Path, decoders: Decoders
) -> None:
    write_photos(photos, 1)
    bad = photos / "bad.jpg"
    bad.write_bytes(b"")
    settled(bad)
    run(library, decoders)
    bad.unlink()
    run(library, decoders)
    assert failures(library.catalog) == []


def test_lost_thumbnails_and_vectors_are_made_again(
    library: Library, photos: Path, decoders: Decoders, tmp_path: Path
) -> None:
    write_photos(photos, 6)
    run(library, decoders)
    vectors = library.vectors(FAKE_INFO).matrix().copy()
    library.close()
    shutil.rmtree(tmp_path / "library" / "vectors")
    for path in (tmp_path / "library").glob("thumbnails.sqlite*"):
        path.unlink()
    with Library.open(tmp_path / "library") as again:
        done = run(again, decoders)
        assert (done.added, done.changed, done.embedded) == (0, 0, 6)
        assert_complete(again, 6)
        assert np.array_equal(np.sort(again.vectors(FAKE_INFO).matrix(), axis=0), np.sort(vectors, axis=0))


def test_a_damaged_vector_is_made_again(library: Library, photos: Path, decoders: Decoders) -> None:
    write_photos(photos, 90)
    run(library, decoders)
    with library.vectors(FAKE_INFO).rows_path.open("r+b") as file:
        file.write(b"\xff" * 32)
    assert run(library, decoders).embedded == 1
    assert_complete(library, 90)


def test_another_model_embeds_all_and_the_first_ones_vectors_stay(
    library: Library, photos: Path, decoders: Decoders
) -> None:
    write_photos(photos, 4)
    run(library, decoders)
    other = FakeEncoder(type(FAKE_INFO)("other", "other-1", FAKE_INFO.dim, FAKE_INFO.pixel_spec, 20.0))
    assert run(library, decoders, encoder=other).embedded == 4
    assert len(library.vectors(other.info)) == len(library.vectors(FAKE_INFO)) == 4


def test_a_touch_changes_nothing(library: Library, photos: Path, decoders: Decoders) -> None:
    (path,) = write_photos(photos, 1)
    run(library, decoders)
    os.utime(path, (1, 1))
    encoder = FakeEncoder()
    done = run(library, decoders, encoder=encoder)
    assert (done.changed, done.added, encoder.calls) == (0, 0, [])
    assert run(library, decoders).total == 0


def test_only_named_paths_are_looked_at(library: Library, photos: Path, decoders: Decoders) -> None:
    one, two, three = write_photos(photos, 3)
    write_photos(photos / "deep", 2, first=10)
    assert run(library, decoders, paths=[bytes(one)]).added == 1
    assert run(library, decoders, paths=[bytes(photos / "deep")]).added == 2
    one.unlink()
    done = run(library, decoders, paths=[bytes(one), bytes(two), b"/elsewhere/x.jpg"])
    assert (done.added, done.missing) == (1, 1)
    assert photo_at(library.catalog, bytes(three)) is None


def test_names_of_any_bytes(library: Library, photos: Path, decoders: Decoders) -> None:
    names = [b"new\nline.jpg", "\N{SLED}.jpg".encode(), b"caf\xe9 \xff.jpg"]
    for number, name in enumerate(names):
        Path(os.fsdecode(bytes(photos) + b"/" + name)).write_bytes(jpeg("red", number))
    done = run(library, decoders)
    assert (done.added, done.failed) == (3, ())
    assert all(photo_at(library.catalog, bytes(photos) + b"/" + name) for name in names)


def test_metadata_reaches_the_catalog(library: Library, photos: Path, decoders: Decoders) -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0112] = "Canon", "Canon EOS 5D", 6
    exif.get_ifd(0x8769).update({0x9003: "2019:07:21 14:33:05", 0x829D: 2.8})
    (photos / "a.jpg").write_bytes(jpeg("blue", exif=exif))
    run(library, decoders)
    row = library.catalog.query("SELECT * FROM content")[0]
    assert (row["width"], row["height"], row["camera"]) == (48, 64, "Canon EOS 5D")
    assert row["taken_at"] == 1563719585
    assert row["exposure"] == '{"f_number": 2.8}'
    assert row["colour"] & 0xFF > 200


def test_copies_read_at_the_same_time_are_embedded_once(
    library: Library, photos: Path, decoders: Decoders
) -> None:
    (one,) = write_photos(photos, 1)
    for number in range(8):
        (photos / f"copy{number}.jpg").write_bytes(one.read_bytes())
    done = run(library, decoders)
    assert (done.added, done.embedded) == (9, 1)
