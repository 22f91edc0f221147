"""The tensor names of Hugging Face Transformers' CLIPModel, both ways.

Theirs keeps query, key and value apart and stores the two projections transposed. The arrangement is
`transformers/models/clip/modeling_clip.py`; only Vision Transformers have one.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from photoclip.clip.dialects.tensors import Tensors, check, layers_after, listed
from photoclip.errors import ModelError

TOWERS = ("text_model.", "vision_model.")
TRANSPOSED = ("text_projection", "visual.proj")
CONSTANT = "position_ids"  # 0, 1, 2, …, which older releases saved as well

_OUTSIDE = {  # our name, theirs
    "logit_scale": "logit_scale",
    "text_projection": "text_projection.weight",
    "visual.proj": "visual_projection.weight",
    "token_embedding.weight": "text_model.embeddings.token_embedding.weight",
    "positional_embedding": "text_model.embeddings.position_embedding.weight",
    "ln_final.weight": "text_model.final_layer_norm.weight",
    "ln_final.bias": "text_model.final_layer_norm.bias",
    "visual.class_embedding": "vision_model.embeddings.class_embedding",
    "visual.conv1.weight": "vision_model.embeddings.patch_embedding.weight",
    "visual.positional_embedding": "vision_model.embeddings.position_embedding.weight",
    "visual.ln_pre.weight": "vision_model.pre_layrnorm.weight",  # their spelling
    "visual.ln_pre.bias": "vision_model.pre_layrnorm.bias",
    "visual.ln_post.weight": "vision_model.post_layernorm.weight",
    "visual.ln_post.bias": "vision_model.post_layernorm.bias",
}
_BLOCKS = {
    "transformer.resblocks.": "text_model.encoder.layers.",
    "visual.transformer.resblocks.": "vision_model.encoder.layers.",
}
_INSIDE = {
    "attn.in_proj_": tuple(f"self_attn.{letter}_proj." for letter in "qkv"),
    "attn.out_proj.": ("self_attn.out_proj.",),
    "ln_1.": ("layer_norm1.",),
    "ln_2.": ("layer_norm2.",),
    "mlp.c_fc.": ("mlp.fc1.",),
    "mlp.c_proj.": ("mlp.fc2.",),
}


def is_theirs(tensors: Tensors) -> bool:
    return any(name.startswith(TOWERS) for name in tensors)


def to_ours(tensors: Tensors, source: Path) -> Tensors:
    """Tensors by our names. Raises ModelError naming, as the file does, the missing and the unknown."""
    weights = {name: tensor for name, tensor in tensors.items() if not name.endswith(CONSTANT)}
    left = dict(check(weights, source))  # before anything is joined
    arranged = arrangement(*(layers_after(block, left) for block in _BLOCKS.values()))
    if missing := [name for names in arranged.values() for name in names if name not in left]:
        raise ModelError(f"The model in {source} is incomplete: {listed(missing)} missing.")
    ours = {name: _join(name, [left.pop(part) for part in parts], source) for name, parts in arranged.items()}
    if left:
        raise ModelError(f"The model in {source} is not a CLIP: {listed(sorted(left))} not part of one.")
    return ours


def to_theirs(tensors: Tensors, text_layers: int, vision_layers: int) -> Tensors:
    """A Vision Transformer's tensors by their names."""
    theirs: Tensors = {}
    for name, parts in arrangement(text_layers, vision_layers).items():
        tensor = tensors[name].T if name in TRANSPOSED else tensors[name]
        pieces = tensor.chunk(len(parts)) if len(parts) > 1 else (tensor,)
        # Cloned, as a file cannot hold parts of one array under several names.
        theirs |= {part: piece.contiguous().clone() for part, piece in zip(parts, pieces, strict=True)}
    return theirs


def arrangement(text_layers: int, vision_layers: int) -> dict[str, tuple[str, ...]]:
    """Each of our names, and the names of theirs that it is made of."""
    arranged: dict[str, tuple[str, ...]] = {ours: (theirs,) for ours, theirs in _OUTSIDE.items()}
    for (block, their_block), layers in zip(_BLOCKS.items(), (text_layers, vision_layers), strict=True):
        for layer in range(layers):
            for inner, parts in _INSIDE.items():
                for kind in ("weight", "bias"):
                    names = tuple(f"{their_block}{layer}.{part}{kind}" for part in parts)
                    arranged[f"{block}{layer}.{inner}{kind}"] = names
    return arranged


def _join(name: str, parts: list[Tensor], source: Path) -> Tensor:
    if len({(part.shape, part.dtype) for part in parts}) > 1 or (name in TRANSPOSED and parts[0].ndim != 2):
        raise ModelError(
            f"The model in {source} does not fit together: what {name} is made of differs in shape."
        )
    if len(parts) > 1:
        return torch.cat(parts)
    return parts[0].T.contiguous() if name in TRANSPOSED else parts[0]
