"""A CLIP made ready to be used and no longer trained: the same function with fewer passes over memory."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from photoclip.clip.efficientnet import EfficientNetLite, InvertedResidual, SeparableBlock
from photoclip.clip.model import (
    CLIP,
    MLP,
    Bottleneck,
    ModifiedResNet,
    QuickGELU,
    ResidualAttentionBlock,
    VisionTransformer,
)

QUICK_GELU_SLOPE = 1.702
RESNET_PAIRS = (("conv1", "bn1"), ("conv2", "bn2"), ("conv3", "bn3"))
CONV_AND_NORM: dict[type[nn.Module], tuple[tuple[str, str], ...]] = {
    Bottleneck: RESNET_PAIRS,
    ModifiedResNet: RESNET_PAIRS,
    EfficientNetLite: (("conv_stem", "bn1"), ("conv_head", "bn2")),
    SeparableBlock: (("conv_dw", "bn1"), ("conv_pw", "bn2")),
    InvertedResidual: (("conv_pw", "bn1"), ("conv_dw", "bn2"), ("conv_pwl", "bn3")),
}
"""By kind of module, its convolutions and the batch norm behind each."""


@torch.no_grad()
def prepare(model: CLIP) -> CLIP:
    """Folds constants into weights, in place; what comes out computes the same but is not for saving."""
    model.eval()
    for module in list(model.modules()):
        if isinstance(module, MLP) and isinstance(module.act, QuickGELU):
            fold_quick_gelu(module)
        elif pairs := CONV_AND_NORM.get(type(module)):
            fold_batch_norms(module, pairs)
            if isinstance(module, Bottleneck) and module.downsample is not None:
                fold_batch_norms(module.downsample, (("0", "1"),))
    if isinstance(model.visual, VisionTransformer):
        blocks = model.visual.transformer.resblocks
        last = blocks[-1]
        assert isinstance(last, ResidualAttentionBlock)
        blocks[-1] = ClassTokenBlock(last)
        model.visual.register_module("conv1", PatchProjection(model.visual.conv1))
    else:
        model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing in torch's stubs
    return model


class ClassTokenBlock(ResidualAttentionBlock):
    """The last block of an image tower, for the class token alone: the other places are not read after it."""

    def __init__(self, block: ResidualAttentionBlock) -> None:
        nn.Module.__init__(self)
        self.ln_1, self.attn, self.ln_2, self.mlp = block.ln_1, block.attn, block.ln_2, block.mlp

    def forward(self, x: Tensor, causal: bool) -> Tensor:  # [B, L, D]
        qkv = self.attn.project(self.ln_1(x)).unflatten(2, (3, self.attn.heads, -1))  # [B, L, 3, H, D / H]
        q, k, v = qkv.permute(2, 0, 3, 1, 4)  # 3 of [B, H, L, D / H]
        attended = self.attn.attend(q[:, :, :1], k, v, causal).transpose(1, 2)  # [B, 1, H, D / H]
        x = x[:, :1] + self.attn.out_proj(attended.flatten(2))  # [B, 1, D]
        out: Tensor = x + self.mlp(self.ln_2(x))
        return out


class PatchProjection(nn.Module):
    """A convolution whose patches do not overlap, as one matrix product: four times as fast on a CPU."""

    def __init__(self, conv: nn.Conv2d) -> None:
        super().__init__()
        self.patch = conv.kernel_size[0]
        weight = conv.weight.flatten(1)  # [D, 3 P P]
        self.project = nn.Linear(weight.shape[1], weight.shape[0], bias=False, device="meta")
        self.project.weight = nn.Parameter(weight, requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:  # [B, 3, G P, G P]
        grid = x.shape[-1] // self.patch
        patches = x.unflatten(3, (grid, self.patch)).unflatten(2, (grid, self.patch))  # [B, 3, G, P, G, P]
        patches = patches.permute(0, 2, 4, 1, 3, 5).flatten(3)  # [B, G, G, 3 P P]
        out: Tensor = self.project(patches)  # [B, G, G, D]
        return out.permute(0, 3, 1, 2)


def fold_quick_gelu(mlp: MLP) -> None:
    """x sigmoid(s x) is silu(s x) / s: with s moved into the weights around it, one operator is left."""
    mlp.c_fc.weight.mul_(QUICK_GELU_SLOPE)
    mlp.c_fc.bias.mul_(QUICK_GELU_SLOPE)
    mlp.c_proj.weight.div_(QUICK_GELU_SLOPE)
    mlp.act = nn.SiLU(inplace=True)


def fold_batch_norms(module: nn.Module, pairs: tuple[tuple[str, str], ...]) -> None:
    """In evaluation a batch norm is a factor and an offset per channel; the convolution takes them over."""
    for conv_name, norm_name in pairs:
        conv, norm = getattr(module, conv_name), getattr(module, norm_name)
        setattr(module, conv_name, fuse_conv_bn_eval(conv, norm))
        setattr(module, norm_name, nn.Identity())
