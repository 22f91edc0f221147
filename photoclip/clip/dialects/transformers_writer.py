"""A model as a folder for Hugging Face Transformers: `CLIPModel` and `CLIPProcessor` load it whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from safetensors.torch import save_file

from photoclip.clip.config import CLIPConfig, TextConfig, ViTConfig
from photoclip.clip.dialects.transformers_config import CONFIG, MODEL_TYPE, PREPROCESSOR, RESAMPLING, RESCALE
from photoclip.clip.dialects.transformers_names import to_theirs
from photoclip.clip.dialects.transformers_tokenizer import has_tokenizer, write_tokenizer
from photoclip.clip.model import CLIP
from photoclip.errors import ModelError

WEIGHTS = "model.safetensors"
METADATA = {"format": "pt"}  # without it Transformers refuses the file


def write_transformers(model: CLIP, config: CLIPConfig, folder: Path) -> None:
    """Writes `config.json`, `preprocessor_config.json` and `model.safetensors` into `folder`, making it, and
    the tokenizer's files for a vocabulary that is CLIP's or a prefix of it.

    The weights keep the model's own dtype, so that reading them back is exact. Raises ModelError for
    image towers that Transformers' CLIP does not have.
    """
    vision = config.vision
    if not isinstance(vision, ViTConfig):
        raise ModelError(
            f"{config.name} cannot be exported to Transformers, whose CLIP has a Vision Transformer only."
        )
    tensors = {name: tensor.detach().cpu() for name, tensor in model.state_dict().items()}
    theirs = to_theirs(tensors, config.text.layers, vision.layers)
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f"{WEIGHTS}.part"
    save_file(theirs, unfinished, metadata=METADATA)
    unfinished.replace(folder / WEIGHTS)  # never over a file that a loaded model may still be mapped to
    dtype = str(model.dtype).removeprefix("torch.")
    _write(folder / CONFIG, _config(config, vision, dtype))
    _write(folder / PREPROCESSOR, _preprocessor(config))
    if has_tokenizer(config.text):
        write_tokenizer(config.text, folder)


def _config(config: CLIPConfig, vision: ViTConfig, dtype: str) -> dict[str, Any]:
    text = config.text
    return {
        "architectures": ["CLIPModel"],
        "model_type": MODEL_TYPE,
        "projection_dim": config.embed_dim,
        "torch_dtype": dtype,
        "text_config": _tower("clip_text_model", text, config)
        | {
            "vocab_size": text.vocab_size,
            "max_position_embeddings": text.context_length,
            "bos_token_id": text.start_of_text,
            "eos_token_id": text.end_of_text,
        },
        "vision_config": _tower("clip_vision_model", vision, config)
        | {"image_size": vision.image_size, "patch_size": vision.patch_size},
    }


def _tower(kind: str, tower: TextConfig | ViTConfig, config: CLIPConfig) -> dict[str, Any]:
    return {
        "model_type": kind,
        "hidden_size": tower.width,
        "intermediate_size": 4 * tower.width,
        "num_hidden_layers": tower.layers,
        "num_attention_heads": tower.heads,
        "hidden_act": config.activation,
        "projection_dim": config.embed_dim,
    }


def _preprocessor(config: CLIPConfig) -> dict[str, Any]:
    side = config.vision.image_size
    square = {"height": side, "width": side}
    is_cropped = config.resize == "shortest"
    return {
        "image_processor_type": "CLIPImageProcessor",
        "do_convert_rgb": True,
        "do_resize": True,
        "size": {"shortest_edge": side} if is_cropped else square,
        "resample": {name: number for number, name in RESAMPLING.items()}[config.interpolation],
        "do_center_crop": is_cropped,
        "crop_size": square,
        "do_rescale": True,
        "rescale_factor": RESCALE,
        "do_normalize": True,
        "image_mean": list(config.mean),
        "image_std": list(config.std),
    }


def _write(path: Path, values: dict[str, Any]) -> None:
    path.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
