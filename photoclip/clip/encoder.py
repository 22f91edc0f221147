"""CLIP as a library wants it: pixels and sentences in, unit vectors out, on the best device there is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from photoclip.clip import checkpoint, open_clip_folder
from photoclip.clip.architectures import architecture
from photoclip.clip.batches import batch_size
from photoclip.clip.config import CLIPConfig, ViTConfig
from photoclip.clip.memory import require_memory
from photoclip.clip.model import CLIP
from photoclip.clip.models import count_numbers, find_model, pixel_spec
from photoclip.clip.placed import PlacedEncoder
from photoclip.clip.placement import Placement, candidates
from photoclip.clip.precision import Precisions
from photoclip.clip.preprocess import Normalize
from photoclip.clip.tokenizer import load_tokenizer


class TorchEncoder(PlacedEncoder[CLIP]):
    """PhotoClip's own CLIP that is only used.

    `model` is in float32 on the CPU and is used up. With `precisions` the ways it could run are timed on its
    first use here and the fastest is remembered; without, the first that agrees is taken.
    """

    def __init__(
        self,
        model: CLIP,
        config: CLIPConfig,
        key: str,
        placements: Sequence[Placement] | None = None,
        precisions: Precisions | None = None,
    ) -> None:
        self.name, self.key, self.dim = config.name, key, config.embed_dim
        self.pixel_spec = pixel_spec(config)
        self.logit_scale = math.exp(model.logit_scale.item())
        self._tokenizer = load_tokenizer(config.text.vocab_size, config.text.context_length)
        self._config = config
        ways = placements if placements is not None else candidates(int8=isinstance(config.vision, ViTConfig))
        self._place(model, list(ways), precisions)

    def _put(self, model: CLIP, way: Placement) -> CLIP:
        return way.put(model)

    def _normalizer(self, way: Placement) -> Normalize:
        return Normalize(self._config, way.device, way.dtype)

    def _batch_size(self, way: Placement) -> int:
        return batch_size(self._config, way.device, way.dtype)

    def _tokens(self, texts: Sequence[str]) -> Tensor:
        return self._tokenizer(texts, truncate=True)


def load_encoder(path_or_name: str, threads: int | None = None) -> PlacedEncoder[Any]:
    """The encoder of a model's name or folder, on the fastest device that computes it right.

    `threads` limits the CPU threads of this whole process. Raises ModelError saying what is wrong.
    """
    if threads is not None:
        torch.set_num_threads(threads)
    info = find_model(path_or_name)
    require_memory(info.name, count_numbers(info.folder))
    if open_clip_folder.holds(info.folder):
        from photoclip.clip.open_clip_encoder import OpenClipEncoder

        return OpenClipEncoder(info, precisions=Precisions())
    model, config = checkpoint.load(info.folder)
    return TorchEncoder(model, config, info.key, precisions=Precisions())


def random_encoder(name: str = "ViT-B-32", seed: int = 0) -> TorchEncoder:
    """An encoder of a published architecture with random weights: as fast as a real one, knowing nothing."""
    config = architecture(name)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = CLIP(config)
    return TorchEncoder(model, config, key=f"random-{name}-{seed}".lower())
