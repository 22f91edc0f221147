"""Indexing: scan, decode, thumbnail, embed, record, batch by batch; a generator that can be stopped anywhere.

    folders -> plan -> decode processes -> catalog and thumbnails
                                       \\-> model -> vectors

Everything written is written so that a kill at any moment loses at most the batch in hand, and the next run
takes up what is missing: unread files, lost thumbnails, lost vectors.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from photoclip.errors import CatalogError, DiskFull, PhotoClipError
from photoclip.library.catalog.arrivals import arrivals
from photoclip.library.catalog.folders import list_folders
from photoclip.library.catalog.indexing import forget_failures, mark_missing, mark_present
from photoclip.library.catalog.photos import Failure
from photoclip.library.decoding import Decoders
from photoclip.library.embedding import Embedded, Embedding
from photoclip.library.encoder import Encoder
from photoclip.library.frames import further_keys, incomplete
from photoclip.library.library import Library
from photoclip.library.locating import name_places
from photoclip.library.pending import Plan, Wanted, add_repairs, add_unknown, plan_folder, readable
from photoclip.library.progress import Pace, Phase, Progress
from photoclip.library.recording import Recorder
from photoclip.library.scan import is_offline
from photoclip.library.watching.settling import UNFINISHED, Rest
from photoclip.library.worker import Gone, Outcome, Prepared, Refused, Task, state_of
from photoclip.paths import display

TICK = 0.1
"""Seconds the loop waits for news at most: how prompt pause and stop are."""
REPORT = 0.25
SETTLE = 0.3
RECENT = 2.0
"""A file written in the last so many seconds may be unfinished; it is looked at again before refusing it."""
LOOKS = 5
"""How often at most: something may be writing it for ever."""


def index(
    library: Library,
    encoder: Encoder,
    *,
    folder_ids: Iterable[int] | None = None,
    paths: Iterable[bytes] | None = None,
    stop: threading.Event | None = None,
    workers: int | None = None,
    decoders: Decoders | None = None,
    rest: Rest | None = None,
) -> Iterator[Progress]:
    """Bring the library up to date with its folders, or only with `paths` inside them.

    Lost thumbnails and vectors are made again. Ends with phase "done", also when stopped. Raises
    `LibraryBusy` at once, `DiskFull` with everything written so far kept, and `ModelError` at the end, when
    all photos are recorded and only their vectors are missing. `decoders` may be lent to save their start.
    Files that move, as far as `rest` knows, are left out.
    """
    with _run(library, encoder, stop, workers, decoders) as run:
        run.rest = rest
        yield from run.index(
            None if folder_ids is None else set(folder_ids), None if paths is None else frozenset(paths)
        )


def fill(
    library: Library,
    encoder: Encoder,
    *,
    folder_ids: Iterable[int] | None = None,
    stop: threading.Event | None = None,
    workers: int | None = None,
    decoders: Decoders | None = None,
) -> Iterator[Progress]:
    """Make the vectors by this model of recorded photos that have none. No folder is looked through.

    A file that has changed since it was recorded is left to `index`. A model that decodes JPEG files on its
    device gets those that the decode processes do not come to. Ends and raises as `index` does.
    """
    with _run(library, encoder, stop, workers, decoders) as run:
        yield from run.fill(folder_ids)


@contextmanager
def _run(
    library: Library,
    encoder: Encoder,
    stop: threading.Event | None,
    workers: int | None,
    decoders: Decoders | None,
) -> Iterator[_Run]:
    with library.writer_lock():
        own = decoders or Decoders(workers)
        run = _Run(library, encoder, own, stop or threading.Event())
        try:
            yield run
        finally:
            run.embedding.close()
            if decoders is None:
                own.close()
            else:
                own.forget()


class _Run:
    """One pass; the state of the loop."""

    def __init__(self, library: Library, encoder: Encoder, decoders: Decoders, stop: threading.Event) -> None:
        self.library = library
        self.encoder = encoder
        self.decoders = decoders
        self.embedding = Embedding(encoder)
        self.recorder = Recorder(library)
        self.store = library.vectors(encoder.info)
        self.stop = stop
        self.rest: Rest | None = None
        self.plan = Plan()
        self.todo: deque[Wanted] = deque()
        self.reading: dict[bytes, Wanted] = {}
        self.unsettled: list[tuple[Wanted, Refused | Prepared]] = []
        self.looks: Counter[bytes] = Counter()  # at files that did not read well
        self.total = self.missing = self.embedded = 0
        self.sent: set[bytes] = set()  # hashes whose pixels went to the model
        self.further: set[bytes] = set()  # keys of videos' frames among what went there
        self.lent: dict[bytes, Wanted] = {}  # by hash, files that the model is to decode
        self.embedded_now: list[Embedded] = []  # not stored yet
        self.photos: set[int] = set()
        self.searchable: set[int] = set()
        self.model_error: PhotoClipError | None = None
        self.message = self.model = ""
        self.pace = Pace()
        self.reported = 0.0

    def index(self, folder_ids: set[int] | None, paths: frozenset[bytes] | None) -> Iterator[Progress]:
        yield self._progress("scanning")
        yield from self._look(folder_ids, paths)
        yield self._progress("indexing")
        yield from self._read()
        self._mark_gone()
        yield from self._name_places()
        if paths is None and not self.stop.is_set():
            self.library.back_up()
        yield from self._end()

    def fill(self, folder_ids: Iterable[int] | None) -> Iterator[Progress]:
        self.model = self.encoder.info.name
        self._look_up(folder_ids)
        yield self._progress("indexing")
        yield from self._read()
        yield from self._end()

    def _end(self) -> Iterator[Progress]:
        yield self._progress("done")
        if self.model_error is not None and not self.stop.is_set():
            raise self.model_error

    def _look(self, folder_ids: set[int] | None, paths: frozenset[bytes] | None) -> Iterator[Progress]:
        """Compare disk and catalog, folder by folder."""
        for folder in list_folders(self.library.catalog):
            only = None if paths is None else frozenset(p for p in paths if _is_inside(p, folder.path))
            asked = (folder_ids is None or folder.id in folder_ids) and (only is None or len(only) > 0)
            if not asked or self.stop.is_set():
                continue
            plan_folder(self.library.catalog, folder.id, folder.path, self.plan, self.stop, only)
            if self._is_time():
                yield self._progress("scanning")
        if paths is None:
            self.store.verify()
            self.searchable |= self._waiting_for_labels()
        hashes = list(self.plan.unchanged)
        lost = self.library.thumbnails.missing(hashes) | self.store.missing(hashes)
        add_repairs(self.plan, lost | incomplete(self.library.catalog, self.store.missing))
        self.todo.extend(self.plan.wanted)
        self.total = len(self.todo)
        self._note_offline()
        if self.plan.back:
            self.photos |= mark_present(self.library.catalog, self.plan.back).photos

    def _look_up(self, folder_ids: Iterable[int] | None) -> None:
        """What the catalog has and this model does not know, where it can be reached now."""
        folders = list_folders(self.library.catalog)
        offline = {folder.id: folder.path for folder in folders if is_offline(folder.path)}
        photos = readable(self.library.catalog, folder_ids)
        self.store.refresh()
        add_unknown(self.plan, photos, self.store.missing(photos), offline)
        self.todo.extend(self.plan.wanted)
        self.total = len(photos)
        self._note_offline()

    def _waiting_for_labels(self) -> set[int]:
        """Photos that an earlier run embedded and did not live to tell of."""
        waiting = arrivals(self.library.catalog)
        lost = self.store.missing(list(waiting.values()))
        return {photo for photo, hash in waiting.items() if hash not in lost}

    def _read(self) -> Iterator[Progress]:
        while not self.stop.is_set() and self._busy():
            self._feed()
            self._gather()
            last = not self.todo and not self.decoders.in_flight
            if self.recorder.due or last:
                self._write()
            if last and not self.todo:
                self._look_again()
            if self._is_time():
                yield self._progress("indexing")
        self._take_vectors(0.0)
        self._write()

    def _busy(self) -> bool:
        return bool(self.todo or self.decoders.in_flight or self.embedding.pending or self.unsettled) or (
            not self.recorder.empty
        )

    def _feed(self) -> None:
        while self.todo and self.decoders.room and not self.embedding.full:
            wanted = self.todo.popleft()
            self.reading[wanted.path] = wanted
            self.decoders.submit(self._task(wanted))
        while self.todo and self.todo[0].jpeg and self.embedding.wants_files:
            wanted = self.todo.popleft()
            self.lent[wanted.previous] = wanted
            self.embedding.add_file(wanted.previous, wanted.path)

    def _task(self, wanted: Wanted) -> Task:
        return Task(wanted.path, self.encoder.info.pixel_spec, wanted.known, wanted.unchanged)

    def _gather(self) -> None:
        if self.decoders.in_flight:
            outcome = self.decoders.next_outcome(TICK)
            if outcome is not None:
                self._take(outcome)
            for more in self.decoders.outcomes():
                self._take(more)
            self._take_vectors(0.0)
        else:
            self.embedding.hurry()
            self._take_vectors(TICK if self.embedding.pending else 0.0)

    def _take(self, outcome: Outcome) -> None:
        wanted = self.reading.pop(outcome.path)
        if isinstance(outcome, Gone):
            return  # gone between scan and reading; the next scan sees to it
        if self.rest is not None and self.rest.is_moving(wanted.path):
            return
        if self._may_be_unfinished(outcome):
            self._wait_for(wanted, outcome)
        else:
            self._accept(wanted, outcome)

    def _accept(self, wanted: Wanted, outcome: Prepared | Refused) -> None:
        if isinstance(outcome, Refused):
            self.recorder.refuse(wanted, outcome)
            return
        if wanted.vector_only:
            if outcome.hash == wanted.previous:
                self._embed(outcome)
            return
        lost = self._lacks_vectors(outcome)
        if outcome.picture is None and (lost or self.library.thumbnails.missing([outcome.hash])):
            self.todo.append(replace(wanted, known=b"", unchanged=None))
            return
        self.recorder.take(wanted, outcome)
        if lost:
            self._embed(outcome)

    def _lacks_vectors(self, read: Prepared) -> bool:
        frames = 1 + len(read.picture.frames) if read.picture is not None else 1
        return bool(self.store.missing([read.hash, *further_keys(read.hash, frames)]))

    def _embed(self, read: Prepared) -> None:
        if read.picture is not None and read.hash not in self.sent and not self.model_error:
            self.sent.add(read.hash)  # of copies, read at the same time, one is enough
            further = further_keys(read.hash, 1 + len(read.picture.frames))
            for key, pixels in zip(further, read.picture.frames, strict=True):
                self.embedding.add(key, pixels)
            self.further.update(further)
            self.embedding.add(read.hash, read.picture.pixels)  # last, see `frames`

    def _may_be_unfinished(self, outcome: Prepared | Refused) -> bool:
        if isinstance(outcome, Prepared) and not (outcome.picture and outcome.picture.truncated):
            return False
        age = time.time() - outcome.mtime_ns / 1e9
        recent = RECENT if self.rest is None or age < 0 else UNFINISHED
        return self.looks[outcome.path] < LOOKS and age < recent

    def _wait_for(self, wanted: Wanted, outcome: Prepared | Refused) -> None:
        """Leave it to who watches; a time in the future never grows old, so that file is looked at again."""
        if self.rest is not None and outcome.mtime_ns / 1e9 <= time.time():
            self.rest.hold(wanted.path)
        else:
            self.looks[wanted.path] += 1
            self.unsettled.append((wanted, outcome))

    def _look_again(self) -> None:
        """Files that did not read well and are new: those that have changed since are read again."""
        if self.unsettled:
            self.stop.wait(SETTLE)
        for wanted, outcome in self.unsettled:
            if state_of(wanted.path) == (outcome.size, outcome.mtime_ns):
                self._accept(wanted, outcome)
            else:
                self.todo.append(wanted)
        self.unsettled.clear()

    def _write(self) -> None:
        """Photos first: a vector without its photo would not be found, nor labelled."""
        self.photos |= self.recorder.write()
        if self.embedded_now:
            hashes = [hash for done in self.embedded_now for hash in done.hashes]
            self.store.append(hashes, np.concatenate([done.vectors for done in self.embedded_now]))
            self.embedded_now.clear()
            self.embedded += sum(hash not in self.further for hash in hashes)
            if not self.model:  # labels are the business of the model that serves
                self.searchable |= self._photos_of(hashes)

    def _take_vectors(self, timeout: float) -> None:
        try:
            for done in self.embedding.ready(timeout):
                self.todo.extend(replace(self.lent[hash], jpeg=False) for hash in done.declined)
                if done.hashes:
                    self.recorder.began()
                    self.embedded_now.append(done)
        except PhotoClipError as error:
            self.model_error, self.message = error, str(error)

    def _photos_of(self, hashes: list[bytes]) -> set[int]:
        marks = ",".join("?" * len(hashes))
        found = self.library.catalog.query(
            "SELECT photo.id FROM content JOIN photo ON photo.content_id = content.id"
            f" WHERE content.hash IN ({marks})",
            hashes,
        )
        return {row[0] for row in found}

    def _mark_gone(self) -> None:
        """Last, so that a moved file has been found at its new place before the old one is missed."""
        if self.plan.gone and not self.stop.is_set():
            change = mark_missing(self.library.catalog, self.plan.gone)
            self.photos |= change.photos
            self.missing = len(self.plan.gone)
        if self.plan.forgotten:
            forget_failures(self.library.catalog, self.plan.forgotten)

    def _name_places(self) -> Iterator[Progress]:
        """Without the table of towns everything else is as it should be."""
        try:
            for photos in name_places(self.library.catalog, self.stop):
                self.photos |= photos
                yield self._progress("indexing")
        except (CatalogError, DiskFull):
            raise
        except PhotoClipError as error:
            self.message = str(error)

    def _note_offline(self) -> None:
        if self.plan.offline:
            names = ", ".join(display(path) for path in self.plan.offline)
            self.message = f"{names} cannot be reached now; its photos are kept as they were."

    def _is_time(self) -> bool:
        return time.monotonic() - self.reported >= REPORT or bool(self.photos or self.searchable)

    def _progress(self, phase: Phase) -> Progress:
        self.reported = time.monotonic()
        waiting = len(self.todo) + self.decoders.in_flight + self.embedding.pending + len(self.unsettled)
        done = max(0, self.total - waiting - self.plan.out_of_reach)
        speed = self.pace.per_second(done) if phase == "indexing" else 0.0
        folders = (
            Failure(p, f"This folder cannot be read: {why}.", time.time())
            for p, why in self.plan.unreadable.items()
        )
        others = (Failure(p, sentence, time.time()) for p, sentence in self.plan.refused.items())
        photos, self.photos = frozenset(self.photos), set()
        searchable, self.searchable = frozenset(self.searchable), set()
        return Progress(
            phase=phase,
            done=done,
            total=self.total,
            per_second=speed,
            seconds_left=waiting / speed if speed > 0 else None,
            found=self.plan.found,
            added=self.recorder.added,
            changed=self.recorder.changed,
            missing=self.missing,
            embedded=self.embedded,
            failed=(*folders, *others, *self.recorder.failed.values()),
            photos=photos,
            searchable=searchable,
            message=self.message,
            model=self.model,
            videos_left_out=self.plan.videos_left_out,
        )


def _is_inside(path: bytes, folder: bytes) -> bool:
    return path == folder or path.startswith(folder.rstrip(b"/") + b"/")
