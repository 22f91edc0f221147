from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from photoclip.library import first_look
from photoclip.library.search import SearchEngine
from tests.library.fakes import COLOURS
from tests.library.search_helpers import Shelf

COPIES, COMPARED = 40, 30


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    shelf = Shelf(tmp_path_factory.mktemp("shelf"))
    names = [f"{colour}-{number}.jpg" for number in range(COPIES) for colour in COLOURS]
    shelf.add(names)
    shelf.taken({name: 86_400.0 * at for at, name in enumerate(names)})
    yield shelf
    shelf.library.close()


@pytest.fixture
def engine(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> Iterator[SearchEngine]:
    """One that looks at sketches first, and has them."""
    monkeypatch.setattr(first_look, "COMPARED", COMPARED)
    engine = SearchEngine(shelf.library, shelf.encoder, sketched_from=50)
    engine._sketch.update()
    yield engine
    engine.close()


@pytest.fixture
def exact(shelf: Shelf) -> Iterator[SearchEngine]:
    engine = SearchEngine(shelf.library, shelf.encoder)
    yield engine
    engine.close()


@pytest.mark.parametrize("text", ["red", "red -blue", "green date:1970-02..1970-09", "-red", "red OR blue"])
def test_the_best_are_those_of_exact_search(engine: SearchEngine, exact: SearchEngine, text: str) -> None:
    found, expected = engine.search(text), exact.search(text)
    assert found.further > 0
    assert len(found) + found.further == len(expected)
    assert found.pending == expected.pending == 0
    best = min(COMPARED // 2, len(found))
    near = 5e-3  # copies of a colour are so alike that which of them are compared exactly is a toss-up
    assert found.scores[:best] == pytest.approx(expected.scores[:best], abs=near)
    assert found.cosines[:best] == pytest.approx(expected.cosines[:best], abs=near, nan_ok=True)
    assert (np.diff(found.scores) <= 0).all()


def test_all_that_are_likely_right_are_listed(engine: SearchEngine, exact: SearchEngine) -> None:
    """More than are compared exactly."""
    found, expected = engine.search("red OR blue OR white"), exact.search("red OR blue OR white")
    assert expected.confident > COMPARED
    assert found.confident == pytest.approx(expected.confident, rel=0.1)


def test_few_candidates_are_all_compared(engine: SearchEngine, exact: SearchEngine) -> None:
    text = "red date:1970-01"
    found, expected = engine.search(text), exact.search(text)
    assert 0 < len(found) <= 2 * COMPARED
    assert found.ids.tolist() == expected.ids.tolist()
    assert found.further == 0


def test_the_first_of_them_know_how_many_more_there_are(engine: SearchEngine) -> None:
    found = engine.search("red")
    assert found.first(5).further == found.further + len(found) - 5
