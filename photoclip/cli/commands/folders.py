"""`photoclip folder ...`. Documents: list {folders: [{path, photos, online}]}, remove {path, labels}, where
labels is "kept" or "deleted". Folders are added by `photoclip index`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from photoclip.cli.terminal import JsonOption, LibraryOption, Terminal, absolute
from photoclip.errors import PhotoClipError
from photoclip.library.catalog.folders import Folder, list_folders, remove_folder
from photoclip.library.library import Library
from photoclip.paths import display, path_json


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="The watched folders; photoclip index adds one.", no_args_is_help=True)
    group.command("list")(list_all)
    group.command("remove")(remove)
    app.add_typer(group, name="folder")


def list_all(context: typer.Context, library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """List the watched folders."""
    terminal = Terminal.of(context, library, as_json)
    with terminal.library() as opened:
        found = list_folders(opened.catalog)
    if terminal.json:
        rows = [{**path_json(each.path), "photos": each.photos, "online": each.online} for each in found]
        terminal.document({"folders": rows})
        return
    terminal.table(
        ("folder", ">photos", ""),
        [(display(each.path), str(each.photos), "" if each.online else "offline") for each in found],
    )


def remove(
    context: typer.Context,
    folder: Annotated[str, typer.Argument(metavar="DIR", help="A watched folder.")],
    keep_labels: Annotated[
        bool | None,
        typer.Option(
            "--keep-labels/--delete-labels",
            help="What happens to the labels of its photos; asked when not given.",
            show_default=False,
        ),
    ] = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Stop watching a folder and hide its photos. The files stay; `photoclip undo` brings the folder back."""
    terminal = Terminal.of(context, library, as_json)
    with terminal.library() as opened:
        found = _watched(opened, absolute(folder))
        keep = _asked(found) if keep_labels is None else keep_labels
        remove_folder(opened.catalog, found.id, keep_labels=keep)
    labels = "kept" if keep else "deleted"
    if terminal.json:
        terminal.document({**path_json(found.path), "labels": labels})
    else:
        terminal.write(
            f"{display(found.path)} is not watched any more; the labels of its photos are {labels}."
        )


def _watched(library: Library, path: bytes) -> Folder:
    folders = list_folders(library.catalog)
    for each in folders:
        if each.path == path:
            return each
    known = ", ".join(display(each.path) for each in folders) or "none"
    raise PhotoClipError(f"The folder {display(path)} is not watched; watched are: {known}.")


def _asked(folder: Folder) -> bool:
    """Whether the labels are to be kept; a script, which cannot be asked, has to say."""
    if not sys.stdin.isatty():
        raise typer.BadParameter("say what happens to the photos' labels: --keep-labels or --delete-labels")
    return typer.confirm(f"Keep the labels of the photos in {display(folder.path)}?", default=True, err=True)
