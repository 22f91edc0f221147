"""CLIP as a library wants it: pixels and sentences in, unit vectors out, on the best device there is."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from photoclip.clip import checkpoint
from photoclip.clip.architectures import architecture
from photoclip.clip.batches import Batches, batch_size
from photoclip.clip.config import CLIPConfig
from photoclip.clip.model import CLIP
from photoclip.clip.models import find_model, pixel_spec
from photoclip.clip.placement import (
    PLAIN,
    SAME,
    Placement,
    candidates,
    fastest,
    pictures_per_second,
    probe_pixels,
    to_measure,
)
from photoclip.clip.precision import Measured, Precisions, machine
from photoclip.clip.preprocess import Normalize
from photoclip.clip.tokenizer import load_tokenizer

PROBE_TEXTS = ("a photo of a dog on a beach", "two people in front of a red house at night")


class TorchEncoder:
    """A CLIP that is only used. It is placed once, and every vector it gives has unit length and float32.

    `model` is in float32 on the CPU and is used up. `name` and `description` are for people; `key` stands for
    weights and preprocessing; `logit_scale` is the factor cosines are multiplied with before a softmax. With
    `precisions` the ways it could run are timed on its first use here and the fastest is remembered; without,
    the first that agrees is taken.
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
        self._place(model, list(placements if placements is not None else candidates(config)), precisions)

    @property
    def description(self) -> str:
        """For people: "starter on CPU, bfloat16", and what had to be passed over."""
        passed_over = f" ({'; '.join(self._passed_over)})" if self._passed_over else ""
        return f"{self.name} on {self._placement}{passed_over}"

    def encode_pixels(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """uint8 pixels [N, S, S, 3], S as in `pixel_spec`, to unit vectors [N, dim]."""
        side = self.pixel_spec.size
        if pixels.dtype != np.uint8 or pixels.shape[1:] != (side, side, 3):
            raise ValueError(f"pixels are {pixels.dtype} {pixels.shape}, not uint8 [N, {side}, {side}, 3]")
        return self._collect(lambda part: self._encode_pixels(pixels[part]), len(pixels))

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Sentences to unit vectors [N, dim]; one that is too long for the model loses its end."""
        return self._collect(lambda part: self._encode_texts(texts[part]), len(texts))

    @torch.inference_mode()
    def _encode_pixels(self, pixels: NDArray[np.uint8]) -> Tensor:
        return F.normalize(self._model.encode_image(self._normalize(pixels)).float(), dim=-1)

    @torch.inference_mode()
    def _encode_texts(self, texts: Sequence[str]) -> Tensor:
        tokens = self._tokenizer(texts, truncate=True).to(self._placement.device)
        return F.normalize(self._model.encode_text(tokens).float(), dim=-1)

    def _collect(self, encode: Callable[[slice], Tensor], count: int) -> NDArray[np.float32]:
        vectors = [part.cpu() for part in self._batches.run(encode, count)]
        if not vectors:
            return np.zeros((0, self.dim), np.float32)
        collected: NDArray[np.float32] = torch.cat(vectors).numpy()
        return collected

    def _place(self, model: CLIP, ways: list[Placement], precisions: Precisions | None) -> None:
        """Takes the fastest way that agrees with the plainest one, float32 on the CPU."""
        self._passed_over: list[str] = []
        self._use(model, PLAIN)
        reference = self._probe() if any(way != PLAIN for way in ways) else np.zeros(0, np.float32)
        names = [str(way) for way in ways]
        known = precisions.here(self.key, machine(), names) if precisions else None
        if known is not None:
            ways.sort(key=lambda way: str(way) != known.chosen)  # it first, the others in case it fails now
        measuring = precisions is not None and known is None and len(ways) > 1
        speeds: dict[Placement, float] = {}
        for way in to_measure(ways) if measuring else ways:
            if not self._agrees(model, way, reference):
                continue
            if not measuring:
                return
            speeds[way] = pictures_per_second(self.encode_pixels, self.pixel_spec.size)
        chosen = fastest(speeds) if speeds else PLAIN
        if chosen != self._placement:
            self._use(chosen.put(model), chosen)
        if measuring and precisions is not None:
            told = {str(way): round(speed, 2) for way, speed in speeds.items()}
            precisions.keep(self.key, Measured(machine(), tuple(names), str(chosen), told))

    def _agrees(self, model: CLIP, way: Placement, reference: NDArray[np.float32]) -> bool:
        """Places a copy of the model and compares; says why where it is not to be used."""
        try:
            self._use(way.put(model), way)
            agrees = way == PLAIN or float((self._probe() * reference).sum(axis=1).min()) >= SAME
        except RuntimeError as error:  # a driver that is broken or a device that is full
            self._passed_over.append(f"{way} failed: {str(error).splitlines()[0]}")
            return False
        if not agrees:
            self._passed_over.append(f"{way} gave other results")
        return agrees

    def _use(self, model: CLIP, placement: Placement) -> None:
        self._placement = placement
        self._model = model.eval().to(placement.device, placement.dtype)
        self._normalize = Normalize(self._config, placement.device, placement.dtype)
        self._batches = Batches(batch_size(self._config, placement.device, placement.dtype))

    def _probe(self) -> NDArray[np.float32]:
        """Vectors [4, dim] of two fixed pictures and two fixed sentences."""
        pictures = probe_pixels(self.pixel_spec.size)
        return np.concatenate([self.encode_pixels(pictures), self.encode_texts(PROBE_TEXTS)])


def load_encoder(path_or_name: str, threads: int | None = None) -> TorchEncoder:
    """The encoder of a model's name or folder, on the fastest device that computes it right.

    `threads` limits the CPU threads of this whole process. Raises ModelError saying what is wrong.
    """
    if threads is not None:
        torch.set_num_threads(threads)
    info = find_model(path_or_name)
    model, config = checkpoint.load(info.folder)
    return TorchEncoder(model, config, info.key, precisions=Precisions())


def random_encoder(name: str = "ViT-B-32", seed: int = 0) -> TorchEncoder:
    """An encoder of a published architecture with random weights: as fast as a real one, knowing nothing."""
    config = architecture(name)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = CLIP(config)
    return TorchEncoder(model, config, key=f"random-{name}-{seed}".lower())
