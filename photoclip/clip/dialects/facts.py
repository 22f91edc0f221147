"""One config from what a checkpoint says of itself, what its format assumes and what the caller declares.

Facts are the entries of a CLIPConfig by their dotted names, "vision.width" or "activation"; "vision.kind" is
"vit" or "resnet". A checkpoint that contradicts itself or what was declared is refused: a wrong activation or
a wrong mean gives plausible, worse results that nobody would notice.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from photoclip.clip.config import OPENAI_MEAN, OPENAI_STD, CLIPConfig
from photoclip.errors import ModelError

Facts = dict[str, Any]

CLIP_PIXELS: Mapping[str, Any] = {
    "mean": OPENAI_MEAN,
    "std": OPENAI_STD,
    "resize": "shortest",
    "interpolation": "bicubic",
}
OPENAI: Mapping[str, Any] = {"activation": "quick_gelu", **CLIP_PIXELS}
ROUNDING = 1e-6  # means and deviations are published with eight digits


def of_config(config: CLIPConfig) -> Facts:
    """A config's entries, but for its name."""
    values = json.loads(config.to_json())
    facts = {key: value for key, value in values.items() if not isinstance(value, dict) and key != "name"}
    for part in ("vision", "text"):
        facts |= {f"{part}.{key}": value for key, value in values[part].items()}
    return facts


def agree(facts: Facts, others: Facts, source: Path, where: str) -> None:
    """Raises ModelError for an entry that both hold and that differs; `where` is how `others` are called."""
    for name in facts:
        if name in others and not _same(facts[name], others[name]):
            raise ModelError(
                f"{source} does not fit {where}: {name} is {_shown(facts[name])} in the one "
                f"and {_shown(others[name])} in the other."
            )


def settle(said: Facts, assumed: Facts, declared: CLIPConfig | None, source: Path) -> CLIPConfig:
    """The config of a checkpoint that says `said`; `assumed` stands in for what it does not say.

    Raises ModelError if that contradicts `declared`, or leaves open what weights cannot tell.
    """
    if declared is not None:
        agree(said, of_config(declared), source, "the declared config")
        return declared
    values = assumed | said
    if OPENAI.keys() - values.keys():
        raise ModelError(
            f"{source} holds weights alone, which cannot tell the activation (quick_gelu or gelu) and the "
            "preprocessing (mean, std, resize) they need: declare the model's config."
        )
    if not all(_is_positive(value) for value in values["std"]):
        raise ModelError(f"{source} has a std that no picture can be divided by: {_shown(values['std'])}.")
    return _config(values, source)


def _config(values: Facts, source: Path) -> CLIPConfig:
    nested: dict[str, Any] = {
        "vision": {},
        "text": {},
        "name": source.stem if source.is_file() else source.name,
    }
    for name, value in values.items():
        part, _, key = name.rpartition(".")
        (nested[part] if part else nested)[key] = value
    try:
        return CLIPConfig.from_json(json.dumps(nested))
    except ModelError as error:
        sentence = str(error)
        raise ModelError(f"{source} cannot be used: {sentence[0].lower()}{sentence[1:]}") from error


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, float) or isinstance(other, float):
        return type(one) in (int, float) and type(other) in (int, float) and abs(one - other) <= ROUNDING
    return bool(one == other)


def _is_positive(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value) and value > 0


def _shown(value: Any) -> str:
    shown = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return shown if len(shown) <= 80 else f"{shown[:80]}…"
