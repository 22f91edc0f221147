"""Which models there are and what a library needs to know of one, without loading it or importing torch."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import xxhash

from photoclip.clip import registry
from photoclip.clip.config import CLIPConfig
from photoclip.errors import ModelError
from photoclip.paths import models_dir, resource
from photoclip.pixels import PixelSpec

CONFIG_FILE = "config.json"
WEIGHTS_FILE = "model.safetensors"
SAMPLES, SAMPLE_BYTES = 64, 65536
SCALAR_TYPES = {"F32": "<f4", "F16": "<f2", "F64": "<f8"}


@dataclass(frozen=True)
class ModelInfo:
    """One model on disk; `key` stands for its weights and preprocessing, and names what is made with it."""

    name: str
    key: str
    dim: int
    pixel_spec: PixelSpec
    logit_scale: float
    folder: Path


def model_folders() -> list[Path]:
    """The folders of the models that can be used: those that PhotoClip ships, then the person's own."""
    return shipped_folders() + installed_folders()


def shipped_folders() -> list[Path]:
    """The folders of the models that PhotoClip ships, by name."""
    return _models_in(resource("models"))


def installed_folders() -> list[Path]:
    """The folders of the person's own models, by name; a shipped model's name stands for the shipped one."""
    shipped = {folder.name for folder in shipped_folders()}
    return [folder for folder in _models_in(models_dir()) if folder.name not in shipped]


def _models_in(folder: Path) -> list[Path]:
    found = (config.parent for config in folder.glob(f"*/{CONFIG_FILE}"))
    return sorted(model for model in found if not model.name.startswith("."))


def find_model(path_or_name: str) -> ModelInfo:
    """A model by its name, a published one's other names, or its folder's path. Raises ModelError."""
    named = {folder.name: folder for folder in model_folders()}
    published = registry.find(path_or_name)
    name = published.name if published else path_or_name
    if published and name not in named:
        raise ModelError(f"{name} is not on this machine yet; get it with: photoclip models get {name}")
    folder = named.get(name, Path(path_or_name))
    if folder.name == path_or_name and not folder.exists():
        known = ", ".join(named) or "none"
        raise ModelError(f'There is no model "{path_or_name}"; installed are: {known}.')
    return describe(folder)


def describe(folder: Path) -> ModelInfo:
    """What `folder` holds, read from its config and a few pieces of its weights."""
    require_files(folder)
    config = read_config(folder)
    with (folder / WEIGHTS_FILE).open("rb") as weights:
        return ModelInfo(
            name=config.name,
            key=fingerprint(weights, config),
            dim=config.embed_dim,
            pixel_spec=pixel_spec(config),
            logit_scale=math.exp(read_scalar(weights, "logit_scale")),
            folder=folder,
        )


def require_files(folder: Path) -> None:
    if not folder.exists():
        raise ModelError(f"There is no model at {folder}.")
    if not folder.is_dir():
        raise ModelError(f"{folder} is not a model folder; one holds {CONFIG_FILE} and {WEIGHTS_FILE}.")
    for name in (CONFIG_FILE, WEIGHTS_FILE):
        if not (folder / name).is_file():
            raise ModelError(f"The model in {folder} is incomplete: {name} is missing.")


def read_config(folder: Path) -> CLIPConfig:
    try:
        return CLIPConfig.from_json((folder / CONFIG_FILE).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{folder / CONFIG_FILE} cannot be read ({error}).") from error


def pixel_spec(config: CLIPConfig) -> PixelSpec:
    """How `photoclip.pixels` is to resize and crop a picture for this model."""
    return PixelSpec(config.vision.image_size, config.resize, config.interpolation)


def fingerprint(weights: BinaryIO, config: CLIPConfig) -> str:
    """16 hex digits over everything but the name; of big weights, over pieces spread through the file."""
    settings = json.loads(config.to_json())
    del settings["name"]
    digest = xxhash.xxh3_64(json.dumps(settings, sort_keys=True).encode())
    for piece in _pieces(weights):
        digest.update(piece)
    return str(digest.hexdigest())


def read_scalar(weights: BinaryIO, name: str) -> float:
    """One number out of an open safetensors file: the header's length, the header in JSON, the tensors."""
    try:
        weights.seek(0)
        (length,) = struct.unpack("<Q", weights.read(8))
        entry: dict[str, Any] = json.loads(weights.read(min(length, 100_000_000)))[name]
        begin, end = entry["data_offsets"]
        weights.seek(8 + length + begin)
        return float(np.frombuffer(weights.read(end - begin), SCALAR_TYPES[entry["dtype"]])[0])
    except (OSError, ValueError, KeyError, TypeError, IndexError, struct.error) as error:
        raise ModelError(f"{weights.name} is damaged or not a CLIP: its {name} cannot be read.") from error


def _pieces(weights: BinaryIO) -> Iterator[bytes]:
    size = weights.seek(0, 2)
    yield str(size).encode()
    step = max(SAMPLE_BYTES, size // SAMPLES)
    for start in range(0, size, step):
        weights.seek(start)
        yield weights.read(SAMPLE_BYTES)
