"""`photoclip missing ...`. Documents: list {missing: [{path, since}]}, by path, where `since` is the Unix
time when that was noticed; clear {cleared: count}."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Annotated

import typer

from photoclip.cli.terminal import JsonOption, LibraryOption, Terminal, absolute
from photoclip.errors import PhotoClipError
from photoclip.library.catalog.missing import MissingFile, clear_missing, missing_files
from photoclip.library.catalog.photos import counted
from photoclip.paths import display, path_json


def register(app: typer.Typer) -> None:
    group = typer.Typer(
        help="Photos whose files are gone; what you said of them is kept.", no_args_is_help=True
    )
    group.command("list")(list_all)
    group.command("clear")(clear)
    app.add_typer(group, name="missing")


def list_all(context: typer.Context, library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """List where the missing photos were, and since when they are missing."""
    terminal = Terminal.of(context, library, as_json)
    with terminal.library() as opened:
        found = missing_files(opened.catalog)
    if terminal.json:
        terminal.document({"missing": [{**path_json(each.path), "since": each.since} for each in found]})
    elif found:
        rows = [(display(each.path), f"{datetime.fromtimestamp(each.since):%Y-%m-%d}") for each in found]
        terminal.table(("photo", "since"), rows)
    else:
        terminal.say("No photo is missing.")


def clear(
    context: typer.Context,
    photos: Annotated[
        list[str] | None,
        typer.Argument(metavar="PATH...", help="Only the photos that were here.", show_default=False),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Clear without asking.")] = False,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let go of missing photos and of all you said of them. `photoclip undo` brings both back."""
    terminal = Terminal.of(context, library, as_json)
    with terminal.library() as opened:
        ids = _chosen(missing_files(opened.catalog), photos or [])
        if ids and (yes or _agreed(len(ids))):
            clear_missing(opened.catalog, ids)
        else:
            ids = set()
    if terminal.json:
        terminal.document({"cleared": len(ids)})
    else:
        terminal.write(f"Cleared {counted(len(ids))}." if ids else "Nothing was cleared.")


def _chosen(found: list[MissingFile], paths: list[str]) -> set[int]:
    by_path = {each.path: each.photo for each in found}
    chosen = set()
    for path in map(absolute, paths):
        if path not in by_path:
            raise PhotoClipError(
                f"No missing photo was at {display(path)}; photoclip missing list shows them."
            )
        chosen.add(by_path[path])
    return chosen if paths else set(by_path.values())


def _agreed(count: int) -> bool:
    if not sys.stdin.isatty():
        raise typer.BadParameter("nobody can be asked here; add --yes to clear them", param_hint="--yes")
    return typer.confirm(f"Let go of {counted(count)} and what you said of them?", default=False, err=True)
