"""EfficientNet-Lite against timm's, with random weights."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from photoclip.clip.config import EfficientNetConfig
from photoclip.clip.torchvision_compat import import_torchvision
from tests.clip.small_models import SMALL, random_images, random_model, relative_difference

SHAPES = {0: (1.0, 1.0), 1: (1.0, 1.1), 2: (1.1, 1.2), 3: (1.2, 1.4), 4: (1.4, 1.8)}


@pytest.mark.parametrize("size", [0, 2, 4])
@torch.no_grad()
def test_the_same_tensors_give_the_same_grid(size: int) -> None:
    import_torchvision()
    timm = pytest.importorskip("timm")
    vision = EfficientNetConfig(96, *SHAPES[size])
    ours = random_model(replace(SMALL["efficientnet"], vision=vision)).visual
    theirs = timm.create_model(f"tf_efficientnet_lite{size}", num_classes=0).eval()
    tensors = {name: tensor for name, tensor in ours.state_dict().items() if not name.startswith("proj.")}
    theirs.load_state_dict(tensors)
    image = random_images(2, 96)
    assert relative_difference(ours.feature_map(image), theirs.forward_features(image)) < 2e-5
