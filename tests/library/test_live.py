"""Live and motion photos and pairs of real files: told by what is in them, one photo in the library."""

from __future__ import annotations

import io
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from photoclip.library import live
from photoclip.library.catalog.folders import add_folder
from photoclip.library.catalog.labels import add_label, label_photos
from photoclip.library.catalog.photos import PhotoDetails, details, files_of, load_table, photo_at
from photoclip.library.decoding import Decoders
from photoclip.library.doctor import examine
from photoclip.library.library import Library
from photoclip.library.search import SearchEngine
from photoclip.library.sidecars import export
from photoclip.library.worker import Prepared, Task, prepare
from photoclip.pixels import PixelSpec
from tests.library import live_files
from tests.library.fakes import FakeEncoder
from tests.library.ingest.ingest_helpers import run, settled
from tests.library.pictures import jpeg, picture
from tests.library.processes import started
from tests.library.xmp_samples import LIGHTROOM
from tests.raw_files import dng

IDENTIFIER = "9F2C1A50-1234-4E1B-8C55-0A1B2C3D4E5F"
VIDEO = b"\0\0\0\x1cftypisom\0\0\2\0isomiso2mp41" + bytes(100)
XMP = {"xmp": live_files.camera_xmp(live_files.MOTION_PHOTO)}
DATE = "2023:07:14 15:30:12"


@pytest.mark.parametrize(
    "said",
    [live_files.MOTION_PHOTO, live_files.MICRO_VIDEO, live_files.ELEMENTS],
    ids=["new", "old", "elements"],
)
def test_googles_motion_photos(said: str) -> None:
    xmp = live_files.camera_xmp(said)
    data = jpeg("red", xmp=xmp) + VIDEO
    assert live.holds_video(data, {"xmp": xmp})
    assert not live.holds_video(data, {})


def test_what_only_says_so_is_a_photo() -> None:
    """An editor has cut the video off, or the person had switched it off."""
    assert not live.holds_video(jpeg("red", **XMP), XMP)
    still = live_files.camera_xmp(live_files.STILL)
    assert not live.holds_video(jpeg("red", xmp=still) + VIDEO, {"xmp": still})


def test_samsungs_motion_photos() -> None:
    assert live.holds_video(jpeg("red") + live_files.samsung_trailer(VIDEO), {})
    assert not live.holds_video(jpeg("red") + live_files.samsung_trailer(VIDEO)[:-1], {})


def test_apples_identifier() -> None:
    found = Image.open(io.BytesIO(jpeg("red", exif=live_files.exif(DATE, IDENTIFIER)))).getexif()
    assert live.identifier_of(found) == IDENTIFIER
    assert live.identifier_of(live_files.exif(DATE)) is None
    assert live.identifier_in({live_files.CONTENT_IDENTIFIER: IDENTIFIER}) == IDENTIFIER
    assert live.identifier_in({}) is None


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
def test_exiftool_reads_the_same(tmp_path: Path) -> None:
    path = tmp_path / "x.jpg"
    path.write_bytes(jpeg("red", exif=live_files.exif(DATE, IDENTIFIER)))
    names = ("ContentIdentifier", "MediaGroupUUID")  # what newer and older versions call it
    asked = ["exiftool", "-s3", *(f"-Apple:{name}" for name in names), path]
    assert subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip() == IDENTIFIER


@given(st.binary(max_size=80), st.integers(0, 70))
def test_a_damaged_note_says_a_text_or_nothing(noise: bytes, at: int) -> None:
    note = live_files.apples_note([(0x0011, 2, IDENTIFIER.encode() + b"\0")])
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x927C] = note[:at] + noise
    found = live.identifier_of(exif)
    assert found is None or found.strip()


def test_one_read_tells_a_motion_photo(tmp_path: Path) -> None:
    path = settled(
        written(tmp_path / "x.jpg", jpeg("red", exif=live_files.exif(DATE, IDENTIFIER), **XMP) + VIDEO)
    )
    found = prepare(Task(bytes(path), PixelSpec(16)))
    assert isinstance(found, Prepared)
    assert found.picture is not None
    assert (found.picture.motion, found.picture.live_id) == (True, IDENTIFIER)


# In a library


@pytest.fixture(scope="module", autouse=True)
def decoders() -> Iterator[Decoders]:
    with started() as made:
        yield made


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.open(tmp_path / "library") as opened:
        yield opened


@pytest.fixture
def folder(library: Library, tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    add_folder(library.catalog, bytes(folder))
    return folder


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def only(library: Library) -> PhotoDetails:
    (photo,) = load_table(library.catalog).ids.tolist()
    return details(library.catalog, photo)


def write_live_photo(folder: Path, identifier: str = IDENTIFIER) -> tuple[Path, Path]:
    pytest.importorskip("av")
    from tests.library.video_files import write_video

    still = folder / "IMG_1.JPG"
    still.write_bytes(jpeg("red", exif=live_files.exif(DATE, IDENTIFIER)))
    tags = {live_files.CONTENT_IDENTIFIER: identifier}
    return still, write_video(folder / "IMG_1.MOV", ["blue"], seconds=2, tags=tags)


def test_a_raw_and_its_jpeg_are_one(library: Library, folder: Path, decoders: Decoders) -> None:
    written(folder / "1.dng", dng(picture("green")))
    written(folder / "1.jpg", jpeg("green"))
    done = run(library, decoders)
    found = only(library)
    assert (found.format, [each.format for each in found.companions]) == ("JPEG", ["DNG"])
    assert files_of(library.catalog, found.id) == [bytes(folder / "1.jpg"), bytes(folder / "1.dng")]
    assert done.added == 2  # files
    assert run(library, decoders).total == 0
    assert examine(library.folder, disk=True) == ()


def test_one_half_goes_and_the_other_is_found(library: Library, folder: Path, decoders: Decoders) -> None:
    written(folder / "1.dng", dng(picture("green")))
    still = written(folder / "1.jpg", jpeg("green"))
    run(library, decoders)
    still.unlink()
    run(library, decoders)
    assert only(library).format == "DNG"
    with closing(SearchEngine(library, FakeEncoder())) as engine:
        assert engine.search("green is:raw").ids.tolist() == [only(library).id]
    written(folder / "2.jpg", jpeg("green"))  # it is back, by another name
    run(library, decoders)
    assert len(load_table(library.catalog)) == 2
    (folder / "1.dng").rename(folder / "2.dng")
    run(library, decoders)
    assert (only(library).format, only(library).name) == ("JPEG", b"2.jpg")


def test_labels_are_exported_beside_both_and_not_beside_the_video(
    library: Library, folder: Path, decoders: Decoders
) -> None:
    write_live_photo(folder)
    written(folder / "IMG_1.dng", dng(picture("red")))
    (folder / "IMG_1.xmp").write_bytes(LIGHTROOM)  # the RAW file's
    run(library, decoders)
    label = add_label(library.catalog, "Lake").created
    assert label is not None
    label_photos(library.catalog, label, [only(library).id])
    plans = list(export.plans(library.catalog, [only(library).id], automatic=False))
    assert [plan.sidecar.rpartition(b"/")[2] for plan in plans] == [b"IMG_1.JPG.xmp", b"IMG_1.xmp"]
    for plan in plans:
        export.write(plan)
    assert run(library, decoders).failed == ()
    assert not any(
        plan.changes for plan in export.plans(library.catalog, [only(library).id], automatic=False)
    )
    assert only(library).labels[0].name == "Lake"


def test_apples_live_photos_are_one(library: Library, folder: Path, decoders: Decoders) -> None:
    still, film = write_live_photo(folder)
    run(library, decoders)
    found = only(library)
    assert (found.path, found.companions[0].path) == (bytes(still), bytes(film))
    assert found.companions[0].is_video
    table = load_table(library.catalog)
    assert (table.live, found.id in table.videos) == ({found.id}, False)
    assert photo_at(library.catalog, bytes(film)) == found.id


def test_the_video_of_another_live_photo_stays_one(
    library: Library, folder: Path, decoders: Decoders
) -> None:
    write_live_photo(folder, identifier="ANOTHER")
    run(library, decoders)
    assert len(load_table(library.catalog)) == 2


def test_a_motion_photo_is_one_and_marked(library: Library, folder: Path, decoders: Decoders) -> None:
    written(folder / "PXL_1.MP.jpg", jpeg("red", **XMP) + VIDEO)
    written(folder / "plain.jpg", jpeg("blue"))
    run(library, decoders)
    table = load_table(library.catalog)
    assert (len(table), table.live) == (2, {photo_at(library.catalog, bytes(folder / "PXL_1.MP.jpg"))})
