"""Random views of the packed pictures, seen once by the part of the image tower that does not learn.

What the trunk says of a view is kept, so that a step of training computes the learning part alone:
`<key>.maps.npy` holds int8 [N, C, G, G], `<key>.maps.npz` which picture each view shows and what ImageNet
classes the untouched network sees in it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from photoclip.clip.config import CLIPConfig
from photoclip.clip.efficientnet import EfficientNetLite
from photoclip.clip.training import backbone, packing
from photoclip.clip.training.augment import augment, random_crop
from photoclip.errors import PhotoClipError

PIXELS = 128  # of a view; the finished tower sees more, as random crops enlarge things (Touvron et al., 2019)
BATCH = 64
KEPT = 10  # ImageNet classes remembered of a view
LEVELS = 127  # of int8, for SPREAD standard deviations
SPREAD = 5.0
VIEWS = {
    "flickr8k": 6.0,
    "coco": 6.0,
    "caltech101": 3.0,
    "flowers": 1.0,
    "space": 2.0,
    "coins": 2.0,
    "collages": 2.0,
    "weather": 2.0,
    "tiny-imagenet-0": 0.4,
    "tiny-imagenet-1": 0.4,
    "imagenette": 0.4,
    "imagewoof": 0.4,
    "miniplaces": 0.3,
    "food": 0.3,
    "intel": 0.5,
    "sports": 0.5,
    "sea-animals": 0.5,
    "mini-imagenet": 0.1,
}
"""How often a picture is seen; of less than one a share of the pictures. The rest once."""


@dataclass(frozen=True)
class Views:
    """The views of one pack, memory-mapped, in the order of their pictures."""

    maps: NDArray[np.int8]  # [N, C, G, G]
    scale: NDArray[np.float32]  # [C], a map's value is its int8 times this
    pictures: NDArray[np.int64]  # [N], ascending
    classes: NDArray[np.int16]  # [N, KEPT]
    probabilities: NDArray[np.float16]  # [N, KEPT]


def load(folder: Path, key: str) -> Views:
    """Raises PhotoClipError for a pack that was not looked at."""
    try:
        table = np.load(folder / f"{key}.maps.npz")
        maps = np.load(folder / f"{key}.maps.npy", mmap_mode="r")
    except FileNotFoundError as error:
        raise PhotoClipError(f"There are no views of {key} in {folder}: run the stage look first.") from error
    return Views(maps, table["scale"], table["pictures"], table["classes"], table["probabilities"])


def drawn(count: int, views: float, random: np.random.Generator) -> NDArray[np.int64]:
    """Which of `count` pictures are seen, each `views` times; of less than one view a random share."""
    if views < 1:
        return np.sort(random.permutation(count)[: max(1, round(count * views))])
    return np.repeat(np.arange(count), round(views))


class Looker:
    """Makes the views of packs with the untouched network."""

    def __init__(
        self,
        tower: EfficientNetLite,
        classifier: backbone.Classifier,
        config: CLIPConfig,
        device: torch.device,
        seed: int,
        side: int = PIXELS,
    ) -> None:
        self.classifier, self.config, self.device, self.seed, self.side = (
            classifier,
            config,
            device,
            seed,
            side,
        )
        self.tower: EfficientNetLite = tower.eval().to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]

    def look(self, pack: packing.Pack, folder: Path, log: Callable[[str], None]) -> None:
        """Writes both files, the table last, so that a torn set is seen anew."""
        random = np.random.default_rng((self.seed, len(pack)))
        pictures = drawn(len(pack), VIEWS.get(pack.key, 1.0), random)
        parts = [pictures[start : start + BATCH] for start in range(0, len(pictures), BATCH)]
        scale: Tensor | None = None
        kept: list[tuple[Tensor, Tensor]] = []
        unfinished = folder / f"{pack.key}.maps.part.npy"
        for number, part in enumerate(parts):
            maps, classes, probabilities = self._see(pack, part, random)
            if scale is None:  # the first views stand for all
                scale = SPREAD * maps.float().std(dim=(0, 2, 3)) / LEVELS  # [C]
                out = np.lib.format.open_memmap(unfinished, "w+", np.int8, (len(pictures), *maps.shape[1:]))
            rounded = (maps.float() / scale[:, None, None]).round_().clamp_(-LEVELS, LEVELS)
            out[number * BATCH : number * BATCH + len(part)] = rounded.to(torch.int8).cpu().numpy()
            kept.append((classes, probabilities))
        assert scale is not None
        out.flush()
        unfinished.replace(folder / f"{pack.key}.maps.npy")
        np.savez(
            folder / f"{pack.key}.maps.npz",
            scale=scale.cpu().numpy(),
            pictures=pictures,
            classes=torch.cat([classes for classes, _ in kept]).to(torch.int16).numpy(),
            probabilities=torch.cat([probabilities for _, probabilities in kept]).half().numpy(),
        )
        log(f"{pack.key}: {len(pictures)} views of {len(np.unique(pictures))} pictures")

    @torch.inference_mode()
    def _see(
        self, pack: packing.Pack, pictures: NDArray[np.int64], random: np.random.Generator
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Maps [B, C, G, G] of random views, and the classes and probabilities [B, KEPT] seen in them."""
        crops = np.stack([random_crop(pack.picture(int(index)), self.side, random) for index in pictures])
        dice = torch.Generator().manual_seed(int(random.integers(1 << 31)))
        x = augment(torch.from_numpy(crops).to(self.device), self.config, dice)
        with torch.autocast(self.device.type, torch.bfloat16):
            maps = self.tower.early(x, backbone.TRUNK)
            grid = self.tower.late(maps, backbone.TRUNK)
        probabilities, classes = self.classifier.probabilities(grid).topk(KEPT)
        return maps, classes.cpu(), probabilities.cpu()
