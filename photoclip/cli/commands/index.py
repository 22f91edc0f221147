"""`photoclip index`.

Prints {found, added, changed, missing, embedded, failed: [{path, reason}], seconds, photos_per_second}.
Photos that cannot be read do not make it fail: all there are in these folders are listed, those of earlier
runs too, and one is tried again when it changes.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from photoclip.cli.terminal import JsonOption, LibraryOption, Terminal, absolute, console, stopping
from photoclip.errors import LibraryBusy
from photoclip.library import ingest, labelling
from photoclip.library.catalog.folders import add_folder, list_folders
from photoclip.library.catalog.photos import Failure, counted, failures
from photoclip.library.encoder import Encoder
from photoclip.library.library import Library
from photoclip.library.search import SearchEngine
from photoclip.paths import display, path_json

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

    Kept labels are put on batch by batch: photos of a run that is interrupted never arrive again.
    """
    begun = time.monotonic()
    last: ingest.Progress | None = None
    with closing(SearchEngine(library, encoder)) as engine, _bar(terminal) as (bar, task):
        for last in _when_free(terminal, library, encoder, ids, stop):
            labelling.apply_kept(engine, last.searchable)
            bar.update(task, description=last.phase, completed=last.done, total=last.total)
    if last is not None and last.message:
        terminal.say(last.message)
    return _document(last, _unreadable(library, ids, last), time.monotonic() - begun)


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
    terminal: Terminal, library: Library, encoder: Encoder, ids: list[int] | None, stop: threading.Event
) -> Iterator[ingest.Progress]:
    """The steps of indexing, as soon as no other process is at it."""
    said = False
    while not stop.is_set():
        try:
            yield from ingest.index(library, encoder, folder_ids=ids, stop=stop)
            return
        except LibraryBusy:
            if not said:
                terminal.say("Another PhotoClip is indexing this library; waiting until it is done.")
            said = True
            stop.wait(BUSY_SECONDS)


@contextmanager
def _bar(terminal: Terminal) -> Iterator[tuple[Progress, TaskID]]:
    """A progress bar on stderr, drawn only where that is a terminal."""
    screen = console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as bar:
        yield bar, bar.add_task("starting", total=None)


def _unreadable(library: Library, ids: list[int] | None, last: ingest.Progress | None) -> list[Failure]:
    """Folders that could not be listed, and every photo that cannot be read, by path."""
    found = {failure.path: failure for failure in failures(library.catalog, ids)}
    found |= {failure.path: failure for failure in (last.failed if last else ())}
    return [found[path] for path in sorted(found)]


def _document(last: ingest.Progress | None, failed: list[Failure], seconds: float) -> dict[str, Any]:
    last = last or ingest.Progress("done")
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
