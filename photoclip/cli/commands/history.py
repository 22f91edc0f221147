"""`photoclip undo` and `photoclip redo`: {undone: description} or {redone: ...}, null when nothing was.

Of a move to the trash, what became of the files is said on stderr.
"""

from __future__ import annotations

import typer

from photoclip.cli.terminal import JsonOption, LibraryOption, Terminal
from photoclip.library import trashing
from photoclip.library.trash import SystemTrash
from photoclip.library.trashing import Step


def register(app: typer.Typer) -> None:
    app.command("undo")(undo)
    app.command("redo")(redo)


def undo(context: typer.Context, library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """Take back the last change to labels, albums, ratings or folders, or the last move to the trash."""
    terminal = Terminal.of(context, library, as_json)
    with terminal.library() as opened:
        step = trashing.undo(opened.catalog, SystemTrash())
    _report(terminal, "undone", step, "Nothing to undo.")


def redo(context: typer.Context, library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """Do again what was undone last."""
    terminal = Terminal.of(context, library, as_json)
    with terminal.library() as opened:
        step = trashing.redo(opened.catalog, SystemTrash())
    _report(terminal, "redone", step, "Nothing to redo.")


def _report(terminal: Terminal, done: str, step: Step, nothing: str) -> None:
    description = None if step.change is None else step.change.description
    for sentence in step.sentences:
        terminal.say(sentence)
    if terminal.json:
        terminal.document({done: description})
    else:
        terminal.write(nothing if description is None else f"{done.capitalize()}: {description}.")
