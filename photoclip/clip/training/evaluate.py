"""The figures of a small model on the held-out splits and on the demo photographs, by one command:

    python -m photoclip.clip.training.evaluate --model FOLDER --data FOLDER [--demo FOLDER] [--json]

`--data` holds caltech101.zip and flickr8k.zip and may hold the other sets and teacher/*.tflite, `--demo`
scikit-image's example photographs.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from photoclip import pixels
from photoclip.clip import zeroshot
from photoclip.clip.training.judge import CLASSED, HeldOut, Judge, class_names
from photoclip.clip.training.sets import imagenet_names
from photoclip.clip.training.synonyms import SYNONYMS
from photoclip.clip.training.teacher import Teacher
from photoclip.errors import PhotoClipError

LARGE = 128  # pixels a side of what the teacher is asked about

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


@dataclass
class Figures:
    """Shares of 1, except `demo_right`, a count out of the ten demo queries."""

    caltech_top1: float = 0.0
    caltech_photos: int = 0
    caltech_names: int = 0
    text_to_image: dict[int, float] = field(default_factory=dict)
    image_to_text: dict[int, float] = field(default_factory=dict)
    flickr_photos: int = 0
    tiny_imagenet_top1: float | None = None
    teacher_agreement: float | None = None
    teacher_photos: int = 0
    synonyms_right: int = 0  # of SYNONYMS
    synonym_classes: int = 0
    demo_right: int = 0
    demo: dict[str, list[str]] = field(default_factory=dict)  # the query's first three photos


def evaluate(model: Path, data: Path, demo: Path | None, device: torch.device) -> Figures:
    judge = Judge(model, device)
    figures = Figures()
    caltech(judge, data / "caltech101.zip", figures)
    flickr(judge, data / "flickr8k.zip", figures)
    classed = [archive for key in CLASSED if (archive := data / f"{key}.zip").is_file()]
    if tiny := [archive for archive in classed if archive.stem.startswith("tiny-imagenet")]:
        tiny_imagenet(judge, tiny, figures)
    unseen_words(judge, classed, figures)
    for teacher in sorted((data / "teacher").glob("*.tflite"))[:1]:
        agreement(judge, [*classed, data / "flickr8k.zip"], Teacher(teacher), figures)
    if demo is not None:
        demonstrate(judge, demo, figures)
    return figures


def caltech(judge: Judge, archive: Path, figures: Figures) -> None:
    """Top-1 of the dev pictures among all class names of the set."""
    names = class_names([archive])
    held_out = judge.held_out(archive)
    figures.caltech_top1 = top1(judge, [held_out], names)
    figures.caltech_photos, figures.caltech_names = len(held_out.pictures), len(names)


def tiny_imagenet(judge: Judge, archives: Sequence[Path], figures: Figures) -> None:
    figures.tiny_imagenet_top1 = top1(
        judge, [judge.held_out(archive) for archive in archives], class_names(archives)
    )


def top1(judge: Judge, held_out: Sequence[HeldOut], names: Sequence[str]) -> float:
    """Share of pictures whose zero-shot answer, with the shipped templates, is their usual name."""
    weights = zeroshot.class_weights(judge.texts, names)
    right = [
        names[answer] == picture.texts[0]
        for part in held_out
        for answer, picture in zip((part.vectors @ weights.T).argmax(1).tolist(), part.pictures, strict=True)
    ]
    return float(np.mean(right))


def agreement(judge: Judge, archives: Sequence[Path], asked: Teacher, figures: Figures) -> None:
    """How often model and teacher say the same of a picture that is large enough, of 1,000 names."""
    weights = zeroshot.class_weights(judge.texts, imagenet_names())
    same = []
    for archive in archives:
        held_out = judge.held_out(archive)
        answers = (held_out.vectors @ weights.T).argmax(1).tolist()
        for data, answer in zip(held_out.files, answers, strict=True):
            picture = np.asarray(pixels.decode(data, shortest_side=LARGE).image.convert("RGB"))
            if min(picture.shape[:2]) >= LARGE:
                same.append(int(asked(picture).argmax()) == answer)
    figures.teacher_photos = len(same)
    figures.teacher_agreement = float(np.mean(same)) if same else None


def unseen_words(judge: Judge, archives: Sequence[Path], figures: Figures) -> None:
    """For how many synonyms their class is among the five whose pictures, on average, fit best."""
    vectors: dict[str, list[Tensor]] = {}
    for archive in archives:
        held_out = judge.held_out(archive)
        for picture, vector in zip(held_out.pictures, held_out.vectors, strict=True):
            vectors.setdefault(picture.texts[0], []).append(vector)
    names = list(vectors)
    centres = F.normalize(torch.stack([torch.stack(vectors[name]).mean(0) for name in names]), dim=-1)
    scores = zeroshot.class_weights(judge.texts, list(SYNONYMS)) @ centres.T  # [synonyms, classes]
    best = scores.topk(min(5, len(names))).indices.tolist()
    figures.synonyms_right = sum(
        name in [names[index] for index in row] for name, row in zip(SYNONYMS.values(), best, strict=True)
    )
    figures.synonym_classes = len(names)


def flickr(judge: Judge, archive: Path, figures: Figures) -> None:
    """Retrieval both ways among the dev pictures and all their captions."""
    held_out = judge.held_out(archive)
    owner = torch.tensor([number for number, picture in enumerate(held_out.pictures) for _ in picture.texts])
    texts = judge.many_texts([text for picture in held_out.pictures for text in picture.texts])
    retrieval((texts @ held_out.vectors.T).cpu(), owner, figures)


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
    if figures.tiny_imagenet_top1 is not None:
        rows.append(
            ("Tiny ImageNet dev among its 200 names, top-1", f"{100 * figures.tiny_imagenet_top1:.1f} %")
        )
    if figures.teacher_agreement is not None:
        rows.append(
            (
                f"{figures.teacher_photos} dev photos, same answer among 1,000 names as MobileNetV2",
                f"{100 * figures.teacher_agreement:.1f} %",
            )
        )
    rows.append(
        (
            f"words never learned from whose class is in the first five of {figures.synonym_classes}",
            f"{figures.synonyms_right} of {len(SYNONYMS)}",
        )
    )
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
