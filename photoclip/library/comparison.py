"""What two models find for the same query, side by side."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from photoclip.errors import PhotoClipError
from photoclip.library.encoder import Encoder
from photoclip.library.engines import Engines, KeptEngine
from photoclip.library.models import LibraryModels, Reading
from photoclip.library.search import Results, SearchEngine


@dataclass(frozen=True)
class Side:
    """What one model finds, best first. `elsewhere`: each photo's rank with the other model, 0 for none."""

    reading: Reading
    found: Results
    elsewhere: NDArray[np.int64]  # [N]


class Comparison:
    """Compares two models of a library, query after query; the other one's engine is kept. Thread-safe."""

    def __init__(self, models: LibraryModels, serving: Callable[[], SearchEngine]) -> None:
        """`serving` gives the engine of the model that serves; it is not closed here."""
        self._models = models
        self._serving = serving
        self._other = KeptEngine(models.library)

    def look(self, query: str) -> tuple[Side, Side]:
        """The model that serves, and the one that is coming or else the one that served before.

        Raises PhotoClipError where only one model has read photos of this library, QueryError, ModelError.
        """
        first, second = self._pair()
        readings = [self._models.known_to(model.info) for model in (first, second)]
        for reading in readings:
            if not reading.known:
                raise PhotoClipError(
                    f"{reading.model} has read no photos of this library yet; photoclip index does it."
                )
        one, other = self._serving().search(query), self._other.of(second).search(query)
        return Side(readings[0], one, _ranks(one, other)), Side(readings[1], other, _ranks(other, one))

    def close(self) -> None:
        """Closes what is kept."""
        self._other.close()

    def _pair(self) -> tuple[Encoder, Encoder]:
        first = self._models.serving
        second = self._models.coming or self._models.previous()
        if second is None:
            raise PhotoClipError(
                f"Only {first.info.name} has read the photos of this library; choose another model with"
                " photoclip models use NAME, and photoclip index lets it read them."
            )
        return first, second


def compare(models: LibraryModels, query: str) -> tuple[Side, Side]:
    """`Comparison.look`, once."""
    with closing(Engines(models)) as engines, closing(Comparison(models, engines.current)) as comparison:
        return comparison.look(query)


def _ranks(found: Results, other: Results) -> NDArray[np.int64]:
    """The rank in `other` of each photo of `found`, from 1; 0 where it is not there."""
    order = np.argsort(other.ids)
    places = np.searchsorted(other.ids, found.ids, sorter=order).clip(max=max(0, len(order) - 1))
    if not len(order):
        return np.zeros(len(found.ids), np.int64)
    ranks = order[places] + 1
    return np.where(other.ids[order[places]] == found.ids, ranks, 0).astype(np.int64)
