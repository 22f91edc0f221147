"""CLIP as a library wants it: pixels and sentences in, unit vectors out, on the best device there is."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from photoclip.clip import checkpoint, int8
from photoclip.clip.architectures import architecture
from photoclip.clip.config import CLIPConfig, ViTConfig
from photoclip.clip.inference import prepare
from photoclip.clip.model import CLIP
from photoclip.clip.models import find_model, pixel_spec
from photoclip.clip.preprocess import Normalize
from photoclip.clip.tokenizer import load_tokenizer

SAME = 0.999  # the least cosine to float32 on the CPU at which a faster way counts as the same
CPU_BATCH, DEVICE_BATCH = 32, 128
PROBE_TEXTS = ("a photo of a dog on a beach", "two people in front of a red house at night")


@dataclass(frozen=True)
class Placement:
    """Where and how exactly a model runs."""

    device: torch.device
    dtype: torch.dtype
    int8: bool = False  # matrix products of the Transformers; `dtype` is the rest's

    def __str__(self) -> str:
        precision = "int8" if self.int8 else str(self.dtype).removeprefix("torch.")
        return f"{self.device.type.upper()}, {precision}"


class TorchEncoder:
    """A CLIP that is only used. It is placed once, and every vector it gives has unit length and float32.

    `model` is in float32 on the CPU and is used up. `name` and `description` are for people; `key` stands for
    weights and preprocessing; `logit_scale` is the factor cosines are multiplied with before a softmax.
    """

    def __init__(
        self, model: CLIP, config: CLIPConfig, key: str, placements: Sequence[Placement] | None = None
    ) -> None:
        self.name, self.key, self.dim = config.name, key, config.embed_dim
        self.pixel_spec = pixel_spec(config)
        self.logit_scale = math.exp(model.logit_scale.item())
        self._tokenizer = load_tokenizer(config.text.vocab_size, config.text.context_length)
        self._config = config
        self._place(model, list(fastest_first(config)) if placements is None else list(placements))

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
        return self._collect([self._encode_pixels(pixels[part]) for part in self._batches(len(pixels))])

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Sentences to unit vectors [N, dim]; one that is too long for the model loses its end."""
        return self._collect([self._encode_texts(texts[part]) for part in self._batches(len(texts))])

    @torch.inference_mode()
    def _encode_pixels(self, pixels: NDArray[np.uint8]) -> Tensor:
        return F.normalize(self._model.encode_image(self._normalize(pixels)).float(), dim=-1)

    @torch.inference_mode()
    def _encode_texts(self, texts: Sequence[str]) -> Tensor:
        tokens = self._tokenizer(texts, truncate=True).to(self._placement.device)
        return F.normalize(self._model.encode_text(tokens).float(), dim=-1)

    def _collect(self, vectors: list[Tensor]) -> NDArray[np.float32]:
        if not vectors:
            return np.zeros((0, self.dim), np.float32)
        collected: NDArray[np.float32] = torch.cat(vectors).cpu().numpy()
        return collected

    def _batches(self, count: int) -> Iterator[slice]:
        size = CPU_BATCH if self._placement.device.type == "cpu" else DEVICE_BATCH
        return (slice(start, start + size) for start in range(0, count, size))

    def _place(self, model: CLIP, placements: list[Placement]) -> None:
        """Takes the first placement that agrees with the plainest one, float32 on the CPU."""
        self._passed_over: list[str] = []
        faster = [placement for placement in placements if placement != PLAIN]
        self._use(model, PLAIN)
        reference = self._probe() if faster else np.zeros(0, np.float32)
        for placement in faster:
            try:
                prepared = prepare(copy.deepcopy(model))
                self._use(int8.quantize(prepared) if placement.int8 else prepared, placement)
                agreement = float((self._probe() * reference).sum(axis=1).min())
            except RuntimeError as error:  # a driver that is broken or a device that is full
                self._passed_over.append(f"{placement} failed: {str(error).splitlines()[0]}")
                continue
            if agreement >= SAME:
                return
            self._passed_over.append(f"{placement} gave other results")
        self._use(prepare(model), PLAIN)

    def _use(self, model: CLIP, placement: Placement) -> None:
        self._placement = placement
        self._model = model.eval().to(placement.device, placement.dtype)
        self._normalize = Normalize(self._config, placement.device, placement.dtype)

    def _probe(self) -> NDArray[np.float32]:
        """Vectors [4, dim] of two fixed pictures and two fixed sentences."""
        pictures = probe_pixels(self.pixel_spec.size)
        return np.concatenate([self.encode_pixels(pictures), self.encode_texts(PROBE_TEXTS)])


PLAIN = Placement(torch.device("cpu"), torch.float32)


def fastest_first(config: CLIPConfig) -> Iterator[Placement]:
    """The ways this machine can run such a model, the last one being float32 on the CPU."""
    if torch.cuda.is_available():
        yield Placement(torch.device("cuda"), torch.float16)
        yield Placement(torch.device("cuda"), torch.float32)
    if torch.backends.mps.is_available():
        yield Placement(torch.device("mps"), torch.float16)
        yield Placement(torch.device("mps"), torch.float32)
    if isinstance(config.vision, ViTConfig) and int8.is_fast_here():
        yield Placement(torch.device("cpu"), torch.bfloat16, int8=True)
    capabilities = torch.cpu.get_capabilities()
    if capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"):
        yield Placement(torch.device("cpu"), torch.bfloat16)
    yield PLAIN


def probe_pixels(side: int) -> NDArray[np.uint8]:
    """Two pictures that are always the same, [2, side, side, 3]: soft blobs of colour and a little noise."""
    random = np.random.default_rng(20210226)
    blobs = torch.from_numpy(random.uniform(0, 255, (2, 3, 6, 6)).astype(np.float32))
    smooth = F.interpolate(blobs, (side, side), mode="bicubic", align_corners=False)
    noisy = smooth.permute(0, 2, 3, 1).numpy() + random.normal(0, 8, (2, side, side, 3))
    return np.clip(noisy, 0, 255).astype(np.uint8)


def load_encoder(path_or_name: str, threads: int | None = None) -> TorchEncoder:
    """The encoder of a model's name or folder, on the fastest device that computes it right.

    `threads` limits the CPU threads of this whole process. Raises ModelError saying what is wrong.
    """
    if threads is not None:
        torch.set_num_threads(threads)
    info = find_model(path_or_name)
    model, config = checkpoint.load(info.folder)
    return TorchEncoder(model, config, info.key)


def random_encoder(name: str = "ViT-B-32", seed: int = 0) -> TorchEncoder:
    """An encoder of a published architecture with random weights: as fast as a real one, knowing nothing."""
    config = architecture(name)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = CLIP(config)
    return TorchEncoder(model, config, key=f"random-{name}-{seed}".lower())
