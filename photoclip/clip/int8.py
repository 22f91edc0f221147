"""Transformer layers in 8-bit integers, for processors that multiply those twice as fast as bfloat16.

Weights keep a scale for each output; what comes in gets one scale for all of it, as it comes (dynamic
symmetric quantization). How far that changes a model's vectors depends on the model, and is measured before
it is used.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from photoclip.clip.model import CLIP
from photoclip.clip.packed import replace_linears

LARGEST = 127
MIDDLE = 128  # inputs are unsigned around this: signed by signed has no fast form on every processor
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
        self._bias = bias.detach().float().clone()

    def forward(self, x: Tensor) -> Tensor:  # [..., inputs]
        rows = x.flatten(0, -2)
        lowest, highest = (value.item() for value in rows.aminmax())
        scale = max(-lowest, highest, TINY) / LARGEST
        # Flipping the top bit adds 128; rounding to uint8 at once would be several times slower.
        rounded = (rows * (1 / scale)).round_().to(torch.int8).view(torch.uint8).bitwise_xor_(MIDDLE)
        out: Tensor = torch.ops.onednn.qlinear_pointwise(
            rounded,
            scale,
            MIDDLE,
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
        return out.view(*x.shape[:-1], -1)  # [..., outputs]
