"""The one object the widgets share: the library, its models, engine and indexer, and the work on them.

Nothing here touches a widget, and no widget touches a thread: work goes out through `compute` and
`mutate`, and comes back on the GUI thread (`work`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QObject, Signal

from photoclip.errors import PhotoClipError
from photoclip.gui.other_processes import OtherProcesses
from photoclip.gui.work import Cancelled, Work
from photoclip.library.courtesy import Courtesy, Manners
from photoclip.library.models import LibraryModels
from photoclip.paths import display

if TYPE_CHECKING:
    from photoclip.library.background import BackgroundIndexer
    from photoclip.library.catalog.changes import Change
    from photoclip.library.catalog.connection import Catalog
    from photoclip.library.encoder import Encoder
    from photoclip.library.engines import Engines
    from photoclip.library.library import Library
    from photoclip.library.models import FindModel
    from photoclip.library.search import SearchEngine
    from photoclip.library.trash import Trash
    from photoclip.library.trashing import Step
    from photoclip.model_store import ModelStore
    from photoclip.settings import Settings

ALL_TABLES = frozenset(
    {
        "folder",
        "photo",
        "file",
        "content",
        "failure",
        "label",
        "photo_label",
        "album",
        "album_photo",
        "album_refused",
    }
)


@dataclass(frozen=True)
class Source:
    """What the grid shows before any search: a row of the sidebar."""

    kind: Literal["all", "recent", "missing", "folder", "album", "label"]
    id: int | None = None


class Session(Work):
    """Shared state of one open library. Make it on the GUI thread; `close` it there too."""

    changed = Signal(object)  # Change: after any mutation or index batch
    progress = Signal(object)  # Progress of the background indexer
    encoder_state = Signal(str)  # of the model that serves: "starting", "ready", "stopped" or "failed: ..."
    folders_moved = Signal()  # a folder or a drive may have come or gone
    models_changed = Signal()  # another model serves, or is coming
    closed = Signal()  # no more work is taken: what belongs to the session stops its timers

    def __init__(
        self,
        library: Library,
        encoder: Encoder,
        parent: QObject | None = None,
        *,
        find: FindModel | None = None,
        store: ModelStore | None = None,
    ) -> None:
        """`encoder` is the chosen model; `find` gets another by its name (None: there is only this one).

        `store` is where more models come from (None: nowhere).
        """
        super().__init__(parent)
        self.library = library
        self.store = store
        self.models = LibraryModels(library, find or (lambda _name: encoder), encoder)
        self._chosen_first = encoder
        self._served_last = self.encoder
        self._lock = threading.RLock()
        self._engines: Engines | None = None
        self._indexer: BackgroundIndexer | None = None
        self._unsubscribe = [
            library.catalog.subscribe(self._on_change),
            self.models.subscribe(lambda: self.post(self._on_models)),
        ]
        self._follow(self.encoder)
        self._external: int | None = None
        self.courtesy = Courtesy()
        self._others = OtherProcesses(library.catalog.path, self)
        self._others.noticed.connect(self.look_for_other_processes)

    @property
    def encoder(self) -> Encoder:
        """The model that serves: the chosen one, or the one before while that reads the photos."""
        return self.models.serving

    @property
    def engine(self) -> SearchEngine:
        """The search engine, made on first use: ask for it inside `compute`, never on the GUI thread.

        After a change of models it is another one, so ask for it each time.
        """
        with self._lock:
            if self._engines is None:
                from photoclip.library.engines import Engines

                self._engines = Engines(self.models)
            return self._engines.current()

    @property
    def indexer(self) -> BackgroundIndexer:
        """The background indexer; it does nothing before `start`."""
        with self._lock:
            if self._indexer is None:
                from photoclip.library.background import BackgroundIndexer

                self._indexer = BackgroundIndexer(
                    self.models,
                    on_progress=lambda step: self.post(lambda: self.progress.emit(step)),
                    after_batch=self._label_arrivals,
                    on_folders=lambda: self.post(self.folders_moved.emit),
                    after_switch=self._renew_labels,
                    courtesy=self.courtesy,
                )
            return self._indexer

    def start(self) -> None:
        """Begin indexing and watching for other processes' changes. Call after the first paint."""
        self._others.start()
        self.look_for_other_processes()
        if self.models.problem:
            self.message.emit("error", self.models.problem)
        self.compute(lambda _cancelled: self._start_indexer(), _ignore)

    def _start_indexer(self) -> None:
        with self._lock:  # `close` waits for it, and nothing starts after
            if not self._closing.is_set():
                self.indexer.start()

    def warm_up(self) -> None:
        """Load grammar and model, for a search that is about to come; a failure is the search's to tell."""
        warm = getattr(self.encoder, "warm_up", None)

        def work(_cancelled: Cancelled) -> None:
            from photoclip.library.query import parsing

            parsing.warm_up()
            if warm is not None:
                warm()

        self.compute(work, _ignore, key="warm-up", failed=_ignore)

    def mutate(
        self,
        work: Callable[[Catalog], Change | None],
        done: Callable[[Change | None], None] | None = None,
        failed: Callable[[PhotoClipError], None] | None = None,
    ) -> None:
        """Run a change of the catalog on the one writer thread, in the order of the calls."""
        self.write(lambda: work(self.library.catalog), done or _ignore, failed)

    def undo(self) -> None:
        """Take back the last change people made; says so, or that there is none."""
        from photoclip.library import trashing

        self._step(trashing.undo, self.tr("Undone: {0}"), self.tr("Nothing to undo"))

    def redo(self) -> None:
        """Do again what was undone last."""
        from photoclip.library import trashing

        self._step(trashing.redo, self.tr("Redone: {0}"), self.tr("Nothing to redo"))

    def _step(self, step: Callable[[Catalog, Trash], Step], sentence: str, nothing: str) -> None:
        from photoclip.library.trash import SystemTrash

        def say(done: Step) -> None:
            words = nothing if done.change is None else sentence.format(done.change.description)
            self.message.emit("info", " ".join([f"{words}.", *done.sentences]) if done.sentences else words)

        self.write(lambda: step(self.library.catalog, SystemTrash()), say)

    def tell_what_stays(self, refused: Mapping[bytes, str]) -> None:
        """Say of each file that did not go to the trash why; by path."""
        for path, why in refused.items():
            sentence = self.tr("{0} stays where it is. {1}").format(display(path), why)
            self.message.emit("error", sentence)

    def choose_model(self, name: str) -> None:
        """Choose a model; the one before goes on searching until this one has read all photos."""
        self.compute(lambda _cancelled: self.models.choose(name), _ignore)

    def switch_model_back(self) -> None:
        """Undo the last choice of a model at once."""
        self.compute(lambda _cancelled: self.models.switch_back(), _ignore)

    def save_settings(self, settings: Settings) -> None:
        """Keep the window's settings; done before `close` returns."""
        folder = self.library.folder
        self.courtesy.manners = Manners.of(settings)

        def save(_catalog: Catalog) -> None:
            from photoclip.settings import load_settings, save_settings

            try:  # the model is not the window's: another may have been chosen meanwhile
                save_settings(folder, replace(settings, model=load_settings(folder).model))
            except OSError as error:
                raise PhotoClipError(f"The settings could not be kept in {folder}: {error}.") from error

        self.mutate(save)

    def close(self) -> None:
        """Stop and join everything this session started, in order; then close the library."""
        if self._closing.is_set():
            return
        self._closing.set()
        self._others.stop()
        self.closed.emit()
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        with self._lock:
            indexer, engines = self._indexer, self._engines
        if indexer is not None:
            indexer.stop()
        for part in (engines, self.models, self._chosen_first):
            close = getattr(part, "close", None)
            if close is not None:
                close()
        self._join()  # what people did by hand is finished, not dropped
        self.library.close()

    def _on_change(self, change: Change) -> None:
        self.post(lambda: self.changed.emit(change))

    def _follow(self, encoder: Encoder) -> None:
        """Tell of this model's states while it serves."""

        def tell(state: str) -> None:
            if encoder is self.encoder:
                self.encoder_state.emit(state)

        if hasattr(encoder, "on_state"):
            encoder.on_state = lambda state: self.post(lambda: tell(state))

    def _on_models(self) -> None:
        """After a switch everything that was found with the other model is looked for anew."""
        if self.encoder is not self._served_last:
            self._served_last = self.encoder
            self._follow(self.encoder)
            self.changed.emit(_everything())
        self.models_changed.emit()

    def _label_arrivals(self, ids: frozenset[int]) -> None:
        from photoclip.library import labelling

        labelling.apply_kept(self.engine, ids)

    def _renew_labels(self) -> None:
        from photoclip.library import relabelling

        if relabelling.is_due(self.library.catalog):
            relabelling.renew(self.models, self.engine)

    def look_for_other_processes(self) -> None:
        def look(_cancelled: Cancelled) -> int:
            self.models.refresh()
            return self.library.catalog.data_version()

        self.compute(look, self._compare_version, key="data-version")

    def _compare_version(self, version: int) -> None:
        known, self._external = self._external, version
        if known is not None and known != version:
            self.changed.emit(_everything())


def _everything() -> Change:
    """Stands for changes that are not known one by one."""
    from photoclip.library.catalog.changes import Change

    return Change(id=None, description="", rows=(), photos=frozenset(), tables=ALL_TABLES, undoable=False)


def _ignore(_outcome: object) -> None:
    """For what has no result, and failures that another way will tell."""
