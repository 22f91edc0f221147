"""The architectures of the published CLIP models, as data."""

from __future__ import annotations

from dataclasses import replace

from photoclip.clip.config import CLIPConfig, ResNetConfig, TextConfig, ViTConfig
from photoclip.errors import ModelError


def _text(width: int, layers: int = 12) -> TextConfig:
    return TextConfig(context_length=77, vocab_size=49408, width=width, heads=width // 64, layers=layers)


def _resnet(image_size: int, layers: tuple[int, int, int, int], width: int) -> ResNetConfig:
    return ResNetConfig(image_size, layers, width, heads=width * 32 // 64)


def _vit(image_size: int, patch_size: int, width: int, layers: int, heads: int) -> ViTConfig:
    return ViTConfig(image_size, patch_size, width, layers, heads)


# Activation and preprocessing are OpenAI's here; a checkpoint of other origin declares its own.
_TABLE = {
    "RN50": CLIPConfig(1024, _resnet(224, (3, 4, 6, 3), 64), _text(512)),
    "RN101": CLIPConfig(512, _resnet(224, (3, 4, 23, 3), 64), _text(512)),
    "RN50x4": CLIPConfig(640, _resnet(288, (4, 6, 10, 6), 80), _text(640)),
    "RN50x16": CLIPConfig(768, _resnet(384, (6, 8, 18, 8), 96), _text(768)),
    "RN50x64": CLIPConfig(1024, _resnet(448, (3, 15, 36, 10), 128), _text(1024)),
    "ViT-B-32": CLIPConfig(512, _vit(224, 32, 768, 12, 12), _text(512)),
    "ViT-B-16": CLIPConfig(512, _vit(224, 16, 768, 12, 12), _text(512)),
    "ViT-L-14": CLIPConfig(768, _vit(224, 14, 1024, 24, 16), _text(768)),
    "ViT-L-14-336": CLIPConfig(768, _vit(336, 14, 1024, 24, 16), _text(768)),
    "ViT-H-14": CLIPConfig(1024, _vit(224, 14, 1280, 32, 16), _text(1024, layers=24), "gelu"),
    "ViT-H-14-378": CLIPConfig(1024, _vit(378, 14, 1280, 32, 16), _text(1024, layers=24), resize="squash"),
}
ARCHITECTURES = {name: replace(config, name=name) for name, config in _TABLE.items()}


def architecture(name: str) -> CLIPConfig:
    """The config of a published architecture. Raises ModelError, listing the names, for any other."""
    if name not in ARCHITECTURES:
        raise ModelError(f'There is no architecture "{name}"; known are {", ".join(ARCHITECTURES)}.')
    return ARCHITECTURES[name]
