"""How many photos are where, counted off the GUI thread and counted again when the library changes."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from photoclip.gui.finder import RECENT_SECONDS
from photoclip.gui.live_counts import LiveCounts
from photoclip.gui.session import Session
from photoclip.library.catalog import albums, folders, labels, photos
from photoclip.library.catalog.schema import MISSING, PRESENT
from photoclip.library.watching.places import is_folder

if TYPE_CHECKING:
    from photoclip.library.catalog.albums import Album
    from photoclip.library.catalog.changes import Change
    from photoclip.library.catalog.connection import Catalog
    from photoclip.library.catalog.folders import Folder
    from photoclip.library.catalog.labels import Label

SOON_MS = 40
BUSY_MS = 1000  # between counts while photos stream in


# Counting in SQL reads one index; making the whole table for it would take a third of a second.
_PHOTOS = """
SELECT count(*) FILTER (WHERE presence = ?), count(*) FILTER (WHERE presence = ? AND added_at >= ?),
    count(*) FILTER (WHERE presence = ?) FROM photo
"""


@dataclass(frozen=True)
class Counts:
    """Numbers of photos (and of files that could not be read) at one moment."""

    everything: int = 0
    recent: int = 0
    missing: int = 0
    failures: int = 0
    folders: tuple[Folder, ...] = ()
    albums: tuple[Album, ...] = ()
    labels: tuple[Label, ...] = ()
    live: Mapping[int, int] = field(default_factory=dict)  # by live album, where it could be looked up


def count(catalog: Catalog) -> Counts:
    """Count everything the sidebar and the activity line show."""
    since = time.time() - RECENT_SECONDS
    everything, recent, missing = catalog.query(_PHOTOS, (PRESENT, PRESENT, since, MISSING))[0]
    return Counts(
        everything=everything,
        recent=recent,
        missing=missing,
        failures=len(photos.failures(catalog)),
        folders=tuple(folders.list_folders(catalog)),
        albums=tuple(albums.list_albums(catalog)),
        labels=tuple(labels.list_labels(catalog)),
    )


class CountKeeper(QObject):
    """Keeps the counts of one session for all who show them."""

    counted = Signal(object)  # Counts

    @classmethod
    def of(cls, session: Session) -> CountKeeper:
        """The session's one keeper; made, and counting, on first use."""
        for child in session.children():
            if isinstance(child, cls):
                return child
        return cls(session)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self.latest: Counts | None = None
        self._live = LiveCounts(session)
        self._live.counted.connect(self._tell_live)
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._count)
        session.folders_moved.connect(self.look_at_disk)
        session.changed.connect(self._on_change)
        self._timer.start(0)
        session.closed.connect(self._stop)

    def _stop(self) -> None:
        """A timer that still ran when Python collects this, in whatever thread, would crash Qt."""
        self._timer.stop()

    def look_at_disk(self) -> None:
        """A drive that is pulled out or put in changes nothing in the catalog."""
        known = self.latest.folders if self.latest else ()

        def look(_cancelled: object) -> bool:
            return any(is_folder(each.path) != each.online for each in known)

        self._session.compute(look, lambda moved: self._timer.start(0) if moved else None, key="disk")

    def _on_change(self, change: Change) -> None:
        """What a person did shows at once; photos that stream in show every second."""
        if change.undoable:
            self._timer.start(SOON_MS)
        elif not self._timer.isActive():
            self._timer.start(SOON_MS if self.latest is None else BUSY_MS)

    def _count(self) -> None:
        catalog = self._session.library.catalog
        self._session.compute(lambda _cancelled: count(catalog), self._tell, key="counts")

    def _tell(self, counts: Counts) -> None:
        self.latest = replace(counts, live=self._live.latest)
        self.counted.emit(self.latest)
        self._live.count([album.id for album in counts.albums if album.query is not None])

    def _tell_live(self) -> None:
        if self.latest is not None:
            self.latest = replace(self.latest, live=self._live.latest)
            self.counted.emit(self.latest)
