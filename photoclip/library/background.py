"""Indexing in the background: one thread that scans, then watches, then takes in what arrives.

While nothing arrives, a model that is to take the place of the one that serves reads the photos.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from photoclip.errors import LibraryBusy, PhotoClipError
from photoclip.library.asked import Asked
from photoclip.library.catalog.changes import Change
from photoclip.library.catalog.indexing import forget_failures
from photoclip.library.catalog.photos import failures
from photoclip.library.changeover import catch_up
from photoclip.library.courtesy import FEW, Courtesy, Verdict
from photoclip.library.decoding import Decoders
from photoclip.library.ingest import index
from photoclip.library.models import LibraryModels
from photoclip.library.progress import Progress
from photoclip.library.watch import FolderWatcher, Watched
from photoclip.library.watching.catalog_log import CatalogLog
from photoclip.library.watching.system import TELLS_ALL, SystemEvents

ASK_AGAIN = 1.0
"""Seconds between two tries for the lock another process holds."""
COME_BACK = 15.0
"""Seconds between two looks whether an offline folder is there again, unless all are watched."""
BACK_UP = 3600.0
"""Seconds between two looks whether the library is to be backed up, while nothing happens."""
TURN = 3.0
"""Seconds that a coming model reads before what arrives may interrupt it, or it might never get anywhere."""
KEEP_WORKERS = 20.0
"""Seconds that idle decode processes stay, for the next photo to be quick."""


class BackgroundIndexer:
    """Keeps a library up to date while it runs. Callbacks come from its thread.

    `after_batch` gets photos that have become searchable, `on_folders` tells that a folder or a drive may
    have come or gone, `after_switch` that another model may serve, which labels are to follow. `courtesy`
    says how fast to go (None: always at full speed). While another process indexes this library it waits,
    with phase "waiting" and a sentence. `stop` joins the thread, the decode processes and the watcher.
    """

    def __init__(
        self,
        models: LibraryModels,
        *,
        on_progress: Callable[[Progress], None],
        after_batch: Callable[[frozenset[int]], None] | None = None,
        on_folders: Callable[[], None] = lambda: None,
        after_switch: Callable[[], object] = lambda: None,
        courtesy: Courtesy | None = None,
        workers: int | None = None,
    ) -> None:
        self._models = models
        self._library = models.library
        self._on_progress = on_progress
        self._after_batch = after_batch
        self._workers = workers
        self._work = Asked()
        self._decoders: Decoders | None = None
        self._on_folders = on_folders
        self._after_switch = after_switch
        self._switch_due = True  # there may have been one, and labels have not followed
        self._courtesy = courtesy
        self._watcher = FolderWatcher(self._work.look, self._scan_paths, self._look_at_folders, self._on_stir)
        self._system: SystemEvents | None = None
        self._log: CatalogLog | None = None
        self._folders: dict[bytes, int] = {}
        self._folders_changed = False
        self._catch_up_due = True  # something may be there that a coming model has not read
        self._stopping = False
        self._paused = False
        self._stirring = False  # photos are about to come
        self._yielding = Verdict()  # what holds up the work that waits
        self._halt = threading.Event()  # of the run under way
        self._last = Progress("idle")
        self._thread: threading.Thread | None = None
        self._unsubscribe: list[Callable[[], None]] = []

    @property
    def paused(self) -> bool:
        return self._paused

    def start(self) -> None:
        """Scan all folders, then watch them."""
        if self._thread is None:
            self._unsubscribe = [
                self._library.catalog.subscribe(self._on_change),
                self._models.subscribe(self._on_models),
            ]
            self._work.scan(None)
            self._system = SystemEvents(on_wake=self._on_wake, on_mounts=self._look_at_folders)
            self._log = CatalogLog(self._library.catalog, self._note_folders)
            self._thread = threading.Thread(target=self._run, name="photoclip-indexer", daemon=True)
            self._thread.start()

    def pause(self) -> None:
        """Stop working within a second and free the library for others; watching goes on."""
        with self._work.condition:
            self._paused = True
            self._halt.set()
            self._work.condition.notify_all()

    def resume(self) -> None:
        """Take the work up again, also where courtesy would have it wait."""
        if self._courtesy is not None:
            self._courtesy.insist()
        with self._work.condition:
            self._paused = False
            self._yielding = Verdict()
            self._work.condition.notify_all()

    def rescan(self, folder_ids: Iterable[int] | None = None) -> None:
        """Look through these folders again, or through all."""
        self._work.scan(folder_ids)

    def retry_failures(self) -> None:
        """Read again what could not be read, changed or not."""
        paths = [failure.path for failure in failures(self._library.catalog)]
        forget_failures(self._library.catalog, paths)
        self._work.look(paths)

    def stop(self, timeout: float = 10.0) -> None:
        """End and join everything; what is recorded stays, the rest is taken up next time."""
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        with self._work.condition:
            self._stopping = True
            self._halt.set()
            self._work.condition.notify_all()
        if self._thread is not None:
            self._thread.join(timeout)
        if self._system is not None:
            self._system.close()
            self._system = None
        if self._log is not None:
            self._log.close()
            self._log = None
        self._watcher.close()

    @property
    def watching(self) -> tuple[Watched, ...]:
        """How each folder is watched."""
        return self._watcher.how

    def _on_stir(self) -> None:
        """A file is being written: by the time it rests, the decode processes are there."""
        with self._work.condition:
            self._stirring = True
            self._work.condition.notify_all()

    def _on_wake(self) -> None:
        """Whatever happened while the system slept, on a shared drive for instance, was not told."""
        self._work.scan(None)
        self._look_at_folders()

    def _look_at_folders(self) -> None:
        """Folders may have come or gone: see to it soon."""
        self._on_folders()
        self._note_folders()

    def _on_change(self, change: Change) -> None:
        if "folder" in change.tables:
            self._note_folders()

    def _note_folders(self) -> None:
        """Other folders may be watched now; another process that writes to the catalog does not say what."""
        with self._work.condition:
            self._folders_changed = True
            self._work.condition.notify_all()

    def _on_models(self) -> None:
        with self._work.condition:
            self._catch_up_due = self._switch_due = True
            self._work.condition.notify_all()

    def _scan_paths(self, folders: frozenset[bytes]) -> None:
        self._work.scan([id for path, id in self._folders.items() if path in folders])

    def _run(self) -> None:
        try:
            while not self._stopping:
                self._follow_folders()
                self._models.refresh()
                if self._held_up:
                    self._wait_out()
                elif self._work.waiting and not self._paused:
                    self._index_once()
                elif self._may_catch_up:
                    self._catch_up()
                elif self._switch_due and not self._paused:
                    self._follow_switch()
                else:
                    self._report(replace(self._last, phase="paused" if self._paused else "idle", yields=""))
                    self._rest()
        finally:
            self._end_workers()

    @property
    def _may_catch_up(self) -> bool:
        return self._catch_up_due and not self._paused and self._models.coming is not None

    def _awake(self) -> bool:
        if self._stopping or self._folders_changed or self._stirring or self._may_catch_up:
            return True
        return (self._work.waiting or self._switch_due) and not self._paused

    def _rest(self) -> None:
        """Wait for work; idle decode processes end after a while, folders that come and go are looked for."""
        paused = self._paused
        patience = KEEP_WORKERS if self._decoders else BACK_UP if self._all_watched else COME_BACK
        with self._work.condition:
            woken = self._work.condition.wait_for(lambda: self._awake() or self._paused != paused, patience)
        if self._stirring and not self._paused:
            self._lent_decoders().warm_up()
        self._stirring = False
        if not woken:
            self._end_workers()
            self._back_up()

    @property
    def _all_watched(self) -> bool:
        """Whether events would wake us; elsewhere than on Linux nothing tells of drives."""
        return TELLS_ALL and self._watcher.watched == set(self._folders)

    def _wait_out(self) -> None:
        """Wait until what holds the work up is over, or the person insists; ask rarely."""
        assert self._courtesy is not None
        self._report(replace(self._last, phase="paused", yields=self._yielding.cause))
        with self._work.condition:
            self._work.condition.wait_for(
                lambda: self._stopping or self._paused or not self._held_up or self._work.is_few(),
                self._courtesy.patience,
            )
        if self._held_up and not self._paused and self._work.is_few():
            self._index_few()
        self._yielding = Verdict() if self._paused else self._courtesy.verdict(FEW + 1)

    def _index_few(self) -> None:
        """A few new photos are not held up by the many that are."""
        paths = self._work.take_paths()
        if not self._go_through(self._index(None, paths, self._new_halt())):
            self._work.look(paths)

    @property
    def _held_up(self) -> bool:
        return self._yielding.speed == "pause"

    def _yield_to_person(self, step: Progress) -> None:
        """Go on as fast as courtesy allows."""
        if self._courtesy is None or step.phase != "indexing":
            return
        verdict = self._courtesy.verdict(step.total - step.done)
        self._yielding = verdict
        if self._decoders is not None:
            self._decoders.slow = verdict.speed == "slow"
        if verdict.speed == "pause":
            self._halt.set()

    def _back_up(self) -> None:
        """A library that is open for days is backed up daily too."""
        try:
            self._library.back_up()
        except PhotoClipError as error:
            self._report(replace(self._last, message=str(error)))

    def _follow_folders(self) -> None:
        """Watch the folders there are; scan those that are new or have come back."""
        self._folders_changed = False
        rows = self._library.catalog.query("SELECT id, path FROM folder WHERE removed_at IS NULL")
        self._folders = {row["path"]: row["id"] for row in rows}
        before = self._watcher.watched
        if before != set(self._folders):
            self._watcher.watch(self._folders)
            after = self._watcher.watched
            if after - before:
                self._scan_paths(after - before)
            if after != before:
                self._on_folders()

    def _index_once(self) -> None:
        folder_ids, paths = self._work.take()
        self._catch_up_due = self._switch_due = True
        if not self._go_through(self._index(folder_ids, paths, self._new_halt())):
            self._put_back(folder_ids, paths)

    def _index(
        self, folder_ids: set[int] | None, paths: frozenset[bytes] | None, halt: threading.Event
    ) -> Iterator[Progress]:
        yield from index(
            self._library,
            self._models.serving,
            folder_ids=folder_ids,
            paths=paths,
            stop=halt,
            decoders=self._lent_decoders(),
            rest=self._watcher,
        )
        if self._models.coming is None:
            self._models.settle()

    def _catch_up(self) -> None:
        self._catch_up_due = False
        if not self._go_through(self._read_with_coming(self._new_halt())):
            self._catch_up_due = True

    def _follow_switch(self) -> None:
        """Once for each switch, when nothing else is to be done; what fails is done at the next start."""
        self._switch_due = False
        try:
            self._after_switch()
        except PhotoClipError as error:
            self._report(replace(self._last, phase="idle", message=str(error)))

    def _read_with_coming(self, halt: threading.Event) -> Iterator[Progress]:
        """The coming model's turn, until something else is to be done or another model is chosen."""
        coming, began = self._models.coming, time.monotonic()
        for step in catch_up(self._models, stop=halt, decoders=self._lent_decoders()):
            if step.phase != "done" or not halt.is_set():
                yield step
            self._models.refresh()
            busy = self._work.waiting or self._folders_changed
            if self._models.coming is not coming or (busy and time.monotonic() - began > TURN):
                halt.set()

    def _go_through(self, steps: Iterator[Progress]) -> bool:
        """Tell of each step; whether it came to its end."""
        try:
            for step in steps:
                self._yield_to_person(step)
                self._report(replace(step, yields=self._yielding.cause))
        except LibraryBusy as busy:
            self._wait_politely(str(busy))
            return False
        except PhotoClipError as error:
            self._report(replace(self._last, phase="idle", message=str(error)))
        return not self._halt.is_set()

    def _new_halt(self) -> threading.Event:
        with self._work.condition:
            self._halt = threading.Event()
            if self._paused or self._stopping:
                self._halt.set()
            return self._halt

    def _lent_decoders(self) -> Decoders:
        if self._decoders is None:
            self._decoders = Decoders(self._workers)
        return self._decoders

    def _report(self, step: Progress) -> None:
        """Tell of a step, unless it says nothing new; label what became searchable first."""
        message = step.message or (self._watcher.notice if step.phase in ("idle", "done") else "")
        if step.searchable and self._after_batch is not None:
            try:
                self._after_batch(step.searchable)
            except PhotoClipError as error:
                message = str(error)
        step = replace(step, message=message)
        told = replace(step, photos=frozenset(), searchable=frozenset())
        if told != self._last or step.photos or step.searchable:
            self._on_progress(step)
        self._last = told

    def _put_back(self, folder_ids: set[int] | None, paths: frozenset[bytes] | None) -> None:
        if paths is not None:
            self._work.look(paths)
        else:
            self._work.scan(folder_ids)

    def _wait_politely(self, sentence: str) -> None:
        self._report(Progress("waiting", message=sentence))
        with self._work.condition:
            self._work.condition.wait_for(lambda: self._stopping or self._paused, ASK_AGAIN)

    def _end_workers(self) -> None:
        if self._decoders is not None:
            self._decoders.close()
            self._decoders = None
