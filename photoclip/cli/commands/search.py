"""`photoclip search` and `photoclip similar`.

Both print {query, model, results: [{path, score, cosine, confident}]}, best first; with --json all results
unless --limit says otherwise. `cosine` is null where nothing was compared (a search by filters alone).
"""

from __future__ import annotations

import math
from typing import Annotated, Any

import typer

from photoclip.cli.terminal import JsonOption, LibraryOption, Terminal, absolute
from photoclip.library.catalog.photos import counted, load_table, paths_of, photo_at
from photoclip.library.library import Library
from photoclip.library.search import Results, SearchEngine
from photoclip.paths import display, path_json

SHOWN = 20  # results in a table, unless --limit says otherwise

Words = Annotated[
    list[str] | None, typer.Argument(metavar="QUERY", help="What to look for.", show_default=False)
]
Photos = Annotated[
    list[str], typer.Argument(metavar="PHOTO...", help="One or several pictures, of the library or not.")
]
Limit = Annotated[
    int | None, typer.Option("--limit", min=1, help="At most so many results.", show_default=False)
]


def register(app: typer.Typer) -> None:
    # A query may begin with "-word", which is no option.
    app.command("search", context_settings={"ignore_unknown_options": True})(search)
    app.command("similar")(similar)


def search(
    context: typer.Context,
    words: Words = None,
    photo: Annotated[
        list[str] | None, typer.Option(help="Photos like this one, too; may be repeated.")
    ] = None,
    limit: Limit = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find photos by words, in order of how well they fit.

    -word and -"two words" exclude; "exact" matches file names, labels and albums; label:NAME album:NAME
    folder:NAME date:2023-07..2023-09 filter, with values of several words in quotes. Without a query, all
    photos are listed, newest first.
    """
    terminal = Terminal.of(context, library, as_json)
    text = " ".join(words or [])
    with terminal.engine() as engine:
        photos, images = _pictures(engine.library, photo or [])
        found = engine.search(text, photos=photos, images=images)
        _report(terminal, engine.library, text, found, limit)


def similar(
    context: typer.Context,
    photos: Photos,
    words: Annotated[str, typer.Option(help="Words that narrow it down, as for search.")] = "",
    limit: Limit = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find photos that look like a picture, or like several together."""
    terminal = Terminal.of(context, library, as_json)
    with terminal.engine() as engine:
        ids, images = _pictures(engine.library, photos)
        found = engine.similar(ids, images=images, words=words, limit=limit)
        query = " ".join([*(display(absolute(path)) for path in photos), *([words] if words else [])])
        _report(terminal, engine.library, query, found, limit)


def result_rows(library: Library, found: Results) -> list[dict[str, Any]]:
    """The results as the JSON document holds them."""
    paths = paths_of(library.catalog, found.ids.tolist())
    values = zip(found.ids.tolist(), found.scores.tolist(), found.cosines.tolist(), strict=True)
    return [
        {
            **path_json(paths[photo]),
            "score": round(score, 6),
            "cosine": None if math.isnan(cosine) else round(cosine, 6),
            "confident": rank < found.confident,
        }
        for rank, (photo, score, cosine) in enumerate(values)
    ]


def surely_found(engine: SearchEngine, words: list[str]) -> list[int]:
    """The photos that a search finds with confidence; by filters alone all results are certain."""
    found = engine.search(" ".join(words))
    return [int(photo) for photo in found.ids[: found.confident]]


def _pictures(library: Library, paths: list[str]) -> tuple[list[int], list[bytes]]:
    """Pictures as photos of the library where they are in it, and the rest as files."""
    present = set(load_table(library.catalog).ids.tolist()) if paths else set()
    photos: list[int] = []
    images: list[bytes] = []
    for path in map(absolute, paths):
        photo = photo_at(library.catalog, path)
        if photo in present and photo is not None:
            photos.append(photo)
        else:
            images.append(path)
    return photos, images


def _report(terminal: Terminal, library: Library, query: str, found: Results, limit: int | None) -> None:
    if terminal.json:
        shown = found if limit is None else found.first(limit)
        query = query.encode("utf-8", "replace").decode()  # half a surrogate pair is no text to other readers
        terminal.document({"query": query, "model": found.model, "results": result_rows(library, shown)})
        return
    shown = found.first(limit or SHOWN)
    paths = paths_of(library.catalog, shown.ids.tolist())
    rows = [
        (f"{score:.2f}", "" if rank < shown.confident else "weak", display(paths[photo]))
        for rank, (photo, score) in enumerate(zip(shown.ids.tolist(), shown.scores.tolist(), strict=True))
    ]
    if rows:
        terminal.table((">score", "", "photo"), rows)
    else:
        terminal.say("No photo meets that.")
    if rows and not found.confident:
        terminal.say("No confident match.")
    if len(shown) < len(found):
        terminal.say(f"{shown.further} more; --limit shows them.")
    elif found.further:
        terminal.say(f"{found.further} more match less well than these.")
    if found.pending:
        verb = "is" if found.pending == 1 else "are"
        terminal.say(f"{counted(found.pending)} {verb} not indexed yet; photoclip index does it.")
