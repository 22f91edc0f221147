from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from photoclip.library.neighbours import Neighbours
from photoclip.library.vectors import VectorStore

DIM, COUNT, SMALL = 32, 6000, 3000


def unit(count: int, seed: int = 0) -> NDArray[np.float32]:
    """Vectors that vary more in some directions than in others, as real ones do."""
    drawn = np.random.default_rng(seed).standard_normal((count, DIM)) * np.linspace(1, 0.2, DIM) + 0.5
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


def keys(count: int, first: int = 0) -> list[bytes]:
    return [number.to_bytes(16, "big") for number in range(first, first + count)]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store of 6,000 vectors and its graph."""
    folder = tmp_path_factory.mktemp("built")
    store = VectorStore(folder, "m", DIM)
    store.append(keys(COUNT), unit(COUNT))
    neighbours = Neighbours(store, exact_below=SMALL)
    neighbours.update()
    assert neighbours.indexed == COUNT
    neighbours.close()
    return folder


@pytest.fixture
def folder(built: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    for path in built.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def opened(folder: Path) -> Neighbours:
    return Neighbours(VectorStore(folder, "m", DIM), exact_below=SMALL)


def exact(matrix: NDArray[np.float32], vector: NDArray[np.float32], k: int) -> set[int]:
    return set(np.argsort(-(matrix @ vector))[:k].tolist())


def assert_finds(neighbours: Neighbours, matrix: NDArray[np.float32]) -> None:
    recall = []
    for query in unit(30, seed=9):
        rows, cosines = neighbours.nearest(query, 50)
        assert np.allclose(cosines, matrix[rows] @ query, atol=5e-4)
        assert (np.diff(cosines) <= 0).all()
        recall.append(len(exact(matrix, query, 50) & set(rows.tolist())) / 50)
    assert np.mean(recall) >= 0.98


def test_small_stores_are_exact(tmp_path: Path) -> None:
    store = VectorStore(tmp_path, "m", DIM)
    neighbours = Neighbours(store)
    assert neighbours.nearest(unit(1)[0], 5)[0].tolist() == []
    store.append(keys(100), unit(100))
    rows, cosines = neighbours.nearest(unit(100)[7], 10)
    assert rows[0] == 7
    assert cosines[0] == pytest.approx(1, abs=1e-3)
    assert set(rows.tolist()) == exact(unit(100), unit(100)[7], 10)
    assert len(neighbours.nearest(unit(1)[0], 1000)[0]) == 100
    assert len(neighbours.nearest(unit(1)[0], 0)[0]) == 0


def test_the_graph_finds_what_exact_search_finds(folder: Path) -> None:
    neighbours = opened(folder)
    neighbours.update()
    assert neighbours.indexed == COUNT
    assert_finds(neighbours, unit(COUNT))
    neighbours.close()


def test_it_serves_exactly_while_the_graph_is_made(tmp_path: Path) -> None:
    store = VectorStore(tmp_path, "m", DIM)
    store.append(keys(COUNT), unit(COUNT))
    neighbours = Neighbours(store, exact_below=SMALL)
    rows, _ = neighbours.nearest(unit(COUNT)[3], 20)
    assert set(rows.tolist()) == exact(unit(COUNT), unit(COUNT)[3], 20)
    thread = neighbours._thread
    assert thread is not None
    thread.join(60)
    assert neighbours.indexed == COUNT
    neighbours.close()


def test_a_stored_graph_is_not_built_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    neighbours = opened(folder)
    monkeypatch.setattr(neighbours, "_empty", lambda matrix: pytest.fail("built again"))
    neighbours.update()
    assert neighbours.indexed == COUNT
    neighbours.close()


def test_new_rows_are_found_at_once_and_added_later(folder: Path) -> None:
    neighbours = opened(folder)
    neighbours.update()
    extra = unit(200, seed=4)
    neighbours._store.append(keys(200, COUNT), extra)
    assert neighbours.nearest(extra[5], 1)[0].tolist() == [COUNT + 5]
    assert neighbours.indexed == COUNT
    neighbours.update()
    assert neighbours.indexed == COUNT + 200
    assert_finds(neighbours, np.concatenate([unit(COUNT), extra]))
    neighbours.close()
    again = opened(folder)
    again.update()
    assert again.indexed == COUNT + 200
    again.close()


@pytest.mark.parametrize("damage", ["graph", "facts", "no graph", "other rows", "torn"])
def test_a_damaged_or_stale_graph_is_built_again(folder: Path, damage: str) -> None:
    neighbours = opened(folder)
    graph, facts = neighbours.graph_path, neighbours.facts_path
    if damage == "graph":
        data = bytearray(graph.read_bytes())
        data[len(data) // 2] ^= 0xFF
        graph.write_bytes(data)
    elif damage == "facts":
        facts.write_bytes(facts.read_bytes()[:200])
    elif damage == "no graph":
        graph.unlink()
    elif damage == "torn":
        os.truncate(graph, graph.stat().st_size // 2)
    else:
        for path in folder.glob("m.[kv]e*"):
            path.unlink()
        neighbours = opened(folder)
        neighbours._store.append(keys(COUNT, 50_000), unit(COUNT, seed=3))
    neighbours.update()
    matrix = unit(COUNT, seed=3) if damage == "other rows" else unit(COUNT)
    assert neighbours.indexed == COUNT
    assert_finds(neighbours, matrix)
    neighbours.close()
    assert not list(folder.glob("*.part"))


def test_searching_while_rows_are_added(folder: Path) -> None:
    neighbours = opened(folder)
    neighbours.update()
    neighbours._store.append(keys(1500, COUNT), unit(1500, seed=4))
    adding = threading.Thread(target=neighbours.update)
    adding.start()
    found = 0
    while adding.is_alive():
        rows, _ = neighbours.nearest(unit(COUNT)[found % COUNT], 5)
        assert rows[0] == found % COUNT
        found += 1
    adding.join()
    assert found > 0
    assert neighbours.indexed == COUNT + 1500
    neighbours.close()


def test_closing_in_the_middle_of_building(tmp_path: Path) -> None:
    store = VectorStore(tmp_path, "m", DIM)
    store.append(keys(30_000), unit(30_000))
    neighbours = Neighbours(store, exact_below=SMALL)
    neighbours.update_soon()
    neighbours.close()
    assert neighbours.indexed == 0
    assert not neighbours.facts_path.exists()


def test_hnswlib_is_imported_when_it_is_needed() -> None:
    code = "import sys, photoclip.library.neighbours; print('hnswlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
