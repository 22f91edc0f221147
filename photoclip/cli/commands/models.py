"""`photoclip models list`: {models: [{name, path, bytes, dim, image_size}]}."""

from __future__ import annotations

from dataclasses import asdict

import typer

from photoclip.cli.terminal import JsonOption, LibraryOption, Terminal


def register(app: typer.Typer) -> None:
    models = typer.Typer(help="The models on this machine.", no_args_is_help=True)
    models.command("list")(list_models)
    app.add_typer(models, name="models")


def list_models(context: typer.Context, library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """List the models that can be used."""
    terminal = Terminal.of(context, library, as_json)
    rows = terminal.services.models()
    if terminal.json:
        terminal.document({"models": [asdict(row) for row in rows]})
        return
    terminal.table(
        ("name", ">size", ">numbers", ">picture"),
        [(m.name, f"{m.bytes / 1e6:.0f} MB", str(m.dim), f"{m.image_size} px") for m in rows],
    )
