"""`photoclip label ...`.

Documents: a label is {name, descriptions, threshold, keep_applied, human, auto}. add, edit and remove print
{label: that}; list {labels: [that]}; preview {label, threshold, count, already, histogram, results: [{path,
score, above}]}; apply {label, added, removed, tagged}, where tagged counts the photos that have it now.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from photoclip.cli.terminal import JsonOption, LibraryOption, Terminal, absolute
from photoclip.errors import PhotoClipError
from photoclip.library import labelling
from photoclip.library.catalog import labels
from photoclip.library.catalog.albums import find_album
from photoclip.library.catalog.changes import Change
from photoclip.library.catalog.folders import list_folders
from photoclip.library.catalog.photos import counted, paths_of, photos_below
from photoclip.library.labelling import LabelPreview, Scope
from photoclip.library.library import Library
from photoclip.paths import display, path_json

EITHER_SIDE = 5  # photos shown above and below the threshold in a table

Name = Annotated[str, typer.Argument(metavar="LABEL", help="The label's name.")]
Describe = Annotated[
    list[str] | None, typer.Option(help="What it looks like, in your own words; may be repeated.")
]
Threshold = Annotated[float | None, typer.Option(min=0, max=1, help="The score from which it is put on.")]
Keep = Annotated[bool | None, typer.Option("--keep/--no-keep", help="Apply it to photos that arrive later.")]
InAlbum = Annotated[str | None, typer.Option("--album", metavar="NAME", help="Only in this album.")]
InFolder = Annotated[str | None, typer.Option("--folder", metavar="DIR", help="Only in this folder.")]


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="Labels: a name, your own descriptions, a threshold.", no_args_is_help=True)
    for name, command in (
        ("add", add), ("edit", edit), ("list", list_labels), ("preview", preview), ("apply", apply),
        ("remove", remove),
    ):  # fmt: skip
        group.command(name)(command)
    app.add_typer(group, name="label")


def add(
    context: typer.Context,
    name: Name,
    describe: Describe = None,
    threshold: Threshold = None,
    keep: Keep = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a label. Nothing is tagged before `photoclip label apply`."""
    terminal = Terminal.of(context, library, as_json)
    with terminal.library(create=True) as opened:
        line = labels.DEFAULT_THRESHOLD if threshold is None else threshold
        labels.add_label(opened.catalog, name, describe or [], line, keep_applied=bool(keep))
        _report(terminal, labels.find_label(opened.catalog, name))


def edit(
    context: typer.Context,
    name: Name,
    rename: Annotated[str | None, typer.Option(help="Another name for it.")] = None,
    describe: Describe = None,
    threshold: Threshold = None,
    keep: Keep = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Change what is given of a label; descriptions replace the old ones."""
    terminal = Terminal.of(context, library, as_json)
    with terminal.library() as opened:
        label = labels.find_label(opened.catalog, name)
        labels.edit_label(
            opened.catalog,
            label.id,
            name=rename,
            descriptions=describe,
            threshold=threshold,
            keep_applied=keep,
        )
        _report(terminal, labels.find_label(opened.catalog, rename or name))


def list_labels(context: typer.Context, library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """List the labels and how many photos have them."""
    terminal = Terminal.of(context, library, as_json)
    with terminal.library() as opened:
        found = labels.list_labels(opened.catalog)
    if terminal.json:
        terminal.document({"labels": [_values(label) for label in found]})
        return
    terminal.table(
        ("label", ">by you", ">automatic", ">threshold", "descriptions"),
        [(x.name, str(x.human), str(x.auto), f"{x.threshold:.2f}", "; ".join(x.descriptions)) for x in found],
    )


def preview(
    context: typer.Context,
    name: Name,
    album: InAlbum = None,
    folder: InFolder = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what applying a label would tag; nothing is changed."""
    terminal = Terminal.of(context, library, as_json)
    with terminal.engine() as engine:
        opened = engine.library
        label = labels.find_label(opened.catalog, name)
        scope = _scope(opened, album, folder)
        seen = labelling.preview(engine, label.descriptions, label.threshold, scope, label.id)
        _show(terminal, opened, label.name, seen)


def apply(
    context: typer.Context,
    name: Name,
    album: InAlbum = None,
    folder: InFolder = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put a label on the photos that reach its threshold. Your own Yes and No stay."""
    terminal = Terminal.of(context, library, as_json)
    with terminal.engine() as engine:
        catalog = engine.library.catalog
        label = labels.find_label(catalog, name)
        change = labelling.apply(engine, label.id, _scope(engine.library, album, folder))
        label = labels.find_label(catalog, name)
    added, removed = label_changes(change)
    tagged = label.human + label.auto
    if terminal.json:
        terminal.document({"label": label.name, "added": added, "removed": removed, "tagged": tagged})
    else:
        terminal.write(f"{label.name}: put on {added}, taken off {removed}; {counted(tagged)} with it now.")


def remove(
    context: typer.Context, name: Name, library: LibraryOption = None, as_json: JsonOption = False
) -> None:
    """Delete a label and take it off all photos. `photoclip undo` brings it back."""
    terminal = Terminal.of(context, library, as_json)
    with terminal.library() as opened:
        label = labels.find_label(opened.catalog, name)
        labels.delete_label(opened.catalog, label.id)
    if terminal.json:
        terminal.document({"label": _values(label)})
    else:
        terminal.write(f"Removed the label {label.name}.")


def label_changes(change: Change) -> tuple[int, int]:
    """How many photos a change put labels on, and took them off."""
    rows = [row for row in change.rows if row.table == "photo_label"]
    return sum(row.before is None for row in rows), sum(row.after is None for row in rows)


def _scope(library: Library, album: str | None, folder: str | None) -> Scope:
    if album is not None and folder is not None:
        raise typer.BadParameter("choose one of --album and --folder")
    if album is not None:
        return Scope("album", find_album(library.catalog, album).id)
    if folder is None:
        return Scope("all")
    path = absolute(folder)
    for each in list_folders(library.catalog):
        if each.path == path:
            return Scope("folder", each.id)
    below = photos_below(library.catalog, path)  # a folder inside one that is watched
    if below:
        return Scope("photos", photos=tuple(below))
    raise PhotoClipError(f"The library has no photos in the folder {display(path)}; index it first.")


def _show(terminal: Terminal, library: Library, name: str, seen: LabelPreview) -> None:
    paths = paths_of(library.catalog, seen.ids.tolist())
    ranked = list(zip(seen.ids.tolist(), seen.scores.tolist(), strict=True))
    if terminal.json:
        terminal.document({
            "label": name, "threshold": seen.threshold, "count": seen.count, "already": seen.already,
            "histogram": seen.histogram.tolist(),
            "results": [
                {**path_json(paths[photo]), "score": round(score, 6), "above": rank < seen.count}
                for rank, (photo, score) in enumerate(ranked)
            ],
        })  # fmt: skip
        return
    reach = "reaches" if seen.count == 1 else "reach"
    terminal.write(
        f"{name}: {counted(seen.count)} {reach} {seen.threshold:.2f}; {seen.already} tagged with it already."
    )
    start = max(0, seen.count - EITHER_SIDE)
    rows = [
        (f"{score:.2f}", "above" if rank < seen.count else "below", display(paths[photo]))
        for rank, (photo, score) in enumerate(ranked)
    ]
    terminal.table((">score", "threshold", "photo"), rows[start : seen.count + EITHER_SIDE])


def _report(terminal: Terminal, label: labels.Label) -> None:
    if terminal.json:
        terminal.document({"label": _values(label)})
    else:
        said = "; ".join(labelling.prompts(label.name, label.descriptions))
        terminal.write(f"{label.name}: {said}; from {label.threshold:.2f}.")


def _values(label: labels.Label) -> dict[str, Any]:
    return {
        "name": label.name,
        "descriptions": list(label.descriptions),
        "threshold": label.threshold,
        "keep_applied": label.keep_applied,
        "human": label.human,
        "auto": label.auto,
    }
