"""What files and sidecars say: into the catalog, kept up to date, without a second look at the picture."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

import pytest
from PIL import Image

from photoclip.errors import PhotoClipError
from photoclip.library.catalog.labels import add_label, label_photos
from photoclip.library.catalog.photos import PhotoDetails, details, failures, photo_at, rate
from photoclip.library.catalog.words import FileWords, Keyword
from photoclip.library.decoding import Decoders
from photoclip.library.gazetteer import gazetteer
from photoclip.library.ingest import index
from photoclip.library.library import Library
from photoclip.library.sidecars import export
from tests.library.fakes import FakeEncoder
from tests.library.ingest.ingest_helpers import assert_complete, run
from tests.library.pictures import jpeg, picture, write_photos
from tests.library.xmp_samples import BOMB, DARKTABLE, DIGIKAM, LIGHTROOM


def known(library: Library, path: Path) -> PhotoDetails:
    photo = photo_at(library.catalog, bytes(path))
    assert photo is not None
    return details(library.catalog, photo)


def reread(library: Library, decoders: Decoders, **options: object) -> int:
    """Index again; the number of files looked into, and no picture of them by the model."""
    encoder = FakeEncoder()
    done = run(library, decoders, encoder=encoder, **options)
    assert (done.added, done.changed, done.embedded, encoder.calls) == (0, 0, 0, [])
    return done.total


def test_words_in_a_photo_reach_the_catalog(library: Library, photos: Path, decoders: Decoders) -> None:
    (photos / "a.jpg").write_bytes(jpeg("red", xmp=DIGIKAM))
    run(library, decoders)
    found = known(library, photos / "a.jpg")
    assert (found.words.title, found.words.colour_label, found.rating) == ("A square", "Green", 3)
    assert found.words.keywords == (Keyword(("Places", "Italy", "Rome")), Keyword(("Café",)))
    assert [(region.name, region.kind) for region in found.words.regions] == [("Ada", "Face"), ("", "Focus")]
    assert found.labels == ()
    assert reread(library, decoders) == 0


def test_a_sidecar_comes_changes_and_goes(library: Library, photos: Path, decoders: Decoders) -> None:
    (path, _) = write_photos(photos, 2)
    run(library, decoders)
    sidecar = photos / "000.jpg.xmp"
    for data, title, taken in ((DIGIKAM, "A square", None), (DARKTABLE, None, "xmp")):
        sidecar.write_bytes(data)
        assert reread(library, decoders) == 1
        assert (known(library, path).words.title, known(library, path).taken_source) == (title, taken)
        assert reread(library, decoders) == 0
    assert known(library, path).rating == 1
    sidecar.unlink()
    assert reread(library, decoders) == 1
    assert known(library, path).words == FileWords()
    assert (known(library, path).taken_source, known(library, path).rating) == (None, 0)
    assert_complete(library, 2)


def test_a_sidecar_of_the_same_size_and_another_time(
    library: Library, photos: Path, decoders: Decoders
) -> None:
    (path,) = write_photos(photos, 1)
    sidecar = photos / "000.xmp"
    sidecar.write_bytes(DIGIKAM)
    os.utime(sidecar, (1, 1))
    run(library, decoders)
    sidecar.write_bytes(DIGIKAM.replace(b"A square", b"A circle"))
    assert reread(library, decoders) == 1
    assert known(library, path).words.title == "A circle"


def test_a_sidecar_that_becomes_nobodys(library: Library, photos: Path, decoders: Decoders) -> None:
    (path,) = write_photos(photos, 1)
    (photos / "000.xmp").write_bytes(DIGIKAM)
    run(library, decoders)
    assert known(library, path).words.title == "A square"
    picture("blue").save(photos / "000.png")
    run(library, decoders)
    assert known(library, path).words.title is None
    assert known(library, photos / "000.png").words.title is None
    assert reread(library, decoders) == 0


@pytest.mark.parametrize("name", ["000.jpg.xmp", "000.xmp"])
def test_a_path_of_a_sidecar_means_its_photo(
    library: Library, photos: Path, decoders: Decoders, name: str
) -> None:
    path, _ = write_photos(photos, 2)
    run(library, decoders)
    (photos / name).write_bytes(LIGHTROOM)
    assert reread(library, decoders, paths=[bytes(photos / name)]) == 1
    assert known(library, path).words.description == "Two lines\nof words"
    (photos / name).unlink()
    assert reread(library, decoders, paths=[bytes(photos / name)]) == 1
    assert known(library, path).words == FileWords()
    assert reread(library, decoders) == 0


def test_a_sidecar_that_is_refused_costs_nothing_and_says_why(
    library: Library, photos: Path, decoders: Decoders
) -> None:
    (path,) = write_photos(photos, 1)
    (photos / "000.jpg.xmp").write_bytes(BOMB)
    run(library, decoders)
    assert failures(library.catalog) == []
    (problem,) = known(library, path).words.problems
    assert "document type" in problem
    assert_complete(library, 1)
    (photos / "000.jpg.xmp").write_bytes(DIGIKAM)
    assert reread(library, decoders) == 1
    assert known(library, path).words.problems == ()


def test_words_of_photos_read_by_an_earlier_version(
    library: Library, photos: Path, decoders: Decoders
) -> None:
    for number in range(5):
        (photos / f"{number}.jpg").write_bytes(jpeg("red", number, xmp=DIGIKAM))
    run(library, decoders)
    with library.catalog.write() as connection:
        connection.execute("UPDATE file SET read_version = 0")
        for table in ("words", "file_keyword", "region"):
            connection.execute(f"DELETE FROM {table}")
    stop = threading.Event()
    for step in index(library, FakeEncoder(), decoders=decoders, stop=stop):
        if step.phase == "indexing":
            stop.set()
    unread = "SELECT count(*) FROM file WHERE read_version = 0"
    left = library.catalog.query(unread)[0][0]
    assert left > 0
    assert reread(library, decoders) == left
    assert library.catalog.query(unread)[0][0] == 0
    assert {known(library, photos / f"{n}.jpg").words.title for n in range(5)} == {"A square"}


def test_a_renamed_photo_takes_its_words_along(library: Library, photos: Path, decoders: Decoders) -> None:
    (path,) = write_photos(photos, 1)
    (photos / "000.jpg.xmp").write_bytes(DIGIKAM)
    run(library, decoders)
    path.rename(photos / "new.jpg")
    (photos / "000.jpg.xmp").rename(photos / "new.jpg.xmp")
    encoder = FakeEncoder()
    run(library, decoders, encoder=encoder)
    assert encoder.calls == []
    assert known(library, photos / "new.jpg").words.title == "A square"


def test_a_position_gets_the_names_of_its_place(
    library: Library, photos: Path, decoders: Decoders, monkeypatch: pytest.MonkeyPatch
) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "N", 2: (38.0, 43.0, 2.0), 3: "W", 4: (9.0, 8.0, 0.0)})
    path = photos / "a.jpg"
    path.write_bytes(jpeg("red", exif=exif))
    write_photos(photos, 1)
    real = gazetteer
    monkeypatch.setattr("photoclip.library.locating.gazetteer", _no_gazetteer)
    done = run(library, decoders)
    assert (done.added, done.embedded, done.message) == (2, 2, "There are no names.")
    assert known(library, path).place is None
    monkeypatch.setattr("photoclip.library.locating.gazetteer", real)
    assert run(library, decoders).photos == {known(library, path).id}
    place = known(library, path).place
    assert place is not None
    assert (place.city, place.country) == ("Lisbon", "Portugal")
    monkeypatch.setattr("photoclip.library.locating.gazetteer", _no_gazetteer)
    assert run(library, decoders).message == ""  # all are named: the table is not even looked for


def _no_gazetteer() -> None:
    raise PhotoClipError("There are no names.")


def test_copies_have_words_of_their_own(library: Library, photos: Path, decoders: Decoders) -> None:
    (path,) = write_photos(photos, 1)
    shutil.copy(path, photos / "copy.jpg")
    (photos / "copy.jpg.xmp").write_bytes(DIGIKAM)
    run(library, decoders)
    assert known(library, path).words.title is None  # the photo's best file is the first
    titles = library.catalog.query("SELECT title, path FROM words JOIN file ON file.id = file_id")
    assert [tuple(row) for row in titles] == [("A square", bytes(photos / "copy.jpg"))]


def test_what_export_wrote_comes_back_as_it_was(library: Library, photos: Path, decoders: Decoders) -> None:
    path, other = photos / "a.jpg", photos / "b.jpg"
    path.write_bytes(jpeg("red", xmp=DIGIKAM))
    other.write_bytes(jpeg("blue"))
    run(library, decoders)
    ids = [known(library, each).id for each in (path, other)]
    label = add_label(library.catalog, "Beach").created
    assert label is not None
    label_photos(library.catalog, label, ids)
    rate(library.catalog, ids[1:], 4)
    before = [known(library, each) for each in (path, other)]
    for plan in export.plans(library.catalog, ids, automatic=False):
        export.write(plan)
    written = {each.name: each.read_bytes() for each in photos.glob("*.xmp")}
    assert sorted(written) == ["a.jpg.xmp", "b.jpg.xmp"]
    assert reread(library, decoders) == 2
    after = [known(library, each) for each in (path, other)]
    assert [each.words.keywords for each in after] == [each.words.keywords for each in before]
    assert [(each.rating, each.labels) for each in after] == [(each.rating, each.labels) for each in before]
    assert not any(plan.changes for plan in export.plans(library.catalog, ids, automatic=False))
    assert b"Rating" not in written["a.jpg.xmp"], "the photo itself says it"
    assert reread(library, decoders) == 0
    assert {each.name: each.read_bytes() for each in photos.glob("*.xmp")} == written
