"""Search engines that are kept for the next search: that of the model that serves, or of another."""

from __future__ import annotations

import threading

from photoclip.library.encoder import Encoder
from photoclip.library.library import Library
from photoclip.library.models import LibraryModels
from photoclip.library.search import SearchEngine
from photoclip.library.vectors import VectorStore


class KeptEngine:
    """The engine of the model that was asked for last; it has made what every search needs.

    Thread-safe. A search under way keeps the engine it has, also when that is closed.
    """

    def __init__(self, library: Library) -> None:
        self._library = library
        self._lock = threading.Lock()
        self._engine: SearchEngine | None = None
        self._store: VectorStore | None = None

    def of(self, model: Encoder) -> SearchEngine:
        """The engine of `model`: the same as before, unless its vectors were deleted meanwhile."""
        store = self._library.vectors(model.info)
        with self._lock:
            if self._engine is None or self._engine.encoder is not model or self._store is not store:
                self._close()
                self._engine, self._store = SearchEngine(self._library, model), store
            return self._engine

    def close(self) -> None:
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._engine is not None:
            self._engine.close()
            self._engine = self._store = None


class Engines:
    """The engine of the model that serves: another one after a switch. Thread-safe."""

    def __init__(self, models: LibraryModels) -> None:
        self._models = models
        self._kept = KeptEngine(models.library)

    def current(self) -> SearchEngine:
        """The engine to search with now; ask anew for each search. Raises ModelError."""
        return self._kept.of(self._models.serving)

    def close(self) -> None:
        self._kept.close()
