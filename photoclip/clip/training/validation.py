"""How well a model knows pictures that it has not learned from: recall both ways, and zero-shot answers."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from photoclip.clip import zeroshot
from photoclip.clip.training.captions import Captioned, Wording

DEPTHS = (1, 5, 10)


def fitting(pictures: Sequence[Captioned], captions: Sequence[str]) -> Tensor:
    """Which captions [T] are which pictures' [P], boolean [T, P]."""
    return torch.from_numpy(Wording(pictures).fits(pictures, captions)).T


def recall(scores: Tensor, fits: Tensor) -> dict[str, float]:
    """The shares of captions with one of their pictures, and of pictures with one of their captions, among
    the first 1, 5 and 10, from scores and `fits` [T, P]. Ties count as found late."""
    found: dict[str, float] = {}
    for name, likeness, own in (("text_to_image", scores, fits), ("image_to_text", scores.T, fits.T)):
        best_own = likeness.masked_fill(~own, float("-inf")).amax(dim=1, keepdim=True)
        ranks = ((likeness >= best_own) & ~own).sum(dim=1)
        found |= {f"{name}_r{depth}": (ranks < depth).float().mean().item() for depth in DEPTHS}
    return found


def zero_shot_top1(
    encode: zeroshot.EncodeTexts,
    images: Tensor,
    pictures: Sequence[Captioned],
    names: Sequence[str],
    batch_size: int,
) -> dict[str, float]:
    """The share of the labelled ones among `pictures`, whose unit vectors `images` [P, E] are, that are
    called by a label of theirs, of all `names`; {} where there is nothing to choose between."""
    rows = [row for row, picture in enumerate(pictures) if picture.labels]
    if len(names) < 2 or not rows:
        return {}
    weights = zeroshot.class_weights(encode, names, batch_size=batch_size)
    answers = (images[rows] @ weights.T).argmax(dim=1).tolist()
    right = [names[answer] in pictures[row].labels for answer, row in zip(answers, rows, strict=True)]
    return {"zero_shot_top1": sum(right) / len(right)}
