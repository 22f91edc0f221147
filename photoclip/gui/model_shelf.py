"""The models that can be chosen, and what is being done about them, for all who show them.

A download belongs to the session, not to a page: it goes on while other things are looked at, and it is
stopped and joined when the session closes.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QObject, Signal

from photoclip.errors import Cancelled, PhotoClipError
from photoclip.gui.session import Session
from photoclip.library.encoder import Encoder
from photoclip.library.missing_model import MissingModel
from photoclip.library.models import LibraryModels, Reading
from photoclip.model_store import ModelRow, ModelStore, PublishedRow, Watch
from photoclip.settings import chosen_model

if TYPE_CHECKING:
    from photoclip.library.progress import Progress


@dataclass(frozen=True)
class Shelf:
    """The models at one moment; the names are those by which they are chosen."""

    installed: tuple[ModelRow, ...]
    published: tuple[PublishedRow, ...]
    chosen: str
    serving: str  # empty where none can search
    reading: Reading  # of the model that serves
    coming: Reading | None = None  # how far the chosen model is, while the one that serves is another
    previous: str = ""  # the model that can serve again at once
    problem: str = ""  # why the model that should search cannot

    @property
    def available(self) -> tuple[PublishedRow, ...]:
        """What can be downloaded."""
        names = {row.name for row in self.installed}
        return tuple(row for row in self.published if row.name not in names)

    @property
    def comparable(self) -> bool:
        """Whether two models have read photos."""
        other = bool(self.previous) if self.coming is None else self.coming.known > 0
        return self.reading.known > 0 and other


@dataclass(frozen=True)
class Download:
    """A download under way. `left`: seconds, infinite while unknown."""

    name: str
    done: int = 0
    total: int = 0  # bytes, 0 while unknown
    speed: float = 0.0  # bytes a second
    left: float = math.inf
    said: str = ""  # what the store says of it, until there is other news
    stopping: bool = False

    @property
    def arrived(self) -> bool:
        """Whether all bytes are here, and the model is being put together."""
        return 0 < self.total <= self.done


@dataclass(frozen=True)
class Ended:
    """Why a download ended before its time, in words."""

    text: str
    stopped: bool = False  # by the person; else by the world


class ModelShelf(QObject):
    """Reads which models there are, downloads one at a time, takes in and removes others."""

    changed = Signal()  # `shelf` is another
    read_on = Signal(object)  # Progress: the coming model has read more photos; `shelf` knows
    downloading = Signal()  # `download` or `ended` is another
    arrived = Signal(str)  # a model is on this machine now
    failed = Signal(str, str)  # a model's name, and why it could not be downloaded

    @classmethod
    def of(cls, session: Session) -> ModelShelf:
        """The session's one shelf."""
        for child in session.children():
            if isinstance(child, cls):
                return child
        return cls(session)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._stop = threading.Event()  # of the download under way
        self.shelf: Shelf | None = None
        self.download: Download | None = None
        self.ended: dict[str, Ended] = {}  # by name
        session.models_changed.connect(self.load)
        session.progress.connect(self._on_progress)
        session.closed.connect(lambda: self._stop.set())

    def load(self) -> None:
        """Look again which models there are."""
        models, store = self._session.models, self._session.store
        self._session.compute(lambda _cancelled: read_shelf(models, store), self._show, key="model-shelf")

    def start_download(self, name: str) -> None:
        """Download a published model, or go on with it; one at a time."""
        store = self._session.store
        if store is None or self.download is not None:
            return
        self._stop = stop = threading.Event()
        self.ended.pop(name, None)
        self._set_download(Download(name))

        def progress(done: int, total: int, speed: float, left: float) -> None:
            self._session.post(lambda: self._update(done=done, total=total, speed=speed, left=left, said=""))

        def say(text: str) -> None:
            self._session.post(lambda: self._update(said=text))

        self._session.compute(
            lambda _cancelled: store.get(name, "", False, Watch(stop, progress, say)),
            lambda row: self._end_download(row.name),
            failed=partial(self._end_download, name),
        )

    def stop_download(self) -> None:
        """Stop the download; what has arrived is kept."""
        self._stop.set()
        self._update(stopping=True)

    def take_in(
        self,
        source: Path,
        name: str,
        like: str,
        done: Callable[[ModelRow], None],
        failed: Callable[[PhotoClipError], None],
    ) -> None:
        """Install a model from a file or a folder; `like` names a published one, or is empty."""
        store = self._session.store

        def finish(row: ModelRow) -> None:
            done(row)
            self.load()

        if store is not None:
            self._session.compute(
                lambda _cancelled: store.take_in(source, name, like, False), finish, failed=failed
            )

    def remove(self, name: str, failed: Callable[[PhotoClipError], None]) -> None:
        """Delete one of the person's models, unless it is in use by then."""
        models, store = self._session.models, self._session.store
        if store is None:
            return

        def work(_cancelled: object) -> None:
            if reason := why_kept(name, chosen_model(models.library.folder), models.name_of(models.serving)):
                raise PhotoClipError(reason)
            store.remove(name)
            models.let_go(name)

        self._session.compute(work, lambda _nothing: self.load(), failed=failed)

    def _show(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self.changed.emit()

    def _on_progress(self, step: Progress) -> None:
        shelf = self.shelf
        if step.model and shelf is not None and shelf.coming is not None:
            self.shelf = replace(shelf, coming=replace(shelf.coming, known=step.done, total=step.total))
            self.read_on.emit(step)

    def _set_download(self, download: Download | None) -> None:
        self.download = download
        self.downloading.emit()

    def _update(self, **changes: object) -> None:
        if self.download is not None:
            self._set_download(replace(self.download, **changes))  # type: ignore[arg-type]

    def _end_download(self, name: str, error: PhotoClipError | None = None) -> None:
        if isinstance(error, Cancelled):
            self.ended[name] = Ended(self.tr("Stopped. What has arrived is kept."), stopped=True)
        elif error is not None:
            self.ended[name] = Ended(str(error))
        self._set_download(None)
        if error is None:
            self.arrived.emit(name)
            self.load()
        elif not isinstance(error, Cancelled):
            self.failed.emit(name, str(error))


def read_shelf(models: LibraryModels, store: ModelStore | None) -> Shelf:
    """The models of this machine and this library; reads the disk and the catalog."""
    serving, coming, previous = models.serving, models.coming, models.previous()
    others = [model for model in (coming, previous) if model is not None]
    known = [model for model in (serving, *others) if not isinstance(model, MissingModel)]
    installed = store.installed() if store else [_row(models, model) for model in known]
    here = {row.name for row in installed}
    problem = serving.reason if isinstance(serving, MissingModel) else ""
    back = "" if previous is None else models.name_of(previous)
    return Shelf(
        installed=tuple(installed),
        published=tuple(store.published()) if store else (),
        chosen=chosen_model(models.library.folder),
        serving="" if problem else models.name_of(serving),
        reading=Reading(serving.info.name, 0, 0) if problem else models.known_to(serving.info),
        coming=models.reading(),
        previous=back if back in here else "",
        problem=problem or models.problem,
    )


def why_kept(name: str, chosen: str, serving: str) -> str:
    """Why a model cannot be removed now, or nothing."""
    tr = QCoreApplication.translate
    if name == chosen:
        return tr("ModelShelf", "{0} is in use; choose another model first.").format(name)
    if name == serving:
        sentence = tr("ModelShelf", "{0} goes on searching until {1} has read your photos; remove it then.")
        return sentence.format(name, chosen)
    return ""


def _row(models: LibraryModels, model: Encoder) -> ModelRow:
    """What a library knows of a model without a store."""
    return ModelRow(models.name_of(model), "", 0, model.info.dim, model.info.pixel_spec.size)
