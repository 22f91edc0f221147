"""Random views of a picture: a part of it, now and then mirrored, in other light and colours."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from photoclip.clip.config import CLIPConfig

CROP_AREA = (0.45, 1.0)
CROP_ASPECT = (0.8, 1.25)


def random_crop(
    picture: NDArray[np.uint8], resolution: int, random: np.random.Generator
) -> NDArray[np.uint8]:
    """A random part of `picture` [H, W, 3], now and then mirrored, as [resolution, resolution, 3]."""
    height, width = picture.shape[:2]
    area = random.uniform(*CROP_AREA) * height * width
    aspect = np.exp(random.uniform(*np.log(CROP_ASPECT)))
    across, down = min(width, (area * aspect) ** 0.5), min(height, (area / aspect) ** 0.5)
    left, top = random.uniform(0, width - across), random.uniform(0, height - down)
    image = Image.fromarray(picture).resize(
        (resolution, resolution), Image.Resampling.BILINEAR, box=(left, top, left + across, top + down)
    )
    array = np.asarray(image)
    return array[:, ::-1] if random.random() < 0.5 else array


def augment(pixels: Tensor, config: CLIPConfig, random: torch.Generator) -> Tensor:
    """uint8 [B, S, S, 3] to normalised float [B, 3, S, S] with random brightness, contrast, colour, and
    greyscale."""
    x = pixels.permute(0, 3, 1, 2).float().div_(255)  # channels last in memory
    count = len(x)

    def draw(spread: float) -> Tensor:
        factors = 1 + spread * (2 * torch.rand(count, 1, 1, 1, generator=random) - 1)
        return factors.to(x.device)

    x = x * draw(0.15)
    middle = x.mean(dim=(1, 2, 3), keepdim=True)
    x = middle + (x - middle) * draw(0.15)
    grey = (x * torch.tensor([0.299, 0.587, 0.114], device=x.device).view(1, 3, 1, 1)).sum(1, keepdim=True)
    colour = draw(0.2)
    colour[torch.rand(count, generator=random).to(x.device) < 0.07] = 0.0
    x = (grey + (x - grey) * colour).clamp_(0, 1)
    mean, std = (
        torch.tensor(values, device=x.device).view(1, 3, 1, 1) for values in (config.mean, config.std)
    )
    return ((x - mean) / std).contiguous(memory_format=torch.channels_last)
