"""Text towers of Transformers in open_clip's models: their configs, found without asking the hub."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from photoclip.clip.dialects.sidecar import read_json
from photoclip.clip.open_clip_folder import CONFIG, TEXT_CONFIG
from photoclip.errors import ModelError

KINDS = ("bert", "m2m_100", "mt5", "roberta", "xlm-roberta")
"""The "model_type" of what open_clip uses as a text tower."""

_ROBERTA: dict[str, Any] = {
    "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072,
    "hidden_act": "gelu", "layer_norm_eps": 1e-5, "max_position_embeddings": 514, "type_vocab_size": 1,
    "bos_token_id": 0, "pad_token_id": 1, "eos_token_id": 2,
}  # fmt: skip
_XLM_ROBERTA = {**_ROBERTA, "model_type": "xlm-roberta", "vocab_size": 250002}
_LARGE = {"hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16, "intermediate_size": 4096}
USUAL = {
    "roberta-base": {**_ROBERTA, "model_type": "roberta", "vocab_size": 50265},
    "xlm-roberta-base": _XLM_ROBERTA,
    "xlm-roberta-large": {**_XLM_ROBERTA, **_LARGE},
}
"""By name. The published models name these and do not hold their configs."""

# The only words that a tower's config may say: others could name code, or places to get it from.
_WORDS = ("model_type", "hidden_act", "activation_function", "feed_forward_proj", "dense_act_fn")


def tower_config(folder: Path, name: str) -> dict[str, Any]:
    """The config of the text tower `name` of the model in `folder`: the one beside it, or a usual one's.

    Raises ModelError where there is neither.
    """
    path = folder / TEXT_CONFIG
    if path.is_file() and (values := read_json(path)).get("model_type") in KINDS:
        return {key: value for key, value in values.items() if _is_plain(key, value)}
    usual = USUAL.get(name.rpartition("/")[2])
    if usual is None:
        raise ModelError(
            f"{folder / CONFIG} has {name[:80]} as its text tower, "
            f"and there is no {TEXT_CONFIG} of that beside it."
        )
    return usual


def write_tower_config(config: dict[str, Any], folder: Path) -> None:
    """Writes it where Transformers finds it when told `folder` instead of a name."""
    (folder / TEXT_CONFIG).write_text(json.dumps(config), encoding="utf-8")


def _is_plain(key: str, value: Any) -> bool:
    number = value is None or isinstance(value, bool | int | float)
    return not key.startswith("_") and (number or (key in _WORDS and isinstance(value, str)))
