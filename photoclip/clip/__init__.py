"""CLIP in torch: towers, tokenizer, checkpoints, zero-shot classification, and an encoder for a library.

`clip.load`, `clip.tokenize` and `clip.available_models` are openai/CLIP's; `photoclip.clip.api` has them and
what goes beyond. Torch is imported with the first of them, not with this package.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from photoclip.clip.api import (
        available_models,
        encode_files,
        load,
        tokenize,
        zero_shot_classifier,
    )
    from photoclip.clip.heat import attention, heat_map, patch_features

_API = ("available_models", "encode_files", "load", "tokenize", "zero_shot_classifier")
_HEAT = ("attention", "heat_map", "patch_features")

__all__ = [
    "attention",
    "available_models",
    "encode_files",
    "heat_map",
    "load",
    "patch_features",
    "tokenize",
    "zero_shot_classifier",
]


def __getattr__(name: str) -> Any:
    if name in _API:
        from photoclip.clip import api

        return getattr(api, name)
    if name in _HEAT:
        from photoclip.clip import heat

        return getattr(heat, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
