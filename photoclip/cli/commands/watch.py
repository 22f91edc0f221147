"""`photoclip watch`: indexes and keeps watching without a window, until Ctrl+C or SIGTERM.

With --json one document on ending: {added, changed, missing, embedded, failed: [{path, reason}]}.
"""

from __future__ import annotations

import threading
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import typer

from photoclip.cli.terminal import JsonOption, LibraryOption, Terminal, change_under_way, stopping
from photoclip.library import labelling
from photoclip.library.background import BackgroundIndexer
from photoclip.library.catalog.photos import Failure
from photoclip.library.engines import Engines
from photoclip.library.progress import Progress
from photoclip.paths import display, path_json

ENDING_SECONDS = 30.0
WAKE_SECONDS = 0.5  # Windows delivers signals only between two waits


def register(app: typer.Typer) -> None:
    app.command("watch")(watch)


def watch(context: typer.Context, library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """Index new and changed photos as they come, until stopped."""
    terminal = Terminal.of(context, library, as_json)
    log = Log(terminal)
    with terminal.models() as models, closing(Engines(models)) as engines, stopping() as stop:
        indexer = BackgroundIndexer(
            models, on_progress=log.note, after_batch=lambda ids: _label(engines, ids)
        )
        if line := change_under_way(models):
            terminal.say(line)
        indexer.start()
        terminal.say("Watching; Ctrl+C ends it.")
        while not stop.wait(WAKE_SECONDS):
            pass
        indexer.stop(ENDING_SECONDS)
    if terminal.json:
        terminal.document(log.document())
    terminal.say("Stopped.")


def _label(engines: Engines, ids: frozenset[int]) -> None:
    labelling.apply_kept(engines.current(), ids)


@dataclass
class Log:
    """Says what the indexer does, a line when something new is to be said. Called from its thread."""

    terminal: Terminal
    said: str = ""
    failed: dict[bytes, Failure] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    run: dict[str, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, step: Progress) -> None:
        with self.lock:
            now = {name: getattr(step, name) for name in ("added", "changed", "missing", "embedded")}
            for name, value in now.items():
                # A run counts from nought; a smaller number than before is a new run.
                before = self.run.get(name, 0)
                self.counts[name] = self.counts.get(name, 0) + (value - before if value >= before else value)
            self.run = now
            for failure in step.failed:
                if failure.path not in self.failed:
                    self.terminal.say(f"{display(failure.path)}: {failure.reason}")
                self.failed[failure.path] = failure
            line = step.message if step.phase == "waiting" or step.model else ""
            if step.phase in ("idle", "done") and now["added"] + now["changed"] + now["missing"]:
                line = f"{now['added']} new, {now['changed']} changed, {now['missing']} gone."
            if line and line != self.said:
                self.terminal.say(line)
            self.said = line or self.said

    def document(self) -> dict[str, Any]:
        failed = [{**path_json(failure.path), "reason": failure.reason} for failure in self.failed.values()]
        return {**self.counts, "failed": failed}
