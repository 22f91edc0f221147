"""`photoclip demo`: a throw-away library, searched, labelled and shown.

Prints {folder, index, searches: [{query, path, score, ...}], similar: {path, results: [{path, score, ...}]},
labels: [{path, label, probability}], picture}, where index is the document of `photoclip index` and picture
the PNG that was painted, or null.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from photoclip.cli import samples
from photoclip.cli.commands.index import report, run_index
from photoclip.cli.commands.search import result_rows
from photoclip.cli.terminal import JsonOption, Terminal, absolute, stopping
from photoclip.library import relevance
from photoclip.library.catalog.folders import add_folder
from photoclip.library.catalog.photos import path_of, photo_at
from photoclip.library.library import Library
from photoclip.library.search import SearchEngine
from photoclip.paths import display, path_json

PICTURE = "photoclip-demo.png"
STOPPED = 130
LIKE_SHOWN = 3
LABELLED = 14  # photos in the table of labels


def register(app: typer.Typer) -> None:
    app.command("demo")(demo)


def demo(
    context: typer.Context,
    folder: Annotated[
        str | None, typer.Argument(metavar="FOLDER", help="Photos to show; else samples.", show_default=False)
    ] = None,
    window: Annotated[bool, typer.Option(help="Open the window at the end.")] = True,
    png: Annotated[Path | None, typer.Option(help="Paint the window into this PNG instead.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a throw-away library of some photos, search it, and open the window on it."""
    terminal = Terminal.of(context, None, as_json)
    with tempfile.TemporaryDirectory(prefix="photoclip-demo-") as scratch:
        photos = absolute(folder) if folder else _samples(terminal, Path(scratch) / "photos")
        place = Path(scratch) / "library"
        document = _search_it(replace(terminal, library_dir=place), place, photos)
        painted = _show(terminal, place, window, png, _best_query(document))
        if terminal.json:
            terminal.document({**document, "picture": None if painted is None else str(painted)})


def _samples(terminal: Terminal, target: Path) -> bytes:
    missing = samples.copy_samples(samples.sample_folder(), target)
    if missing:
        terminal.say(f"This scikit-image comes without {', '.join(missing)}; the demo goes on without them.")
    return os.fsencode(target)


def _search_it(terminal: Terminal, place: Path, photos: bytes) -> dict[str, Any]:
    """Indexes, searches, compares and labels; prints it all and returns it."""
    with Library.open(place) as library, terminal.encoder() as encoder:
        watched = add_folder(library.catalog, photos).created
        with stopping() as stop:
            indexed = run_index(terminal, library, encoder, None if watched is None else [watched], stop)
            if stop.is_set():
                raise typer.Exit(STOPPED)
        engine = SearchEngine(library, encoder)
        try:
            show = Tables(terminal, library, engine)
            if not terminal.json:
                report(terminal, indexed)
            return {
                **{key.replace("path", "folder"): value for key, value in path_json(photos).items()},
                "index": indexed,
                "searches": show.searches(),
                "similar": show.similar(photos),
                "labels": show.labels(),
            }
        finally:
            engine.close()


@dataclass
class Tables:
    """What the demo shows, each part printed as a table and returned for the document."""

    terminal: Terminal
    library: Library
    engine: SearchEngine

    def searches(self) -> list[dict[str, Any]]:
        """The first result of each of the searches."""
        found = []
        for query in samples.SEARCHES:
            first = result_rows(self.library, self.engine.search(query).first(1))
            found += [{"query": query, **row} for row in first]
        rows = [(row["query"], f"{row['score']:.2f}", Path(row["path"]).name) for row in found]
        self._table("Searches", ("query", ">score", "first result"), rows)
        return found

    def similar(self, photos: bytes) -> dict[str, Any] | None:
        """The photos most like one of them."""
        liked = photo_at(self.library.catalog, photos + os.sep.encode() + os.fsencode(samples.LIKE))
        if liked is None:
            everything = self.engine.search("").ids
            if not len(everything):
                return None
            liked = int(everything[0])
        path = path_of(self.library.catalog, liked)
        assert path is not None
        results = result_rows(self.library, self.engine.similar([liked], limit=LIKE_SHOWN))
        rows = [(f"{row['score']:.2f}", Path(row["path"]).name) for row in results]
        self._table(f"Similar to {_name(path)}", (">score", "photo"), rows)
        return {**path_json(path), "results": results}

    def labels(self) -> list[dict[str, Any]]:
        """Zero-shot labels: for each photo the likeliest of the things searched for, and how likely."""
        texts = list(samples.SEARCHES)
        ids, cosines = self.engine.text_cosines(texts, self.engine.search("").ids[:LABELLED])
        scale = self.engine.encoder.info.logit_scale
        found: list[dict[str, Any]] = []
        for photo, row in zip(ids.tolist(), cosines, strict=True):
            shares = relevance.shares(row, scale)
            best = int(np.argmax(shares))
            path = path_of(self.library.catalog, photo)
            assert path is not None
            found.append(
                {**path_json(path), "label": texts[best], "probability": round(float(shares[best]), 6)}
            )
        rows = [(Path(row["path"]).name, row["label"], f"{row['probability']:.0%}") for row in found]
        self._table("Labels, zero-shot", ("photo", "label", ">probability"), rows)
        return found

    def _table(self, title: str, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
        if not self.terminal.json:
            self.terminal.write(f"\n{title}")
            self.terminal.table(columns, rows)


def _name(path: bytes) -> str:
    """A path's last part, for people."""
    return display(os.fsencode(Path(os.fsdecode(path)).name))


def _best_query(document: dict[str, Any]) -> str:
    """The search that found something most surely: it is the one to be seen in a picture of the window."""
    best = max(document["searches"], key=lambda row: row["score"], default=None)
    return "" if best is None else str(best["query"])


def _show(terminal: Terminal, place: Path, window: bool, png: Path | None, query: str) -> Path | None:
    """Opens the window, or paints it where there is no display; returns the picture."""
    if png is None and (not window or _has_display()):
        if window:
            status = terminal.services.open_window(place, None)
            if status:
                raise typer.Exit(status)
        return None
    picture = (png or Path(PICTURE)).absolute()
    terminal.services.render_window(place, None, picture, query)
    terminal.say(f"The window was painted into {picture}.")
    return picture


def _has_display() -> bool:
    if not sys.platform.startswith("linux"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
