"""Batches for the image tower: views drawn from all packed sets by weight, with texts that fit them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from photoclip.clip.training import packing, views
from photoclip.clip.training.labels import NO_CLASS, Labels
from photoclip.clip.training.sets import CAPTIONED, PICTURE_SETS

CLASS_BALANCE = 0.6  # a class with n pictures is drawn in proportion to n ** (1 - CLASS_BALANCE)


@dataclass(frozen=True)
class Batch:
    maps: Tensor  # float32 [B, C, G, G], what the trunk says of the views
    texts: Tensor  # int64 [B], a row of the text vectors
    groups: Tensor  # int64 [B], equal where pictures share their meaning
    classes: Tensor  # int64 [B], a row of the class names or NO_CLASS
    captions: Tensor  # int64 [B], the captioned picture's number or NO_CLASS
    teacher_classes: Tensor  # int64 [B, K]
    teacher_probabilities: Tensor  # float32 [B, K], of ImageNet's classes


class Mixture:
    """Draws batches; the same seed and step give the same batch."""

    def __init__(self, folder: Path, labels: Labels, seed: int) -> None:
        self.labels, self.seed = labels, seed
        passes = {**CAPTIONED, **{extra.key: extra.passes for extra in PICTURE_SETS}}
        self.views = [views.load(folder, pack.key) for pack in labels.packs]
        counts = [len(seen.pictures) for seen in self.views]
        self.owner = np.repeat(np.arange(len(counts)), counts)
        self.index = np.concatenate([np.arange(count) for count in counts])
        weights = [
            _weights(pack, seen, passes[pack.key])
            for pack, seen in zip(labels.packs, self.views, strict=True)
        ]
        self.cumulative = np.cumsum(np.concatenate(weights))

    def batch(self, step: int, size: int) -> Batch:
        known, random = self.labels, np.random.default_rng((self.seed, step))
        drawn = np.searchsorted(self.cumulative, random.random(size) * self.cumulative[-1], side="right")
        maps, columns = [], np.zeros((4, size), np.int64)
        soft = np.zeros((size, views.KEPT), np.int64), np.zeros((size, views.KEPT), np.float32)
        before = np.cumsum([0] + [len(pack.texts) if pack.kind == "caption" else 0 for pack in known.packs])
        for row, drew in enumerate(drawn):
            owner, index = int(self.owner[drew]), int(self.index[drew])
            seen = self.views[owner]
            label = int(known.packs[owner].labels[seen.pictures[index]])
            maps.append(seen.maps[index] * seen.scale[:, None, None])
            group = int(known.class_rows[owner][label])
            caption = int(before[owner]) + label if group == NO_CLASS else NO_CLASS
            columns[:, row] = (
                random.choice(known.text_rows[owner][label]),
                group if group != NO_CLASS else len(known.names) + caption,
                group,
                caption,
            )
            soft[0][row], soft[1][row] = seen.classes[index], seen.probabilities[index]
        texts, groups, classes, captions = torch.from_numpy(columns)
        return Batch(
            torch.from_numpy(np.stack(maps)).contiguous(memory_format=torch.channels_last),
            texts,
            groups,
            classes,
            captions,
            torch.from_numpy(soft[0]),
            torch.from_numpy(soft[1]),
        )


def _weights(pack: packing.Pack, seen: views.Views, passes: float) -> NDArray[np.float64]:
    """How often each view is drawn: a picture `passes` times on average, with small classes raised."""
    counts = np.bincount(pack.labels, minlength=len(pack.texts))[pack.labels[seen.pictures]]
    weights = counts ** (0.0 if pack.kind == "caption" else -CLASS_BALANCE)
    share = len(np.unique(seen.pictures)) / len(seen.pictures)
    return np.asarray(weights * share * passes / weights.mean(), np.float64)
