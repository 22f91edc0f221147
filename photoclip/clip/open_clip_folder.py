"""Folders of models that open_clip builds and PhotoClip's own CLIP does not, read without torch or open_clip.

    open_clip_config.json          its model (`model_cfg`) and its pictures (`preprocess_cfg`)
    open_clip_model.safetensors
    tokenizer.json and others      where the model has a tokenizer of its own
    config.json                    where its text tower is one of Transformers', and not of the usual ones

These are the names that models have on the hub. What would have open_clip run code, or ask the network, is
refused here.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from photoclip.clip.config import OPENAI_MEAN, OPENAI_STD
from photoclip.clip.dialects.open_clip import CONFIG as CONFIG
from photoclip.clip.dialects.sidecar import integer, read_json, section
from photoclip.errors import ModelError
from photoclip.pixels import PixelSpec

WEIGHTS = "open_clip_model.safetensors"
TEXT_CONFIG = "config.json"
TOKENIZER = "tokenizer.json"
TOKENIZER_FILES = (TOKENIZER, "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json")
CONTEXT_LENGTH = 77  # open_clip's own default

# What a config may pass on to a tokenizer; others, like trust_remote_code, would reach Transformers.
_TOKENIZER_OPTIONS = ("clean", "language", "strip_sep_token")
_TIMM_NAME = re.compile(r"[A-Za-z0-9_.]+")  # nothing like hf-hub:…, which timm would look for elsewhere

Three = tuple[float, float, float]


@dataclass(frozen=True)
class OpenClipSettings:
    """What `open_clip_config.json` says. `mean` and `std` are per channel, for pixels in 0..1.

    `text` is its `text_cfg`. `hf_tokenizer` is whether the model has a tokenizer of its own; without, it is
    CLIP's.
    """

    embed_dim: int
    pixel_spec: PixelSpec
    mean: Three
    std: Three
    context_length: int
    text: dict[str, Any]
    raw: dict[str, Any]

    @property
    def hf_tokenizer(self) -> bool:
        return bool(self.text.get("hf_tokenizer_name"))

    @property
    def text_tower(self) -> str:
        """The name of a text tower of Transformers', or empty."""
        return str(self.text.get("hf_model_name") or "")


def holds(folder: Path) -> bool:
    """Whether the model in `folder` is of this kind."""
    return (folder / CONFIG).is_file()


def files(folder: Path) -> list[Path]:
    """The files that decide what the model computes, the config apart; the weights first."""
    others = (*TOKENIZER_FILES, TEXT_CONFIG)
    return [folder / WEIGHTS, *(folder / name for name in others if (folder / name).is_file())]


def read(folder: Path) -> OpenClipSettings:
    """The settings of the model in `folder`. Raises ModelError for what is missing or cannot be done."""
    settings = read_settings(folder)
    _require(folder, WEIGHTS)
    return settings


def read_settings(folder: Path) -> OpenClipSettings:
    """`read`, also where the weights have another name."""
    path = folder / CONFIG
    values = read_json(path)
    model = section(values, "model_cfg", path)
    vision, text = section(model, "vision_cfg", path), section(model, "text_cfg", path)
    pixels = section({"preprocess_cfg": values.get("preprocess_cfg") or {}}, "preprocess_cfg", path)
    _refuse_addresses(vision, text, path)
    settings = OpenClipSettings(
        embed_dim=integer(model, "embed_dim", path),
        pixel_spec=_pixel_spec(pixels, integer(vision, "image_size", path, 224), path),
        mean=_three(pixels, "mean", OPENAI_MEAN, path),
        std=_three(pixels, "std", OPENAI_STD, path),
        context_length=integer(text, "context_length", path, CONTEXT_LENGTH),
        text=text,
        raw=values,
    )
    if not all(value > 0 for value in settings.std):
        raise ModelError(f"{path} has a std that no picture can be divided by: {list(settings.std)}.")
    if settings.hf_tokenizer:
        _require(folder, TOKENIZER)
    return settings


def _require(folder: Path, name: str) -> None:
    if not (folder / name).is_file():
        raise ModelError(f"The model in {folder} is incomplete: {name} is missing.")


def _refuse_addresses(vision: dict[str, Any], text: dict[str, Any], path: Path) -> None:
    tower = vision.get("timm_model_name")
    if tower is not None and not (isinstance(tower, str) and _TIMM_NAME.fullmatch(tower)):
        raise ModelError(
            f'{path} has a "timm_model_name" that is no name of a model in timm: {_shown(tower)}.'
        )
    options = text.get("tokenizer_kwargs") or {}
    unknown = sorted(
        set(section({"tokenizer_kwargs": options}, "tokenizer_kwargs", path)) - {*_TOKENIZER_OPTIONS}
    )
    if unknown:
        raise ModelError(
            f'{path} has an option for its tokenizer that is not used here: "{_shown(unknown[0])}".'
        )


def _pixel_spec(pixels: dict[str, Any], size: int, path: Path) -> PixelSpec:
    if pixels.get("size") is not None and integer(pixels, "size", path) != size:
        raise ModelError(
            f'{path} does not fit together: "size" is {pixels["size"]!r} and "image_size" {size}.'
        )
    if (mode := pixels.get("mode") or "RGB") != "RGB":
        raise _undone(path, "mode", mode)
    resize: Literal["shortest", "squash"]
    match pixels.get("resize_mode") or "shortest":
        case "shortest" | "squash" as resize:
            pass
        case other:
            raise _undone(path, "resize_mode", other)
    interpolation: Literal["bicubic", "bilinear"]
    match pixels.get("interpolation") or "bicubic":
        case "bicubic" | "bilinear" as interpolation:
            pass
        case "random":  # in training; open_clip, too, is bicubic when the model is used
            interpolation = "bicubic"
        case other:
            raise _undone(path, "interpolation", other)
    return PixelSpec(size, resize, interpolation)


def _undone(path: Path, name: str, value: Any) -> ModelError:
    return ModelError(
        f'{path} asks for "{name}" {_shown(value)} of pictures, which PhotoClip cannot do, so its vectors '
        "would be wrong."
    )


def _three(pixels: dict[str, Any], name: str, default: Three, path: Path) -> Three:
    """A number for each channel; one alone stands for all, unless it is 0, which open_clip passes over."""
    value = pixels.get(name) or list(default)
    values = value if isinstance(value, list) else [value] * 3
    if len(values) != 3 or not all(type(x) in (int, float) and math.isfinite(x) for x in values):
        raise ModelError(f'{path} should have three numbers as "{name}" and has {_shown(value)}.')
    red, green, blue = map(float, values)
    return red, green, blue


def _shown(value: Any) -> str:
    shown = str(value)
    return shown if len(shown) <= 80 else f"{shown[:80]}…"
