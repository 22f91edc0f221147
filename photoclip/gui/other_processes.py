"""Noticing what other processes do to the library, without looking for it while they do nothing."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer, Signal
from shiboken6 import delete

SOON_MS = 300
"""A burst of writes is looked at once."""
POLL_MS = 2000
"""Between two looks, where the system does not tell that a file was written."""


class OtherProcesses(QObject):
    """Says that the library's files were written, by whomever. It begins with `start`.

    Each write of a catalog appends to its log (WAL), and each choice of a model puts a new settings file in
    the library's folder.
    """

    noticed = Signal()

    def __init__(self, catalog: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._folder = catalog.parent
        self._log = catalog.with_name(catalog.name + "-wal")
        self._watcher: QFileSystemWatcher | None = None
        self._soon = QTimer(self, singleShot=True, interval=SOON_MS)
        self._soon.timeout.connect(self._tell)
        self._poll = QTimer(self, interval=POLL_MS)
        self._poll.timeout.connect(self.noticed)

    @property
    def polls(self) -> bool:
        """Whether it has to look for itself."""
        return self._poll.isActive()

    def start(self) -> None:
        self._watcher = QFileSystemWatcher(self)
        self._watcher.fileChanged.connect(self._on_written)
        self._watcher.directoryChanged.connect(self._on_written)
        if not self._watcher.addPath(str(self._folder)):
            self._poll.start()
        self._follow_log()

    def stop(self) -> None:
        """End on this thread what would crash Qt if Python collected it on another."""
        self._soon.stop()
        self._poll.stop()
        if self._watcher is not None:
            delete(self._watcher)
            self._watcher = None

    def _on_written(self, _path: str) -> None:
        if not self._soon.isActive():
            self._soon.start()

    def _tell(self) -> None:
        self._follow_log()
        self.noticed.emit()

    def _follow_log(self) -> None:
        """Each log anew: it comes with the first write, and another after a restored backup."""
        if self._watcher is not None and self._log.exists() and str(self._log) not in self._watcher.files():
            self._watcher.addPath(str(self._log))
