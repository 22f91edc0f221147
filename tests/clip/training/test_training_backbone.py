from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from photoclip.clip.config import EfficientNetConfig
from photoclip.clip.efficientnet import HEAD, EfficientNetLite
from photoclip.clip.training import backbone
from photoclip.errors import PhotoClipError
from tests.clip.training.training_pictures import CONFIG, network

PUBLISHED = replace(CONFIG, vision=EfficientNetConfig(32, *backbone.SHAPE))


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, torch.Tensor]:
    """Random weights of the published network, in a file that names them differently."""
    tower = EfficientNetLite(PUBLISHED.vision, 8)
    tensors = {name: tensor for name, tensor in tower.state_dict().items() if not name.startswith("proj.")}
    file = {f"_layer{number}": tensor for number, tensor in enumerate(tensors.values())}
    file |= {"_fc.weight": torch.randn(1000, HEAD), "_fc.bias": torch.randn(1000)}
    torch.save(file, tmp_path / "weights.pth")
    monkeypatch.setattr(backbone, "_weights", lambda: tmp_path / "weights.pth")
    return tensors


def test_the_published_tensors_take_their_places(published: dict[str, torch.Tensor]) -> None:
    tower, classifier = backbone.pretrained(PUBLISHED)
    assert all(torch.equal(tower.state_dict()[name], tensor) for name, tensor in published.items())
    assert classifier.weight.shape == (1000, HEAD)


def test_another_shape_is_refused(published: dict[str, torch.Tensor]) -> None:
    with pytest.raises(PhotoClipError, match="only"):
        backbone.pretrained(CONFIG)


def test_the_package_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backbone, "PACKAGE", "no_such_package")
    with pytest.raises(PhotoClipError, match=r"photoclip\[train\]"):
        backbone.pretrained(PUBLISHED)


def test_the_trunk_and_the_depthwise_kernels_do_not_learn() -> None:
    tower, _ = network()
    learning = {id(parameter) for parameter in backbone.learning(tower)}
    names = [name for name, parameter in tower.named_parameters() if id(parameter) in learning]
    assert not any(name.startswith(("conv_stem", "bn1", "blocks.0", "blocks.4")) for name in names)
    assert not any("conv_dw" in name for name in names)
    assert {"proj.weight", "conv_head.weight", "bn2.bias", "blocks.6.0.conv_pwl.weight"} <= set(names)
