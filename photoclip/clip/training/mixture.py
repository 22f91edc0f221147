"""Batches for the image tower: pictures drawn from all packed sets by weight, cropped, with texts that fit
them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from photoclip.clip.training import packing
from photoclip.clip.training.sets import CAPTIONED, PICTURE_SETS
from photoclip.clip.training.texts import folded, with_templates

NO_CLASS = -1
CLASS_BALANCE = 0.6  # a class with n pictures is drawn in proportion to n ** (1 - CLASS_BALANCE)
CROP_AREA = (0.45, 1.0)
CROP_ASPECT = (0.8, 1.25)


@dataclass(frozen=True)
class Batch:
    pixels: Tensor  # uint8 [B, S, S, 3]
    texts: Tensor  # int64 [B], a row of the text vectors
    groups: Tensor  # int64 [B], equal where pictures share their meaning
    classes: Tensor  # int64 [B], a row of the class names or NO_CLASS
    captions: Tensor  # int64 [B], the captioned picture's number or NO_CLASS
    teacher_classes: Tensor  # int64 [B, K]
    teacher_probabilities: Tensor  # float32 [B, K]; all zero where the teacher was not asked


class Mixture:
    """Draws batches; the same seed and step give the same batch."""

    def __init__(self, folder: Path, texts: Sequence[str], seed: int) -> None:
        self.folder = folder
        self.seed = seed
        self.rows = {folded(text): row for row, text in enumerate(texts)}
        passes = {**CAPTIONED, **{extra.key: extra.passes for extra in PICTURE_SETS}}
        self.packs = [packing.load(folder, key) for key in passes if (folder / f"{key}.json").is_file()]
        self.names: list[str] = []
        self.owner = np.concatenate([np.full(len(pack), number) for number, pack in enumerate(self.packs)])
        self.index = np.concatenate([np.arange(len(pack)) for pack in self.packs])
        weights = [_weights(pack, passes[pack.key]) for pack in self.packs]
        self.cumulative = np.cumsum(np.concatenate(weights))
        self.text_rows = [self._text_rows(pack) for pack in self.packs]
        self.class_rows = [self._class_rows(pack) for pack in self.packs]
        self.caption_rows = self._caption_rows()
        self.teachers: list[tuple[NDArray[np.int16], NDArray[np.float16]] | None] = [None] * len(self.packs)

    def refresh_teacher(self) -> int:
        """Picks up soft labels that were finished meanwhile; returns how many pictures have them."""
        for number, pack in enumerate(self.packs):
            labels = self.folder / f"{pack.key}.teacher.npz"
            if self.teachers[number] is None and labels.is_file():
                opened = np.load(labels)
                self.teachers[number] = (opened["classes"], opened["probabilities"])
        return sum(len(labels[0]) for labels in self.teachers if labels)

    def _text_rows(self, pack: packing.Pack) -> list[NDArray[np.int64]]:
        """For every label the rows of the texts it may appear with."""
        rows = []
        for texts in pack.texts:
            words = (
                texts if pack.kind == "caption" else [text for name in texts for text in with_templates(name)]
            )
            rows.append(
                np.array([self.rows[folded(text)] for text in words if folded(text) in self.rows], np.int64)
            )
        return rows

    def _class_rows(self, pack: packing.Pack) -> NDArray[np.int64]:
        if pack.kind == "caption":
            return np.full(len(pack.texts), NO_CLASS, np.int64)
        known = {folded(name): number for number, name in enumerate(self.names)}
        for texts in pack.texts:
            if folded(texts[0]) not in known:
                known[folded(texts[0])] = len(self.names)
                self.names.append(texts[0])
        return np.array([known[folded(texts[0])] for texts in pack.texts], np.int64)

    def _caption_rows(self) -> list[NDArray[np.int64]]:
        """The text rows of every captioned picture, in the order of `Batch.captions`."""
        return [
            rows
            for pack, labels in zip(self.packs, self.text_rows, strict=True)
            if pack.kind == "caption"
            for rows in labels
        ]

    def name_rows(self) -> NDArray[np.int64]:
        """The rows of all texts that name a class."""
        named = (
            labels for pack, labels in zip(self.packs, self.text_rows, strict=True) if pack.kind == "name"
        )
        return np.unique(np.concatenate([rows for labels in named for rows in labels]))

    def batch(self, step: int, size: int, resolution: int) -> Batch:
        random = np.random.default_rng((self.seed, step))
        drawn = np.searchsorted(self.cumulative, random.random(size) * self.cumulative[-1], side="right")
        pixels = np.empty((size, resolution, resolution, 3), np.uint8)
        columns = np.zeros((4, size), np.int64)
        kept = 10
        soft = np.zeros((size, kept), np.int64), np.zeros((size, kept), np.float32)
        before = np.cumsum([0] + [len(pack.texts) if pack.kind == "caption" else 0 for pack in self.packs])
        for row, picture in enumerate(drawn):
            owner, index = int(self.owner[picture]), int(self.index[picture])
            pack = self.packs[owner]
            label = int(pack.labels[index])
            pixels[row] = random_crop(pack.picture(index), resolution, random)
            group = int(self.class_rows[owner][label])
            caption = int(before[owner]) + label if group == NO_CLASS else NO_CLASS
            columns[:, row] = (
                random.choice(self.text_rows[owner][label]),
                group if group != NO_CLASS else len(self.names) + caption,
                group,
                caption,
            )
            if (answers := self.teachers[owner]) is not None:
                soft[0][row], soft[1][row] = answers[0][index], answers[1][index]
        texts, groups, classes, captions = torch.from_numpy(columns)
        return Batch(
            torch.from_numpy(pixels),
            texts,
            groups,
            classes,
            captions,
            torch.from_numpy(soft[0]),
            torch.from_numpy(soft[1]),
        )


def _weights(pack: packing.Pack, passes: float) -> NDArray[np.float64]:
    """How often each picture is drawn, `passes` on average, with small classes raised."""
    counts = np.bincount(pack.labels, minlength=len(pack.texts))[pack.labels]
    weights = counts ** (0.0 if pack.kind == "caption" else -CLASS_BALANCE)
    return np.asarray(weights * passes / weights.mean(), np.float64)


def random_crop(
    picture: NDArray[np.uint8], resolution: int, random: np.random.Generator
) -> NDArray[np.uint8]:
    """A random part of `picture` [H, W, 3], now and then mirrored, as [resolution, resolution, 3]."""
    height, width = picture.shape[:2]
    area = random.uniform(*CROP_AREA) * height * width
    aspect = np.exp(random.uniform(*np.log(CROP_ASPECT)))
    across, down = min(width, (area * aspect) ** 0.5), min(height, (area / aspect) ** 0.5)
    left, top = random.uniform(0, width - across), random.uniform(0, height - down)
    image = Image.fromarray(picture).resize(
        (resolution, resolution), Image.Resampling.BILINEAR, box=(left, top, left + across, top + down)
    )
    array = np.asarray(image)
    return array[:, ::-1] if random.random() < 0.5 else array
