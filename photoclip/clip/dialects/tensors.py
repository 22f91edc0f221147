"""What every dialect ends in: plain tensors by the published names, checked before they are used."""

from __future__ import annotations

import re
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from photoclip.errors import ModelError

Tensors = dict[str, Tensor]

FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
COUNTER = "num_batches_tracked"  # the one kind of whole number in a CLIP: batch norms count their batches


def read_safetensors(path: Path) -> Tensors:
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise ModelError(f"{path} is damaged or is not a safetensors file ({error}).") from error


def check(tensors: Tensors, source: Path) -> Tensors:
    """`tensors` as they are. Raises ModelError for one that is no plain array of floating-point numbers."""
    for name, tensor in tensors.items():
        if tensor.layout != torch.strided or tensor.device.type != "cpu" or tensor.is_quantized:
            raise ModelError(f"The model in {source} holds {name} in a form that is not a plain array.")
        if tensor.dtype not in FLOATS and not name.endswith(COUNTER):
            raise ModelError(
                f"The model in {source} holds {name} as {_dtype(tensor)}, which is not read here; "
                f"known are {', '.join(str(dtype).removeprefix('torch.') for dtype in FLOATS)}."
            )
        # Strides of zero make a few bytes look like terabytes, which the first operation would then allocate.
        if tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
            raise ModelError(
                f"The model in {source} is damaged: {name} is larger than what is stored for it."
            )
    return tensors


def layers_after(prefix: str, tensors: Tensors) -> int:
    """One more than the highest number after `prefix` in the names, so that a gap shows as missing tensors.

    Numbers beyond the count of tensors are passed over: that many layers cannot be there.
    """
    pattern = re.compile(re.escape(prefix) + r"([0-9]{1,6})\.")
    numbers = (int(match[1]) for match in map(pattern.match, tensors) if match)
    return 1 + max((number for number in numbers if number < len(tensors)), default=-1)


def listed(names: list[str]) -> str:
    """`names` for a sentence, with the verb that fits their number."""
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f"{shown} {'is' if len(names) == 1 else 'are'}"


def _dtype(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")
