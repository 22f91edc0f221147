"""Which models there are and what a library needs to know of one, without loading it or importing torch."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import xxhash

from photoclip.clip import open_clip_folder, registry
from photoclip.clip.config import CLIPConfig
from photoclip.errors import ModelError
from photoclip.paths import models_dir, resource
from photoclip.pixels import PixelSpec

CONFIG_FILE = "config.json"
WEIGHTS_FILE = "model.safetensors"
SAMPLES, SAMPLE_BYTES = 64, 65536
WHOLE = 64_000_000  # bytes of a file up to which every one counts: read in a hundredth of a second
LONGEST_HEADER = 100_000_000  # bytes, as safetensors itself allows
DAMAGE = (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError, struct.error)
"""What reading a file that is no safetensors file ends in."""
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
    configs = (CONFIG_FILE, open_clip_folder.CONFIG)
    found = {config.parent for name in configs for config in folder.glob(f"*/{name}")}
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
    if open_clip_folder.holds(folder):
        return _describe_open_clip(folder)
    require_files(folder)
    config = read_config(folder)
    settings = json.loads(config.to_json())
    del settings["name"]
    return ModelInfo(
        name=config.name,
        key=fingerprint(settings, [weights_file(folder)]),
        dim=config.embed_dim,
        pixel_spec=pixel_spec(config),
        logit_scale=_logit_scale(folder),
        folder=folder,
    )


def _describe_open_clip(folder: Path) -> ModelInfo:
    """Such a model has its folder's name.

    A model trained with a sigmoid, as SigLIP is, also has a bias on its logits. In a softmax, and held
    against other texts, which is all that is done with logits here, it cancels out.
    """
    settings = open_clip_folder.read(folder)
    return ModelInfo(
        name=folder.resolve().name,
        key=fingerprint(settings.raw, open_clip_folder.files(folder)),
        dim=settings.embed_dim,
        pixel_spec=settings.pixel_spec,
        logit_scale=_logit_scale(folder),
        folder=folder,
    )


def weights_file(folder: Path) -> Path:
    """The file in a model's folder that holds its weights."""
    return folder / (open_clip_folder.WEIGHTS if open_clip_folder.holds(folder) else WEIGHTS_FILE)


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


def fingerprint(settings: Mapping[str, Any], files: Iterable[Path]) -> str:
    """16 hex digits over all that decides the vectors; of files larger than WHOLE, over pieces spread
    through them."""
    digest = xxhash.xxh3_64(json.dumps(settings, sort_keys=True).encode())
    for path in files:
        with path.open("rb") as file:
            for piece in _pieces(file):
                digest.update(piece)
    return str(digest.hexdigest())


def _logit_scale(folder: Path) -> float:
    with weights_file(folder).open("rb") as weights:
        return math.exp(read_scalar(weights, "logit_scale"))


def count_numbers(folder: Path) -> int:
    """How many numbers the weights of the model in `folder` are. Raises ModelError."""
    with weights_file(folder).open("rb") as weights:
        try:
            entries, _ = _header(weights)
            return sum(math.prod(entry["shape"]) for name, entry in entries.items() if name != "__metadata__")
        except DAMAGE as error:
            raise ModelError(f"{weights.name} is damaged or not a CLIP.") from error


def read_scalar(weights: BinaryIO, name: str) -> float:
    """One number out of an open safetensors file."""
    try:
        entries, start = _header(weights)
        begin, end = entries[name]["data_offsets"]
        weights.seek(start + begin)
        number = weights.read(end - begin)
        if entries[name]["dtype"] == "BF16":  # the upper half of a float32
            return float(np.frombuffer(b"\0\0" + number, "<f4")[0])
        return float(np.frombuffer(number, SCALAR_TYPES[entries[name]["dtype"]])[0])
    except DAMAGE as error:
        raise ModelError(f"{weights.name} is damaged or not a CLIP: its {name} cannot be read.") from error


def _header(weights: BinaryIO) -> tuple[dict[str, Any], int]:
    """Of a safetensors file, what it says of its tensors, and where they begin: behind the header's length
    and the header in JSON."""
    weights.seek(0)
    (length,) = struct.unpack("<Q", weights.read(8))
    entries: dict[str, Any] = json.loads(weights.read(min(length, LONGEST_HEADER)))
    return entries, 8 + length


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    size = file.seek(0, 2)
    yield str(size).encode()
    step = SAMPLE_BYTES if size <= WHOLE else size // SAMPLES
    for start in range(0, size, step):
        file.seek(start)
        yield file.read(SAMPLE_BYTES)
