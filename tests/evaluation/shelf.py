"""The library as shipped, searched: the labelled pictures' vectors in a catalog without picture files."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from photoclip.library.encoder import Encoder
from photoclip.library.library import Library
from photoclip.library.search import SearchEngine
from tests.evaluation.pictures import Vectors
from tests.library.synthetic import fill


@dataclass(frozen=True)
class Answer:
    """What one search gave, in numbers of pictures."""

    ranked: NDArray[np.int64]  # [N], all, best first
    confident: NDArray[np.int64]  # the first of them

    def places(self) -> NDArray[np.float64]:
        """Scores [N] in the order of this ranking: a picture's place from the end."""
        places = np.empty(len(self.ranked))
        places[self.ranked] = np.arange(len(self.ranked), 0, -1)
        return places


class Shelf:
    """Answers what is typed."""

    def __init__(self, engine: SearchEngine, ids: NDArray[np.int64]) -> None:
        self._engine = engine
        self._ids = ids  # [N], ascending, of the pictures in turn

    def search(self, text: str) -> Answer:
        found = self._engine.search(text)
        ranked = np.searchsorted(self._ids, found.ids)
        return Answer(ranked, ranked[: found.confident])


@contextmanager
def shelf_of(vectors: Vectors, encoder: Encoder) -> Iterator[Shelf]:
    """A library of pictures with these unit vectors [N, D], for as long as it is used."""
    with (
        tempfile.TemporaryDirectory(prefix="photoclip-evaluation-") as folder,
        Library.open(Path(folder)) as library,
    ):
        fill(library.catalog, len(vectors))
        ids, hashes = library.catalog.columns(
            "SELECT photo.id, content.hash FROM photo JOIN content ON content.id = content_id"
            " ORDER BY photo.id"
        )
        library.vectors(encoder.info).append(hashes, vectors)
        engine = SearchEngine(library, encoder)
        try:
            yield Shelf(engine, np.array(ids))
        finally:
            engine.close()
