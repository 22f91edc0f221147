"""The settings of a Hugging Face Transformers folder: `config.json` and `preprocessor_config.json`.

Entries equal to Transformers' defaults may be absent, so an absent entry says as much as one that is there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from photoclip.clip.dialects.facts import Facts
from photoclip.clip.dialects.sidecar import integer, read_json, section
from photoclip.errors import ModelError

CONFIG = "config.json"
PREPROCESSOR = "preprocessor_config.json"
PROCESSOR = "processor_config.json"  # younger releases keep the same settings in here
MODEL_TYPE = "clip"
LEGACY_END_OF_TEXT = (
    2  # configs before Transformers 4.31 all say so, wrongly, and are read as if they did not
)
RESAMPLING: dict[int, str] = {2: "bilinear", 3: "bicubic"}  # Pillow's numbers
RESCALE = 1 / 255

# Transformers' defaults: configuration_clip.py.
_TEXT: dict[str, Any] = {
    "vocab_size": 49408,
    "hidden_size": 512,
    "intermediate_size": 2048,
    "num_hidden_layers": 12,
    "num_attention_heads": 8,
    "max_position_embeddings": 77,
    "hidden_act": "quick_gelu",
    "layer_norm_eps": 1e-5,
    "eos_token_id": 49407,
}
_VISION: dict[str, Any] = {
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "num_channels": 3,
    "image_size": 224,
    "patch_size": 32,
    "hidden_act": "quick_gelu",
    "layer_norm_eps": 1e-5,
}
_PROJECTION = 512


def read_config(path: Path) -> Facts:
    """What `config.json` says: the shape and the activation. Raises ModelError if it is no CLIP's."""
    values = read_json(path)
    if values.get("model_type") != MODEL_TYPE:
        raise ModelError(
            f'{path} describes a model of the type {values.get("model_type")!r}, not "{MODEL_TYPE}".'
        )
    text, vision = _tower(values, "text_config", _TEXT, path), _tower(values, "vision_config", _VISION, path)
    if text["hidden_act"] != vision["hidden_act"]:
        raise ModelError(
            f"{path} names two activations, one for each tower, which is not a CLIP of this version."
        )
    vocabulary = integer(text, "vocab_size", path)
    if text["eos_token_id"] not in (LEGACY_END_OF_TEXT, vocabulary - 1):
        raise ModelError(f"{path} names an end-of-text that is not the vocabulary's last entry.")
    return {
        "embed_dim": integer(values, "projection_dim", path, _PROJECTION),
        "activation": text["hidden_act"],
        "vision.kind": "vit",
        "vision.image_size": integer(vision, "image_size", path),
        "vision.patch_size": integer(vision, "patch_size", path),
        "text.context_length": integer(text, "max_position_embeddings", path),
        "text.vocab_size": vocabulary,
    } | {
        f"{name}.{ours}": integer(tower, theirs, path)
        for name, tower in (("text", text), ("vision", vision))
        for ours, theirs in (
            ("width", "hidden_size"),
            ("layers", "num_hidden_layers"),
            ("heads", "num_attention_heads"),
        )
    }


def read_preprocessor(folder: Path, image_size: int) -> Facts:
    """What the folder says of the pixels; nothing if it has no such file. Raises ModelError for what differs
    from the two ways this version knows: the shorter side and a crop, or both sides."""
    path = folder / PREPROCESSOR
    if path.is_file():
        values = read_json(path)
    elif (folder / PROCESSOR).is_file():
        path = folder / PROCESSOR
        values = section(read_json(path), "image_processor", path)
    else:
        return {}
    for step in ("do_resize", "do_rescale", "do_normalize"):
        if values.get(step, True) is not True:
            raise ModelError(f"{path} leaves out a step that every CLIP needs: {step} is {values[step]!r}.")
    if abs(_number(values, "rescale_factor", RESCALE, path) - RESCALE) > 1e-6:
        raise ModelError(
            f"{path} scales pixels to something else than 0..1, which no CLIP of this version expects."
        )
    facts: Facts = {"resize": _resize(values, image_size, path)}
    if "resample" in values:
        number = values["resample"]
        facts["interpolation"] = RESAMPLING[number] if number in tuple(RESAMPLING) else number
    for ours, theirs in (("mean", "image_mean"), ("std", "image_std")):
        if theirs in values:
            facts[ours] = values[theirs]
    return facts


def _resize(values: dict[str, Any], image_size: int, path: Path) -> str:
    size, crop = values.get("size", image_size), values.get("crop_size", image_size)
    is_cropped = values.get("do_center_crop", True)
    shortest = size.get("shortest_edge") if isinstance(size, dict) else size
    if shortest == image_size and is_cropped is True and _is_square(crop, image_size):
        return "shortest"
    if _is_square(size, image_size) and (is_cropped is False or _is_square(crop, image_size)):
        return "squash"
    raise ModelError(
        f"{path} does not fit {path.parent / CONFIG}: it resizes to {size!r} and crops to {crop!r}, "
        f"and the model's pictures are {image_size} pixels wide and high."
    )


def _is_square(size: Any, side: int) -> bool:
    return bool(size in ({"height": side, "width": side}, side))


def _number(values: dict[str, Any], key: str, default: float, path: Path) -> float:
    value = values.get(key, default)
    if type(value) not in (int, float):
        raise ModelError(f'{path} should have a number as "{key}" and has {value!r}.')
    return float(value)


def _tower(values: dict[str, Any], key: str, defaults: dict[str, Any], path: Path) -> dict[str, Any]:
    """A tower's settings, whole. `<key>_dict` is an old second place and wins, as it does in Transformers."""
    stated = values.get(f"{key}_dict") or values.get(key) or {}
    if not isinstance(stated, dict):
        raise ModelError(f'{path} lacks its "{key}" part.')
    tower = defaults | stated
    width = integer(tower, "hidden_size", path)
    expected = {
        "intermediate_size": 4 * width,
        "num_channels": 3,
        "layer_norm_eps": defaults["layer_norm_eps"],
    }
    for name, value in expected.items():
        if name in tower and tower[name] != value:
            raise ModelError(
                f"{path} describes no CLIP of this version: {name} is {tower[name]!r}, not {value}."
            )
    return tower
