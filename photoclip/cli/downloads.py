"""A download at the terminal: what is asked before it, and the bar while it goes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from photoclip.cli.terminal import Terminal, console
from photoclip.errors import PhotoClipError
from photoclip.model_store import PublishedRow


def agree(terminal: Terminal, row: PublishedRow, yes: bool) -> None:
    """Shows what is downloaded and on which terms, and asks, unless the command has said so."""
    terminal.say(f"{row.name}: about {megabytes(row.bytes)}; licence: {row.licence}. {row.quality}")
    if yes:
        return
    if terminal.json or not interactive():
        raise typer.BadParameter("add --yes to agree to the licence where nobody can be asked")
    if not typer.confirm("Download it?", default=True, err=True):
        raise PhotoClipError("Nothing was downloaded.")


def interactive() -> bool:
    """Whether there is somebody to ask."""
    return sys.stdin.isatty()


@contextmanager
def progress_bar(name: str) -> Iterator[Callable[[int, int, float, float], None]]:
    """A progress bar on stderr, drawn only where that is a terminal."""
    screen = console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TextColumn("{task.fields[pace]}"),
    )
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as shown:
        task = shown.add_task(name, total=None, pace="")

        def progress(done: int, total: int, speed: float, left: float) -> None:
            shown.update(task, completed=done, total=total, pace=pace(speed, left))

        yield progress


def pace(speed: float, left: float) -> str:
    """Speed and time left for people; empty before anything is known.

    >>> pace(3_400_000, 150)
    '3.4 MB/s, 2:30 left'
    """
    if not speed:
        return ""
    minutes, seconds = divmod(round(left), 60)
    return f"{speed / 1e6:.1f} MB/s, {minutes}:{seconds:02d} left"


def megabytes(count: int) -> str:
    return f"{count / 1e6:.0f} MB"
