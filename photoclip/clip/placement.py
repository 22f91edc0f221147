"""Where and how exactly a model runs: the ways there are here, and the fastest of those that agree."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from photoclip.clip import int8 as integers
from photoclip.clip import packed
from photoclip.clip.inference import prepare
from photoclip.clip.model import CLIP

SAME = 0.999  # the least cosine to float32 on the CPU at which a faster way counts as the same
TIMED_PICTURES = 8
TIMED_RUNS = 3
TIMED_SECONDS = 1.5  # for one candidate; a slow one is timed once
CLEARLY = 1.05  # a later candidate has to be this much faster


@dataclass(frozen=True)
class Placement:
    """A device and a precision."""

    device: torch.device
    dtype: torch.dtype
    int8: bool = False  # matrix products of the Transformers; `dtype` is the rest's

    def __str__(self) -> str:
        precision = "int8" if self.int8 else str(self.dtype).removeprefix("torch.")
        return f"{self.device.type.upper()}, {precision}"

    def put(self, model: CLIP) -> CLIP:
        """A copy of `model` (float32 on the CPU) that runs this way."""
        prepared = prepare(copy.deepcopy(model))
        if self.int8:
            prepared = integers.quantize(prepared)
        elif self.device.type == "cpu" and self.dtype == torch.bfloat16 and packed.is_available():
            prepared = packed.pack(prepared)
        return prepared.to(self.device, self.dtype)


PLAIN = Placement(torch.device("cpu"), torch.float32)


def candidates(*, int8: bool) -> Iterator[Placement]:
    """The ways this machine can run a model, the likely fastest first, the last float32 on the CPU.

    `int8` is whether the model has a form in 8-bit integers.
    """
    for name, there in (("cuda", torch.cuda.is_available()), ("mps", torch.backends.mps.is_available())):
        if there:
            yield Placement(torch.device(name), torch.float16)
            if name == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False):
                yield Placement(torch.device(name), torch.bfloat16)  # where float16's range is too small
            yield Placement(torch.device(name), torch.float32)
    if int8 and integers.is_fast_here():
        yield Placement(torch.device("cpu"), torch.bfloat16, int8=True)
    capabilities = torch.cpu.get_capabilities()
    if capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"):
        yield Placement(torch.device("cpu"), torch.bfloat16)
    yield PLAIN


def to_measure(ways: Sequence[Placement]) -> list[Placement]:
    """The ways worth timing: where there is a device, the CPU is only the last resort."""
    first = ways[0].device.type
    return [way for way in ways if way.device.type == first or way == PLAIN]


def pictures_per_second(encode: Callable[[NDArray[np.uint8]], object], side: int) -> float:
    """The best of a few runs: the machine's other work makes a run slower, never quicker."""
    pictures = probe_pixels(side)[np.arange(TIMED_PICTURES) % 2]
    encode(pictures)  # the first run also allocates and compiles
    best, begun = float("inf"), time.perf_counter()
    for _ in range(TIMED_RUNS):
        start = time.perf_counter()
        encode(pictures)
        best = min(best, time.perf_counter() - start)
        if time.perf_counter() - begun > TIMED_SECONDS:
            break
    return TIMED_PICTURES / best


def fastest(speeds: dict[Placement, float]) -> Placement:
    """The fastest of ways in order of preference; among near equals the first."""
    chosen, *others = speeds
    for way in others:
        if speeds[way] > CLEARLY * speeds[chosen]:
            chosen = way
    return chosen


def probe_pixels(side: int) -> NDArray[np.uint8]:
    """Two pictures that are always the same, [2, side, side, 3]: soft blobs of colour and a little noise."""
    random = np.random.default_rng(20210226)
    blobs = torch.from_numpy(random.uniform(0, 255, (2, 3, 6, 6)).astype(np.float32))
    smooth = F.interpolate(blobs, (side, side), mode="bicubic", align_corners=False)
    noisy = smooth.permute(0, 2, 3, 1).numpy() + random.normal(0, 8, (2, side, side, 3))
    return np.clip(noisy, 0, 255).astype(np.uint8)
