"""`photoclip album ...`. Documents: list {albums: [{name, photos}]}, show {album, photos: [{path}]}, tag
{album, added, removed}, every other command {album, photos} with the number of photos it holds afterwards.
Live albums have a "query" in the list, and null photos while they cannot be looked up."""

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
from photoclip.paths import display, path_json

Name = Annotated[str, typer.Argument(metavar="ALBUM", help="The album's name.")]
Photos = Annotated[list[str], typer.Argument(metavar="PHOTO...", help="Photos of the library.")]
SomePhotos = Annotated[
    list[str] | None, typer.Argument(metavar="PHOTO...", help="Photos of the library.", show_default=False)
]


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="Albums: ordered lists of photos, and saved queries.", no_args_is_help=True)
    for name, command in (
        ("list", list_albums), ("show", show), ("create", create), ("add", add), ("remove", remove),
        ("order", order), ("rename", rename), ("delete", delete), ("tag", tag),
    ):  # fmt: skip
        group.command(name)(command)
    # A query may begin with "-word", which is no option.
    group.command("save", context_settings={"ignore_unknown_options": True})(save)
    app.add_typer(group, name="album")


def list_albums(context: typer.Context, library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """List the albums."""
    terminal = Terminal.of(context, library, as_json)
    with terminal.library() as opened:
        found = albums.list_albums(opened.catalog)
    counts = _counts(terminal, found)
    if terminal.json:
        rows = [{"name": album.name, "photos": counts[album.id]} for album in found]
        for row, album in zip(rows, found, strict=True):
            row |= {} if album.query is None else {"query": album.query}
        terminal.document({"albums": rows})
    else:
        shown = {number: "" if count is None else str(count) for number, count in counts.items()}
        lines = [(album.name, shown[album.id], album.query or "") for album in found]
        terminal.table(("album", ">photos", "query"), lines)


def show(
    context: typer.Context, name: Name, library: LibraryOption = None, as_json: JsonOption = False
) -> None:
    """List an album's photos in their order."""
    terminal = Terminal.of(context, library, as_json)
    with terminal.engine() as engine:
        catalog = engine.library.catalog
        album = albums.find_album(catalog, name)
        ids = engine.album(album.id).ids.tolist()
        paths = paths_of(catalog, ids)
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
    _report(terminal, name)


def save(
    context: typer.Context,
    name: Name,
    words: Annotated[list[str], typer.Argument(metavar="QUERY", help="What its photos are found by.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Give the live album of this name another query.")
    ] = False,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Save a query as a live album: it holds what the query finds at any time.

    `add` pins photos into it and `remove` keeps them out, whatever the query finds.
    """
    terminal = Terminal.of(context, library, as_json)
    query = " ".join(words)
    with terminal.library() as opened:
        if replace:
            albums.change_query(opened.catalog, albums.find_album(opened.catalog, name).id, query)
        else:
            albums.save_live_album(opened.catalog, name, query)
    _report(terminal, name)


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
        if albums.saved_query(catalog, album_id) is not None:
            raise PhotoClipError(f"{name} is a live album, which has no order of its own.")
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
    _report(terminal, name)


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
    _report(terminal, new_name)


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


def _report(terminal: Terminal, name: str) -> None:
    with terminal.library() as library:
        album = albums.find_album(library.catalog, name)
    count = _counts(terminal, [album])[album.id]
    if terminal.json:
        terminal.document({"album": album.name, "photos": count})
    elif count is not None:
        terminal.write(f"{album.name}: {counted(count)}.")


def _counts(terminal: Terminal, found: Sequence[albums.Album]) -> dict[int, int | None]:
    """How many photos each album holds; None, and a line that says why, where a live one cannot be looked up.

    Live albums alone need the model.
    """
    counts: dict[int, int | None] = {album.id: album.photos for album in found}
    live = [album for album in found if album.query is not None]
    if not live:
        return counts
    with terminal.engine() as engine:
        for album in live:
            try:
                counts[album.id] = len(engine.album(album.id).ids)
            except PhotoClipError as error:
                counts[album.id] = None
                terminal.say(str(error))
    return counts
