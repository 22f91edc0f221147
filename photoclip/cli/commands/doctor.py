"""`photoclip doctor`.

The document: {library, done: [sentence], findings: [{part, what, where, severity, sentence, count, examples:
[{path}], repairable}]}. `severity` is "serious" (what you did by hand is at stake), "minor" (damage to what
can be made again) or "note" (unfinished work, something useless). The exit status is 1 where more than notes
are left.
"""

from __future__ import annotations

import os
from typing import Annotated, Any

import typer

from photoclip.cli.terminal import JsonOption, LibraryOption, Terminal
from photoclip.library import doctor as library_doctor
from photoclip.library.doctor_findings import Finding
from photoclip.paths import display, path_json


def register(app: typer.Typer) -> None:
    app.command("doctor")(doctor)


def doctor(
    context: typer.Context,
    repair: Annotated[
        bool,
        typer.Option("--repair", help="Repair what can be made again; your own words are never touched."),
    ] = False,
    disk: Annotated[bool, typer.Option("--disk", help="Compare with the watched folders too.")] = False,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """See whether the library is in order: catalog, thumbnails, vectors, their index, backups, settings."""
    terminal = Terminal.of(context, library, as_json)
    folder = terminal.folder.expanduser().absolute()
    if repair:
        result = library_doctor.repair(folder, disk=disk)
    else:
        result = library_doctor.Repair((), library_doctor.examine(folder, disk=disk))
    if terminal.json:
        found = [_values(finding) for finding in result.left]
        terminal.document({"library": str(folder), "done": list(result.done), "findings": found})
    else:
        _show(terminal, result)
    if any(finding.severity != "note" for finding in result.left):
        raise typer.Exit(1)


def _values(finding: Finding) -> dict[str, Any]:
    return {
        "part": finding.part,
        "what": finding.what,
        "where": path_json(os.fsencode(finding.where))["path"],
        "severity": finding.severity,
        "sentence": finding.sentence,
        "count": finding.count,
        "examples": [path_json(path) for path in finding.examples],
        "repairable": finding.repairable,
    }


def _show(terminal: Terminal, result: library_doctor.Repair) -> None:
    for sentence in result.done:
        terminal.write(sentence)
    for finding in result.left:
        terminal.write(f"{finding.severity}: {finding.sentence}")
        for path in finding.examples:
            terminal.write(f"    {display(path)}")
    wrong = [finding for finding in result.left if finding.severity != "note"]
    if not wrong:
        terminal.write("Nothing is wrong.")
    can = sum(finding.repairable for finding in result.left)
    if can:
        terminal.write(f"{can} of {len(result.left)} can be repaired with: photoclip doctor --repair")
