"""Searching with OR, groups and weights, in a small library with a model that knows colours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from PIL import Image

from photoclip.errors import PhotoClipError, QueryError
from photoclip.library import relevance
from photoclip.library.catalog.labels import add_label
from photoclip.library.catalog.tags import label_photos
from photoclip.library.meaning import mean_odds
from photoclip.library.search import SearchEngine
from tests.library.fakes import COLOURS
from tests.library.search_helpers import Shelf

NAMES = ["red-1.jpg", "red-2.jpg", "green-1.jpg", "trip/blue-1.jpg", "trip/blue-2.jpg", "white-1.jpg"]


@pytest.fixture
def engine(shelf: Shelf) -> Iterator[SearchEngine]:
    shelf.add(NAMES)
    label = add_label(shelf.catalog, "Kept").created
    assert label is not None
    label_photos(shelf.catalog, label, [shelf.id_of("white-1.jpg")])
    engine = SearchEngine(shelf.library, shelf.encoder)
    yield engine
    engine.close()


def scores(shelf: Shelf, engine: SearchEngine, text: str) -> dict[str, float]:
    found = engine.search(text)
    assert (np.diff(found.scores) <= 0).all()
    return dict(zip(shelf.names(found), found.scores.tolist(), strict=True))


def near(expected: dict[str, float]) -> object:
    """These scores, but for what another order of adding leaves of float32."""
    return pytest.approx(expected, rel=1e-4)


def odds(score: float) -> float:
    return float(np.log(score / (1 - score)))


def test_the_best_branch_counts(shelf: Shelf, engine: SearchEngine) -> None:
    red, blue = scores(shelf, engine, "red"), scores(shelf, engine, "blue")
    either = scores(shelf, engine, "red OR blue")
    assert either == near({name: max(red[name], blue[name]) for name in red})
    assert set(list(either)[:4]) == {"red-1.jpg", "red-2.jpg", "blue-1.jpg", "blue-2.jpg"}
    assert engine.search("red OR blue").confident == 4


def test_a_filter_that_is_met_is_certain(shelf: Shelf, engine: SearchEngine) -> None:
    red = scores(shelf, engine, "red")
    found = scores(shelf, engine, "label:Kept OR red")
    assert next(iter(found)) == "white-1.jpg"
    assert found == near({**red, "white-1.jpg": 1.0})


def test_a_branch_counts_where_its_filters_hold(shelf: Shelf, engine: SearchEngine) -> None:
    blue, green = scores(shelf, engine, "blue"), scores(shelf, engine, "green")
    found = scores(shelf, engine, "(folder:trip blue) OR (-folder:trip green)")
    assert found == near(
        {name: (blue if name.startswith("blue") else green)[name] for name in (Path(n).name for n in NAMES)}
    )
    assert set(scores(shelf, engine, "folder:trip (blue OR green)")) == {"blue-1.jpg", "blue-2.jpg"}
    assert list(scores(shelf, engine, "(label:Kept OR folder:trip) blue -red"))[-1] == "white-1.jpg"


def test_filters_alone_in_or_list_without_the_model(shelf: Shelf, engine: SearchEngine) -> None:
    found = engine.search("label:Kept OR folder:trip")
    assert set(shelf.names(found)) == {"white-1.jpg", "blue-1.jpg", "blue-2.jpg"}
    assert np.isnan(found.cosines).all()
    assert shelf.encoder.calls == []


def test_a_weight_multiplies_the_log_odds(shelf: Shelf, engine: SearchEngine) -> None:
    plain, heavy = scores(shelf, engine, "red"), scores(shelf, engine, "red^2")
    assert list(plain) == list(heavy)
    unsure = [name for name in plain if plain[name] < 0.9]  # a score near 1 has lost its odds
    assert unsure
    for name in unsure:
        assert odds(heavy[name]) == pytest.approx(2 * odds(plain[name]), rel=1e-3)
    assert scores(shelf, engine, "(red^4)^0.5") == heavy
    strong = shelf.names(engine.search("red^10"))
    assert strong == list(plain)  # certainty does not make ties


def test_weights_decide_between_meanings(shelf: Shelf, engine: SearchEngine) -> None:
    assert next(iter(scores(shelf, engine, "red^4 blue"))).startswith("red")
    assert next(iter(scores(shelf, engine, "red blue^4"))).startswith("blue")


def test_an_excluded_group_is_each_of_it_excluded(shelf: Shelf, engine: SearchEngine) -> None:
    assert scores(shelf, engine, "-(red OR green)") == near(scores(shelf, engine, "-red -green"))
    either = scores(shelf, engine, "blue -(red OR label:Kept)")
    assert "white-1.jpg" not in either
    assert either == near({n: s for n, s in scores(shelf, engine, "blue -red").items() if n != "white-1.jpg"})


@pytest.mark.parametrize(
    "text", ["red", "red -blue", "-red", "red -blue -green folder:trip", "-red -label:Kept"]
)
def test_a_tree_answers_as_a_list_does(shelf: Shelf, engine: SearchEngine, text: str) -> None:
    expected = engine.search(text)
    found = engine.search(f"({text}) OR ({text})")
    assert found.ids.tolist() == expected.ids.tolist()
    assert found.scores == pytest.approx(expected.scores, rel=1e-4)
    assert found.cosines == pytest.approx(expected.cosines, abs=1e-5, nan_ok=True)
    assert (found.confident, found.pending) == (expected.confident, expected.pending)


def test_pictures_join_a_tree(shelf: Shelf, engine: SearchEngine, tmp_path: Path) -> None:
    outside = tmp_path / "outside.png"
    Image.new("RGB", (60, 40), COLOURS["blue"]).save(outside)
    for text in ("blue^1.5 -green", "label:Kept OR folder:trip", "(red OR blue) -green"):
        found = engine.search(text, images=[bytes(outside)], photos=[shelf.id_of("trip/blue-1.jpg")])
        assert shelf.names(found)[0].startswith("blue")
        assert not np.isnan(found.cosines).any()
    similar = engine.similar([shelf.id_of("trip/blue-1.jpg")], words="green OR blue")
    assert shelf.names(similar)[0] == "blue-2.jpg"
    assert "blue-1.jpg" not in shelf.names(similar)


def test_a_photo_in_the_text_is_a_meaning(shelf: Shelf, engine: SearchEngine) -> None:
    alone = engine.search("", photos=[shelf.id_of("red-1.jpg")])
    found = engine.search("similar:RED-1")
    assert found.ids.tolist() == alone.ids.tolist()
    assert found.scores == pytest.approx(alone.scores, rel=1e-4)
    assert found.cosines == pytest.approx(alone.cosines, abs=1e-5)
    either = scores(shelf, engine, "similar:red-1.jpg OR similar:blue-1.jpg OR white")
    assert set(list(either)[:5]) == {"red-1.jpg", "red-2.jpg", "blue-1.jpg", "blue-2.jpg", "white-1.jpg"}
    assert shelf.names(engine.search("-similar:red-1.jpg"))[-1] == "red-1.jpg"
    with pytest.raises(QueryError, match="Did you mean red-") as caught:
        engine.search("snow similar:red-7.jpg")
    assert caught.value.position == 5
    shelf.add(["red-9.jpg"], embedded=False)
    with pytest.raises(PhotoClipError, match="not indexed yet"):
        engine.search("similar:red-9")


def test_what_is_not_indexed_is_pending_in_a_tree(shelf: Shelf, engine: SearchEngine) -> None:
    shelf.add(["red-9.jpg"], embedded=False)
    assert engine.search("red OR blue").pending == 1
    assert engine.search("folder:trip (red OR blue)").pending == 0


def test_an_empty_library_answers_a_tree(shelf: Shelf) -> None:
    engine = SearchEngine(shelf.library, shelf.encoder)
    for text in ("red OR blue", "red^2", "-(red blue)", "is:favourite OR red"):
        assert len(engine.search(text)) == 0
    engine.close()


ODDS = npst.arrays(np.float32, 7, elements=st.floats(-500, 500, width=32))


@settings(deadline=None)
@given(ODDS, ODDS, ODDS)
def test_evidence_together_is_a_mean(one: np.ndarray, other: np.ndarray, third: np.ndarray) -> None:
    assert mean_odds([one, other]) == pytest.approx(relevance.both(one, other), rel=1e-6)
    together = mean_odds([one, other, third])
    assert together == pytest.approx(mean_odds([third, one, other]), rel=1e-4, abs=1e-4)
    assert np.isfinite(together).all()
    lowest, highest = np.min([one, other, third], axis=0), np.max([one, other, third], axis=0)
    assert (lowest - 1e-3 <= together).all()
    assert (together <= highest + 1e-3).all()
