"""A finished model as the library uses it, and what it says of held-out pictures."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from photoclip import pixels
from photoclip.clip import checkpoint, zeroshot
from photoclip.clip.preprocess import Normalize, pixel_spec
from photoclip.clip.tokenizer import load_tokenizer
from photoclip.clip.training.sets import Picture, captioned

BATCH = 128
CLASSED = ("caltech101", "tiny-imagenet-0", "tiny-imagenet-1", "flowers")
"""The zip files whose pictures have a class name."""


@dataclass(frozen=True)
class HeldOut:
    """Held-out pictures of one zip file, and what the model's image tower makes of them."""

    pictures: list[Picture]
    files: list[bytes]
    vectors: Tensor  # [N, E], unit


class Judge:
    """A model with the preprocessing the library uses."""

    def __init__(self, folder: Path, device: torch.device) -> None:
        self.model, self.config = checkpoint.load(folder, device)
        self.normalize = Normalize(self.config, device, torch.float32)
        text = self.config.text
        self._held_out: dict[Path, HeldOut] = {}
        self.texts = zeroshot.text_encoder(self.model, load_tokenizer(text.vocab_size, text.context_length))

    @torch.inference_mode()
    def images(self, files: Sequence[bytes]) -> Tensor:
        """Unit vectors [N, E] of encoded pictures."""
        spec = pixel_spec(self.config)
        found = []
        for start in range(0, len(files), BATCH):
            decoded = [
                pixels.decode(data, shortest_side=pixels.decoded_side(spec))
                for data in files[start : start + BATCH]
            ]
            batch = np.stack(
                [pixels.model_pixels(each.image, spec, block_means=each.block_means) for each in decoded]
            )
            found.append(F.normalize(self.model.encode_image(self.normalize(batch)).float(), dim=-1))
        return torch.cat(found)

    def many_texts(self, texts: Sequence[str]) -> Tensor:
        return torch.cat(
            [self.texts(list(texts[start : start + BATCH])) for start in range(0, len(texts), BATCH)]
        )

    def held_out(self, archive: Path) -> HeldOut:
        """The dev pictures of a zip file; the file is looked at once."""
        if archive not in self._held_out:
            self._held_out[archive] = self._look(archive)
        return self._held_out[archive]

    def _look(self, archive: Path) -> HeldOut:
        pictures = list(captioned(archive, splits=frozenset({"dev"})))
        opened: dict[Path, zipfile.ZipFile] = {}
        files = [picture.read(opened) for picture in pictures]
        return HeldOut(pictures, files, self.images(files))


def class_names(archives: Sequence[Path]) -> list[str]:
    """The usual name of every class, of both splits, sorted."""
    splits = frozenset({"dev", "train"})
    return sorted({picture.texts[0] for archive in archives for picture in captioned(archive, splits=splits)})
