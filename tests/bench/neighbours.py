"""The nearest of 100,000 made-up vectors (see vectors_generator): how fast, and how many are missed."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from photoclip.library.neighbours import Neighbours
from photoclip.library.vectors import VectorStore
from tests.bench.report import Row, at_least, at_most
from tests.bench.vectors_generator import Floats, vectors

COUNT = 100_000
QUERIES = 200
WANTED = 50


def measure(runs: int) -> list[Row]:
    rows, queries = vectors(COUNT), vectors(QUERIES, seed=1)
    with tempfile.TemporaryDirectory(prefix="photoclip-bench-") as name:
        store = VectorStore(Path(name), "bench", rows.shape[1])
        store.append([number.to_bytes(16, "big") for number in range(1, COUNT + 1)], rows)
        neighbours = Neighbours(store)
        start = time.perf_counter()
        neighbours.update()
        built = time.perf_counter() - start
        rounds = [_ask(neighbours, queries) for _ in range(runs + 1)][1:]
        neighbours.close()
    recall = _recall(rows, queries, rounds[-1][1])
    what = f"{WANTED} nearest among {COUNT:,} vectors of {rows.shape[1]}"
    return [
        at_most(
            f"{what}, median of {QUERIES} queries", 1000 * statistics.median(t for t, _ in rounds), "ms", 10
        ),
        at_least(f"recall@{WANTED} of the same", recall, "", 0.98),
        Row("building that index, once", built, "s"),
    ]


def _ask(neighbours: Neighbours, queries: Floats) -> tuple[float, list[np.ndarray]]:
    """The median seconds a query takes, and the rows found for each."""
    seconds, found = [], []
    for query in queries:
        start = time.perf_counter()
        rows, _cosines = neighbours.nearest(query, WANTED)
        seconds.append(time.perf_counter() - start)
        found.append(rows)
    return statistics.median(seconds), found


def _recall(rows: Floats, queries: Floats, found: list[np.ndarray]) -> float:
    """The share of the truly nearest that were found."""
    cosines = queries @ rows.T  # [Q, N]
    exact = np.argpartition(-cosines, WANTED, axis=1)[:, :WANTED]
    return float(np.mean([len(set(a) & set(b)) / WANTED for a, b in zip(exact, found, strict=True)]))
