"""Does what it reads from stdin, one job a line, each in a process of its own that waits to be killed.

    ["act", LIBRARY, ACTIONS, BYTES]     does the actions and tells of each when it is done
    ["open", LIBRARIES]                  opens one after the other, which migrates old ones
    ["restore", CATALOG, BACKUPS]        puts the backups back in turns

With BYTES, no file can grow beyond so many: writing fails as on a broken disk, at any place. What fails with
a sentence is told of with it; any other exception ends the process, and the test.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

from photoclip.errors import PhotoClipError
from photoclip.library import recording
from photoclip.library.catalog import albums, changes, labels, photos
from photoclip.library.catalog.arrivals import settle_arrivals
from photoclip.library.catalog.backup import make_backup
from photoclip.library.catalog.restore import restore
from photoclip.library.changeover import catch_up
from photoclip.library.decoding import Decoders
from photoclip.library.ingest import index
from photoclip.library.library import Library
from photoclip.library.models import LibraryModels
from photoclip.library.worker import Outcome, Task, prepare
from tests.library.crash.said import Action
from tests.library.fakes import Zoo

SMALL_BATCH = 4
"""Many batches of few photos: more places to be killed at."""


class InlineDecoders(Decoders):
    """Decodes in this process: nothing to start, so that a kill comes while something is written."""

    def __init__(self) -> None:
        super().__init__(1)
        self._done: deque[Outcome] = deque()

    @property
    def in_flight(self) -> int:
        return len(self._done)

    @property
    def room(self) -> bool:
        return len(self._done) < SMALL_BATCH

    def submit(self, task: Task) -> None:
        self._done.append(prepare(task))

    def next_outcome(self, timeout: float) -> Outcome | None:
        return self._done.popleft() if self._done else None

    def outcomes(self) -> Iterator[Outcome]:
        while self._done:
            yield self._done.popleft()

    def forget(self) -> None:
        self._done.clear()

    close = forget


def bring_up_to_date(models: LibraryModels) -> None:
    """Index, and let a model that is coming read everything."""
    catalog = models.library.catalog
    for step in index(models.library, models.serving, decoders=InlineDecoders()):
        settle_arrivals(catalog, step.searchable)
    models.settle()
    for _ in catch_up(models, decoders=InlineDecoders()):
        pass


def act(models: LibraryModels, action: Action) -> None:
    """Does one action."""
    catalog = models.library.catalog
    match action:
        case ["index"]:
            bring_up_to_date(models)
        case ["switch", name]:
            models.choose(name)
            for _ in catch_up(models, decoders=InlineDecoders()):
                pass
        case ["backup"]:
            make_backup(catalog.path)
        case ["undo"]:
            changes.undo(catalog)
        case ["redo"]:
            changes.redo(catalog)
        case ["label_add", name]:
            labels.add_label(catalog, name)
        case ["label_delete", name]:
            labels.delete_label(catalog, labels.find_label(catalog, name).id)
        case ["label", name, ids]:
            labels.label_photos(catalog, labels.find_label(catalog, name).id, ids)
        case ["reject", name, ids]:
            labels.reject_photos(catalog, labels.find_label(catalog, name).id, ids)
        case ["unlabel", name, ids]:
            labels.unlabel_photos(catalog, labels.find_label(catalog, name).id, ids)
        case ["album", name, ids]:
            albums.create_album(catalog, name, ids)
        case ["album_add", name, ids]:
            albums.add_to_album(catalog, albums.find_album(catalog, name).id, ids)
        case ["album_delete", name]:
            albums.delete_album(catalog, albums.find_album(catalog, name).id)
        case ["rate", ids, stars]:
            photos.rate(catalog, ids, stars)
        case _:
            raise ValueError(f"no such action: {action}")


def tell(line: str) -> None:
    """At once and whole: what was told of before a kill has happened."""
    os.write(1, line.encode() + b"\n")


def do_actions(folder: str, actions: list[Action], largest_file: int | None) -> None:
    recording.BATCH = SMALL_BATCH
    models = LibraryModels(Library.open(Path(folder)), Zoo())
    if largest_file is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
    for action in actions:
        try:
            act(models, action)
        except PhotoClipError as error:
            tell(f"failed {error}")
        else:
            tell("done")


def open_all(folders: list[str]) -> None:
    for folder in folders:
        Library.open(Path(folder)).close()
        tell("done")


def restore_for_ever(catalog: str, backups: list[str]) -> None:
    while True:
        for backup in backups:
            restore(Path(catalog), Path(backup))
            tell("done")


JOBS: dict[str, Callable[..., None]] = {"act": do_actions, "open": open_all, "restore": restore_for_ever}


def do_job(line: str) -> None:
    """In a process that has just been forked; it never returns."""
    tell(f"child {os.getpid()}")
    try:
        kind, *details = json.loads(line)
        JOBS[kind](*details)
        signal.pause()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)


def main() -> None:
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            do_job(line)
        _, status = os.waitpid(child, 0)
        tell(f"ended {status}")


if __name__ == "__main__":
    main()
