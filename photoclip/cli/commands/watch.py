"""`photoclip watch`: indexes and keeps watching without a window, until Ctrl+C or SIGTERM.

With --json one document on ending: {added, changed, missing, embedded, failed: [{path, reason}], watching:
[{path, how, seconds}]}, where how is "events", "limit" or the type of a network file system, and seconds lie
between two looks at a folder without events.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import typer

from photoclip.cli.terminal import JsonOption, LibraryOption, Terminal, change_under_way, stopping
from photoclip.library import labelling, relabelling
from photoclip.library.background import BackgroundIndexer
from photoclip.library.catalog.photos import Failure
from photoclip.library.courtesy import Courtesy, Manners
from photoclip.library.engines import Engines
from photoclip.library.progress import Progress
from photoclip.library.watch import LIMIT, Watched
from photoclip.paths import display, path_json
from photoclip.settings import load_settings

ENDING_SECONDS = 30.0
WAKE_SECONDS = 0.5 if sys.platform == "win32" else None  # it delivers signals only between two waits


def register(app: typer.Typer) -> None:
    app.command("watch")(watch)


def watch(context: typer.Context, library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """Index new and changed photos as they come, until stopped."""
    terminal = Terminal.of(context, library, as_json)
    log = Log(terminal)
    with terminal.models() as models, closing(Engines(models)) as engines, stopping() as stop:
        indexer = BackgroundIndexer(
            models,
            on_progress=log.note,
            after_batch=lambda ids: _label(engines, ids),
            after_switch=lambda: relabelling.follow(models, engines),
            courtesy=Courtesy(Manners.of(load_settings(terminal.folder))),
        )
        log.ways = lambda: indexer.watching
        if line := change_under_way(models):
            terminal.say(line)
        indexer.start()
        terminal.say("Watching; Ctrl+C ends it.")
        while not stop.wait(WAKE_SECONDS):
            pass
        log.note_ways()
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
    ways: Callable[[], tuple[Watched, ...]] = tuple
    watching: dict[bytes, Watched] = field(default_factory=dict)
    said: str = ""
    failed: dict[bytes, Failure] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    run: dict[str, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note_ways(self) -> None:
        """Say of each folder how it is watched, when that is new."""
        with self.lock:
            before, self.watching = self.watching, {each.path: each for each in self.ways()}
            for path, each in self.watching.items():
                if path not in before or before[path].why != each.why:
                    self.terminal.say(_way(each))

    def note(self, step: Progress) -> None:
        if step.phase == "idle":
            self.note_ways()
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
            line = step.message if step.phase in ("waiting", "idle") or step.model else ""
            if step.phase == "paused" and step.yields == "battery":
                line = "Paused on battery; it goes on with power."
            if step.phase in ("idle", "done") and now["added"] + now["changed"] + now["missing"]:
                line = f"{now['added']} new, {now['changed']} changed, {now['missing']} gone."
            if line and line != self.said:
                self.terminal.say(line)
            self.said = line or self.said

    def document(self) -> dict[str, Any]:
        failed = [{**path_json(failure.path), "reason": failure.reason} for failure in self.failed.values()]
        watching = [
            {**path_json(each.path), "how": each.why or "events", "seconds": each.interval}
            for each in self.watching.values()
        ]
        return {**self.counts, "failed": failed, "watching": watching}


def _way(watched: Watched) -> str:
    """A line on how a folder is watched."""
    if not watched.why:
        return f"Watching {display(watched.path)}."
    reason = "no more watches are granted" if watched.why == LIMIT else f"{watched.why} tells of no changes"
    return f"Looking through {display(watched.path)} every {watched.interval:.0f} seconds ({reason})."
