"""The plain pipeline that ingest is compared with: what a short script over open_clip does.

Full decode by Pillow in threads, open_clip's own resize, crop and normalization, float32, batches of eight.
On a CUDA device: in as many processes as there are cores, float16, batches of 64.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset

from photoclip.clip.torchvision_compat import import_torchvision
from tests.bench.report import cores

import_torchvision()
import open_clip  # noqa: E402  (it imports torchvision)

BATCH, CUDA_BATCH = 8, 64
SEED = 0


class PlainPipeline:
    """open_clip's ViT-B/32 with seeded random weights, in float32."""

    def __init__(self) -> None:
        torch.manual_seed(SEED)
        self.model, _, self.preprocess = open_clip.create_model_and_transforms("ViT-B-32", pretrained=None)
        self.model.eval()

    def seconds(self, paths: Sequence[Path]) -> float:
        """Embeds every photo once and returns how long that took."""
        start = time.perf_counter()
        count = sum(len(vectors) for vectors in self._vectors(paths))
        assert count == len(paths)
        return time.perf_counter() - start

    def _vectors(self, paths: Sequence[Path]) -> Iterator[np.ndarray]:
        with ThreadPoolExecutor(cores()) as threads, torch.inference_mode():
            pictures = threads.map(self._picture, paths)
            for first in range(0, len(paths), BATCH):
                batch = [next(pictures) for _ in paths[first : first + BATCH]]
                vectors = self.model.encode_image(torch.stack(batch), normalize=True)  # [N, 512]
                yield vectors.numpy()

    def _picture(self, path: Path) -> torch.Tensor:
        with Image.open(path) as opened:
            return self.preprocess(opened.convert("RGB"))  # [3, 224, 224]


class Pictures(Dataset[torch.Tensor]):
    """Photos as the model wants them."""

    def __init__(self, paths: Sequence[Path], preprocess: Callable[[Image.Image], torch.Tensor]) -> None:
        self.paths, self.preprocess = paths, preprocess

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, number: int) -> torch.Tensor:
        with Image.open(self.paths[number]) as opened:
            return self.preprocess(opened.convert("RGB"))  # [3, 224, 224]


class CudaPipeline:
    """The same model in float16 on a CUDA device, fed by torch's data loader."""

    def __init__(self) -> None:
        torch.manual_seed(SEED)
        self.model, _, self.preprocess = open_clip.create_model_and_transforms(
            "ViT-B-32", pretrained=None, precision="fp16", device="cuda"
        )
        self.model.eval()

    @torch.inference_mode()
    def seconds(self, paths: Sequence[Path]) -> float:
        """Embeds every photo once and returns how long that took, the start of the processes included."""
        start = time.perf_counter()
        pictures = Pictures(paths, self.preprocess)
        loader = DataLoader(pictures, CUDA_BATCH, num_workers=cores(), pin_memory=True)
        batches = (batch.to("cuda", torch.float16, non_blocking=True) for batch in loader)
        vectors = [self.model.encode_image(batch, normalize=True) for batch in batches]
        assert len(torch.cat(vectors).cpu()) == len(paths)
        return time.perf_counter() - start
