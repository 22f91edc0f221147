"""Linear layers whose weights are laid out once as oneDNN multiplies them, not anew in each call.

That pays most for few rows: one picture, or a short query.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from photoclip.clip.inference import PatchProjection
from photoclip.clip.model import CLIP, MLP, Attention, ResidualAttentionBlock

SHORT = 100  # tokens up to which attention in plain matrix products is quicker than in blocks, without AMX
FUSED: dict[type[nn.Module], str] = {nn.SiLU: "swish", nn.GELU: "gelu"}
"""Activations that oneDNN applies while it writes a product, by its names for them."""

LinearKind = Callable[[Tensor, Tensor, str], nn.Module]
"""A linear layer from its weight, its bias and the activation behind it, "none" or of FUSED."""


def is_available() -> bool:
    """Whether this torch is built with oneDNN, has the operators, and this CPU runs them in bfloat16."""
    operators = torch.ops.mkldnn
    if not torch.backends.mkldnn.is_available() or not hasattr(operators, "_reorder_linear_weight"):
        return False
    supported: bool = operators._is_mkldnn_bf16_supported()  # not before AVX-512 with its byte operations
    return supported


def pack(model: CLIP) -> CLIP:
    """Replaces the linear layers, in place, by packed ones in bfloat16; the rest is to become that too."""
    return replace_linears(model, PackedLinear)


def replace_linears(model: CLIP, kind: LinearKind) -> CLIP:
    """In both Transformers by `kind`, in the patches' projection by the packed one; in place."""
    for module in list(model.modules()):
        if isinstance(module, ResidualAttentionBlock):
            module.attn = ProjectedAttention(module.attn, kind)
        elif isinstance(module, MLP):
            after = FUSED.get(type(module.act), "none")
            module.register_module("c_fc", kind(module.c_fc.weight, module.c_fc.bias, after))
            module.act = module.act if after == "none" else nn.Identity()
            module.register_module("c_proj", kind(module.c_proj.weight, module.c_proj.bias, "none"))
        elif isinstance(module, PatchProjection):
            module.register_module("project", PackedLinear(module.project.weight))
    return model


class PackedLinear(nn.Module):
    """bfloat16 in and out, `after` it an activation of FUSED or "none". Its tensors are no parameters:
    nothing is to convert them."""

    @torch.no_grad()
    def __init__(self, weight: Tensor, bias: Tensor | None = None, after: str = "none") -> None:
        super().__init__()
        self._weight = torch.ops.mkldnn._reorder_linear_weight(weight.detach().bfloat16())
        self._bias = None if bias is None else bias.detach().bfloat16()
        self._after = after

    def forward(self, x: Tensor) -> Tensor:  # [..., inputs]
        out: Tensor = torch.ops.mkldnn._linear_pointwise(x, self._weight, self._bias, self._after, [], "none")
        return out  # [..., outputs]


class ProjectedAttention(Attention):
    """`exact` with both projections of another kind, and quick for the few tokens of large patches."""

    def __init__(self, exact: Attention, kind: LinearKind) -> None:
        nn.Module.__init__(self)
        self.heads = exact.heads
        self.in_proj = kind(exact.in_proj_weight, exact.in_proj_bias, "none")
        self.register_module("out_proj", kind(exact.out_proj.weight, exact.out_proj.bias, "none"))
        self._plain_up_to = 0 if torch.cpu.get_capabilities().get("amx_bf16") else SHORT

    def project(self, x: Tensor) -> Tensor:
        out: Tensor = self.in_proj(x)
        return out

    def attend(self, q: Tensor, k: Tensor, v: Tensor, causal: bool) -> Tensor:
        if causal or k.shape[2] > self._plain_up_to:
            return super().attend(q, k, v, causal)
        q, k, v = q.contiguous(), k.contiguous(), v.contiguous()
        scores = (q * float(q.shape[-1]) ** -0.5) @ k.transpose(-1, -2)  # [B, H, L, L]
        attended: Tensor = scores.softmax(dim=-1) @ v
        return attended
