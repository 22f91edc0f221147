"""The symmetric InfoNCE loss CLIP is trained with."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from photoclip.clip.model import CLIP

MAX_SCALE = 100.0  # a colder temperature makes training unstable


def clip_loss(
    image_features: Tensor, text_features: Tensor, logit_scale: Tensor, same: Tensor | None = None
) -> Tensor:
    """The mean of two cross entropies: each image among all texts, and each text among all images.

    Features are [N, E] of unit length, row i of one belonging to row i of the other; `logit_scale` is the
    factor itself, `model.logit_scale.exp()`. Where `same`, boolean [N, N], says that text j fits image i as
    well, the two are no negatives of each other; its diagonal is not looked at. Computed in float32, or
    float64 where the features are, and returned as a scalar.
    """
    kind = torch.promote_types(torch.promote_types(image_features.dtype, text_features.dtype), torch.float32)
    logits = logit_scale.to(kind) * image_features.to(kind) @ text_features.to(kind).T  # [N, N]
    if same is not None:
        others = same & ~torch.eye(len(same), dtype=torch.bool, device=same.device)
        logits = logits.masked_fill(others, float("-inf"))
    matching = torch.arange(len(logits), device=logits.device)  # [N]
    return (F.cross_entropy(logits, matching) + F.cross_entropy(logits.T, matching)) / 2


@torch.no_grad()
def clamp_logit_scale(model: CLIP) -> None:
    """Keeps the learned scale between 1 and 100; to be called after each optimizer step."""
    model.logit_scale.clamp_(0, math.log(MAX_SCALE))
