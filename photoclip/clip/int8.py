"""Transformer layers in 8-bit integers, for processors that multiply those twice as fast as bfloat16.

Weights keep a scale for each output; what comes in gets one scale for all of it, as it comes (dynamic
symmetric quantization). How far that changes a model's vectors depends on the model, and is measured before
it is used.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from photoclip.clip.model import CLIP
from photoclip.clip.packed import replace_linears

LARGEST = 127
MIDDLE = 128  # inputs are unsigned around this where there is no AMX, which alone multiplies signed by signed
HALF = torch.tensor(0.5, dtype=torch.bfloat16)
TINY = 1e-8  # a scale for layers and inputs of nothing but zeros


def is_fast_here() -> bool:
    """Whether this processor has instructions for it (AVX-512 VNNI or AMX) and this torch the operators."""
    capabilities = torch.cpu.get_capabilities()
    known = hasattr(torch.ops.onednn, "qlinear_pointwise") and hasattr(torch.ops.onednn, "qlinear_prepack")
    return known and bool(capabilities.get("avx512_vnni") or capabilities.get("amx_int8"))


def quantize(model: CLIP) -> CLIP:
    """Replaces the linear layers of both towers' Transformers, in place; the rest is to become bfloat16."""
    return replace_linears(model, Int8Linear)


class Int8Linear(nn.Module):
    """bfloat16 in and out, `after` it an activation of packed.FUSED or "none". Its tensors are no parameters:
    nothing is to convert them."""

    @torch.no_grad()
    def __init__(self, weight: Tensor, bias: Tensor, after: str = "none") -> None:
        super().__init__()
        scales = weight.abs().amax(dim=1).clamp_min(TINY) / LARGEST  # [outputs]
        rounded = (weight / scales[:, None]).round().to(torch.int8)
        self._weight = torch.ops.onednn.qlinear_prepack(rounded, None)
        self._scales, self._zeros = scales.float(), torch.zeros(len(scales), dtype=torch.int64)
        self._after = after
        self._middle = 0 if torch.cpu.get_capabilities().get("amx_int8") else MIDDLE
        self._bias = bias.detach().float().clone()

    def forward(self, x: Tensor) -> Tensor:  # [..., inputs]
        lowest, highest = (value.item() for value in x.aminmax())
        steps = as_bfloat16(LARGEST / max(-lowest, highest, TINY))
        # Half a step away from zero, then cut towards it: round() shares out even a few rows among threads.
        rounded = torch.copysign(HALF, x).add_(x, alpha=steps).to(torch.int8)
        if self._middle:  # flipping the top bit adds 128; conversion to uint8 at once would be far slower
            rounded = rounded.view(torch.uint8).bitwise_xor_(self._middle)
        out: Tensor = torch.ops.onednn.qlinear_pointwise(
            rounded,
            1 / steps,
            self._middle,
            self._weight,
            self._scales,
            self._zeros,
            self._bias,
            1.0,
            0,
            x.dtype,
            self._after,
            [],
            "none",
        )
        return out  # [..., outputs]


def as_bfloat16(value: float) -> float:
    """The next bfloat16 towards zero of a positive number: what a sum's factor becomes among bfloat16."""
    mantissa, exponent = math.frexp(value)
    return math.ldexp(math.floor(mantissa * 256), exponent - 8)
