"""EfficientNet-Lite as an image tower: a small convolutional network for processors without a graphics card.

After Tan and Le, "EfficientNet" (2019), in the Lite form its authors published for phones: no squeeze and
excitation, ReLU6, stem and head of one size for all. Tensor names are timm's. At line ends B is the batch, G
the side of the last grid, E the joint embedding's size.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn

from photoclip.clip.config import EfficientNetConfig

STEM, HEAD = 32, 1280
WIDEST = 96  # channels inside the second stage's first block, where a picture takes the most memory


@dataclass(frozen=True)
class Stage:
    blocks: int
    width: int
    kernel: int
    stride: int
    expansion: int


# EfficientNet-B0's; the first and the last keep their number of blocks in every size.
STAGES = (
    Stage(1, 16, 3, 1, 1),
    Stage(2, 24, 3, 2, 6),
    Stage(2, 40, 5, 2, 6),
    Stage(3, 80, 3, 2, 6),
    Stage(3, 112, 5, 1, 6),
    Stage(4, 192, 5, 2, 6),
    Stage(1, 320, 3, 1, 6),
)


def stages(config: EfficientNetConfig) -> Iterator[Stage]:
    """The stages of a network that is `config.width` times as wide and `config.depth` times as deep."""
    for number, stage in enumerate(STAGES):
        fixed = number in (0, len(STAGES) - 1)
        blocks = stage.blocks if fixed else math.ceil(config.depth * stage.blocks)
        yield Stage(blocks, rounded(config.width * stage.width), stage.kernel, stage.stride, stage.expansion)


def rounded(width: float) -> int:
    """The nearest multiple of 8 that is not under nine tenths of `width`."""
    nearest = max(8, int(width + 4) // 8 * 8)
    return nearest + 8 if nearest < 0.9 * width else nearest


def norm(width: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(width, eps=1e-3, momentum=0.01)


class SameConv2d(nn.Conv2d):
    """A convolution that only its stride makes smaller, padded as TensorFlow does: more at the end. Sides are
    multiples of the stride."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, groups: int = 1) -> None:
        even = kernel // 2 if stride == 1 else 0
        super().__init__(inputs, outputs, kernel, stride, padding=even, groups=groups, bias=False)
        total = kernel - stride
        self._before, self._after = total // 2, total - total // 2

    def forward(self, x: Tensor) -> Tensor:
        if self.stride[0] > 1:
            x = F.pad(x, (self._before, self._after, self._before, self._after))
        return super().forward(x)


class SeparableBlock(nn.Module):
    """The first stage's block: a convolution in each channel, then one across channels."""

    def __init__(self, inputs: int, outputs: int, kernel: int) -> None:
        super().__init__()
        self.conv_dw = SameConv2d(inputs, inputs, kernel, 1, groups=inputs)
        self.bn1 = norm(inputs)
        self.conv_pw = nn.Conv2d(inputs, outputs, 1, bias=False)
        self.bn2 = norm(outputs)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu6(self.bn1(self.conv_dw(x)))
        out: Tensor = self.bn2(self.conv_pw(x))
        return out


class InvertedResidual(nn.Module):
    """Wide inside and narrow outside, with a shortcut between the narrow ends where they are alike."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        inner = expansion * inputs
        self.conv_pw = nn.Conv2d(inputs, inner, 1, bias=False)
        self.bn1 = norm(inner)
        self.conv_dw = SameConv2d(inner, inner, kernel, stride, groups=inner)
        self.bn2 = norm(inner)
        self.conv_pwl = nn.Conv2d(inner, outputs, 1, bias=False)
        self.bn3 = norm(outputs)
        self.shortcut = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        inner = F.relu6(self.bn1(self.conv_pw(x)))
        inner = F.relu6(self.bn2(self.conv_dw(inner)))
        out: Tensor = self.bn3(self.conv_pwl(inner))
        return x + out if self.shortcut else out


class EfficientNetLite(nn.Module):
    """The network without its classifier: the last grid's mean is projected into the joint space."""

    def __init__(self, config: EfficientNetConfig, embed_dim: int) -> None:
        super().__init__()
        self.conv_stem = SameConv2d(3, STEM, 3, 2)
        self.bn1 = norm(STEM)
        self.blocks = nn.Sequential()
        inputs = STEM
        for stage in stages(config):
            self.blocks.append(_blocks(stage, inputs))
            inputs = stage.width
        self.conv_head = nn.Conv2d(inputs, HEAD, 1, bias=False)
        self.bn2 = norm(HEAD)
        self.proj = nn.Linear(HEAD, embed_dim)

    def forward(self, x: Tensor) -> Tensor:  # [B, 3, 32 G, 32 G]
        return self.pool(self.feature_map(x))  # [B, E]

    def feature_map(self, x: Tensor) -> Tensor:
        """The last grid, before it is pooled."""
        return self.late(self.early(x, 0), 0)  # [B, 1280, G, G]

    def early(self, x: Tensor, stages: int) -> Tensor:
        """The stem and the first `stages`."""
        x = F.relu6(self.bn1(self.conv_stem(x)))  # [B, 32, 16 G, 16 G]
        out: Tensor = self.blocks[:stages](x)
        return out

    def late(self, x: Tensor, stages: int) -> Tensor:
        """What follows the first `stages`, up to the last grid."""
        x = self.blocks[stages:](x)  # [B, 320, G, G]
        return F.relu6(self.bn2(self.conv_head(x)))  # [B, 1280, G, G]

    def pool(self, grid: Tensor) -> Tensor:
        """The last grid [B, 1280, G, G] to embeddings."""
        out: Tensor = self.proj(grid.mean(dim=(2, 3)))  # [B, E]
        return out


def _blocks(stage: Stage, inputs: int) -> nn.Sequential:
    if stage.expansion == 1:
        return nn.Sequential(SeparableBlock(inputs, stage.width, stage.kernel))
    sizes = [(inputs, stage.stride)] + [(stage.width, 1)] * (stage.blocks - 1)
    return nn.Sequential(
        *(
            InvertedResidual(width, stage.width, stage.kernel, stride, stage.expansion)
            for width, stride in sizes
        )
    )
