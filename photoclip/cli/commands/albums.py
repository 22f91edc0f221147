"""`photoclip album ...`. Documents: list {albums: [{name, photos}]}, show {album, photos: [{path}]}, tag
{album, added, removed}, every other command {album, photos} with the number of photos it holds afterwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from photoclip.cli.commands.labels import label_changes
from photoclip.cli.terminal import JsonOption, LibraryOption, Terminal, absolute, photo_ids
from photoclip.errors import PhotoClipError
from photoclip.library import labelling
from photoclip.library.catalog import albums
from photoclip.library.catalog.changes import Change
from photoclip.library.catalog.connection import Catalog
from photoclip.library.catalog.labels import find_label
from photoclip.library.catalog.photos import counted, paths_of
from photoclip.library.library import Library
from photoclip.paths import display, path_json

Name = Annotated[str, typer.Argument(metavar="ALBUM", help="The album's name.")]
Photos = Annotated[list[str], typer.Argument(metavar="PHOTO...", help="Photos of the library.")]
SomePhotos = Annotated[
    list[str] | None, typer.Argument(metavar="PHOTO...", help="Photos of the library.", show_default=False)
]


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="Albums: ordered lists of photos.", no_args_is_help=True)
    for name, command in (
        ("list", list_albums), ("show", show), ("create", create), ("add", add), ("remove", remove),
        ("order", order), ("rename", rename), ("delete", delete), ("tag", tag),
    ):  # fmt: skip
        group.command(name)(command)
    app.add_typer(group, name="album")


def list_albums(context: typer.Context, library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """List the albums."""
    terminal = Terminal.of(context, library, as_json)
    with terminal.library() as opened:
        rows = [(album.name, album.photos) for album in albums.list_albums(opened.catalog)]
    if terminal.json:
        terminal.document({"albums": [{"name": name, "photos": count} for name, count in rows]})
    else:
        terminal.table(("album", ">photos"), [(name, str(count)) for name, count in rows])


def show(
    context: typer.Context, name: Name, library: LibraryOption = None, as_json: JsonOption = False
) -> None:
    """List an album's photos in their order."""
    terminal = Terminal.of(context, library, as_json)
    with terminal.library() as opened:
        album = albums.find_album(opened.catalog, name)
        ids = albums.album_photos(opened.catalog, album.id).tolist()
        paths = paths_of(opened.catalog, ids)
    if terminal.json:
        terminal.document({"album": album.name, "photos": [path_json(paths[photo]) for photo in ids]})
    else:
        for photo in ids:
            terminal.write(display(paths[photo]))


def create(
    context: typer.Context,
    name: Name,
    photos: SomePhotos = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make an album, with photos if you like."""
    terminal = Terminal.of(context, library, as_json)
    with terminal.library() as opened:
        albums.create_album(opened.catalog, name, photo_ids(opened, photos or []))
        _report(terminal, opened, name)


def add(
    context: typer.Context,
    name: Name,
    photos: Photos,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put photos at the end of an album."""
    _change(Terminal.of(context, library, as_json), name, photos, albums.add_to_album)


def remove(
    context: typer.Context,
    name: Name,
    photos: Photos,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take photos out of an album; the photos themselves stay."""
    _change(Terminal.of(context, library, as_json), name, photos, albums.remove_from_album)


def order(
    context: typer.Context,
    name: Name,
    photos: Photos,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put an album in order: these photos first, as given, and the others after them as they were."""

    def put_in_order(catalog: Catalog, album_id: int, ids: Sequence[int]) -> Change:
        inside = set(albums.album_photos(catalog, album_id, missing=True).tolist())
        for path, photo in zip(photos, ids, strict=True):
            if photo not in inside:
                raise PhotoClipError(f"{display(absolute(path))} is not in the album {name}; add it first.")
        return albums.reorder_album(catalog, album_id, ids)

    _change(Terminal.of(context, library, as_json), name, photos, put_in_order)


def _change(
    terminal: Terminal,
    name: str,
    photos: list[str],
    change: Callable[[Catalog, int, Sequence[int]], Change],
) -> None:
    """Does something with these photos and the album of that name, and tells of the album."""
    with terminal.library() as opened:
        album = albums.find_album(opened.catalog, name)
        change(opened.catalog, album.id, photo_ids(opened, photos))
        _report(terminal, opened, name)


def rename(
    context: typer.Context,
    name: Name,
    new_name: Annotated[str, typer.Argument(metavar="NAME", help="What it is to be called.")],
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give an album another name."""
    terminal = Terminal.of(context, library, as_json)
    with terminal.library() as opened:
        album = albums.find_album(opened.catalog, name)
        albums.rename_album(opened.catalog, album.id, new_name)
        _report(terminal, opened, new_name)


def delete(
    context: typer.Context, name: Name, library: LibraryOption = None, as_json: JsonOption = False
) -> None:
    """Delete an album; its photos stay. `photoclip undo` brings it back."""
    terminal = Terminal.of(context, library, as_json)
    with terminal.library() as opened:
        album = albums.find_album(opened.catalog, name)
        albums.delete_album(opened.catalog, album.id)
    if terminal.json:
        terminal.document({"album": album.name, "photos": 0})
    else:
        terminal.write(f"Deleted the album {album.name}.")


def tag(
    context: typer.Context,
    name: Name,
    label: Annotated[list[str] | None, typer.Option(help="Only this label; may be repeated.")] = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Apply all labels, or those named, over one album."""
    terminal = Terminal.of(context, library, as_json)
    with terminal.engine() as engine:
        catalog = engine.library.catalog
        album = albums.find_album(catalog, name)
        chosen = [find_label(catalog, each).id for each in label] if label else None
        change = labelling.auto_tag_album(engine, album.id, chosen)
    added, removed = label_changes(change)
    if terminal.json:
        terminal.document({"album": album.name, "added": added, "removed": removed})
    else:
        terminal.write(f"{album.name}: {added} labels added, {removed} taken off.")


def _report(terminal: Terminal, library: Library, name: str) -> None:
    album = albums.find_album(library.catalog, name)
    if terminal.json:
        terminal.document({"album": album.name, "photos": album.photos})
    else:
        terminal.write(f"{album.name}: {counted(album.photos)}.")
