"""The one object the widgets share: the library, its engine and indexer, and the threads they run on.

Nothing here touches a widget, and no widget touches a thread: work goes out through `compute` and
`mutate`, and comes back on the GUI thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from photoclip.errors import PhotoClipError
from photoclip.library.models import LibraryModels

if TYPE_CHECKING:
    from photoclip.library.background import BackgroundIndexer
    from photoclip.library.catalog.changes import Change
    from photoclip.library.catalog.connection import Catalog
    from photoclip.library.encoder import Encoder
    from photoclip.library.engines import Engines
    from photoclip.library.library import Library
    from photoclip.library.models import FindModel
    from photoclip.library.search import SearchEngine
    from photoclip.model_store import ModelStore
    from photoclip.settings import Settings

T = TypeVar("T")
Cancelled = Callable[[], bool]

COMPUTE_THREADS = 6  # mostly waiting: for the disk, the catalog or the model
EXTERNAL_POLL_MS = 2000
ALL_TABLES = frozenset(
    {"folder", "photo", "file", "content", "failure", "label", "photo_label", "album", "album_photo"}
)


@dataclass(frozen=True)
class Source:
    """What the grid shows before any search: a row of the sidebar."""

    kind: Literal["all", "recent", "missing", "folder", "album", "label"]
    id: int | None = None


class Session(QObject):
    """Shared state of one open library. Make it on the GUI thread; `close` it there too."""

    changed = Signal(object)  # Change: after any mutation or index batch
    progress = Signal(object)  # Progress of the background indexer
    encoder_state = Signal(str)  # of the model that serves: "starting", "ready", "stopped" or "failed: ..."
    models_changed = Signal()  # another model serves, or is coming
    message = Signal(str, str)  # level "info" or "error", sentence

    settled = Signal()  # nothing is under way any more
    closed = Signal()  # no more work is taken: what belongs to the session stops its timers

    _posted = Signal(object)  # a callable to run on the GUI thread

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
        self._closing = threading.Event()
        self._latest: dict[str, int] = {}
        self._lanes: dict[str, Callable[[], None] | None] = {}  # by key: one runs, perhaps one waits
        self._running = 0  # computations and mutations not handed over yet
        self._pool = ThreadPoolExecutor(COMPUTE_THREADS, thread_name_prefix="photoclip-compute")
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="photoclip-writer")
        self._posted.connect(self._run_posted, Qt.ConnectionType.QueuedConnection)
        self._unsubscribe = [
            library.catalog.subscribe(self._on_change),
            self.models.subscribe(lambda: self.post(self._on_models)),
        ]
        self._follow(self.encoder)
        self._external: int | None = None
        self._poll = QTimer(self, interval=EXTERNAL_POLL_MS)
        self._poll.timeout.connect(self.look_for_other_processes)

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
                )
            return self._indexer

    @property
    def is_settled(self) -> bool:
        """Whether nothing is under way that was asked for with `compute` or `mutate`."""
        return self._running == 0

    @property
    def closing(self) -> bool:
        return self._closing.is_set()

    def start(self) -> None:
        """Begin indexing and watching for other processes' changes. Call after the first paint."""
        self._poll.start()
        if self.models.problem:
            self.message.emit("error", self.models.problem)
        self.compute(lambda _cancelled: self._start_indexer(), _ignore)

    def _start_indexer(self) -> None:
        with self._lock:  # `close` waits for it, and nothing starts after
            if not self._closing.is_set():
                self.indexer.start()

    def post(self, call: Callable[[], None]) -> None:
        """Run `call` on the GUI thread soon; from any thread. Dropped once the session closes."""
        if not self._closing.is_set():
            self._posted.emit(call)

    def compute(
        self,
        work: Callable[[Cancelled], T],
        done: Callable[[T], None],
        *,
        key: str | None = None,
        failed: Callable[[PhotoClipError], None] | None = None,
    ) -> None:
        """Run `work` on a pool thread and hand its result to `done` on the GUI thread.

        Call it on the GUI thread. With a `key`, a later call of the same key supersedes this one:
        `cancelled()` becomes true for it and its result is dropped; only one at a time runs, and of
        those that wait only the last, so that typing while the model loads does not fill the pool.
        A PhotoClipError goes to `failed`, or becomes a `message`; any other exception is our bug and
        is raised on the GUI thread.
        """
        if self._closing.is_set():
            return
        turn = 0
        if key is not None:
            turn = self._latest[key] = self._latest.get(key, 0) + 1

        def cancelled() -> bool:
            return self._closing.is_set() or (key is not None and self._latest[key] != turn)

        def run() -> None:
            outcome = None if cancelled() else _attempt(lambda: work(cancelled))
            self.post(lambda: self._leave_lane(key, None if cancelled() else outcome, done, failed))

        self._running += 1
        if key is None:
            self._pool.submit(run)
        elif key in self._lanes:
            self._running -= self._lanes[key] is not None
            self._lanes[key] = run
        else:
            self._lanes[key] = None
            self._pool.submit(run)

    def cancel(self, key: str) -> None:
        """Drop whatever is under way under this key."""
        self._latest[key] = self._latest.get(key, 0) + 1

    def warm_up(self) -> None:
        """Load the model now, for a search that is about to come; a failure is the search's to tell."""
        warm = getattr(self.encoder, "warm_up", None)
        if warm is not None:
            self.compute(
                lambda _cancelled: warm(), lambda _nothing: None, key="warm-up", failed=lambda _e: None
            )

    def mutate(
        self,
        work: Callable[[Catalog], Change | None],
        done: Callable[[Change | None], None] | None = None,
    ) -> None:
        """Run a change of the catalog on the one writer thread, in the order of the calls."""

        def run() -> None:
            outcome = _attempt(lambda: work(self.library.catalog))
            self.post(lambda: self._finish(outcome, done or (lambda _change: None), None))

        if not self._closing.is_set():
            self._running += 1
            self._writer.submit(run)

    def undo(self) -> None:
        """Take back the last change people made; says so, or that there is none."""
        from photoclip.library.catalog import changes

        self.mutate(
            changes.undo, lambda change: self._say(change, self.tr("Undone: {0}"), self.tr("Nothing to undo"))
        )

    def redo(self) -> None:
        """Do again what was undone last."""
        from photoclip.library.catalog import changes

        self.mutate(
            changes.redo, lambda change: self._say(change, self.tr("Redone: {0}"), self.tr("Nothing to redo"))
        )

    def choose_model(self, name: str) -> None:
        """Choose a model; the one before goes on searching until this one has read all photos."""
        self.compute(lambda _cancelled: self.models.choose(name), _ignore)

    def switch_model_back(self) -> None:
        """Undo the last choice of a model at once."""
        self.compute(lambda _cancelled: self.models.switch_back(), _ignore)

    def save_settings(self, settings: Settings) -> None:
        """Keep the window's settings; done before `close` returns."""
        folder = self.library.folder

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
        self._poll.stop()
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
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._writer.shutdown(wait=True)  # what people did by hand is finished, not dropped
        self.library.close()

    def _run_posted(self, call: Callable[[], None]) -> None:
        if not self._closing.is_set():
            call()

    def _leave_lane(
        self,
        key: str | None,
        outcome: tuple[Any, BaseException | None] | None,
        done: Callable[[Any], None],
        failed: Callable[[PhotoClipError], None] | None,
    ) -> None:
        """Let the one that waited for this key go on, then hand over what came back."""
        if key is not None:
            waiting = self._lanes.pop(key)
            if waiting is not None:
                self._lanes[key] = None
                self._pool.submit(waiting)
        self._finish(outcome, done, failed)

    def _finish(
        self,
        outcome: tuple[Any, BaseException | None] | None,
        done: Callable[[Any], None],
        failed: Callable[[PhotoClipError], None] | None,
    ) -> None:
        """Hand over what a thread brought back; None was superseded."""
        self._running -= 1
        value, error = outcome or (None, None)
        try:
            if outcome is None:
                return
            if error is None:
                done(value)
            elif not isinstance(error, PhotoClipError):
                raise error
            elif failed is not None:
                failed(error)
            else:
                self.message.emit("error", str(error))
        finally:
            if not self._running:
                self.settled.emit()

    def _say(self, change: Change | None, sentence: str, nothing: str) -> None:
        self.message.emit("info", nothing if change is None else sentence.format(change.description))

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


def _attempt(work: Callable[[], T]) -> tuple[T | None, BaseException | None]:
    try:
        return work(), None
    except Exception as error:  # handed to the GUI thread, which raises what is not the world's fault
        return None, error
