"""Videos in a library: read in the decode processes, found by any frame, with what the camera wrote."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("av")

from photoclip.library import frames, video_metadata, videos
from photoclip.library.catalog.folders import add_folder
from photoclip.library.catalog.indexing import UnreadableFile, record_batch
from photoclip.library.catalog.photos import details, failures, load_table, photo_at
from photoclip.library.decoding import Decoders
from photoclip.library.doctor import examine
from photoclip.library.ingest import fill
from photoclip.library.library import Library
from photoclip.library.search import SearchEngine
from photoclip.library.worker import Prepared, Refused, Task, prepare
from photoclip.pixels import PixelSpec, video
from tests.library.fakes import FAKE_INFO, FakeEncoder, another
from tests.library.ingest.ingest_helpers import run, settled
from tests.library.pictures import jpeg
from tests.library.processes import started
from tests.library.video_files import write_video

SPEC = PixelSpec(16)
TAGS = {
    "com.apple.quicktime.creationdate": "2023-07-14T15:30:12+0200",
    "com.apple.quicktime.location.ISO6709": "+48.8577+002.2950+035.000/",
    "com.apple.quicktime.make": "Apple",
    "com.apple.quicktime.model": "iPhone 14 Pro",
}
JULY = datetime(2023, 7, 14, 15, 30, 12, tzinfo=UTC).timestamp()


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


def names(library: Library, found: object) -> list[str]:
    return [details(library.catalog, int(one)).name.decode() for one in found]  # type: ignore[attr-defined]


def test_one_read_gives_everything_a_photo_has(tmp_path: Path) -> None:
    path = settled(write_video(tmp_path / "x.mov", ["black", "red", "green"], seconds=4, tags=TAGS))
    found = prepare(Task(bytes(path), SPEC))
    assert isinstance(found, Prepared)
    assert found.picture is not None
    picture = found.picture
    assert (picture.width, picture.height, picture.format) == (64, 48, "MOV")
    assert picture.moving is not None
    assert picture.moving.seconds == pytest.approx(12, abs=0.1)
    assert picture.moving.codec == "mpeg4"
    assert picture.thumbnail.startswith(b"\xff\xd8")
    assert len(picture.frames) == 3
    assert {len(pixels) for pixels in (picture.pixels, *picture.frames)} == {16 * 16 * 3}
    said = found.said.facts
    assert (said.taken_at, said.taken_offset, said.taken_source) == (JULY, 120, "video")
    assert (said.latitude, said.longitude) == (48.8577, 2.295)
    assert said.camera == "Apple iPhone 14 Pro"


def test_known_content_is_not_decoded_again(tmp_path: Path) -> None:
    path = write_video(tmp_path / "x.mp4", ["red"])
    first = prepare(Task(bytes(path), SPEC))
    assert isinstance(first, Prepared)
    again = prepare(Task(bytes(path), SPEC, first.hash))
    assert isinstance(again, Prepared)
    assert again.picture is None


def test_a_photo_with_a_videos_name_is_a_photo(tmp_path: Path) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes(jpeg("red"))
    found = prepare(Task(bytes(path), SPEC))
    assert isinstance(found, Prepared)
    assert found.picture is not None
    assert (found.picture.format, found.picture.moving) == ("JPEG", None)


@pytest.mark.parametrize("data", [b"", b"\0\0\0\x18ftypisom" + bytes(90)])
def test_a_broken_video_is_refused_with_its_state(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes(data)
    found = prepare(Task(bytes(path), SPEC))
    assert isinstance(found, Refused)
    assert (found.size, found.mtime_ns) == (len(data), path.stat().st_mtime_ns)


def test_above_a_limit_the_hash_is_of_the_length_and_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(videos, "WHOLE", 1000)
    monkeypatch.setattr(videos, "BLOCK_BYTES", 100)
    monkeypatch.setattr(videos, "BLOCKS", 3)  # at 0, 2450 and 4900 of 5000
    data = bytearray(np.random.default_rng(1).bytes(5000))

    def hash_of(changed: bytes) -> bytes:
        path = tmp_path / "x"
        path.write_bytes(changed)
        with path.open("rb", buffering=0) as file:
            return videos.content_hash(file, len(changed))

    first = hash_of(bytes(data))
    assert len(first) == 16
    for place in (0, 2500, 4999):
        edited = bytearray(data)
        edited[place] ^= 1
        assert hash_of(bytes(edited)) != first
    assert hash_of(bytes(data) + b"x") != first
    data[1000] ^= 1  # between the blocks
    assert hash_of(bytes(data)) == first


def test_a_video_is_found_by_any_of_its_frames(library: Library, folder: Path, decoders: Decoders) -> None:
    settled(write_video(folder / "film.mp4", ["red", "green", "blue"], seconds=4))
    (folder / "yellow.jpg").write_bytes(jpeg("yellow"))
    (folder / "white.jpg").write_bytes(jpeg("white"))
    last = run(library, decoders)
    assert (last.added, last.embedded, last.failed) == (3, 3, ())
    with closing(SearchEngine(library, FakeEncoder())) as engine:
        for colour in ("red", "green", "blue"):
            found = engine.search(colour)
            assert names(library, found.ids[:1]) == ["film.mp4"]
            assert found.cosines[0] > 0.95
            assert len(found) == 3  # one result for each, however many frames
        assert names(library, engine.search("yellow").ids[:1]) == ["yellow.jpg"]
        assert names(library, engine.search("is:video").ids) == ["film.mp4"]
        assert names(library, engine.search("type:mp4").ids) == ["film.mp4"]
        assert names(library, engine.search("-is:video").ids) != []
        assert names(library, engine.similar(images=[bytes(folder / "yellow.jpg")]).ids[:1]) == ["yellow.jpg"]
        excluded = engine.search("yellow -green")
        assert names(library, excluded.ids)[-1] == "film.mp4"


def test_a_video_among_very_many_and_by_the_graph(library: Library, folder: Path, decoders: Decoders) -> None:
    settled(write_video(folder / "film.mp4", ["red", "green"], seconds=6))
    (folder / "yellow.jpg").write_bytes(jpeg("yellow"))
    run(library, decoders)
    with closing(SearchEngine(library, FakeEncoder())) as engine:
        snapshot = engine._snapshots.latest()
        film = photo_at(library.catalog, bytes(folder / "film.mp4"))
        rows = snapshot.frames.rows
        assert len(rows) == 3
        assert set(snapshot.table.ids[snapshot.photos_at(rows)].tolist()) == {film}


def test_what_is_known_of_a_video_is_kept(library: Library, folder: Path, decoders: Decoders) -> None:
    path = settled(write_video(folder / "x.mp4", ["red", "blue"], seconds=3, turned=90, tags=TAGS))
    run(library, decoders)
    (photo,) = load_table(library.catalog).ids.tolist()
    known = details(library.catalog, photo)
    assert (known.width, known.height, known.format, known.codec) == (48, 64, "MP4", "h264")
    assert known.seconds == pytest.approx(6, abs=0.1)
    assert known.poster_at is not None
    assert known.taken_at == JULY
    path.rename(folder / "renamed.mp4")  # the same content: nothing is decoded again
    run(library, decoders)
    assert load_table(library.catalog).ids.tolist() == [photo]
    moved = details(library.catalog, photo)
    assert (moved.name, moved.seconds, moved.codec) == (b"renamed.mp4", known.seconds, "h264")


def test_another_model_reads_all_frames(library: Library, folder: Path, decoders: Decoders) -> None:
    settled(write_video(folder / "x.mp4", ["red", "blue"], seconds=5))
    run(library, decoders)
    big = another("big")
    last = list(fill(library, big, decoders=decoders))[-1]
    assert last.embedded == 1
    assert len(library.vectors(big.info)) == len(library.vectors(FAKE_INFO)) == 4


def test_a_lost_frame_is_made_again(library: Library, folder: Path, decoders: Decoders) -> None:
    settled(write_video(folder / "x.mp4", ["red", "blue"], seconds=5))
    run(library, decoders)
    store = library.vectors(FAKE_INFO)
    assert store.keep(np.array([False, True, True, True])) == 1
    assert frames.incomplete(library.catalog, store.missing) != set()
    run(library, decoders)
    assert len(store) == 4
    assert frames.incomplete(library.catalog, store.missing) == set()


def test_the_posters_vector_comes_last(library: Library, folder: Path, decoders: Decoders) -> None:
    settled(write_video(folder / "x.mp4", ["red", "blue"], seconds=5))
    run(library, decoders)
    (hash,) = (row[0] for row in library.catalog.query("SELECT hash FROM content"))
    stored, _ = library.vectors(FAKE_INFO).snapshot()
    keys = [bytes(key).ljust(16, b"\0") for key in stored]
    assert keys == [*frames.further_keys(hash, 4), hash]


def test_the_doctor_knows_the_frames(library: Library, folder: Path, decoders: Decoders) -> None:
    settled(write_video(folder / "x.mp4", ["red", "blue"], seconds=5))
    run(library, decoders)
    assert [one.what for one in examine(library.folder) if one.part == "vectors"] == []


def test_without_the_extra_new_videos_are_left_out(
    library: Library, folder: Path, decoders: Decoders, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = settled(write_video(folder / "known.mp4", ["red"]))
    run(library, decoders)
    monkeypatch.setattr(video, "is_available", lambda: False)
    settled(write_video(folder / "new.mp4", ["blue"]))
    (folder / "photo.jpg").write_bytes(jpeg("red"))
    known.rename(folder / "moved.mp4")
    last = run(library, decoders)
    assert (last.videos_left_out, last.failed, last.missing) == (1, (), 1)
    shown = names(library, load_table(library.catalog).ids)
    assert sorted(shown) == ["moved.mp4", "photo.jpg"]
    monkeypatch.undo()
    last = run(library, decoders)
    assert (last.videos_left_out, last.added) == (0, 1)


def test_what_failed_for_want_of_the_extra_is_tried_again(
    library: Library, folder: Path, decoders: Decoders
) -> None:
    path = settled(write_video(folder / "x.mp4", ["red"]))
    state = path.stat()
    refused = UnreadableFile(bytes(path), 1, state.st_size, state.st_mtime_ns, video.NEEDS_EXTRA)
    record_batch(library.catalog, [], [refused])
    run(library, decoders)
    assert failures(library.catalog) == []
    assert len(load_table(library.catalog)) == 1


@pytest.mark.parametrize(
    ("tags", "taken"),
    [
        ({"creation_time": "2023-07-14T13:30:12.000000Z"}, (JULY - 7200, 0)),
        ({"com.apple.quicktime.creationdate": "2023-07-14T15:30:12+0200"}, (JULY, 120)),
        ({"creation_time": "1904-01-01T00:00:00.000000Z"}, (None, None)),
        ({"creation_time": "1970-01-01T00:00:00.000000Z"}, (None, None)),
        ({"creation_time": "yesterday"}, (None, None)),
        ({}, (None, None)),
    ],
)
def test_dates_of_videos(
    tags: dict[str, str], taken: tuple[float | None, int | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    found = video_metadata.read(tags)
    assert (found.taken_at, found.taken_offset) == taken


def test_utc_is_told_in_this_computers_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0")
    time.tzset()
    try:
        found = video_metadata.read({"creation_time": "2023-07-14T13:30:12.000000Z"})
        assert (found.taken_at, found.taken_offset) == (JULY, 120)
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("+48.8577+002.2950/", (48.8577, 2.295)),
        ("-33.8568+151.2153+010.0/", (-33.8568, 151.2153)),
        ("+00.0000+000.0000/", (None, None)),
        ("+98.0+002.0/", (None, None)),
        ("nowhere", (None, None)),
    ],
)
def test_places_of_videos(text: str, place: tuple[float | None, float | None]) -> None:
    found = video_metadata.read({"location": text})
    assert (found.latitude, found.longitude) == place


def test_originals_are_not_touched(library: Library, folder: Path, decoders: Decoders) -> None:
    path = settled(write_video(folder / "x.mp4", ["red"]))
    before = path.read_bytes(), path.stat().st_mtime_ns
    path.chmod(0o444)
    run(library, decoders)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_of_an_unchanged_video_only_what_is_said_is_read(tmp_path: Path) -> None:
    path = settled(write_video(tmp_path / "x.mov", ["red"], tags=TAGS))
    first = prepare(Task(bytes(path), SPEC))
    assert isinstance(first, Prepared)
    again = prepare(Task(bytes(path), SPEC, b"k" * 16, unchanged=(first.size, first.mtime_ns)))
    assert isinstance(again, Prepared)
    assert (again.hash, again.picture) == (b"k" * 16, None)
    assert again.said == first.said
