"""Measures one large library in this process and prints the figures: run by tests.bench.large."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import psutil
from numpy.typing import NDArray

from photoclip.library.catalog.photos import load_table
from photoclip.library.cosines import cosines
from photoclip.library.library import Library
from photoclip.library.search import SearchEngine
from tests.bench.report import median
from tests.bench.synthetic import INFO
from tests.bench.vectors_generator import vectors

QUERIES, WANTED = 40, 50
SCREEN = 500
RANGE = "date:2022-01..2022-06 label:Beach"


class MadeUpTexts:
    """A text tower that takes no time: the number in a text chooses its vector."""

    info = INFO
    description = "made up"

    def __init__(self) -> None:
        self.known = vectors(4000, seed=1)
        self._places: dict[str, int] = {}

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self.known[[self._places.setdefault(text, len(self._places)) for text in texts]]

    def encode_pixels(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        raise NotImplementedError


def main() -> None:
    folder, runs = Path(sys.argv[1]), int(sys.argv[2])
    found: dict[str, float] = {}
    start = time.perf_counter()
    with Library.open(folder, create=False) as library:
        found["open"] = time.perf_counter() - start
        load_table(library.catalog, newest=SCREEN)
        found["first_screen"] = time.perf_counter() - start
        load_table(library.catalog)
        found["table"] = time.perf_counter() - start
        found |= _searches(library, runs)
    print(json.dumps(found))


def _searches(library: Library, runs: int) -> dict[str, float]:
    encoder = MadeUpTexts()
    engine = SearchEngine(library, encoder)
    before = psutil.Process().memory_info().rss
    vectors_read = _read_all(library)
    engine.search("once")  # what is kept for later searches is made, and a sketch begun
    engine._sketch.update()
    resident = (psutil.Process().memory_info().rss - before) / 1e9
    found = {
        "vectors_resident": resident,
        "meaning": _milliseconds(lambda number: engine.search(f"thing {number}"), runs),
        "filtered": _milliseconds(lambda _: engine.search(RANGE), runs),
        "meaning_filtered": _milliseconds(lambda number: engine.search(f"thing {number} {RANGE}"), runs),
    }
    exact = SearchEngine(library, encoder, sketched_from=len(library.vectors(INFO)) + 1)
    found["recall"] = float(np.mean([_recall(engine, exact, number) for number in range(QUERIES)]))
    assert vectors_read == len(library.vectors(INFO))
    exact.close()
    engine.close()
    return found


def _read_all(library: Library) -> int:
    """Every vector once, so that all that are mapped are resident."""
    return len(cosines(library.vectors(INFO).matrix(), vectors(1)))


def _milliseconds(search: Callable[[int], object], runs: int) -> float:
    """The median of the medians of ten different queries."""
    numbers = iter(range(100_000))

    def once() -> float:
        start = time.perf_counter()
        for _ in range(10):
            search(next(numbers) % 1000)
        return (time.perf_counter() - start) * 100

    return median(once, runs)


def _recall(engine: SearchEngine, exact: SearchEngine, number: int) -> float:
    """The share of the first photos of a search without sketches that are among the first found."""
    found, expected = (each.search(f"thing {number}").ids[:WANTED] for each in (engine, exact))
    return float(np.isin(expected, found).mean())


if __name__ == "__main__":
    main()
