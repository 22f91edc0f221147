"""`photoclip models use|forget|compare`: one library's change from one model to another.

use       {in_use, serving, known, total}: the chosen model, the one that searches, and how many of the photos
          the chosen one has read
forget    {forgotten}
compare   {query, models: [{model, known, total, results}]}, the model that searches first; results are
          [{rank, path, score, cosine, confident, elsewhere}], elsewhere being the rank with the other model,
          or null where that does not find the photo
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from photoclip.cli.commands.search import SHOWN, Limit, result_rows
from photoclip.cli.terminal import JsonOption, LibraryOption, Terminal, change_under_way, read_so_far
from photoclip.errors import ModelError, PhotoClipError
from photoclip.library.catalog.photos import paths_of
from photoclip.library.catalog.served import served
from photoclip.library.comparison import Side
from photoclip.library.comparison import compare as side_by_side
from photoclip.library.library import CATALOG_FILE, Library
from photoclip.library.models import LibraryModels
from photoclip.model_store import PublishedRow
from photoclip.paths import display

NameArgument = Annotated[str, typer.Argument(metavar="NAME", show_default=False)]


def register(models: typer.Typer) -> None:
    models.command("use")(use)
    models.command("forget")(forget)
    models.command("compare", context_settings={"ignore_unknown_options": True})(compare)


def use(
    context: typer.Context,
    name: NameArgument,
    now: Annotated[
        bool, typer.Option("--now", help="Also before it has read all photos: the others cannot be found.")
    ] = False,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Choose the model that the library uses.

    The one before goes on searching until the chosen one has read all photos (photoclip index, or the open
    window); then it switches by itself. A model that searched before does so again at once.
    """
    terminal = Terminal.of(context, library, as_json)
    name = own_name(terminal, name)
    _require(terminal, name)
    with terminal.models(create=True) as models:
        models.choose(name, at_once=now)
        serving = models.serving
        reading = models.known_to((models.coming or serving).info)
        if terminal.json:
            counts = {"known": reading.known, "total": reading.total}
            terminal.document({"in_use": name, "serving": models.name_of(serving), **counts})
        else:
            terminal.write(_words(models, name))


def forget(
    context: typer.Context, name: NameArgument, library: LibraryOption = None, as_json: JsonOption = False
) -> None:
    """Delete what a model that is not in use made of this library's photos; the model itself stays."""
    terminal = Terminal.of(context, library, as_json)
    name = own_name(terminal, name)
    with terminal.models() as models:
        models.forget(name)
    if terminal.json:
        terminal.document({"forgotten": name})
    else:
        terminal.write(f"What {name} made of your photos is deleted.")


def compare(
    context: typer.Context,
    words: Annotated[list[str], typer.Argument(metavar="QUERY", help="What to look for.")],
    limit: Limit = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what two models that have read this library's photos find, side by side."""
    terminal = Terminal.of(context, library, as_json)
    query = " ".join(words)
    with terminal.models() as models:
        sides = side_by_side(models, query)
        if terminal.json:
            rows = [_values(models.library, side, limit) for side in sides]
            terminal.document({"query": query, "models": rows})
        else:
            _show(terminal, models.library, sides, limit or SHOWN)


def under_way(terminal: Terminal) -> str:
    """How far the change of models is, in a line; empty where there is none, or no library yet."""
    if not (terminal.folder / CATALOG_FILE).exists():
        return ""
    try:
        with terminal.models() as models:
            return change_under_way(models)
    except ModelError:  # the list says which model is damaged
        return ""


def serving_name(terminal: Terminal) -> str:
    """The name of the model that the library's catalog has as serving, or nothing."""
    if not (terminal.folder / CATALOG_FILE).exists():
        return ""
    with terminal.library() as library:
        return next((model.name for model in served(library.catalog)), "")


def published(terminal: Terminal, name: str) -> PublishedRow | None:
    """The published model that is called so by anybody."""
    rows = terminal.services.store.published()
    return next((row for row in rows if name and name in (row.name, row.alias, row.repository)), None)


def own_name(terminal: Terminal, name: str) -> str:
    """The name that PhotoClip has for a model that others call otherwise."""
    row = published(terminal, name)
    return row.name if row else name


def _require(terminal: Terminal, name: str) -> None:
    """Raises PhotoClipError for a model that is not on this machine, or that cannot be used."""
    rows = {row.name: row for row in terminal.services.models()}
    if name not in rows:
        hint = f"get it with: photoclip models get {name}" if published(terminal, name) else "see models list"
        raise PhotoClipError(f'There is no model "{name}" on this machine; {hint}.')
    if rows[name].problem:
        raise PhotoClipError(rows[name].problem)


def _words(models: LibraryModels, name: str) -> str:
    if line := change_under_way(models):
        return f"{line}\nphotoclip index, or the open window, goes on with it."
    reading = models.known_to(models.serving.info)
    if not reading.total:
        return f"{name} is in use; photoclip index makes the photos known to it."
    if reading.known == reading.total:
        return f"{name} is in use; it has read all photos."
    return f"{name} is in use; it has read {read_so_far(reading)} photos, and photoclip index goes on."


def _values(library: Library, side: Side, limit: int | None) -> dict[str, Any]:
    shown = side.found if limit is None else side.found.first(limit)
    rows = result_rows(library, shown)
    ranks = side.elsewhere.tolist()
    return {
        "model": side.reading.model,
        "known": side.reading.known,
        "total": side.reading.total,
        "results": [{"rank": at + 1, **row, "elsewhere": ranks[at] or None} for at, row in enumerate(rows)],
    }


def _show(terminal: Terminal, library: Library, sides: tuple[Side, Side], limit: int) -> None:
    columns = [_cells(library, side, limit) for side in sides]
    height = max(len(cells) for cells in columns)
    empty = ("", "", "")
    rows = [
        (str(at + 1), *(cell for cells in columns for cell in (cells[at] if at < len(cells) else empty)))
        for at in range(height)
    ]
    (one, other) = (side.reading.model for side in sides)
    terminal.table((">rank", ">score", one, f">in {other}", ">score", other, f">in {one}"), rows)
    for side in sides:
        if side.reading.known < side.reading.total:
            terminal.say(f"{side.reading.model} has read {read_so_far(side.reading)} photos.")


def _cells(library: Library, side: Side, limit: int) -> list[tuple[str, str, str]]:
    """Score, photo, and the rank with the other model."""
    shown = side.found.first(limit)
    paths = paths_of(library.catalog, shown.ids.tolist())
    found = zip(shown.ids.tolist(), shown.scores.tolist(), side.elsewhere.tolist(), strict=False)
    return [
        (f"{score:.2f}", display(paths[photo]), f"#{rank}" if rank else "–") for photo, score, rank in found
    ]
