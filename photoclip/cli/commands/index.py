"""`photoclip index`.

Prints {found, added, changed, missing, embedded, failed: [{path, reason}], seconds, photos_per_second}.
Photos that cannot be read do not make it fail: all there are in these folders are listed, those of earlier
runs too, and one is tried again when it changes.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich import progress
from rich.progress import TaskID

from photoclip.cli.terminal import (
    JsonOption,
    LibraryOption,
    Terminal,
    absolute,
    change_under_way,
    console,
    stopping,
)
from photoclip.errors import LibraryBusy
from photoclip.library import ingest, labelling, relabelling
from photoclip.library.catalog.folders import add_folder, list_folders
from photoclip.library.catalog.photos import Failure, counted, failures
from photoclip.library.changeover import catch_up
from photoclip.library.encoder import Encoder
from photoclip.library.engines import Engines
from photoclip.library.library import Library
from photoclip.library.models import LibraryModels
from photoclip.library.progress import Progress
from photoclip.library.search import SearchEngine
from photoclip.paths import display, path_json
from photoclip.pixels.video import NEEDS_EXTRA

STOPPED = 130
SHOWN = 20  # photos that cannot be read, named to people
BUSY_SECONDS = 1.0  # between two looks whether another PhotoClip is done indexing


def register(app: typer.Typer) -> None:
    app.command("index")(index)


def index(
    context: typer.Context,
    folders: Annotated[
        list[str] | None, typer.Argument(metavar="FOLDER...", help="Folders to add.", show_default=False)
    ] = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add folders of photos and index what is new or changed in them; without a folder, in all there are.

    Ctrl+C is safe: what is done is kept, and the same command goes on from there.
    """
    terminal = Terminal.of(context, library, as_json)
    with terminal.library(create=True) as opened, terminal.encoder() as encoder, stopping() as stop:
        ids = [_watched(opened, absolute(folder)) for folder in folders or []]
        document = run_index(terminal, opened, encoder, ids or None, stop)
    if terminal.json:
        terminal.document(document)
    else:
        report(terminal, document)
    if stop.is_set():
        terminal.say("Stopped; what is indexed is kept, and the same command goes on from here.")
        raise typer.Exit(STOPPED)


def run_index(
    terminal: Terminal, library: Library, encoder: Encoder, ids: list[int] | None, stop: threading.Event
) -> dict[str, Any]:
    """Indexes folders (None: all) with a progress bar, applies kept labels, and returns the document.

    `encoder` is the chosen model; while another one serves, that one indexes and this one reads after it.
    Kept labels are put on batch by batch: photos of a run that is interrupted never arrive again.
    """
    begun = time.monotonic()
    last = Progress("done")
    models = LibraryModels(library, terminal.services.encoder, encoder)
    with (
        closing(models),
        closing(SearchEngine(library, models.serving)) as engine,
        _bar(terminal) as (bar, task),
    ):
        for last in _when_free(terminal, stop, lambda: _index(models, ids, stop)):
            labelling.apply_kept(engine, last.searchable)
            bar.update(task, description=last.phase, completed=last.done, total=last.total)
        read = Progress("done")
        for read in _when_free(terminal, stop, lambda: catch_up(models, folder_ids=ids, stop=stop)):
            bar.update(task, description=read.model, completed=read.done, total=read.total)
        renewed = _renew_labels(models)
        for line in (last.message, read.message, renewed, change_under_way(models), _left_out(last)):
            if line:
                terminal.say(line)
    failed = _unreadable(library, ids, (*last.failed, *read.failed))
    last = replace(last, embedded=last.embedded + read.embedded)
    return _document(last, failed, time.monotonic() - begun)


def _index(models: LibraryModels, ids: list[int] | None, stop: threading.Event) -> Iterator[Progress]:
    yield from ingest.index(models.library, models.serving, folder_ids=ids, stop=stop)
    if models.coming is None:
        models.settle()


def _renew_labels(models: LibraryModels) -> str:
    """After a change of models; what was done in words, or nothing."""
    with closing(Engines(models)) as engines:
        change = relabelling.follow(models, engines)
    return f"{change.description}: {counted(len(change.photos))}." if change else ""


def _left_out(last: Progress) -> str:
    count = last.videos_left_out
    words = "1 video is" if count == 1 else f"{count:,} videos are"
    return f"{words} left out. {NEEDS_EXTRA}" if count else ""


def report(terminal: Terminal, document: dict[str, Any]) -> None:
    """The document in words."""
    terminal.write(
        f"{counted(document['found'])} found: {document['added']} new, {document['changed']} changed, "
        f"{document['missing']} gone; {document['embedded']} embedded in {document['seconds']:.1f} s "
        f"({document['photos_per_second']:.1f}/s)."
    )
    failed = document["failed"]
    for failure in failed[:SHOWN]:
        terminal.say(f"{display(os.fsencode(failure['path']))}: {failure['reason']}")
    if len(failed) > SHOWN:
        terminal.say(f"{len(failed) - SHOWN} more cannot be read; --json lists them all.")


def _watched(library: Library, path: bytes) -> int:
    """The id of the watched folder that is `path` or holds it; it is added when there is none."""
    real = os.path.realpath(path)
    for folder in list_folders(library.catalog):
        outer = os.path.realpath(folder.path)
        if Path(os.fsdecode(path)).is_dir() and os.path.commonpath([outer, real]) == outer:
            return folder.id
    created = add_folder(library.catalog, path).created
    assert created is not None
    return created


def _when_free(
    terminal: Terminal, stop: threading.Event, work: Callable[[], Iterator[Progress]]
) -> Iterator[Progress]:
    """The steps of `work`, as soon as no other process is indexing."""
    said = False
    while not stop.is_set():
        try:
            yield from work()
            return
        except LibraryBusy:
            if not said:
                terminal.say("Another PhotoClip is indexing this library; waiting until it is done.")
            said = True
            stop.wait(BUSY_SECONDS)


@contextmanager
def _bar(terminal: Terminal) -> Iterator[tuple[progress.Progress, TaskID]]:
    """A progress bar on stderr, drawn only where that is a terminal."""
    screen = console(stderr=True)
    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TimeRemainingColumn(),
    )
    with progress.Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as bar:
        yield bar, bar.add_task("starting", total=None)


def _unreadable(library: Library, ids: list[int] | None, last: Iterable[Failure]) -> list[Failure]:
    """Folders that could not be listed, and every photo that cannot be read, by path."""
    found = {failure.path: failure for failure in failures(library.catalog, ids)}
    found |= {failure.path: failure for failure in last}
    return [found[path] for path in sorted(found)]


def _document(last: Progress, failed: list[Failure], seconds: float) -> dict[str, Any]:
    return {
        "found": last.found,
        "added": last.added,
        "changed": last.changed,
        "missing": last.missing,
        "embedded": last.embedded,
        "failed": [{**path_json(failure.path), "reason": failure.reason} for failure in failed],
        "seconds": round(seconds, 3),
        "photos_per_second": round((last.added + last.changed) / max(seconds, 1e-9), 3),
    }
