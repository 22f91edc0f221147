"""Plain state dicts that `torch.save` wrote (.pt, .pth, .bin), as openai/CLIP and open_clip train them.

PyTorch's own reader is used with `weights_only`: it makes tensors and plain containers and refuses the rest.
"""

from __future__ import annotations

import pickle
import re
from io import BytesIO
from pathlib import Path

import torch
from torch import Tensor

from photoclip.clip.dialects.archive import MAGIC, PICKLE, Archive
from photoclip.clip.dialects.nesting import check_nesting
from photoclip.clip.dialects.pickles import Damaged, Refused
from photoclip.clip.dialects.tensors import Tensors
from photoclip.errors import ModelError

LEGACY_PICKLES = 5  # a magic number, a version, the machine, the object, the keys of its storages
WRAPPERS = ("state_dict",)  # open_clip's training keeps the epoch and the optimizer beside it


def read(path: Path) -> Tensors:
    """Raises ModelError for anything that is not a table of tensors, and for what is damaged."""
    is_archive = _check(path)
    try:
        loaded = torch.load(path, map_location="cpu", weights_only=True, mmap=is_archive)
    except Exception as error:  # a reader of another's format, given anything: it may fail in any way
        raise ModelError(_reason(path, error)) from error
    for wrapper in WRAPPERS:
        if isinstance(loaded, dict) and isinstance(loaded.get(wrapper), dict):
            loaded = loaded[wrapper]
    if not isinstance(loaded, dict) or not loaded:
        raise ModelError(f"{path} holds no table of tensors.")
    for name, value in loaded.items():
        if not isinstance(name, str) or not isinstance(value, Tensor):
            raise ModelError(f"{path} holds no table of tensors: {str(name)[:80]!r} is not one.")
    return {name: value.detach() for name, value in loaded.items()}


def _check(path: Path) -> bool:
    """Whether it is a zip file. Raises ModelError for one that could hurt by being read."""
    with path.open("rb") as file:
        is_archive = file.read(len(MAGIC)) == MAGIC
        file.seek(0)
        try:
            if is_archive:
                with Archive(path) as archive:
                    check_nesting(BytesIO(archive.read(PICKLE)))
            else:
                for _ in range(LEGACY_PICKLES):
                    check_nesting(file)
        except Refused as error:
            raise ModelError(f"{path} was not loaded, and nothing in it was run: {error}.") from error
        except Damaged as error:
            raise ModelError(f"{path} is damaged or was cut short: {error}.") from error
    return is_archive


def _reason(path: Path, error: Exception) -> str:
    refused = (
        re.search(r"(?:GLOBAL|class) (\S+)", str(error))
        if isinstance(error, pickle.UnpicklingError)
        else None
    )
    if refused:
        name = refused[1].strip("`'\"").rstrip(".,")
        return (
            f"{path} was not loaded, and nothing in it was run: it asks for {name}, which is not a model's."
        )
    return f"{path} is damaged, was cut short, or holds something else than tensors."
