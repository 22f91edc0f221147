"""`photoclip models train|probe`: what can be learned from a person's own labels, albums and captions.

train   {model: {as in models list}, learned: {pictures, validation, skipped, steps, seconds, log, before,
        after}, offline, missing}; before and after are figures on the validation pictures, shares of 1
probe   {model, photos, zero_shot, probe, labels: [{name, photos, zero_shot, probe}], left_out}; of all, the
        share of photos whose best label is right, and of a label the average precision
"""

from __future__ import annotations

import math
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from photoclip.cli.terminal import JsonOption, LibraryOption, Terminal, stopping
from photoclip.library.catalog.photos import counted
from photoclip.library.probing import probe_labels
from photoclip.library.training_pairs import Sources, TrainingPairs, training_pairs
from photoclip.model_store import ModelRow
from photoclip.settings import chosen_model
from photoclip.training_terms import Learned, Tower, Wishes

MINUTES, PASSES = 10.0, 10.0  # where the command names neither
TOWERS: dict[str, Tower] = {"image": "image", "text": "text", "none": "none"}
FIGURES = {  # of those that are logged, what people are shown
    "zero_shot_top1": "photos it names right",
    "image_to_text_r1": "photos whose best text is theirs",
    "text_to_image_r1": "texts whose best photo is theirs",
}

Only = Annotated[
    list[str] | None,
    typer.Option("--only", metavar="LABEL", help="Only this label; may be repeated.", show_default=False),
]
Automatic = Annotated[
    bool, typer.Option("--automatic", help="Also what labels were put on automatically, not only by you.")
]


def register(models: typer.Typer) -> None:
    models.command("train")(train)
    models.command("probe")(probe)


def train(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call the model.", show_default=False)],
    start: Annotated[
        str,
        typer.Option("--from", metavar="MODEL", help="The model to begin with: its name, or the path of a"
                     " checkpoint; else the one in use.", show_default=False),
    ] = "",
    labels: Annotated[
        bool, typer.Option("--labels", help="Learn your labels; so it is if you name nothing else.")
    ] = False,
    albums: Annotated[bool, typer.Option("--albums", help="Learn the names of your albums.")] = False,
    automatic: Automatic = False,
    only: Only = None,
    captions: Annotated[
        Path | None,
        typer.Option(help="Pictures with captions: .csv with the columns image and caption, or .jsonl.",
                     show_default=False),
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option(min=0.01, help=f"Train for so long; without --epochs too, {MINUTES:g}.",
                     show_default=False),
    ] = None,
    epochs: Annotated[
        float | None,
        typer.Option(min=0.01, help=f"Passes over the photos; without --minutes too, {PASSES:g}.",
                     show_default=False),
    ] = None,
    batch: Annotated[
        int, typer.Option(min=2, help="Photos that are compared with each other.")
    ] = Wishes.batch,
    chunk: Annotated[int, typer.Option(min=1, help="Of these, so many in memory at a time.")] = Wishes.chunk,
    rate: Annotated[
        float, typer.Option(min=0.0, help="The highest learning rate; 1e-5 suits large models.")
    ] = Wishes.rate,
    keep: Annotated[
        float,
        typer.Option(min=0.0, max=1.0, help="How much of the model it began with stays in the result: more"
                     " forgets less, and learns less."),
    ] = Wishes.keep,
    freeze: Annotated[
        str, typer.Option(metavar="image|text|none", help="A tower of the model that is to stay as it is.")
    ] = "none",
    seed: Annotated[int, typer.Option(min=0)] = 0,
    replace: Annotated[bool, typer.Option("--replace", help="Also when NAME is installed already.")] = False,
    anew: Annotated[
        bool, typer.Option("--anew", help="Begin from the start, also when it was interrupted before.")
    ] = False,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Make a model of your own: one that is there learns from photos that you labelled.

    A fifth of the photos is kept to judge it by. Your photos and labels stay as they are. Ctrl+C is safe: the
    same command goes on from there.
    """
    terminal = Terminal.of(context, library, as_json)
    if freeze not in TOWERS:
        raise typer.BadParameter("--freeze is image, text or none")
    wishes = Wishes(
        name=name, start=start or chosen_model(terminal.folder), captions=captions, freeze=TOWERS[freeze],
        rate=rate, keep=keep, minutes=_given(minutes, epochs, MINUTES),
        epochs=_given(epochs, minutes, PASSES), batch=batch, chunk=chunk, seed=seed, replace=replace,
        anew=anew,
    )  # fmt: skip
    chosen = Sources(
        labels=labels or automatic or bool(only) or not (albums or captions),
        albums=albums,
        automatic=automatic,
        only=tuple(only or ()),
    )
    with stopping() as stop:
        found = _pairs(terminal, chosen)
        if captions is None:
            found.require_enough()
        model, learned = terminal.services.training.train(wishes, found.pairs, terminal.say, stop.is_set)
    _report(terminal, wishes, found, model, learned)


def probe(
    context: typer.Context,
    automatic: Automatic = False,
    only: Only = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show how well your labels can be told apart: by their words, and by a linear probe that learns them.

    Each photo is judged by a probe that has not seen it. No label is changed.
    """
    terminal = Terminal.of(context, library, as_json)
    sources = Sources(automatic=automatic, only=tuple(only or ()))
    with terminal.models() as models:
        found = probe_labels(models.library, models.serving, sources, terminal.services.training.probe)
    if terminal.json:
        terminal.document(asdict(found))
        return
    terminal.write(
        f"{found.model}, {counted(found.photos)}: the best label is right for {found.zero_shot:.0%} by words,"
        f" for {found.probe:.0%} by the probe."
    )
    rows = [
        (label.name, str(label.photos), f"{label.zero_shot:.2f}", f"{label.probe:.2f}")
        for label in found.labels
    ]
    terminal.table(("label", ">photos", ">precision by words", ">by the probe"), rows)
    if found.left_out:
        terminal.say(f"Left out, with too few photos: {', '.join(found.left_out)}.")


def _given(value: float | None, other: float | None, usual: float) -> float:
    """A length: as said, without end where only the other one is said, as usual where neither is."""
    if value is not None:
        return value
    return usual if other is None else math.inf


def _pairs(terminal: Terminal, sources: Sources) -> TrainingPairs:
    """The library's photos to learn from, none where captions alone are; what cannot be read is said."""
    if not (sources.labels or sources.albums):
        return TrainingPairs((), offline=0, missing=0)
    with terminal.library() as library:
        found = training_pairs(library.catalog, sources)
    if found.offline:
        terminal.say(f"{counted(found.offline)} left out: their folder is not there at the moment.")
    if found.missing:
        terminal.say(f"{counted(found.missing)} left out: missing, or not readable.")
    return found


def _report(
    terminal: Terminal, wishes: Wishes, found: TrainingPairs, model: ModelRow, learned: Learned
) -> None:
    if terminal.json:
        values = {**asdict(learned), "log": str(learned.log)}
        counts = {"offline": found.offline, "missing": found.missing}
        terminal.document({"model": asdict(model), "learned": values, **counts})
        return
    shown = [name for name in FIGURES if name in learned.after]
    if shown:
        columns = (f"of {counted(learned.validation)} kept aside", f">{wishes.start}", f">{model.name}")
        rows = [
            (FIGURES[each], f"{learned.before[each]:.0%}", f"{learned.after[each]:.0%}") for each in shown
        ]
        terminal.table(columns, rows)
        if learned.after[shown[0]] < learned.before[shown[0]]:
            terminal.say("It became worse; try with more photos, fewer passes or a lower --rate.")
    terminal.write(f"{model.name} is installed; use it with: photoclip models use {model.name}")
