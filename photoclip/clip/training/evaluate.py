"""The figures of a small model on the held-out splits and on the demo photographs, by one command:

    python -m photoclip.clip.training.evaluate --model FOLDER --data FOLDER [--demo FOLDER] [--json]

`--data` holds caltech101.zip and flickr8k.zip; `--demo` holds scikit-image's example photographs.
"""

from __future__ import annotations

import argparse
import json
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from photoclip import pixels
from photoclip.clip import checkpoint, zeroshot
from photoclip.clip.preprocess import Normalize, pixel_spec
from photoclip.clip.tokenizer import load_tokenizer
from photoclip.clip.training.sets import captioned
from photoclip.errors import PhotoClipError

BATCH = 128

DEMO_QUERIES = {
    "an astronaut": "astronaut",
    "a cat": "chelsea",
    "a cup of coffee": "coffee",
    "a rocket": "rocket",
    "a motorcycle": "motorcycle_left",
    "the moon": "moon",
    "galaxies in space": "hubble_deep_field",
    "a brick wall": "brick",
    "green grass": "grass",
    "old coins": "coins",
}
DEMO_PHOTOS = (*DEMO_QUERIES.values(), "camera", "gravel", "page", "retina")

TARGETS = {"caltech_top1": 0.65, "text_to_image_r10": 0.35, "demo_right": 8}


@dataclass
class Figures:
    """Shares of 1, except `demo_right`, a count out of the ten demo queries."""

    caltech_top1: float = 0.0
    caltech_photos: int = 0
    caltech_names: int = 0
    text_to_image: dict[int, float] = field(default_factory=dict)
    image_to_text: dict[int, float] = field(default_factory=dict)
    flickr_photos: int = 0
    demo_right: int = 0
    demo: dict[str, list[str]] = field(default_factory=dict)  # the query's first three photos

    def reached(self) -> bool:
        return (
            self.caltech_top1 >= TARGETS["caltech_top1"]
            and self.text_to_image[10] >= TARGETS["text_to_image_r10"]
            and self.demo_right >= TARGETS["demo_right"]
        )


class Judge:
    """A model with the preprocessing the library uses."""

    def __init__(self, folder: Path, device: torch.device) -> None:
        self.model, self.config = checkpoint.load(folder, device)
        self.normalize = Normalize(self.config, device, torch.float32)
        text = self.config.text
        self.texts = zeroshot.text_encoder(self.model, load_tokenizer(text.vocab_size, text.context_length))

    @torch.inference_mode()
    def images(self, files: Sequence[bytes]) -> Tensor:
        """Unit vectors [N, E] of encoded pictures."""
        spec = pixel_spec(self.config)
        found = []
        for start in range(0, len(files), BATCH):
            decoded = [
                pixels.decode(data, shortest_side=pixels.decoded_side(spec)).image
                for data in files[start : start + BATCH]
            ]
            batch = np.stack([pixels.model_pixels(image, spec) for image in decoded])
            found.append(F.normalize(self.model.encode_image(self.normalize(batch)).float(), dim=-1))
        return torch.cat(found)

    def many_texts(self, texts: Sequence[str]) -> Tensor:
        return torch.cat(
            [self.texts(list(texts[start : start + BATCH])) for start in range(0, len(texts), BATCH)]
        )


def evaluate(model: Path, data: Path, demo: Path | None, device: torch.device) -> Figures:
    judge = Judge(model, device)
    figures = Figures()
    caltech(judge, data / "caltech101.zip", figures)
    flickr(judge, data / "flickr8k.zip", figures)
    if demo is not None:
        demonstrate(judge, demo, figures)
    return figures


def caltech(judge: Judge, archive: Path, figures: Figures) -> None:
    """Zero-shot top-1 of the dev pictures among all class names of the set, with the shipped templates."""
    held_out = list(captioned(archive, splits=frozenset({"dev"})))
    names = sorted({picture.texts[0] for picture in captioned(archive, splits=frozenset({"dev", "train"}))})
    opened: dict[Path, zipfile.ZipFile] = {}
    weights = zeroshot.class_weights(judge.texts, names)
    answers = (judge.images([picture.read(opened) for picture in held_out]) @ weights.T).argmax(1).tolist()
    right = [names[answer] == picture.texts[0] for answer, picture in zip(answers, held_out, strict=True)]
    figures.caltech_top1 = float(np.mean(right))
    figures.caltech_photos, figures.caltech_names = len(held_out), len(names)


def flickr(judge: Judge, archive: Path, figures: Figures) -> None:
    """Retrieval both ways among the dev pictures and all their captions."""
    held_out = list(captioned(archive, splits=frozenset({"dev"})))
    opened: dict[Path, zipfile.ZipFile] = {}
    images = judge.images([picture.read(opened) for picture in held_out])  # [P, E]
    owner = torch.tensor([number for number, picture in enumerate(held_out) for _ in picture.texts])
    texts = judge.many_texts([text for picture in held_out for text in picture.texts])
    retrieval((texts @ images.T).cpu(), owner, figures)


def retrieval(scores: Tensor, owner: Tensor, figures: Figures) -> None:
    """Recall from scores [captions, photos], where caption c belongs to photo owner[c]. Ties count as found
    late."""
    count = scores.shape[1]
    own = scores.gather(1, owner[:, None])
    ranks = (scores >= own).sum(1) - 1
    best_own = torch.stack([scores[owner == number, number].max() for number in range(count)])
    strangers = owner[None] != torch.arange(count)[:, None]
    image_ranks = ((best_own[:, None] <= scores.T) & strangers).sum(1)
    figures.flickr_photos = count
    for depth in (1, 5, 10):
        figures.text_to_image[depth] = (ranks < depth).float().mean().item()
        figures.image_to_text[depth] = (image_ranks < depth).float().mean().item()


def demonstrate(judge: Judge, folder: Path, figures: Figures) -> None:
    """The ten queries as typed, without templates, over the demo photographs."""
    files = [next(folder.glob(f"{name}.*"), None) for name in DEMO_PHOTOS]
    if missing := [name for name, file in zip(DEMO_PHOTOS, files, strict=True) if file is None]:
        raise PhotoClipError(f"{folder} lacks the demo photograph {missing[0]}.")
    images = judge.images([file.read_bytes() for file in files if file is not None])
    scores = judge.many_texts(list(DEMO_QUERIES)) @ images.T
    for query, row in zip(DEMO_QUERIES, scores, strict=True):
        figures.demo[query] = [DEMO_PHOTOS[index] for index in row.topk(3).indices.tolist()]
    figures.demo_right = sum(figures.demo[query][0] == name for query, name in DEMO_QUERIES.items())


def table(figures: Figures) -> str:
    """Markdown, as the model card shows it."""

    def shares(values: dict[int, float]) -> str:
        return " / ".join(f"{100 * values[depth]:.1f} %" for depth in (1, 5, 10))

    rows = [
        (
            f"Caltech-101 dev, {figures.caltech_photos} photos among {figures.caltech_names} names, top-1",
            f"{100 * figures.caltech_top1:.1f} %",
        ),
        (
            f"Flickr8k dev, {figures.flickr_photos} photos, caption to photo, R@1 / 5 / 10",
            shares(figures.text_to_image),
        ),
        ("the same, photo to any of its five captions, R@1 / 5 / 10", shares(figures.image_to_text)),
    ]
    if figures.demo:
        rows.append(
            ("demo queries with the right photo first", f"{figures.demo_right} of {len(DEMO_QUERIES)}")
        )
    lines = ["| what | figure |", "|---|---|"] + [f"| {what} | {figure} |" for what, figure in rows]
    if figures.demo:
        lines += ["", "| query | first three of the 14 demo photos |", "|---|---|"]
        lines += [f"| {query} | {', '.join(found)} |" for query, found in figures.demo.items()]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="photoclip.clip.training.evaluate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--demo", type=Path)
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of tables")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads; 0 leaves it to torch")
    options = parser.parse_args(arguments)
    if options.threads:
        torch.set_num_threads(options.threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        figures = evaluate(options.model, options.data, options.demo, device)
    except PhotoClipError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write((json.dumps(asdict(figures), indent=2) if options.json else table(figures)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
