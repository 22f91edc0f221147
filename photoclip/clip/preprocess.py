"""Pixels as they come from a decoder, made into what an image tower eats."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from photoclip.clip.models import pixel_spec

__all__ = ["Normalize", "pixel_spec"]


class Statistics(Protocol):
    """Of the pixels that a model was trained with, per channel and in 0..1."""

    @property
    def mean(self) -> tuple[float, ...]: ...
    @property
    def std(self) -> tuple[float, ...]: ...


class Normalize:
    """uint8 pixels [N, S, S, 3] to the tower's input [N, 3, S, S], in channels-last memory.

    Pixels in a tensor are on the tower's device already.
    """

    def __init__(self, config: Statistics, device: torch.device, dtype: torch.dtype) -> None:
        mean, std = (255 * torch.tensor(values, device=device) for values in (config.mean, config.std))
        self.scale = (1 / std)[:, None, None]  # [3, 1, 1]
        self.offset = (-mean / std)[:, None, None]  # [3, 1, 1]
        self.device, self.dtype = device, dtype

    def __call__(self, pixels: NDArray[np.uint8] | Tensor) -> Tensor:
        x = pixels if isinstance(pixels, Tensor) else self._to_device(pixels)  # [N, S, S, 3]
        x = x.permute(0, 3, 1, 2).float()  # [N, 3, S, S]
        return torch.addcmul(self.offset, x, self.scale).to(self.dtype)

    def _to_device(self, pixels: NDArray[np.uint8]) -> Tensor:
        x = torch.from_numpy(np.ascontiguousarray(pixels))
        if self.device.type == "cuda":  # copied while the batch before it is still being computed
            return x.pin_memory().to(self.device, non_blocking=True)
        return x.to(self.device)
