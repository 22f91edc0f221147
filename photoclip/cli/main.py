"""The command `photoclip`.

Exit status: 0 done, 1 the world's fault (one sentence on stderr says what), 2 wrong use (also a query that
does not parse), 130 stopped by Ctrl+C.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

import photoclip
from photoclip.cli.commands import (
    albums,
    backup,
    demo,
    doctor,
    duplicates,
    export_xmp,
    folders,
    history,
    index,
    labels,
    missing,
    models,
    score,
    search,
    watch,
)
from photoclip.cli.services import Services
from photoclip.cli.status import exit_status
from photoclip.cli.terminal import JsonOption, LibraryOption, Terminal

HELP = """Find photos on your own disks by typing what you remember.

Without a command, the window opens."""


class Commands(TyperGroup):
    """Turns errors that are the world's fault into a sentence and an exit status."""

    def invoke(self, ctx: Any) -> Any:
        with exit_status():
            return super().invoke(ctx)


def build(services: Services) -> typer.Typer:
    """All commands, working with these services."""
    app = typer.Typer(
        cls=Commands, help=HELP, add_completion=False, pretty_exceptions_enable=False, no_args_is_help=False
    )

    @app.callback(invoke_without_command=True)
    def photoclip_command(
        context: typer.Context,
        library: LibraryOption = None,
        as_json: JsonOption = False,
        version: Annotated[bool, typer.Option("--version", help="Print the version and end.")] = False,
    ) -> None:
        terminal = Terminal(services, library, as_json)
        context.obj = terminal
        if version:
            terminal.write(f"PhotoClip {photoclip.__version__}")
            raise typer.Exit
        if context.invoked_subcommand is None:
            raise typer.Exit(services.open_window(terminal.folder, None))

    for commands in (
        index, folders, missing, search, score, labels, albums, models, watch, history, backup, doctor,
        duplicates, export_xmp, demo,
    ):  # fmt: skip
        commands.register(app)
    return app
