"""`photoclip undo` and `photoclip redo`: {undone: description} or {redone: ...}, null when nothing was."""

from __future__ import annotations

import typer

from photoclip.cli.terminal import JsonOption, LibraryOption, Terminal
from photoclip.library.catalog import changes


def register(app: typer.Typer) -> None:
    app.command("undo")(undo)
    app.command("redo")(redo)


def undo(context: typer.Context, library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """Take back the last change to labels, albums, ratings or folders."""
    terminal = Terminal.of(context, library, as_json)
    with terminal.library() as opened:
        change = changes.undo(opened.catalog)
    _report(terminal, "undone", change, "Nothing to undo.")


def redo(context: typer.Context, library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """Do again what was undone last."""
    terminal = Terminal.of(context, library, as_json)
    with terminal.library() as opened:
        change = changes.redo(opened.catalog)
    _report(terminal, "redone", change, "Nothing to redo.")


def _report(terminal: Terminal, done: str, change: changes.Change | None, nothing: str) -> None:
    description = None if change is None else change.description
    if terminal.json:
        terminal.document({done: description})
    else:
        terminal.write(nothing if description is None else f"{done.capitalize()}: {description}.")
