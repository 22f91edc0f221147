"""A model's shape out of its tensors, as openai/CLIP's `build_model` finds it. Heads leave no trace there."""

from __future__ import annotations

import math
from pathlib import Path

from photoclip.clip.dialects.facts import Facts
from photoclip.clip.dialects.tensors import Tensors, layers_after, listed
from photoclip.errors import ModelError

HEAD_WIDTH = 64  # every OpenAI model's, in both towers
RESNET_STRIDE = 32

TEXT = ("token_embedding.weight", "positional_embedding", "ln_final.weight", "text_projection")
VIT = ("visual.conv1.weight", "visual.positional_embedding", "visual.proj")
RESNET = ("visual.layer1.0.conv1.weight", "visual.attnpool.positional_embedding")


def infer_config(tensors: Tensors, source: Path) -> Facts:
    """Every entry of a CLIPConfig that tensors can tell: all of the shape but the heads.

    Raises ModelError naming the tensors that are missing or have no such shape.
    """
    is_resnet = any(name.startswith(("visual.layer1.", "visual.attnpool.")) for name in tensors)
    if missing := [name for name in (*(RESNET if is_resnet else VIT), *TEXT) if name not in tensors]:
        raise ModelError(f"The model in {source} is incomplete: {listed(missing)} missing.")
    vision = _resnet(tensors, source) if is_resnet else _vit(tensors, source)
    return vision | {
        "embed_dim": _size(tensors, "text_projection", 1, source),
        "text.context_length": _size(tensors, "positional_embedding", 0, source),
        "text.vocab_size": _size(tensors, "token_embedding.weight", 0, source),
        "text.width": _size(tensors, "ln_final.weight", 0, source),
        "text.layers": layers_after("transformer.resblocks.", tensors),
    }


def usual_heads(shape: Facts) -> Facts:
    """The heads that a model of this shape has unless something says otherwise."""
    vision_width = shape["vision.width"] * (32 if shape["vision.kind"] == "resnet" else 1)
    return {
        "vision.heads": max(1, vision_width // HEAD_WIDTH),
        "text.heads": max(1, shape["text.width"] // HEAD_WIDTH),
    }


def check_depth(facts: Facts, tensors: Tensors, source: Path) -> None:
    """Raises ModelError where a config claims more layers than there are tensors: nobody could build that."""
    for name in ("vision.layers", "text.layers"):
        layers = facts.get(name, 0)  # an EfficientNet's depth is a bounded factor
        if (max(layers) if isinstance(layers, list | tuple) else layers) > len(tensors):
            raise ModelError(
                f"The model in {source} is incomplete: it has {len(tensors)} tensors, "
                f"and its config claims {name} to be {layers}."
            )


def _vit(tensors: Tensors, source: Path) -> Facts:
    patch = _size(tensors, "visual.conv1.weight", 3, source)
    return {
        "vision.kind": "vit",
        "vision.image_size": patch * _grid(tensors, "visual.positional_embedding", source),
        "vision.patch_size": patch,
        "vision.width": _size(tensors, "visual.conv1.weight", 0, source),
        "vision.layers": layers_after("visual.transformer.resblocks.", tensors),
    }


def _resnet(tensors: Tensors, source: Path) -> Facts:
    return {
        "vision.kind": "resnet",
        "vision.image_size": RESNET_STRIDE * _grid(tensors, "visual.attnpool.positional_embedding", source),
        "vision.width": _size(tensors, "visual.layer1.0.conv1.weight", 0, source),
        "vision.layers": tuple(layers_after(f"visual.layer{stage}.", tensors) for stage in (1, 2, 3, 4)),
    }


def _size(tensors: Tensors, name: str, axis: int, source: Path) -> int:
    shape = tensors[name].shape
    if axis >= len(shape) or shape[axis] == 0:
        raise ModelError(f"The model in {source} is not a CLIP: its {name} has the shape {list(shape)}.")
    return shape[axis]


def _grid(tensors: Tensors, name: str, source: Path) -> int:
    """The side of the square of places, which one more place (the class token or the mean) stands before."""
    places = _size(tensors, name, 0, source) - 1
    grid = math.isqrt(places)
    if grid * grid != places or grid == 0:
        raise ModelError(f"The model in {source} is not a CLIP: {name} has {places + 1} places.")
    return grid
