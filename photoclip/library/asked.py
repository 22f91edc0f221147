"""What the background indexer is asked to do, until it comes to it."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from photoclip.library.courtesy import FEW

MOST_PATHS = 50_000
"""Paths that wait to be looked at; of more than these the folders are scanned instead."""


class Asked:
    """What is asked for: folders to scan (None: all), paths to look at. Thread-safe."""

    def __init__(self) -> None:
        self.condition = threading.Condition()
        self._folders: set[int] | None = set()
        self._paths: set[bytes] = set()

    @property
    def waiting(self) -> bool:
        return self._folders is None or bool(self._folders or self._paths)

    def scan(self, folder_ids: Iterable[int] | None) -> None:
        with self.condition:
            if folder_ids is None or self._folders is None:
                self._folders = None
            else:
                self._folders |= set(folder_ids)
            self.condition.notify_all()

    def look(self, paths: Iterable[bytes]) -> None:
        with self.condition:
            self._paths |= set(paths)
            if len(self._paths) > MOST_PATHS:
                self._folders = None
                self._paths.clear()
            self.condition.notify_all()

    def is_few(self) -> bool:
        """Whether paths wait, few enough to be looked at whatever happens."""
        return 0 < len(self._paths) <= FEW

    def take_paths(self) -> frozenset[bytes]:
        """The paths alone, also where folders wait."""
        with self.condition:
            paths, self._paths = frozenset(self._paths), set()
            return paths

    def take(self) -> tuple[set[int] | None, frozenset[bytes] | None]:
        """Folders (None: all) with None, or None with paths; folders come first and cover their paths."""
        with self.condition:
            if self._folders is None or self._folders:
                folders, self._folders = self._folders, set()
                if folders is None:
                    self._paths.clear()
                return folders, None
        return None, self.take_paths()
