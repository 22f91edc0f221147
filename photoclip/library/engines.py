"""The search engine of the model that serves: another one after a switch."""

from __future__ import annotations

import threading

from photoclip.library.models import LibraryModels
from photoclip.library.search import SearchEngine


class Engines:
    """Thread-safe. A search under way keeps the engine it has, also when that is closed."""

    def __init__(self, models: LibraryModels) -> None:
        self._models = models
        self._lock = threading.Lock()
        self._engine: SearchEngine | None = None

    def current(self) -> SearchEngine:
        """The engine to search with now; ask anew for each search. Raises ModelError."""
        serving = self._models.serving
        with self._lock:
            if self._engine is None or self._engine.encoder is not serving:
                self._close()
                self._engine = SearchEngine(self._models.library, serving)
            return self._engine

    def close(self) -> None:
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._engine is not None:
            self._engine.close()
            self._engine = None
