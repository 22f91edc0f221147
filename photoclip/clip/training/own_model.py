"""Fine-tunes a model and puts the result among the person's own: what `photoclip models train` does.

    models/.unfinished/NAME+training/    the run's state and log, to go on from, held by one process at a time
    models/NAME/training.jsonl           the log of the run that made the model

The learning itself is `contrastive`; `finetune` has more knobs, and writes a folder wherever it is told.

What is installed lies on the straight line between the weights at the beginning and at the end, after
Wortsman et al., "Robust fine-tuning of zero-shot models" (2022): it keeps most of what was learned, and
forgets much less of what nobody trained.
"""

from __future__ import annotations

import copy
import math
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch

from photoclip.clip import checkpoint, store
from photoclip.clip.config import CLIPConfig
from photoclip.clip.model import CLIP
from photoclip.clip.models import ModelInfo, installed_folders
from photoclip.clip.store.origin import Origin, origin_of, write_origin
from photoclip.clip.store.room import require_room
from photoclip.clip.store.unfinished import delete, unfinished
from photoclip.clip.training import contrastive, finetune
from photoclip.clip.training.captions import Captions, distinct
from photoclip.errors import PhotoClipError
from photoclip.paths import models_dir
from photoclip.training_terms import Learned, Wishes

TRAINING = "+training"  # no model's name has a plus
MODEL, LOG = "model", "training.jsonl"
STATE_BYTES = 24  # on the disk for a number: itself and AdamW's two, twice while a new state is written
UNENDING = 1e6  # passes: the clock ends the run
VALIDATIONS = 5  # about so many, beside the first one


def train(
    wishes: Wishes, gather: Callable[[], Captions], say: contrastive.Say, stopped: Callable[[], bool]
) -> tuple[ModelInfo, Learned]:
    """Trains on what `gather` finds, and installs the model.

    Goes on with an interrupted run of the same wishes and pictures. Raises Cancelled once `stopped()`, and
    PhotoClipError with a sentence for what cannot be: a name that is taken, a state of other wishes, no room.
    """
    finetune.require_name(wishes.name)
    if not wishes.replace and wishes.name.lower() in {folder.name.lower() for folder in installed_folders()}:
        raise PhotoClipError(f"{wishes.name} is installed already; choose another name, or add --replace.")
    start, config = checkpoint.load(finetune.checkpoint_path(wishes.start))
    model = copy.deepcopy(start)
    numbers = sum(parameter.numel() for parameter in model.parameters())
    require_room(models_dir(), STATE_BYTES * numbers, f"Training {wishes.name}")
    with unfinished(wishes.name + TRAINING) as folder:
        if wishes.anew:
            delete(folder)
        data = gather()
        finetune.say_what_there_is(data, say)
        _require_choice(data)
        run = _run(folder, model, config, data, wishes)
        if run.step:
            say(f"Going on at {run.share:.0%}.")
        run.train(say, stopped=stopped)
        if wishes.keep:
            keep(run.model, start, wishes.keep)
            say(f"{wishes.keep:.0%} of {wishes.start} is kept.")
            run.judge(say)
        installed = _installed(run, wishes)
        delete(folder)
        return installed


@torch.no_grad()
def keep(model: CLIP, start: CLIP, share: float) -> None:
    """Takes the weights of `model` back by `share` of the way to those of `start`."""
    before = start.state_dict()
    for name, tensor in model.state_dict().items():
        if tensor.is_floating_point():
            tensor.lerp_(before[name].to(tensor.device), share)


def _require_choice(data: Captions) -> None:
    """Raises PhotoClipError where no picture could be told from another by its captions."""
    if len({picture.digest for picture in data.training}) < 2 or len(distinct(data.training)) < 2:
        raise PhotoClipError(
            f"There is too little to learn from: {len(data.training)} pictures with "
            f"{len(distinct(data.training))} different captions are left; it takes two of each at least."
        )


def _run(folder: Path, model: CLIP, config: CLIPConfig, data: Captions, wishes: Wishes) -> contrastive.Run:
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        return contrastive.Run(folder, model, config, data, _settings(wishes, data, device), device)
    except contrastive.AnotherRun as error:
        raise PhotoClipError(
            f"Training {wishes.name} was interrupted, and had begun with other options or photos; repeat it "
            "as it was begun, or add --anew to begin from the start."
        ) from error


def _settings(wishes: Wishes, data: Captions, device: torch.device) -> contrastive.Settings:
    """A batch is never larger than there are pictures: a pair compared with itself teaches nothing."""
    batch = min(wishes.batch, len(data.training))
    passes = min(wishes.epochs, UNENDING)
    steps = max(1, math.ceil(passes * len(data.training) / batch))
    return contrastive.Settings(
        steps=steps,
        minutes=wishes.minutes,
        batch=batch,
        chunk=wishes.chunk,
        peak=wishes.rate,
        freeze=wishes.freeze,
        precision="bfloat16" if _bfloat16_is_quick(device) else "float32",
        seed=wishes.seed,
        validate_every=max(1, math.ceil(steps / VALIDATIONS)),
        validate_minutes=wishes.minutes / VALIDATIONS,
        save_minutes=1.0,
    )


def _bfloat16_is_quick(device: torch.device) -> bool:
    capabilities = torch.cpu.get_capabilities()
    on_cpu = capabilities.get("avx512_bf16") or capabilities.get("amx_bf16")
    return device.type == "cuda" or bool(on_cpu)


def _installed(run: contrastive.Run, wishes: Wishes) -> tuple[ModelInfo, Learned]:
    """Puts the trained model among the person's own, with its log."""
    checkpoint.save(run.model, replace(run.config, name=wishes.name), run.folder / MODEL)
    info = store.install(run.folder / MODEL, wishes.name, replace=wishes.replace)
    licence = origin_of(finetune.checkpoint_path(wishes.start)).licence  # what grew out of it is bound by it
    write_origin(Origin(licence, start=wishes.start), info.folder)
    log = info.folder / LOG
    shutil.copyfile(run.folder / contrastive.LOG, log)
    figures = [_figures(line) for line in run.validations()] or [{}]
    return info, Learned(
        pictures=len(run.data.training),
        validation=len(run.data.validation),
        skipped=len(run.data.skipped),
        steps=run.step,
        seconds=run.seconds,
        log=log,
        before=figures[0],
        after=figures[-1],
    )


def _figures(line: dict[str, float]) -> dict[str, float]:
    return {name: value for name, value in line.items() if name != "step"}
