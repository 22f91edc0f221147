"""How many pictures or sentences a model gets at once: what memory there is says, and running out of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

import torch

from photoclip.clip.config import CLIPConfig, ResNetConfig, ViTConfig
from photoclip.clip.efficientnet import WIDEST

CPU_BATCH, DEVICE_BATCH = 32, 512  # more is no faster
SHARE = 0.5  # of the device's free memory
OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "not enough memory")

Answer = TypeVar("Answer")


class Batches:
    """Cuts rows into batches; one that is too large for the memory is halved, and so are all after it."""

    def __init__(self, size: int) -> None:
        self.size = max(1, size)

    def run(self, encode: Callable[[slice], Answer], count: int) -> Iterator[Answer]:
        """`encode` of one slice after another, together covering `count` rows.

        Raises what `encode` raises when even one row is too much.
        """
        start = 0
        while start < count:
            part = slice(start, min(count, start + self.size))
            try:
                answer = encode(part)
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error) or self.size == 1:
                    raise
                self.size = max(1, min(self.size, part.stop - start) // 2)
                free_cached_memory()
                continue
            yield answer
            start = part.stop


def batch_size(config: CLIPConfig, device: torch.device, dtype: torch.dtype) -> int:
    """What fits into a share of the free memory of `device`, in steps of eight."""
    if device.type == "cpu":
        return CPU_BATCH
    free = free_memory(device)
    if free is None:
        return DEVICE_BATCH // 4
    fitting = int(SHARE * free / activation_bytes(config, dtype))
    return max(1, min(DEVICE_BATCH, fitting // 8 * 8))


def free_memory(device: torch.device) -> int | None:
    """Bytes, or None where the device does not tell."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    if device.type == "mps":
        return torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory()
    return None


def activation_bytes(config: CLIPConfig, dtype: torch.dtype) -> int:
    """About the most that one picture needs at a time, beside the weights.

    In a Transformer that is a block's MLP (input, 4 widths before and after the activation); in a ResNet the
    first stage's maps, at a quarter of the picture's side and four widths deep, three of them at a time; in
    an EfficientNet the second stage is the largest, wide inside, at half the side.
    """
    vision = config.vision
    if isinstance(vision, ViTConfig):
        tokens = (vision.image_size // vision.patch_size) ** 2 + 1
        numbers = 10 * tokens * vision.width
    elif isinstance(vision, ResNetConfig):
        numbers = 3 * (vision.image_size // 4) ** 2 * 4 * vision.width
    else:
        numbers = 3 * (vision.image_size // 2) ** 2 * WIDEST
    return (numbers + 3 * vision.image_size**2) * dtype.itemsize


def is_out_of_memory(error: BaseException) -> bool:
    """Whether this is the want of memory, which each device says in words of its own."""
    said = str(error).lower()
    told = any(words in said for words in OUT_OF_MEMORY)
    return told or isinstance(error, torch.OutOfMemoryError | MemoryError)


def free_cached_memory() -> None:
    """Gives back what torch's allocators keep, so that a smaller batch finds it."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    if torch.backends.mps.is_available():
        torch.mps.empty_cache()
