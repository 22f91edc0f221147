"""Which dialect a file or folder is in, and what all of them come to: one config and its tensors."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from photoclip.clip import models
from photoclip.clip.config import CLIPConfig
from photoclip.clip.dialects import containers, names, open_clip, transformers_config
from photoclip.clip.dialects.facts import CLIP_PIXELS, Facts, agree, of_config, settle
from photoclip.clip.dialects.shapes import check_depth, infer_config, usual_heads
from photoclip.clip.dialects.sidecar import read_json
from photoclip.clip.dialects.tensors import Tensors, check, read_safetensors
from photoclip.errors import ModelError

# In the order in which they are looked for. A hub folder often holds several of them, in different layouts.
OPEN_CLIP_WEIGHTS = (
    "open_clip_model.safetensors",
    "open_clip_pytorch_model.safetensors",
    "open_clip_pytorch_model.bin",
)
WEIGHTS = (models.WEIGHTS_FILE, f"{models.WEIGHTS_FILE}.index.json", "pytorch_model.bin")

Settings = Literal["photoclip", "open_clip", "transformers", "none"]


@dataclass(frozen=True)
class Found:
    """A file of weights, and whose settings lie beside it."""

    weights: Path
    settings: Settings


def read(path: Path, config: CLIPConfig | None = None) -> tuple[CLIPConfig, Tensors]:
    """Config and tensors of a file or folder of any dialect; `config` is what the caller knows of it.

    Raises ModelError, one sentence that names the file: for what is missing, damaged or hostile; where
    `config` contradicts what the checkpoint says of itself; and where neither tells the activation and the
    preprocessing.
    """
    if not (path.is_file() or path.is_dir()):
        raise ModelError(f"There is no model at {path}.")
    found = find(path)
    if found.settings == "photoclip":
        return _read_own(found.weights.parent, config)
    if found.settings == "none" and config is None and path.is_dir():
        config_file = open_clip.CONFIG if found.weights.name in OPEN_CLIP_WEIGHTS else models.CONFIG_FILE
        raise ModelError(f"The model in {path} is incomplete: {config_file} is missing.")
    raw, said = containers.read(found.weights)
    tensors = check(names.published(raw, path), path)
    shape = infer_config(tensors, path)
    beside, assumed = _settings(found)
    # A missing last layer is left to the comparison of the tensors, which names what is missing.
    agree({name: shape[name] for name in shape if not name.endswith(".layers")}, beside, path, "its settings")
    settled = settle(shape | said | beside, usual_heads(shape) | assumed, config, path)
    check_depth(of_config(settled), tensors, path)
    return settled, tensors


def find(path: Path) -> Found:
    """The weights of a file or folder. A file that its folder's settings speak of is read with them."""
    if path.is_dir():
        return _find_in(path)
    if path.name in (*OPEN_CLIP_WEIGHTS, *WEIGHTS) and _has_settings(path.parent):
        found = _find_in(path.parent)
        return found if found.weights == path else Found(path, "none")
    return Found(path, "none")


def _find_in(folder: Path) -> Found:
    has_open_clip, config = (folder / open_clip.CONFIG).is_file(), folder / models.CONFIG_FILE
    if has_open_clip and (weights := _first(folder, OPEN_CLIP_WEIGHTS)):
        return Found(weights, "open_clip")
    values = read_json(config) if config.is_file() else {}
    if "vision" in values:
        models.require_files(folder)
        return Found(folder / models.WEIGHTS_FILE, "photoclip")
    weights = _first(folder, WEIGHTS)
    if weights is None:
        if alone := _first(folder, OPEN_CLIP_WEIGHTS):  # another dialect's settings say nothing of them
            return Found(alone, "none")
        missing = OPEN_CLIP_WEIGHTS[0] if has_open_clip else models.WEIGHTS_FILE
        raise ModelError(f"The model in {folder} is incomplete: {missing} is missing.")
    if "model_type" in values:
        return Found(weights, "transformers")
    if has_open_clip:
        return Found(weights, "open_clip")
    if config.is_file():
        raise ModelError(f"{config} describes no CLIP: it is neither PhotoClip's nor Transformers'.")
    return Found(weights, "none")


def _read_own(folder: Path, declared: CLIPConfig | None) -> tuple[CLIPConfig, Tensors]:
    config, tensors = models.read_config(folder), read_safetensors(folder / models.WEIGHTS_FILE)
    settled = settle(of_config(config), {}, declared, folder) if declared else config
    check_depth(of_config(config), tensors, folder)
    return settled, check(tensors, folder)


def _settings(found: Found) -> tuple[Facts, Facts]:
    """What the files beside the weights say, and what their dialect assumes where they are silent."""
    folder = found.weights.parent
    if found.settings == "open_clip":
        return open_clip.read_config(folder / open_clip.CONFIG), dict(CLIP_PIXELS)
    if found.settings == "transformers":
        facts = transformers_config.read_config(folder / transformers_config.CONFIG)
        pixels = transformers_config.read_preprocessor(folder, facts["vision.image_size"])
        return facts | pixels, dict(CLIP_PIXELS)
    return {}, {}


def _first(folder: Path, candidates: tuple[str, ...]) -> Path | None:
    return next((folder / name for name in candidates if (folder / name).is_file()), None)


def _has_settings(folder: Path) -> bool:
    return (folder / open_clip.CONFIG).is_file() or (folder / models.CONFIG_FILE).is_file()
