"""Searching a small library with a model that knows colours."""

from __future__ import annotations

import calendar
import hashlib
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from PIL import Image

from photoclip.errors import PhotoClipError, QueryError
from photoclip.library.catalog.albums import add_to_album, create_album
from photoclip.library.catalog.folders import remove_folder
from photoclip.library.catalog.indexing import mark_missing
from photoclip.library.catalog.labels import add_label, label_photos
from photoclip.library.query_vectors import VectorCache
from photoclip.library.search import SearchCancelled, SearchEngine
from photoclip.library.snapshot import find_rows
from tests.library.fakes import COLOURS, FAKE_INFO
from tests.library.search_helpers import Shelf

NAMES = ["red-1.jpg", "red-2.jpg", "green-1.jpg", "trip/blue-1.jpg", "trip/Rome/blue-2.jpg", "white-1.jpg"]
TODAY = date(2024, 1, 17)


@pytest.fixture
def engine(shelf: Shelf) -> Iterator[SearchEngine]:
    shelf.add(NAMES)
    engine = SearchEngine(shelf.library, shelf.encoder, today=lambda: TODAY)
    yield engine
    engine.close()


def test_words_rank_by_meaning(shelf: Shelf, engine: SearchEngine) -> None:
    found = engine.search("red")
    assert set(shelf.names(found)[:2]) == {"red-1.jpg", "red-2.jpg"}
    assert len(found) == len(NAMES)
    assert found.ids.dtype == np.int64
    assert (np.diff(found.scores) <= 0).all()
    assert found.cosines[:2].min() > 0.9 > found.cosines[2:].max()
    assert found.confident == 2
    assert (found.model, found.query, found.pending) == ("fake", "red", 0)


def test_nothing_typed_lists_all_newest_first_without_asking_the_model(
    shelf: Shelf, engine: SearchEngine
) -> None:
    shelf.taken({"green-1.jpg": 3e9, "white-1.jpg": 2e9})
    engine = SearchEngine(shelf.library, shelf.encoder)
    found = engine.search(" ")
    assert shelf.names(found)[:2] == ["green-1.jpg", "white-1.jpg"]
    assert found.confident == len(found) == len(NAMES)
    assert np.isnan(found.cosines).all()
    assert shelf.encoder.calls == []


def test_exclusions_sink(shelf: Shelf, engine: SearchEngine) -> None:
    found = engine.search("-red")
    assert set(shelf.names(found)[-2:]) == {"red-1.jpg", "red-2.jpg"}
    assert (found.scores[-2:] < 0.5).all()
    both = engine.search("blue -red")
    assert set(shelf.names(both)[:2]) == {"blue-1.jpg", "blue-2.jpg"}


def test_filters(shelf: Shelf, engine: SearchEngine) -> None:
    red, blue = shelf.id_of("red-1.jpg"), shelf.id_of("trip/blue-1.jpg")
    label = add_label(shelf.catalog, "Warm things").created
    album = create_album(shelf.catalog, "Rome").created
    assert label is not None
    assert album is not None
    label_photos(shelf.catalog, label, [red])
    add_to_album(shelf.catalog, album, [blue, red])
    assert shelf.names(engine.search('label:"warm things"')) == ["red-1.jpg"]
    assert set(shelf.names(engine.search("album:rome"))) == {"red-1.jpg", "blue-1.jpg"}
    assert "red-1.jpg" not in shelf.names(engine.search('-label:"Warm things"'))
    assert shelf.names(engine.search("blue album:Rome"))[0] == "blue-1.jpg"
    assert shelf.names(engine.search('album:Rome -label:"Warm things"')) == ["blue-1.jpg"]


def test_folder_filter_knows_names_and_paths(shelf: Shelf, engine: SearchEngine) -> None:
    assert set(shelf.names(engine.search("folder:trip"))) == {"blue-1.jpg", "blue-2.jpg"}
    assert shelf.names(engine.search("folder:TRIP/rome")) == ["blue-2.jpg"]
    assert shelf.names(engine.search(f'folder:"{shelf.photos}/trip/Rome"')) == ["blue-2.jpg"]
    assert shelf.names(engine.search("folder:tri")) == []
    assert len(engine.search("-folder:trip")) == 4


def test_date_filter(shelf: Shelf) -> None:
    shelf.add(NAMES)
    shelf.taken(
        {
            "red-1.jpg": calendar.timegm((2023, 7, 1, 0, 0, 0)),
            "red-2.jpg": calendar.timegm((2023, 8, 31, 23, 59, 59)),
            "green-1.jpg": calendar.timegm((2023, 9, 1, 0, 0, 0)),
            "white-1.jpg": calendar.timegm((2024, 1, 16, 12, 0, 0)),
        }
    )
    engine = SearchEngine(shelf.library, shelf.encoder, today=lambda: TODAY)
    assert set(shelf.names(engine.search("date:2023-07..2023-08"))) == {"red-1.jpg", "red-2.jpg"}
    assert set(shelf.names(engine.search('date:"last summer"'))) == {"red-1.jpg", "red-2.jpg"}
    assert shelf.names(engine.search("date:yesterday")) == ["white-1.jpg"]
    assert shelf.names(engine.search("date:2023-09-01")) == ["green-1.jpg"]
    assert len(engine.search("-date:2023")) == 3


def test_exact_words_match_files_labels_and_albums(shelf: Shelf, engine: SearchEngine) -> None:
    label = add_label(shelf.catalog, "Holiday").created
    assert label is not None
    label_photos(shelf.catalog, label, [shelf.id_of("green-1.jpg")])
    create_album(shelf.catalog, "Our holidays", [shelf.id_of("red-2.jpg")])
    assert set(shelf.names(engine.search('"holiday"'))) == {"green-1.jpg", "red-2.jpg"}
    assert shelf.names(engine.search('"WHITE-1"')) == ["white-1.jpg"]


@pytest.mark.parametrize(("query", "position"), [("snow label:Nope", 5), ("album:Nope", 0), ("date:x", 5)])
def test_a_wrong_query_says_where(engine: SearchEngine, query: str, position: int) -> None:
    with pytest.raises(QueryError) as caught:
        engine.search(query)
    assert caught.value.position == position


def test_within_limits_the_search(shelf: Shelf, engine: SearchEngine) -> None:
    within = np.array([shelf.id_of("green-1.jpg"), shelf.id_of("white-1.jpg"), 999], np.int64)
    assert shelf.names(engine.search("green", within=within)) == ["green-1.jpg", "white-1.jpg"]
    everywhere = engine.search("green")
    alone = dict(zip(shelf.names(everywhere), everywhere.scores.tolist(), strict=True))
    assert engine.search("green", within=within).scores[0] == pytest.approx(alone["green-1.jpg"], rel=1e-4)


def test_a_photo_is_not_like_itself(shelf: Shelf, engine: SearchEngine) -> None:
    found = engine.similar([shelf.id_of("red-1.jpg")], limit=3)
    assert shelf.names(found)[0] == "red-2.jpg"
    assert "red-1.jpg" not in shelf.names(found)
    assert len(found) == 3


def test_the_few_most_similar_are_the_same_by_either_way(shelf: Shelf) -> None:
    random = np.random.default_rng(0)
    names = [f"{colour}-{number}.jpg" for number in range(60) for colour in COLOURS]
    shelf.add(names, embedded=False)
    keys = [hashlib.md5(name.encode()).digest() for name in names]
    vectors = random.normal(size=(len(names), 16)).astype(np.float32)
    shelf.library.vectors(FAKE_INFO).append(keys, vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    mark_missing(shelf.catalog, [1, 5, 9])
    exact = SearchEngine(shelf.library, shelf.encoder)
    quick = SearchEngine(shelf.library, shelf.encoder, exact_below=100)
    for photos in ([7], [3, 20], [40]):
        expected, found = exact.similar(photos, limit=12), quick.similar(photos, limit=12)
        assert found.ids.tolist() == expected.ids.tolist()
        assert found.scores == pytest.approx(expected.scores, abs=1e-5)
        assert not set(photos) & set(found.ids.tolist())
    exact.close()
    quick.close()


def test_several_photos_and_words_narrow(shelf: Shelf, engine: SearchEngine) -> None:
    pair = [shelf.id_of("red-1.jpg"), shelf.id_of("green-1.jpg")]
    assert shelf.names(engine.similar(pair))[0] == "red-2.jpg"
    narrowed = engine.similar([shelf.id_of("red-1.jpg")], words="blue -red")
    assert shelf.names(narrowed)[0].startswith("blue")
    assert (np.diff(narrowed.scores) <= 0).all()


def test_a_picture_from_outside(shelf: Shelf, engine: SearchEngine, tmp_path: Path) -> None:
    outside = tmp_path / "outside.png"
    Image.new("RGB", (60, 40), COLOURS["green"]).save(outside)
    found = engine.search("", images=[bytes(outside)])
    assert shelf.names(found)[0] == "green-1.jpg"
    assert found.confident >= 1
    asked = len(shelf.encoder.calls)
    engine.search("green", images=[bytes(outside)])
    assert [kind for kind, _ in shelf.encoder.calls[asked:]] == ["texts"]


@pytest.mark.parametrize("content", [None, b"", b"this is no picture"])
def test_an_unusable_picture_is_named(engine: SearchEngine, tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "bad.jpg"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(PhotoClipError, match=r"bad\.jpg"):
        engine.search("", images=[bytes(path)])


def test_what_is_not_embedded_is_pending(shelf: Shelf, engine: SearchEngine) -> None:
    shelf.add(["red-9.jpg"], embedded=False)
    found = engine.search("red")
    assert found.pending == 1
    assert "red-9.jpg" not in shelf.names(found)
    with pytest.raises(PhotoClipError, match="not indexed yet"):
        engine.similar([shelf.id_of("red-9.jpg")])
    shelf.embed(["red-9.jpg"])
    later = engine.search("red")
    assert later.pending == 0
    assert "red-9.jpg" in shelf.names(later)[:3]


@pytest.mark.parametrize("damage", [float("nan"), float("inf"), 6e4])
def test_a_damaged_vector_spoils_no_search(shelf: Shelf, engine: SearchEngine, damage: float) -> None:
    before = shelf.names(engine.search("red"))
    hurt = before[-1]
    rows_path = shelf.library.vectors(FAKE_INFO).rows_path
    keys = shelf.library.vectors(FAKE_INFO).keys().tolist()
    name = next(name for name in NAMES if Path(name).name == hurt)
    row = keys.index(hashlib.md5(name.encode()).digest())
    with rows_path.open("r+b") as file:  # on the disk, under an open library: it is mapped, not read
        file.seek(row * 2 * FAKE_INFO.dim)
        file.write(np.full(FAKE_INFO.dim, damage, np.float16).tobytes())
    for fresh in (engine, SearchEngine(shelf.library, shelf.encoder)):
        found = fresh.search("red -blue")
        assert sorted(shelf.names(found)) == sorted(before[:-1])
        assert found.pending == 1
        assert np.isfinite(found.scores).all()
        ids, scores = fresh.text_scores(["red"])
        assert len(ids) == len(scores) == len(before) - 1
        assert np.isfinite(fresh.similar([shelf.id_of("red-1.jpg")]).scores).all()
        with pytest.raises(PhotoClipError, match="not indexed yet"):
            fresh.similar([shelf.id_of(name)])
        fresh.close()


def test_missing_photos_and_removed_folders_are_not_found(shelf: Shelf, engine: SearchEngine) -> None:
    gone = shelf.catalog.query("SELECT id FROM file WHERE path = ?", (bytes(shelf.photos / "red-1.jpg"),))
    mark_missing(shelf.catalog, [gone[0]["id"]])
    assert "red-1.jpg" not in shelf.names(engine.search("red"))
    assert shelf.names(engine.similar([shelf.id_of("red-1.jpg")]))[0] == "red-2.jpg"  # by what it showed
    remove_folder(shelf.catalog, shelf.folder_id, keep_labels=True)
    assert len(engine.search("red")) == 0
    assert len(engine.search("")) == 0
    with pytest.raises(PhotoClipError, match="any more"):
        engine.similar([shelf.id_of("red-1.jpg")])


def test_an_empty_library_answers(shelf: Shelf) -> None:
    engine = SearchEngine(shelf.library, shelf.encoder)
    for query in ("", "red", "-red", "label"):
        found = engine.search(query)
        assert len(found) == found.confident == found.pending == 0


def test_words_are_encoded_once(shelf: Shelf, engine: SearchEngine) -> None:
    engine.search("red")
    asked = len(shelf.encoder.calls)
    engine.search("red")
    engine.search("red -red")
    assert len(shelf.encoder.calls) == asked


def test_a_cancelled_search_ends(engine: SearchEngine) -> None:
    with pytest.raises(SearchCancelled):
        engine.search("red", cancelled=lambda: True)


def test_searches_in_threads_agree(shelf: Shelf, engine: SearchEngine) -> None:
    expected = {colour: shelf.names(engine.search(colour)) for colour in COLOURS}
    wrong: list[str] = []

    def look(colour: str) -> None:
        fresh = SearchEngine(shelf.library, shelf.encoder) if colour == "red" else engine
        if shelf.names(fresh.search(colour)) != expected[colour]:
            wrong.append(colour)

    threads = [threading.Thread(target=look, args=(colour,)) for colour in COLOURS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@given(
    npst.arrays(np.uint8, st.tuples(st.integers(0, 12), st.just(16)), elements=st.integers(0, 2)),
    npst.arrays(np.uint8, st.tuples(st.integers(0, 12), st.just(16)), elements=st.integers(0, 2)),
    st.booleans(),
)
def test_rows_are_found_by_hash(keys: np.ndarray, wanted: np.ndarray, begin_alike: bool) -> None:
    if begin_alike:
        keys[:, :8] = wanted[:, :8] = 1
    stored = keys.copy().view("S16").reshape(-1)
    rows = find_rows(stored, wanted.copy().view("S16").reshape(-1))
    for hash_, row in zip(wanted, rows, strict=True):
        same = np.flatnonzero((keys == hash_).all(axis=1))
        assert row == (same[-1] if len(same) else -1)


def test_the_cache_forgets_the_oldest() -> None:
    asked: list[list[int]] = []

    def encode(keys: list[int]) -> np.ndarray:
        asked.append(keys)
        return np.array(keys, np.float32)[:, None]

    cache: VectorCache[int] = VectorCache(2)
    assert cache.get([1, 2, 1], encode)[:, 0].tolist() == [1, 2, 1]
    cache.get([1], encode)
    cache.get([3], encode)
    cache.get([1], encode)
    cache.get([2], encode)
    assert asked == [[1, 2], [3], [2]]
