"""`photoclip models`, one document each:

list    {models: [{name, path, bytes, dim, image_size, shipped, licence, quality, problem, precision,
         in_use}], in_use,
         published: [{name, alias, repository, bytes, dim, image_size, licence, quality, sources, installed,
         photos_per_second}]}
get, import    {model: {the same, without in_use}}
remove    {removed}

`in_use` is the chosen model. `photos_per_second` is an estimate for this machine from what was measured
here, 0.0 before that and for ResNets. What belongs to a library's change of models is in `changeover`.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from photoclip.cli.commands import changeover, train
from photoclip.cli.downloads import agree, megabytes, progress_bar
from photoclip.cli.terminal import JsonOption, LibraryOption, Terminal, stopping
from photoclip.errors import PhotoClipError
from photoclip.model_store import ModelRow, PublishedRow, Source, Watch
from photoclip.settings import chosen_model

NameArgument = Annotated[str, typer.Argument(metavar="NAME", show_default=False)]
SOURCES: dict[str, Source] = {"": "", "hub": "hub", "openai": "openai"}

HUB = "hf-hub:"  # before a repository of the hub, as open_clip writes it
ReplaceOption = Annotated[bool, typer.Option("--replace", help="Also when it is installed already.")]


def register(app: typer.Typer) -> None:
    models = typer.Typer(help="The models: those on this machine, and those that can be downloaded.")
    models.callback(invoke_without_command=True)(list_without_command)
    models.command("list")(list_models)
    models.command("get")(get)
    models.command("import")(take_in)
    models.command("remove")(remove)
    changeover.register(models)
    train.register(models)
    app.add_typer(models, name="models")


def list_without_command(
    context: typer.Context, library: LibraryOption = None, as_json: JsonOption = False
) -> None:
    """The models: those on this machine, and those that can be downloaded."""
    if context.invoked_subcommand is None:
        list_models(context, library, as_json)


def list_models(context: typer.Context, library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """List the models that can be used, and those that can be downloaded."""
    terminal = Terminal.of(context, library, as_json)
    rows, published = terminal.services.models(), terminal.services.store.published()
    in_use = chosen_model(terminal.folder)
    if terminal.json:
        found = [{**asdict(row), "in_use": row.name == in_use} for row in rows]
        terminal.document(
            {"models": found, "in_use": in_use, "published": [asdict(row) for row in published]}
        )
        return
    columns = ("", "name", ">size", ">numbers", ">picture", "licence", "")
    terminal.table(columns, [_installed(row, row.name == in_use) for row in rows])
    if line := changeover.under_way(terminal):
        terminal.write(f"\n{line}")
    if missing := [row for row in published if not row.installed]:
        terminal.write("\nTo download, with photoclip models get NAME:\n")
        terminal.table(columns, [_available(row) for row in missing])


def get(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME|hf-hub:OWNER/NAME", show_default=False)],
    called: Annotated[
        str,
        typer.Option(
            "--name", metavar="NAME", show_default=False,
            help="What to call a model of hf-hub:…, instead of after its repository.",
        ),
    ] = "",
    source: Annotated[
        str, typer.Option("--source", metavar="hub|openai", help="Only from there.", show_default=False)
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Agree to the licence without being asked.")] = False,
    replace: ReplaceOption = False,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Download a published model, or any CLIP of the hub by its repository. Ctrl+C is safe: the same command
    goes on from there."""
    terminal = Terminal.of(context, library, as_json)
    row = changeover.published(terminal, name.removeprefix(HUB))
    if name.startswith(HUB) and (called or row is None):
        if source:
            raise typer.BadParameter("--source is for published models; hf-hub: is the hub")
        _get_repository(terminal, name, called, yes, replace)
        return
    if called:
        raise typer.BadParameter("--name is for hf-hub:OWNER/NAME; published models keep their names")
    if row is None:
        raise PhotoClipError(
            f'There is no published model "{name}"; photoclip models list shows them, and {HUB}OWNER/NAME '
            "gets any CLIP of the hub."
        )
    _get_published(terminal, row, _source(source), yes, replace)


def _get_published(terminal: Terminal, row: PublishedRow, source: Source, yes: bool, replace: bool) -> None:
    agree(terminal, row, yes)
    with stopping() as stop, progress_bar(row.name) as progress:
        watch = Watch(stop, progress, terminal.say)
        model = terminal.services.store.get(row.name, source, replace, watch)
    _installed_as(terminal, model)


def _get_repository(terminal: Terminal, address: str, name: str, yes: bool, replace: bool) -> None:
    store = terminal.services.store
    with stopping() as stop:
        row = store.look(address, name, Watch(stop, lambda *_: None, terminal.say))
    agree(terminal, row, yes)
    with stopping() as stop, progress_bar(row.name) as progress:
        model = store.get_repository(address, row.name, replace, Watch(stop, progress, terminal.say))
    _installed_as(terminal, model)


def take_in(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A checkpoint or a model's folder.")],
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="What to call it.")],
    like: Annotated[
        str,
        typer.Option(
            "--like", metavar="PUBLISHED", show_default=False,
            help="The published model with its activation and preprocessing, where the file does not tell.",
        ),
    ] = "",
    replace: ReplaceOption = False,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Take in a model from a file or folder, which is left as it is."""
    terminal = Terminal.of(context, library, as_json)
    _installed_as(terminal, terminal.services.store.take_in(path.expanduser(), name, like, replace))


def remove(
    context: typer.Context, name: NameArgument, library: LibraryOption = None, as_json: JsonOption = False
) -> None:
    """Delete a model from this machine; photos and what is known of them stay."""
    terminal = Terminal.of(context, library, as_json)
    name = changeover.own_name(terminal, name)
    own = {row.name for row in terminal.services.models() if not row.shipped}
    if name in own and name == chosen_model(terminal.folder):
        raise PhotoClipError(f"{name} is in use; choose another first with: photoclip models use NAME")
    if name in own and name == changeover.serving_name(terminal):
        raise PhotoClipError(
            f"{name} goes on searching until {chosen_model(terminal.folder)} has read your photos;"
            " photoclip index does it."
        )
    terminal.services.store.remove(name)
    if terminal.json:
        terminal.document({"removed": name})
    else:
        terminal.write(f"{name} is removed.")


def _source(text: str) -> Source:
    if text not in SOURCES:
        raise typer.BadParameter("--source is hub or openai")
    return SOURCES[text]


def _installed_as(terminal: Terminal, model: ModelRow) -> None:
    if terminal.json:
        terminal.document({"model": asdict(model)})
    else:
        terminal.write(f"{model.name} is installed; use it with: photoclip models use {model.name}")


def _installed(row: ModelRow, in_use: bool) -> tuple[str, ...]:
    line = row.problem or "; ".join(part for part in (row.quality, row.precision) if part)
    cells = _cells(row.name, row.bytes, row.dim, row.image_size, row.licence, line)
    return ("*" if in_use else "", *cells)


def _available(row: PublishedRow) -> tuple[str, ...]:
    speed = f"About {row.photos_per_second:g} photos/s here (estimated)." if row.photos_per_second else ""
    line = " ".join(part for part in (row.quality, speed) if part)
    return ("", *_cells(row.name, row.bytes, row.dim, row.image_size, row.licence, line))


def _cells(name: str, size: int, dim: int, image_size: int, licence: str, line: str) -> tuple[str, ...]:
    return (name, megabytes(size), str(dim), f"{image_size} px", licence, line)
