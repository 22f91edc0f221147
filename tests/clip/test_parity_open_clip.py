"""The ModifiedResNet and the text tower against open_clip, stage by stage."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from photoclip.clip.config import ResNetConfig
from photoclip.clip.torchvision_compat import import_torchvision
from tests.clip.small_models import SMALL, random_images, random_model, random_tokens, relative_difference

TOLERANCE = 2e-5
STAGES = ("avgpool", "layer1", "layer2", "layer3", "layer4", "attnpool")

import_torchvision()  # open_clip needs it
open_clip = pytest.importorskip("open_clip")


SHAPES = {
    "small": SMALL["resnet"].vision,
    "RN50x4's width, on 288 px": ResNetConfig(288, (1, 1, 1, 1), 80, 40),
}


@pytest.fixture(params=[("small", "quick_gelu"), *((shape, "gelu") for shape in SHAPES)], ids="-".join)
def pair(request):
    """Our model and theirs with the same weights, and the config."""
    shape, activation = request.param
    config = replace(SMALL["resnet"], activation=activation, vision=SHAPES[shape])
    vision, text = config.vision, config.text
    ours = random_model(config)
    theirs = open_clip.CLIP(
        config.embed_dim,
        {
            "layers": list(vision.layers),
            "width": vision.width,
            "image_size": vision.image_size,
            "head_width": 32 * vision.width // vision.heads,
        },
        {
            "context_length": text.context_length,
            "vocab_size": text.vocab_size,
            "width": text.width,
            "heads": text.heads,
            "layers": text.layers,
        },
        quick_gelu=config.activation == "quick_gelu",
    ).eval()
    theirs.load_state_dict(ours.state_dict())
    return ours, theirs, config


def outputs_of_stages(tower: torch.nn.Module, images: torch.Tensor) -> dict[str, torch.Tensor]:
    outputs: dict[str, torch.Tensor] = {}
    hooks = [
        tower.get_submodule(name).register_forward_hook(
            lambda _module, _input, output, name=name: outputs.update({name: output})
        )
        for name in STAGES
    ]
    tower(images)
    for hook in hooks:
        hook.remove()
    return outputs


@torch.no_grad()
def test_image_tower_stage_by_stage(pair):
    ours, theirs, config = pair
    images = random_images(3, config.vision.image_size)
    mine, expected = outputs_of_stages(ours.visual, images), outputs_of_stages(theirs.visual, images)
    for name in STAGES:
        assert relative_difference(mine[name], expected[name]) <= TOLERANCE, name
    assert relative_difference(ours.encode_image(images), theirs.encode_image(images)) <= TOLERANCE


@torch.no_grad()
def test_text_tower(pair):
    ours, theirs, config = pair
    tokens = random_tokens(config, [0, 75, 11])
    assert relative_difference(ours.encode_text(tokens), theirs.encode_text(tokens)) <= TOLERANCE
