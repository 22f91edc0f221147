"""Models on disk. No code in a checkpoint is ever run.

PhotoClip's own dialect is a folder of two files, `config.json` (CLIPConfig) and `model.safetensors` with the
published tensor names. `photoclip.clip.dialects` reads it and the others, all to one pair, (config, tensors).
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from photoclip.clip import dialects
from photoclip.clip.config import CLIPConfig
from photoclip.clip.dialects.tensors import Tensors as Tensors
from photoclip.clip.dialects.tensors import listed
from photoclip.clip.model import CLIP
from photoclip.clip.models import CONFIG_FILE, WEIGHTS_FILE
from photoclip.errors import ModelError


def save(model: CLIP, config: CLIPConfig, folder: Path, dtype: torch.dtype = torch.float16) -> None:
    """Writes `config.json` and `model.safetensors` into `folder`, making it.

    Matrices are stored as `dtype`. Scalars and vectors stay float32: they weigh nothing, and half precision
    could not hold a small batch-norm variance.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: _stored(tensor, dtype) for name, tensor in model.state_dict().items()}
    unfinished = folder / f"{WEIGHTS_FILE}.part"
    save_file(tensors, unfinished)
    unfinished.replace(folder / WEIGHTS_FILE)  # never over a file that a loaded model may still be mapped to
    (folder / CONFIG_FILE).write_text(config.to_json(), encoding="utf-8")


def load(
    path: Path,
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
    config: CLIPConfig | None = None,
) -> tuple[CLIP, CLIPConfig]:
    """The model of `path`, in evaluation mode. `config` declares what its file may not tell; see `read`.

    Raises ModelError saying what is missing or does not fit.
    """
    config, tensors = read(path, config)
    return build(config, tensors, path).to(device=device, dtype=dtype), config


def read(path: Path, config: CLIPConfig | None = None) -> tuple[CLIPConfig, Tensors]:
    """Config and tensors of a checkpoint in any dialect PhotoClip knows; see `photoclip.clip.dialects`."""
    return dialects.read(path, config)


def build(config: CLIPConfig, tensors: Tensors, source: Path) -> CLIP:
    """A float32 CLIP of `config` holding `tensors`; `source` is for the error's sentence."""
    with torch.device("meta"):
        model = CLIP(config)  # shapes alone: nothing is allocated or drawn at random
    expected = model.state_dict()
    if missing := sorted(expected.keys() - tensors.keys()):
        raise ModelError(f"The model in {source} is incomplete: {listed(missing)} missing.")
    if unknown := sorted(tensors.keys() - expected.keys()):
        raise ModelError(f"The model in {source} does not fit its config: {listed(unknown)} not part of it.")
    for name, tensor in tensors.items():
        if tensor.shape != expected[name].shape:
            raise ModelError(
                f"The model in {source} does not fit its config: {name} is {list(tensor.shape)} "
                f"and should be {list(expected[name].shape)}."
            )
        if not tensor.isfinite().all():
            raise ModelError(f"The model in {source} is damaged: {name} holds values that are not numbers.")
    converted = {name: tensor.to(expected[name].dtype) for name, tensor in tensors.items()}
    model.load_state_dict(converted, assign=True)
    return model.eval()


def _stored(tensor: Tensor, dtype: torch.dtype) -> Tensor:
    kept = tensor.float() if tensor.is_floating_point() else tensor
    return (kept.to(dtype) if kept.ndim > 1 else kept).detach().cpu().contiguous()
