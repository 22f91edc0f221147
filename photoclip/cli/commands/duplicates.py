"""`photoclip duplicates`: {model, groups: [...], unread, trashed: [{path}], refused: [{path, reason}]}.

A group is {tier, hash, keeper: {path, reason}, others: [{path, bits, seconds, cosine}]}: `hash` is that of
identical files, `bits` are those of 64 in which perceptual hashes differ, `seconds` lie between two pictures
of a burst; null is what does not count in that tier. `unread` photos are not indexed with this model yet.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from photoclip.cli.commands.search import surely_found
from photoclip.cli.terminal import JsonOption, LibraryOption, Terminal, absolute, is_path
from photoclip.errors import PhotoClipError
from photoclip.library.catalog.photos import counted, photos_below
from photoclip.library.duplicates.find import find_duplicates
from photoclip.library.duplicates.removal import trash_others
from photoclip.library.duplicates.tiers import Duplicates, Evidence, Group, Reason, Tier
from photoclip.library.search import SearchEngine
from photoclip.library.trash import SystemTrash
from photoclip.library.trashing import Trashed
from photoclip.paths import display, path_json

Wanted = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="FOLDERS or QUERY", help="Only in these folders, or among what a search finds.",
        show_default=False,
    ),
]  # fmt: skip
Tiers = Annotated[
    list[Tier] | None, typer.Option("--tier", help="Only this tier; may be repeated.", show_default=False)
]
Trash = Annotated[
    bool, typer.Option("--trash", help="Move all but the keepers to the system's trash; needs --tier.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Move without asking.")]

REASONS = {
    Reason.LIKED: "a favourite or more stars",
    Reason.SAID: "has labels or is in albums",
    Reason.RAW: "the RAW file",
    Reason.CAMERA: "still tells the camera",
    Reason.PIXELS: "the larger picture",
    Reason.BYTES: "the larger file",
    Reason.NAME: "not named a copy",
    Reason.OLDER: "the older one",
    Reason.PATH: "the shorter path",
    Reason.FIRST: "all equal, first by its path",
}
TITLES = {
    Tier.IDENTICAL: "identical files",
    Tier.SAME: "the same picture",
    Tier.BURST: "a burst",
    Tier.SIMILAR: "similar",
}


def register(app: typer.Typer) -> None:
    # A query may begin with "-word", which is no option.
    app.command("duplicates", context_settings={"ignore_unknown_options": True})(duplicates)


def duplicates(
    context: typer.Context,
    wanted: Wanted = None,
    tier: Tiers = None,
    trash: Trash = False,
    yes: Yes = False,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show photos that are there more than once, why they are taken for that, and which one to keep.

    Four tiers: identical files, the same picture saved again, bursts, and merely similar photos. Nothing is
    changed without --trash; `photoclip undo` takes that back.
    """
    terminal = Terminal.of(context, library, as_json)
    if trash and not tier:
        raise typer.BadParameter("say with --tier which tiers' photos are to go", param_hint="--trash")
    with terminal.engine() as engine:
        found = _found(engine, wanted or [], tier or list(Tier))
        if not terminal.json:
            _show(terminal, found)
        trashed = Trashed(None)
        if trash and _agreed(found.groups, asking=not yes):
            trashed = trash_others(engine.library.catalog, SystemTrash(), found.groups)
        model = engine.encoder.info.name
    _report(terminal, model, found, trashed, trash)


def _found(engine: SearchEngine, wanted: list[str], tiers: Sequence[Tier]) -> Duplicates:
    library, info = engine.library, engine.encoder.info
    if not any(map(is_path, wanted)):
        photos = surely_found(engine, wanted) if wanted else None
        return find_duplicates(library, info, photos=photos, tiers=tiers)
    folders = [absolute(path) for path in wanted]
    for folder in folders:
        if not photos_below(library.catalog, folder):
            raise PhotoClipError(f"There are no photos of the library in {display(folder)}; index it first.")
    return find_duplicates(library, info, folders=folders, tiers=tiers)


def _agreed(groups: Sequence[Group], *, asking: bool) -> bool:
    """Whether to move files; a script, which cannot be asked, has to say."""
    count = _paths(groups)
    if not count or not asking:
        return bool(count)
    if not sys.stdin.isatty():
        raise typer.BadParameter(
            "nobody can be asked here; add --yes to move the files", param_hint="--trash"
        )
    return typer.confirm(f"Move {_files(count)} to the system's trash?", default=False, err=True)


def _show(terminal: Terminal, found: Duplicates) -> None:
    lines = []
    for group in found.groups:
        keeper = _named(group.keeper.paths)
        lines.append(f"{TITLES[group.tier]}: keep {keeper} ({REASONS[group.reason]})")
        for other in group.others:
            lines.append(f"  {_named(other.paths)}  {_words(group.tier, other.evidence)}")
    if lines:
        terminal.write("\n".join(lines))


def _words(tier: Tier, evidence: Evidence) -> str:
    """The evidence of a tier, for people."""
    if tier is Tier.IDENTICAL:
        return "the same bytes"
    parts = []
    if evidence.bits is not None:
        parts.append(f"{evidence.bits} of 64 bits of its look differ")
    if evidence.seconds is not None:
        parts.append(f"{evidence.seconds:g} s apart")
    if evidence.cosine is not None:
        parts.append(f"cosine {evidence.cosine:.3f}")
    return ", ".join(parts)


def _named(paths: Sequence[bytes]) -> str:
    more = len(paths) - 1
    return display(paths[0]) + (f" and {more} of its copies" if more else "")


def _report(terminal: Terminal, model: str, found: Duplicates, trashed: Trashed, trash: bool) -> None:
    """The document or the last lines; raises PhotoClipError where a file did not go."""
    if terminal.json:
        terminal.document(
            {
                "model": model,
                "groups": [_row(group) for group in found.groups],
                "unread": found.unread,
                "trashed": [path_json(path) for path in trashed.gone],
                "refused": [{**path_json(path), "reason": why} for path, why in trashed.refused.items()],
            }
        )
    else:
        _conclude(terminal, found, trashed, trash)
    if trashed.refused:
        path, why = next(iter(trashed.refused.items()))
        raise PhotoClipError(f"{_files(len(trashed.refused))} did not go, such as {display(path)}: {why}")


def _conclude(terminal: Terminal, found: Duplicates, trashed: Trashed, trash: bool) -> None:
    count = len(found.groups)
    if not count:
        terminal.write("No duplicates.")
    else:
        groups = "1 group" if count == 1 else f"{count:,} groups"
        terminal.write(f"{groups}, {_files(_paths(found.groups))} besides those to keep.")
    if found.unread:
        terminal.say(
            f"{counted(found.unread)} not compared by meaning yet; photoclip index makes up for that."
        )
    if trashed.gone:
        moved = _files(len(trashed.gone))
        terminal.write(f"Moved {moved} to the system's trash; photoclip undo takes that back.")
    elif trash and count and not trashed.refused:
        terminal.write("Nothing was moved.")


def _row(group: Group) -> dict[str, Any]:
    others = [{**path_json(path), **vars(other.evidence)} for other in group.others for path in other.paths]
    return {
        "tier": group.tier.value,
        "hash": None if group.hash is None else group.hash.hex(),
        "keeper": {**path_json(group.keeper.paths[0]), "reason": group.reason.value},
        "others": others,
    }


def _paths(groups: Sequence[Group]) -> int:
    """How many files there are besides the keepers; one that two tiers would let go counts once."""
    return len({path for group in groups for other in group.others for path in other.paths})


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count:,} files"
