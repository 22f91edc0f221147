"""How many photos live albums hold: each is looked up, so this comes after everything else, and not often."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from photoclip.errors import PhotoClipError
from photoclip.gui.session import Session

if TYPE_CHECKING:
    from photoclip.library.search import SearchEngine

SOON_MS = 800  # the photos themselves are on the screen by then
QUIET_SHARE = 10  # of the time, one part is spent on counting at most


class LiveCounts(QObject):
    """The counts by album; one that cannot be looked up now has none."""

    counted = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._wanted: tuple[int, ...] = ()
        self.latest: Mapping[int, int] = {}
        self._timer = QTimer(self, singleShot=True, interval=SOON_MS)
        self._timer.timeout.connect(self._look)
        session.closed.connect(self._timer.stop)

    def count(self, album_ids: Sequence[int]) -> None:
        """Count these soon; `counted` tells when there are other numbers."""
        self._wanted = tuple(album_ids)
        if self._wanted and not self._timer.isActive():
            self._timer.start()

    def _look(self) -> None:
        session, wanted = self._session, self._wanted
        session.compute(
            lambda cancelled: _counts(session.engine, wanted, cancelled),
            self._tell,
            key="live-counts",
            failed=lambda _error: None,  # the model's own line says what is wrong with it
        )

    def _tell(self, found: tuple[Mapping[int, int], float]) -> None:
        counts, seconds = found
        self._timer.setInterval(max(SOON_MS, round(seconds * 1000 * QUIET_SHARE)))
        if counts != self.latest:
            self.latest = counts
            self.counted.emit()


def _counts(
    engine: SearchEngine, album_ids: Sequence[int], cancelled: Callable[[], bool]
) -> tuple[Mapping[int, int], float]:
    """Photos by album, and the seconds it took."""
    began, counts = time.perf_counter(), {}
    for album_id in album_ids:
        try:
            counts[album_id] = len(engine.album(album_id, cancelled).ids)
        except PhotoClipError:  # opening it says why
            continue
    return counts, time.perf_counter() - began
