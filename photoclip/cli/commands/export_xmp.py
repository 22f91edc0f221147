"""`photoclip export-xmp`: {dry_run, sidecars: [...], unchanged}, with one entry per sidecar to change:
{photo: {path}, sidecar: {path}, new, added, automatic, removed, rating: {before, after}, written, problem}.
`rating` is null where it stays, `problem` where there is none; `automatic` are keywords for automatic labels.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from photoclip.cli.commands.search import surely_found
from photoclip.cli.terminal import JsonOption, LibraryOption, Terminal, absolute, is_path, photo_ids
from photoclip.errors import PhotoClipError
from photoclip.library.catalog.photos import load_table, photos_below
from photoclip.library.library import Library
from photoclip.library.sidecars import export
from photoclip.library.sidecars.export import Plan
from photoclip.paths import display, path_json

Wanted = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="PATHS or QUERY", help="Photos and folders, or a search; else all photos.", show_default=False
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would change, and write nothing.")]
Automatic = Annotated[bool, typer.Option("--automatic", help="Automatic labels too, marked as such.")]
Yes = Annotated[bool, typer.Option("--yes", help="Write without asking.")]


def register(app: typer.Typer) -> None:
    # A query may begin with "-word", which is no option.
    app.command("export-xmp", context_settings={"ignore_unknown_options": True})(export_xmp)


def export_xmp(
    context: typer.Context,
    wanted: Wanted = None,
    dry_run: DryRun = False,
    automatic: Automatic = False,
    yes: Yes = False,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write your labels and ratings into XMP sidecars beside the photos; the photos are not touched.

    What changes is shown first. A sidecar that is there keeps all that others wrote into it. Of a search by
    meaning, the photos that fit with confidence are taken.
    """
    terminal = Terminal.of(context, library, as_json)
    changing, unchanged = _planned(terminal, wanted or [], automatic)
    if not terminal.json:
        _show(terminal, changing)
    problems = {plan.sidecar: plan.refused for plan in changing if plan.refused}
    written: set[bytes] = set()
    if not dry_run and _agreed(changing, asking=not (yes or terminal.json)):
        written = _write(changing, problems)
    _report(terminal, changing, written, problems, dry_run, unchanged)


def _planned(terminal: Terminal, wanted: list[str], automatic: bool) -> tuple[list[Plan], int]:
    """The plans that change something or are refused, and the number of the others."""
    if wanted and not any(map(is_path, wanted)):
        with terminal.engine() as engine:
            return _sorted_out(
                export.plans(engine.library.catalog, surely_found(engine, wanted), automatic=automatic)
            )
    with terminal.library() as opened:
        return _sorted_out(export.plans(opened.catalog, _photos(opened, wanted), automatic=automatic))


def _sorted_out(plans: Iterator[Plan]) -> tuple[list[Plan], int]:
    changing, unchanged = [], 0
    for plan in plans:
        if plan.changes or plan.refused:
            changing.append(plan)
        else:
            unchanged += 1
    return changing, unchanged


def _photos(library: Library, paths: list[str]) -> list[int]:
    """The photos at paths and below folders; all of the library without any."""
    if not paths:
        return [int(photo) for photo in load_table(library.catalog).ids]
    ids: list[int] = []
    for path in paths:
        ids += photos_below(library.catalog, absolute(path)) or photo_ids(library, [path])
    return ids


def _agreed(changing: list[Plan], *, asking: bool) -> bool:
    """Whether to write; a person at a terminal is asked, to a script the command itself is the word."""
    count = sum(plan.changes for plan in changing)
    if not count or not asking or not sys.stdin.isatty():
        return bool(count)
    return typer.confirm(f"Write {_sidecars(count)}?", default=False, err=True)


def _write(changing: list[Plan], problems: dict[bytes, str]) -> set[bytes]:
    """Writes; returns the sidecars that were written, and adds why others were not to `problems`."""
    written = set()
    for plan in changing:
        if plan.refused:
            continue
        try:
            export.write(plan)
        except PhotoClipError as error:
            problems[plan.sidecar] = str(error)
        else:
            written.add(plan.sidecar)
    return written


def _show(terminal: Terminal, changing: list[Plan]) -> None:
    for plan in changing:
        if plan.refused:
            terminal.write(plan.refused)
            continue
        title = f"{display(plan.sidecar)}{' (new)' if plan.is_new else ''}"
        terminal.write("\n  ".join([title, *_lines(plan)]))


def _lines(plan: Plan) -> list[str]:
    """What changes in a sidecar, for people."""
    change = plan.difference
    lines = [f"+ {keyword}" for keyword in change.added]
    lines += [f"+ {keyword} (automatic)" for keyword in change.automatic]
    lines += [f"- {keyword}" for keyword in change.removed]
    if change.rating_before != change.rating_after:
        lines.append(f"rating {_stars(change.rating_before)} to {_stars(change.rating_after)}")
    return lines or ["the same keywords and rating, in the lists of all programs"]


def _stars(rating: int | None) -> str:
    return "none" if rating is None else str(rating)


def _report(
    terminal: Terminal,
    changing: list[Plan],
    written: set[bytes],
    problems: dict[bytes, str],
    dry_run: bool,
    unchanged: int,
) -> None:
    """The document or the last line; raises PhotoClipError where something could not be written."""
    if terminal.json:
        rows = [_row(plan, plan.sidecar in written, problems.get(plan.sidecar)) for plan in changing]
        terminal.document({"dry_run": dry_run, "sidecars": rows, "unchanged": unchanged})
    elif not changing:
        terminal.write("Nothing to write: the sidecars say what your labels and ratings say.")
    elif written:
        terminal.write(f"Wrote {_sidecars(len(written))}.")
    else:
        terminal.write("Nothing was written.")
    if problems:
        first = next(iter(problems.values()))
        raise PhotoClipError(f"{_sidecars(len(problems))} cannot be written. {first}")


def _row(plan: Plan, written: bool, problem: str | None) -> dict[str, Any]:
    change = plan.difference
    rating = {"before": change.rating_before, "after": change.rating_after}
    return {
        "photo": path_json(plan.photo),
        "sidecar": path_json(plan.sidecar),
        "new": plan.is_new,
        "added": list(change.added),
        "automatic": list(change.automatic),
        "removed": list(change.removed),
        "rating": None if change.rating_before == change.rating_after else rating,
        "written": written,
        "problem": problem,
    }


def _sidecars(count: int) -> str:
    return "1 sidecar" if count == 1 else f"{count:,} sidecars"
