"""Small CLIPs with random weights, of every kind of image tower."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import torch
from torch import nn

from photoclip.clip.config import CLIPConfig, EfficientNetConfig, ResNetConfig, TextConfig, ViTConfig
from photoclip.clip.model import CLIP

TEXT = TextConfig(context_length=77, vocab_size=2000, width=64, heads=2, layers=3)
SMALL = {
    "vit": CLIPConfig(48, ViTConfig(64, 16, 96, 3, 3), TEXT, name="small-vit"),
    "resnet": CLIPConfig(48, ResNetConfig(64, (1, 2, 1, 1), 16, 8), TEXT, name="small-resnet"),
    "efficientnet": CLIPConfig(48, EfficientNetConfig(64, 0.25, 0.5), TEXT, name="small-efficientnet"),
}


def random_model(config: CLIPConfig, seed: int = 0) -> CLIP:
    """A model with no parameter or statistic at a neutral value, so that none can be left out unseen."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = CLIP(config).eval()
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                nn.init.normal_(module.running_mean, std=0.2)
                nn.init.uniform_(module.running_var, 0.5, 2.0)
            if isinstance(module, nn.BatchNorm2d | nn.LayerNorm):
                nn.init.uniform_(module.weight, 0.5, 1.5)
            if getattr(module, "bias", None) is not None:
                nn.init.normal_(module.bias, std=0.1)
            if getattr(module, "in_proj_bias", None) is not None:
                nn.init.normal_(module.in_proj_bias, std=0.1)
    return model


def open_clip_settings(config: CLIPConfig) -> dict[str, dict[str, Any]]:
    """What open_clip_config.json says of a small ViT."""
    vision, text = config.vision, config.text
    assert isinstance(vision, ViTConfig)
    return {
        "model_cfg": {
            "embed_dim": config.embed_dim,
            "quick_gelu": config.activation == "quick_gelu",
            "vision_cfg": {
                "image_size": vision.image_size,
                "layers": vision.layers,
                "width": vision.width,
                "patch_size": vision.patch_size,
                "head_width": vision.width // vision.heads,
            },
            "text_cfg": asdict(text),
        },
        "preprocess_cfg": {
            "mean": config.mean,
            "std": config.std,
            "interpolation": config.interpolation,
            "resize_mode": config.resize,
        },
    }


def random_images(count: int, side: int, seed: int = 1) -> torch.Tensor:
    return torch.randn(count, 3, side, side, generator=torch.Generator().manual_seed(seed))


def random_tokens(config: CLIPConfig, lengths: list[int], seed: int = 2) -> torch.Tensor:
    """Rows of tokens, each with `lengths[i]` of them between start- and end-of-text, then zeros."""
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.zeros(len(lengths), config.text.context_length, dtype=torch.long)
    for row, length in zip(tokens, lengths, strict=True):
        row[0] = config.text.start_of_text
        row[1 : 1 + length] = torch.randint(0, config.text.start_of_text, (length,), generator=generator)
        row[1 + length] = config.text.end_of_text
    return tokens


def relative_difference(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    return ((ours - theirs).abs().max() / theirs.abs().max()).item()
