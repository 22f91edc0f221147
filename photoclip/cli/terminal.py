"""What every command works with: the services, the chosen library, and where words and documents go."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from photoclip.cli.services import Services
from photoclip.errors import PhotoClipError
from photoclip.library.catalog.photos import photo_at
from photoclip.library.encoder import Encoder
from photoclip.library.library import Library
from photoclip.library.models import LibraryModels, Reading
from photoclip.library.search import SearchEngine
from photoclip.paths import LIBRARY_VARIABLE, default_library_dir, display
from photoclip.settings import chosen_model

# Every command takes these, so that they may stand before or after its name.
LibraryOption = Annotated[
    Path | None,
    typer.Option("--library", metavar="DIR", help=f"The library's own folder; else {LIBRARY_VARIABLE}.",
                 show_default=False),
]  # fmt: skip
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout, nothing else.")]


FILE_WIDTH = 10_000  # characters: what goes to a file or a pipe is not folded


@dataclass(frozen=True)
class Terminal:
    """One run of a command. Documents and tables go to stdout, everything else to stderr."""

    services: Services
    library_dir: Path | None = None
    json: bool = False

    @classmethod
    def of(cls, context: typer.Context, library: Path | None, as_json: bool) -> Terminal:
        """The terminal of a command, with the options given after its name."""
        base: Terminal = context.find_root().obj
        return replace(base, library_dir=library or base.library_dir, json=as_json or base.json)

    @property
    def folder(self) -> Path:
        return self.library_dir or default_library_dir()

    @contextmanager
    def library(self, *, create: bool = False) -> Iterator[Library]:
        with Library.open(self.folder, create=create) as library:
            yield library

    @contextmanager
    def encoder(self) -> Iterator[Encoder]:
        """The chosen model, which ends with the command."""
        encoder = self.services.encoder(chosen_model(self.folder))
        try:
            yield encoder
        finally:
            close(encoder)

    @contextmanager
    def models(self, *, create: bool = False) -> Iterator[LibraryModels]:
        """The models of the library, which end with the command."""
        with self.library(create=create) as library:
            models = LibraryModels(library, self.services.encoder)
            try:
                yield models
            finally:
                models.close()

    @contextmanager
    def engine(self) -> Iterator[SearchEngine]:
        """The library's search engine; says so where it is not the chosen model that searches."""
        with self.models() as models, closing(SearchEngine(models.library, models.serving)) as engine:
            if line := change_under_way(models):
                self.say(line)
            yield engine

    def say(self, text: str) -> None:
        """A line for people, on stderr."""
        console(stderr=True).print(Text(text), soft_wrap=True)

    def document(self, content: dict[str, Any]) -> None:
        """The command's JSON document; in ASCII, so that no terminal's encoding matters."""
        text = json.dumps(content, indent=2, allow_nan=False)
        with _stdout_as_sentence():
            sys.stdout.write(text + "\n")
            sys.stdout.flush()

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A table for people. Columns whose name begins with ">" are numbers, set to the right."""
        table = Table(box=None, pad_edge=False)
        for column in columns:
            right = column.startswith(">")
            table.add_column(column.lstrip(">"), justify="right" if right else "left", overflow="fold")
        for row in rows:
            table.add_row(*map(Text, row))
        with _stdout_as_sentence():
            console().print(table)

    def write(self, text: str) -> None:
        """A line for people that is the command's result."""
        with _stdout_as_sentence():
            console().print(Text(text), soft_wrap=True)


@contextmanager
def _stdout_as_sentence() -> Iterator[None]:
    """Raises PhotoClipError where stdout cannot take what is written: a full disk behind it, for instance."""
    try:
        yield
    except BrokenPipeError:  # who reads has had enough, as `head` has
        raise
    except OSError as error:
        _let_go_of_stdout()
        raise PhotoClipError(
            f"The output cannot be written ({error.strerror}); write it to another place."
        ) from error


def _let_go_of_stdout() -> None:
    """What is still to be written goes nowhere; else Python would try once more, and complain, as it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def console(*, stderr: bool = False) -> Console:
    """Made anew each time, so that it writes to what stdout and stderr are now."""
    made = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    if not made.is_terminal:
        made.width = FILE_WIDTH
    return made


def change_under_way(models: LibraryModels) -> str:
    """Which model searches and how far the chosen one is, in a line; empty while no other is coming."""
    reading = models.reading()
    if reading is None:
        return ""
    searches = models.serving.info.name
    return f"Searching with {searches} while {reading.model} reads your photos: {read_so_far(reading)}."


def read_so_far(reading: Reading) -> str:
    """1,204 of 10,000"""
    return f"{reading.known:,} of {reading.total:,}"


def close(encoder: Encoder) -> None:
    """Ends a model that has a process of its own."""
    end = getattr(encoder, "close", None)
    if end is not None:
        end()


def absolute(path: str) -> bytes:
    """A path as typed, as the catalog keeps it; an empty one, as of an unset variable, is wrong use."""
    if not path:
        raise typer.BadParameter("a path is empty")
    return os.path.abspath(os.fsencode(Path(path).expanduser()))  # noqa: PTH100 -- takes ".." out, as the catalog


def is_path(argument: str) -> bool:
    """Whether what may be a path or a query is a path."""
    return argument.startswith(("/", "./", "../", "~")) or os.path.lexists(argument)


def photo_ids(library: Library, paths: Sequence[str]) -> list[int]:
    """The library's photos at these paths; raises PhotoClipError naming the first that is not there."""
    ids = []
    for path in map(absolute, paths):
        found = photo_at(library.catalog, path)
        if found is None:
            raise PhotoClipError(f"{display(path)} is not in the library; index its folder first.")
        ids.append(found)
    return ids


@contextmanager
def stopping() -> Iterator[threading.Event]:
    """An event that Ctrl+C and SIGTERM set, so that work can end between two steps. Again, Ctrl+C insists."""
    stop = threading.Event()

    def on_signal(number: int, frame: FrameType | None) -> None:
        if stop.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        stop.set()

    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
