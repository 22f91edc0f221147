"""Fine-tunes a CLIP on pictures with captions of your own, or trains one from scratch:

    python -m photoclip.clip.training.finetune --data captions.csv --start starter --name birds

`photoclip models train` does the same on the labels and albums of a library, with fewer options.

--data is a CSV file with the columns image and caption (and, if you like, label and split), or a JSONL file
with the same entries; pictures are named relative to its folder, and a picture may have several captions.
captions.py says more. Without a column split, one picture in twenty is kept for validation.

What it begins with:
  --start NAME_OR_FILE   a model of `photoclip models`, or a checkpoint in any dialect that PhotoClip reads
  --architecture NAME    random weights instead: a published shape such as ViT-B-32, or a CLIPConfig as .json

What comes out: a model folder, --model, by default where `photoclip models list` finds it, under --name.

How it learns: all pairs of a --batch are compared with each other, --chunk of them are in memory at a time;
a larger batch costs time only. --rate rises over the first twentieth of the steps and then falls along a
cosine; 1e-5 suits fine-tuning (the default with --start), 5e-4 training from scratch. --freeze image keeps
the image tower as it is, so that the vectors of pictures stay what they were. The batch norms of a ResNet
keep their statistics when fine-tuning; from scratch they see one chunk at a time, so take a chunk of 32 or
more there. Crops and mirroring vary the pictures, so captions that tell left from right teach little.

A caption that fits several pictures of a batch, since they have it too, is a negative of none of them.

Recall and, with labels, zero-shot accuracy on the validation pictures are printed before the first step and
every --validate-every steps, and logged in RUN/log.jsonl. RUN/state.pt is written every --save-minutes: run
the same command again to go on after an interruption. RUN is --run, by default MODEL-run beside the model.
A CUDA device is used when there is one.
"""

from __future__ import annotations

import argparse
import copy
import math
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import torch

from photoclip.clip import checkpoint
from photoclip.clip.architectures import architecture
from photoclip.clip.config import CLIPConfig
from photoclip.clip.model import CLIP
from photoclip.clip.models import find_model, shipped_folders
from photoclip.clip.registry import PUBLISHED
from photoclip.clip.store.collection import NAME
from photoclip.clip.training import captions, contrastive
from photoclip.errors import PhotoClipError
from photoclip.paths import models_dir

TUNING_RATE, SCRATCH_RATE = 1e-5, 5e-4
NAMED_SKIPPED = 5  # pictures that cannot be used are named up to here, and counted beyond

Number = TypeVar("Number", int, float)


def say(line: str) -> None:
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {line}\n")
    sys.stdout.flush()


def run(options: argparse.Namespace) -> None:
    folder = _model_folder(options)
    model, config = _beginning(options, folder)
    data = captions.read(options.data, options.seed)
    say_what_there_is(data, say)
    settings = _settings(options, len(data.training))
    device = torch.device(options.device or ("cuda" if torch.cuda.is_available() else "cpu"))
    work = options.run or folder.with_name(f"{folder.name}-run")
    contrastive.Run(work, model, config, data, settings, device).train(say)
    checkpoint.save(model, replace(config, name=options.name), folder)
    say(f"wrote {folder}")


def _model_folder(options: argparse.Namespace) -> Path:
    """Where the model goes, its name checked."""
    require_name(options.name)
    folder: Path = options.model or models_dir() / options.name
    return folder


def require_name(name: str) -> None:
    """Raises PhotoClipError for what no model of one's own may be called."""
    if not NAME.fullmatch(name):
        raise PhotoClipError(f'The name "{name}" should be letters, digits, "-", "_" and "." only.')
    taken = {folder.name.lower() for folder in shipped_folders()} | {model.name for model in PUBLISHED}
    if name.lower() in taken:
        raise PhotoClipError(f'There is already a model known as "{name}"; choose another name.')


def _beginning(options: argparse.Namespace, folder: Path) -> tuple[CLIP, CLIPConfig]:
    """The model to train and its config."""
    if options.start is None:
        config = _architecture(options.architecture)
        return contrastive.scratch(config, options.seed), config
    path = checkpoint_path(options.start)
    if path.resolve() == folder.resolve():
        raise PhotoClipError(f"{folder} is what training would start from; name another folder to write.")
    model, config = checkpoint.load(path)
    return copy.deepcopy(model), config  # its tensors may be mapped to the file


def checkpoint_path(name_or_path: str) -> Path:
    """Where the model of this name lies, or the checkpoint at this path. Raises ModelError for neither."""
    path = Path(name_or_path)
    return path if path.exists() else find_model(name_or_path).folder


def _architecture(name: str) -> CLIPConfig:
    if not name.endswith(".json"):
        return architecture(name)
    try:
        return CLIPConfig.from_json(Path(name).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise PhotoClipError(f"The architecture {name} cannot be read: {error}.") from error


def _settings(options: argparse.Namespace, pictures: int) -> contrastive.Settings:
    """A batch is never larger than there are pictures: a pair compared with itself teaches nothing."""
    batch = min(options.batch, pictures)
    steps = options.steps or max(1, math.ceil(options.epochs * pictures / batch))
    scratch = options.start is None
    return contrastive.Settings(
        steps=steps,
        minutes=options.minutes,
        batch=batch,
        chunk=options.chunk,
        peak=options.rate or (SCRATCH_RATE if scratch else TUNING_RATE),
        warmup=options.warmup,
        decay=options.decay,
        freeze=options.freeze,
        freeze_batch_norm=not scratch,
        precision=options.precision,
        seed=options.seed,
        validate_every=options.validate_every,
        save_minutes=options.save_minutes,
    )


def say_what_there_is(data: captions.Captions, say: contrastive.Say) -> None:
    """Names the first pictures that cannot be used, and counts all."""
    for sentence in data.skipped[:NAMED_SKIPPED]:
        say(sentence)
    say(
        f"{len(data.training)} pictures to learn from, {len(data.validation)} for validation, "
        f"{len(data.skipped)} skipped"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    if options.threads:
        torch.set_num_threads(options.threads)
    try:
        run(options)
    except (PhotoClipError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="photoclip.clip.training.finetune",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, required=True, help="the captions, .csv or .jsonl")
    beginning = parser.add_mutually_exclusive_group(required=True)
    beginning.add_argument("--start", help="a model's name, or the path of a checkpoint")
    beginning.add_argument("--architecture", help="train from scratch in this shape")
    parser.add_argument("--model", type=Path, help="the model folder to write")
    parser.add_argument("--name", required=True, help="what the model is to be called")
    parser.add_argument("--run", type=Path, help="the folder of the run's state and log")
    parser.add_argument("--freeze", choices=("image", "text", "none"), default="none")
    parser.add_argument("--rate", type=_positive(float), help="the highest learning rate")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--steps", type=_positive(int))
    length.add_argument("--epochs", type=_positive(float), default=5.0, help="passes over the pictures")
    parser.add_argument("--minutes", type=_positive(float), default=math.inf, help="of steps, at the most")
    parser.add_argument("--batch", type=_positive(int), default=256)
    parser.add_argument("--chunk", type=_positive(int), default=32)
    parser.add_argument("--warmup", type=float, default=0.05, help="the share of the steps the rate rises")
    parser.add_argument("--decay", type=float, default=0.1, help="weight decay")
    parser.add_argument("--precision", choices=("bfloat16", "float32"), default="bfloat16")
    parser.add_argument("--seed", type=_natural, default=0)
    parser.add_argument("--validate-every", type=_positive(int), default=100, metavar="STEPS")
    parser.add_argument("--save-minutes", type=_positive(float), default=5.0)
    parser.add_argument("--device", choices=("cpu", "cuda"), help="by default cuda where there is one")
    parser.add_argument("--threads", type=_natural, default=0, help="CPU threads; 0 leaves it to torch")
    return parser


def _positive(kind: type[Number]) -> Callable[[str], Number]:
    def parse(text: str) -> Number:
        value = kind(text)
        if not 0 < value < math.inf:
            raise argparse.ArgumentTypeError(f"{text} is not a number above 0")
        return value

    return parse


def _natural(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text} is not a whole number from 0 on")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
