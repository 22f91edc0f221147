"""The nearest vectors among very many: exact for small stores, a graph (hnswlib) proposes candidates above.

The graph holds the vectors in the 128 directions in which they vary most, which makes it four times smaller
and quicker to build; its candidates are ranked again by their whole vectors, so cosines are exact. Its file
is disposable: anything stale or damaged is built again from the store, while exact search serves.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import xxhash
from numpy.typing import NDArray

from photoclip.library.cosines import Half, Rows, cosines, cosines_of
from photoclip.library.polite import PoliteThread
from photoclip.library.projection import Projection
from photoclip.library.vectors import VectorStore

EXACT_BELOW = 20_000
DIRECTIONS = 128
# Measured on 100,000 vectors of 512 with the covariance of CLIP's: 60 s to build on one core, 5 ms a query,
# recall@50 of 0.99. With M=16 recall stays below 0.98 however far it searches.
LINKS, BUILD_EFFORT, SEARCH_EFFORT, CANDIDATES = 24, 150, 1000, 800
_CHUNK = 64
"""Rows added between two searches; about 40 ms."""
_SAVE_AFTER = 0.02
"""The file is written again when the graph has grown by this share."""
_VERSION = 1

Vector = NDArray[np.float32]


@dataclass
class _Graph:
    """hnswlib's index over the first `count` rows of the store."""

    index: Any
    projection: Projection
    count: int


class Neighbours:
    """Nearest vectors of a store. Thread-safe; `update` may run while others search."""

    def __init__(self, store: VectorStore, *, exact_below: int = EXACT_BELOW) -> None:
        self._store = store
        self._exact_below = exact_below
        base = store.rows_path.with_suffix("")
        self.graph_path = base.with_name(base.name + ".graph")
        self.facts_path = base.with_name(base.name + ".graph.npz")
        self._graph: _Graph | None = None
        self._lock = threading.Lock()  # hnswlib must not grow while it searches
        self._updating = threading.Lock()
        self._closed = threading.Event()
        self._thread = PoliteThread("photoclip-neighbours", self.update)
        self._saved = 0

    @property
    def indexed(self) -> int:
        """Rows the graph covers; 0 while exact search serves alone."""
        graph = self._graph
        return graph.count if graph is not None else 0

    def nearest(self, vector: Vector, k: int) -> tuple[Rows, Vector]:
        """The `k` nearest rows, best first, and their cosines: int64 [k], float32 [k]; fewer if it has fewer.

        Above `exact_below` rows the first call starts a thread that loads or builds the graph.
        """
        matrix = self._store.matrix()
        graph = self._graph
        if len(matrix) >= self._exact_below and (
            graph is None or len(matrix) - graph.count > self._exact_below
        ):
            self.update_soon()
        rows = self._candidates(graph, matrix, np.asarray(vector, np.float32), k)
        if rows is None:
            return _best(np.arange(len(matrix)), cosines(matrix, vector[None])[:, 0], k)
        return _best(rows, cosines_of(matrix, rows, vector[None])[:, 0], k)

    def update(self) -> None:
        """Load or build the graph, add new rows, save it. Long for a large store; ends early when closed."""
        with self._updating:
            self._store.refresh()
            keys, matrix = self._store.snapshot()
            if len(matrix) < self._exact_below or self._closed.is_set():
                return
            graph = self._graph or self._load(keys) or self._empty(matrix)
            self._grow(graph, matrix)
            if not self._closed.is_set():
                self._graph = graph
            if graph.count - self._saved > _SAVE_AFTER * self._saved:
                self._save(graph, keys)

    def update_soon(self) -> None:
        """`update` in a thread of its own, unless one is at it."""
        if not (self._updating.locked() or self._closed.is_set()):
            self._thread.start()

    def close(self) -> None:
        """Stop and join; a graph half built is built anew next time."""
        self._closed.set()
        self._thread.join()
        self._graph = None

    def _candidates(self, graph: _Graph | None, matrix: Half, vector: Vector, k: int) -> Rows | None:
        """Rows among which the nearest are, or None: all."""
        if graph is None or graph.count > len(matrix):
            return None
        wanted = min(graph.count, max(CANDIDATES, 4 * k))
        if wanted > graph.count // 4:
            return None
        with self._lock:
            graph.index.set_ef(max(SEARCH_EFFORT, wanted))
            try:
                found, _ = graph.index.knn_query(graph.projection(vector[None]), k=wanted, num_threads=1)
            except RuntimeError:  # fewer than that many can be reached in this graph
                return None
        rows = np.sort(found[0].astype(np.int64))  # in the order of the file, which is read from
        return np.concatenate([rows, np.arange(graph.count, len(matrix))])

    def _empty(self, matrix: Half) -> _Graph:
        import hnswlib

        projection = Projection.of(matrix, DIRECTIONS)
        index = hnswlib.Index("l2", projection.basis.shape[1])
        index.init_index(_room(len(matrix)), M=LINKS, ef_construction=BUILD_EFFORT, random_seed=1)
        return _Graph(index, projection, 0)

    def _grow(self, graph: _Graph, matrix: Half) -> None:
        if graph.index.get_max_elements() < len(matrix):
            with self._lock:
                graph.index.resize_index(_room(len(matrix)))
        for start in range(graph.count, len(matrix), _CHUNK):
            if self._closed.is_set():
                return
            rows = np.arange(start, min(start + _CHUNK, len(matrix)))
            projected = graph.projection(np.asarray(matrix[rows[0] : rows[-1] + 1]))
            with self._lock:
                graph.index.add_items(projected, rows, num_threads=1)
                graph.count = int(rows[-1]) + 1

    def file_fits(self) -> bool | None:
        """Whether the graph's file is whole and of this store's rows; None where there is none."""
        if not (self.graph_path.exists() or self.facts_path.exists()):
            return None
        return self._stored(self._store.keys()) is not None

    def _stored(self, keys: NDArray[np.bytes_]) -> tuple[Projection, int] | None:
        """What is needed to load the graph's file, and the rows it covers, when it is whole and of these."""
        try:
            with np.load(io.BytesIO(self.facts_path.read_bytes())) as stored:
                facts = json.loads(str(stored["facts"]))
                projection = Projection(stored["mean"], stored["basis"])
            count = int(facts["count"])
            fits = (
                facts["version"] == _VERSION
                and count <= len(keys)
                and facts["keys"] == _digest(keys[:count])
                and facts["digest"] == _file_digest(self.graph_path)
            )
        except (OSError, ValueError, KeyError, EOFError, BadZipFile):
            return None
        return (projection, count) if fits else None

    def _load(self, keys: NDArray[np.bytes_]) -> _Graph | None:
        """The graph from its file, when that is whole and of these rows."""
        stored = self._stored(keys)
        if stored is None:
            return None
        import hnswlib

        projection, count = stored
        index = hnswlib.Index("l2", projection.basis.shape[1])
        try:
            index.load_index(os.fspath(self.graph_path), max_elements=_room(len(keys)))
        except RuntimeError:  # cut short by a full disk, which hnswlib does not notice when it writes
            return None
        self._saved = count
        return _Graph(index, projection, count)

    def _save(self, graph: _Graph, keys: NDArray[np.bytes_]) -> None:
        """Both files beside the old ones, then put in place: a digest tells a pair that does not belong."""
        with _replacing(self.graph_path) as part:
            with self._lock:
                graph.index.save_index(os.fspath(part))
            digest = _file_digest(part)
        facts = {
            "version": _VERSION,
            "count": graph.count,
            "digest": digest,
            "keys": _digest(keys[: graph.count]),
        }
        with _replacing(self.facts_path) as part, part.open("wb") as file:
            np.savez(file, facts=json.dumps(facts), mean=graph.projection.mean, basis=graph.projection.basis)
        self._saved = graph.count


def _best(rows: Rows, cosines: Vector, k: int) -> tuple[Rows, Vector]:
    if k < len(rows):
        chosen = np.argpartition(-cosines, k - 1)[:k] if k > 0 else np.empty(0, np.int64)
        rows, cosines = rows[chosen], cosines[chosen]
    order = np.lexsort((rows, -cosines))  # of equals, the first stored
    return rows[order], cosines[order]


def _room(count: int) -> int:
    return count + count // 4 + 1000


def _digest(keys: NDArray[np.bytes_]) -> str:
    return xxhash.xxh3_128_hexdigest(np.ascontiguousarray(keys).tobytes())


def _file_digest(path: Path) -> str:
    state = xxhash.xxh3_128()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            state.update(block)
    return state.hexdigest()


@contextlib.contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    part = path.with_name(f"{path.name}.{os.getpid()}.part")  # two processes may be at it
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
