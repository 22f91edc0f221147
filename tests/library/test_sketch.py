from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from photoclip.library import sketch as module
from photoclip.library.cosines import cosines, dots
from photoclip.library.sketch import Sketch
from photoclip.library.vectors import VectorStore
from tests.library.test_neighbours import DIM, keys, unit

COUNT, FROM = 3000, 500


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_ROWS_AT_A_TIME", 256)


@pytest.fixture
def store(tmp_path: Path) -> VectorStore:
    store = VectorStore(tmp_path, "m", DIM)
    store.append(keys(COUNT), unit(COUNT))
    return store


def assert_close(sketch: Sketch, store: VectorStore) -> None:
    asked = unit(5, seed=9)
    estimates = sketch.cosines(store.matrix(), asked)
    assert estimates is not None
    assert estimates == pytest.approx(cosines(store.matrix(), asked), abs=0.05)


def test_estimates_come_near(store: VectorStore) -> None:
    sketch = Sketch(store, sketched_from=FROM)
    sketch.update()
    assert_close(sketch, store)
    sketch.close()


def test_the_first_look_has_one_made(store: VectorStore, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = threading.Event()
    monkeypatch.setattr(store, "refresh", begun.set)
    sketch = Sketch(store, sketched_from=FROM)
    assert sketch.cosines(store.matrix(), unit(1)) is None
    assert begun.wait(30)
    sketch.update()  # waits for the one under way
    assert_close(sketch, store)
    sketch.close()


def test_few_vectors_need_none(store: VectorStore) -> None:
    sketch = Sketch(store, sketched_from=COUNT + 1)
    sketch.update()
    assert sketch.cosines(store.matrix(), unit(1)) is None


def test_rows_added_later_are_exact_until_they_are_drawn(store: VectorStore) -> None:
    sketch = Sketch(store, sketched_from=FROM)
    sketch.update()
    held = store.matrix()
    store.append(keys(300, first=COUNT), unit(300, seed=4))
    assert_close(sketch, store)
    found = sketch.cosines(held, unit(1))  # a search under way knows the older rows only
    assert found is None or len(found) == COUNT
    sketch.update()
    assert_close(sketch, store)
    store.append(keys(4 * COUNT, first=2 * COUNT), unit(4 * COUNT, seed=5))
    assert sketch.cosines(store.matrix(), unit(1)) is None  # too many to be compared beside it
    sketch.update()
    assert_close(sketch, store)
    sketch.close()


def test_a_store_that_began_anew_is_drawn_anew(store: VectorStore) -> None:
    sketch = Sketch(store, sketched_from=FROM)
    sketch.update()
    store.keep(np.arange(COUNT) % 2 == 0)
    assert sketch.cosines(store.matrix(), unit(1)) is None
    sketch.update()
    assert_close(sketch, store)
    sketch.close()


@pytest.mark.parametrize("damage", [np.nan, np.inf, 6e4])
def test_a_damaged_vector_spoils_no_others(store: VectorStore, damage: float) -> None:
    damaged = unit(1).astype(np.float32)
    damaged[:] = damage
    store.append([b"d" * 16], damaged)
    store.append(keys(10, first=COUNT), unit(10, seed=6))
    sketch = Sketch(store, sketched_from=FROM)
    sketch.update()
    estimates = sketch.cosines(store.matrix(), unit(1, seed=9))
    assert estimates is not None
    sound = np.arange(len(store)) != COUNT
    assert estimates[sound] == pytest.approx(cosines(store.matrix(), unit(1, seed=9))[sound], abs=0.1)
    sketch.close()


def test_what_was_asked_for_just_before_is_not_estimated_again(
    store: VectorStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    sketch = Sketch(store, sketched_from=FROM)
    sketch.update()
    asked: list[int] = []

    def counted(rows: np.ndarray, vectors: np.ndarray) -> np.ndarray:
        asked.append(len(vectors))
        return dots(rows, vectors)

    monkeypatch.setattr(module, "dots", counted)
    one, other, generic = unit(3, seed=9).astype(np.float32)
    first = sketch.cosines(store.matrix(), np.stack([one, generic]))
    second = sketch.cosines(store.matrix(), np.stack([generic, other, other]))
    again = sketch.cosines(store.matrix(), np.stack([other, generic]))
    third = sketch.cosines(store.matrix(), np.stack([one, generic]))
    assert first is not None
    assert second is not None
    assert again is not None
    assert third is not None
    assert asked == [2, 2, 0, 1]
    assert third == pytest.approx(first, abs=1e-3)
    assert np.array_equal(second[:, 0], first[:, 1])
    assert np.array_equal(again, second[:, [1, 0]])
    store.append(keys(300, first=COUNT), unit(300, seed=4))
    sketch.update()
    assert_close(sketch, store)
    sketch.close()
