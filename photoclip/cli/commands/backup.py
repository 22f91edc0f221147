"""`photoclip backup` and `photoclip restore`.

A backup is {path, made_at, bytes, version, photos, labels, tagged, albums}; one that does not open is {path,
problem}. Documents: backup {backup: that}, backup --list {backups: [that]}, restore {restored: that,
replaced: path or null}.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from photoclip.cli.terminal import JsonOption, LibraryOption, Terminal
from photoclip.errors import Cancelled, CatalogError, PhotoClipError
from photoclip.library.catalog.backup import (
    CatalogFacts,
    backup_dir,
    backup_name,
    backups,
    catalog_facts,
    copy_catalog,
    make_backup,
)
from photoclip.library.catalog.restore import newest_sound
from photoclip.library.catalog.restore import restore as put_back
from photoclip.library.library import CATALOG_FILE

NEWEST = "newest"


def register(app: typer.Typer) -> None:
    app.command("backup")(backup)
    app.command("restore")(restore)


def backup(
    context: typer.Context,
    file: Annotated[
        Path | None,
        typer.Argument(help="Where to copy the catalog to; else among the library's own backups."),
    ] = None,
    list_all: Annotated[bool, typer.Option("--list", help="List the library's own backups.")] = False,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Copy the catalog (labels, albums, ratings and what is known of the photos), also while others use it.

    The library makes such copies by itself, daily and before each migration, and keeps the newest three, one
    a day for seven days and one a week for four weeks. A FILE of yours is kept until you delete it.
    """
    terminal = Terminal.of(context, library, as_json)
    catalog = _catalog(terminal)
    if list_all:
        if file is not None:
            raise typer.BadParameter("--list lists the library's own backups; it takes no FILE")
        _list(terminal, catalog)
        return
    if not catalog.exists():
        raise PhotoClipError(
            f"There is no library in {catalog.parent}; index a folder of photos to make one."
        )
    made = catalog_facts(make_backup(catalog) if file is None else _copy_to(catalog, file))
    if terminal.json:
        terminal.document({"backup": _values(made)})
    else:
        terminal.write(f"Copied {_counts(made)} to {made.path}.")


def _copy_to(catalog: Path, file: Path) -> Path:
    target = file.expanduser().absolute()
    if target.is_dir():
        target = target / backup_name(time.time())
    if target.exists():
        raise PhotoClipError(f"{target} exists already; choose another name for the backup.")
    copy_catalog(catalog, target)
    return target


def _list(terminal: Terminal, catalog: Path) -> None:
    rows: list[dict[str, Any]] = []
    lines: list[tuple[str, ...]] = []
    for path in backups(catalog):
        try:
            found = catalog_facts(path)
        except CatalogError as error:
            rows.append({"path": str(path), "problem": str(error)})
            lines.append((path.name, "", "", "", "", "cannot be used"))
        else:
            rows.append(_values(found))
            counts = (found.photos, found.labels, found.tagged, found.albums)
            lines.append((path.name, *(f"{count:,}" for count in counts), _when(found)))
    if terminal.json:
        terminal.document({"backups": rows})
    elif lines:
        terminal.table(("backup", ">photos", ">labels", ">labelled", ">albums", "made"), lines)
    else:
        terminal.write(f"There is no backup in {backup_dir(catalog)} yet.")


def restore(
    context: typer.Context,
    file: Annotated[
        str, typer.Argument(help="A backup: a file, the name of one of the library's own, or newest.")
    ] = NEWEST,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put a backup in the catalog's place. Photos are not touched; the replaced catalog is kept beside it."""
    terminal = Terminal.of(context, library, as_json)
    catalog = _catalog(terminal)
    if not catalog.parent.is_dir():
        raise PhotoClipError(f"There is no library in {catalog.parent}.")
    chosen = newest_sound(catalog) if file == NEWEST else catalog_facts(_path_of(catalog, file))
    terminal.say(f"{chosen.path}, of {_when(chosen)}, holds {_counts(chosen)}.")
    terminal.say(_now(catalog))
    if not yes:
        _ask()
    replaced = put_back(catalog, chosen.path)
    if terminal.json:
        kept = None if replaced is None else str(replaced)
        terminal.document({"restored": _values(chosen), "replaced": kept})
        return
    terminal.write(f"Restored {_counts(chosen)}.")
    if replaced is not None:
        terminal.write(f"The catalog before is kept as {replaced}.")


def _path_of(catalog: Path, file: str) -> Path:
    """A path as typed, or one of the library's own backups by its name."""
    typed = Path(file).expanduser().absolute()
    own = backup_dir(catalog) / file
    return own if not typed.exists() and own.exists() else typed


def _now(catalog: Path) -> str:
    """What would be replaced, in a sentence."""
    if not catalog.exists():
        return "There is no catalog now."
    try:
        return f"The catalog now holds {_counts(catalog_facts(catalog))}."
    except CatalogError:
        return "The catalog as it is now cannot be read."


def _ask() -> None:
    if not sys.stdin.isatty():
        raise typer.BadParameter("say --yes to put the backup in the catalog's place")
    if not typer.confirm("Put this backup in the catalog's place?", default=False, err=True):
        raise Cancelled("Nothing was changed.")


def _catalog(terminal: Terminal) -> Path:
    return terminal.folder.expanduser().absolute() / CATALOG_FILE


def _when(found: CatalogFacts) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(found.made_at))


def _counts(found: CatalogFacts) -> str:
    parts = ((found.photos, "photo"), (found.labels, "label"), (found.albums, "album"))
    photos, labels, albums = (f"{count:,} {thing}{'' if count == 1 else 's'}" for count, thing in parts)
    return f"{photos} ({found.tagged:,} labelled by hand), {labels} and {albums}"


def _values(found: CatalogFacts) -> dict[str, Any]:
    return {**vars(found), "path": str(found.path)}
