"""Going on from a finished model: its image tower as it is, its text tower taken apart again.

A finished text tower has the map between the sentence encoder's space and the joint space folded into its
projection (`join.joined`). Both are found again by least squares over texts whose sentence vectors are known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from photoclip.clip.config import CLIPConfig
from photoclip.clip.model import CLIP
from photoclip.clip.tokenizer import load_tokenizer

TEXTS = 20_000  # many times the tower's width, so that the fit is well determined
BATCH = 256


@dataclass(frozen=True)
class WarmStart:
    """State for a `train.Student` and for the text tower of a `distill.Distillation`."""

    student: dict[str, Tensor]
    text: dict[str, Tensor]


def take_apart(
    model: CLIP, config: CLIPConfig, texts: Sequence[str], vectors: NDArray[np.float16], *, seed: int
) -> WarmStart:
    """`vectors` [N, 384] are the sentence vectors of `texts`. Leaves `model` without its text projection."""
    chosen = np.random.default_rng(seed).permutation(len(texts))[:TEXTS]
    sentence = F.normalize(torch.from_numpy(vectors[np.sort(chosen)].astype(np.float32)), dim=-1)
    projection = model.text_projection.detach().clone()
    model.text_projection = nn.Parameter(torch.eye(len(projection)))
    features = _features(model, config, [texts[row] for row in np.sort(chosen)])  # [N, width]
    into_sentences = torch.linalg.lstsq(features, sentence).solution  # [width, 384]
    into_joint = torch.linalg.lstsq(sentence, features @ projection).solution  # [384, E]
    state = {name: tensor for name, tensor in model.state_dict().items() if name != "text_projection"}
    visual = {name: tensor for name, tensor in state.items() if name.startswith("visual.")}
    return WarmStart(
        {**visual, "text_map.weight": into_joint.T.contiguous(), "logit_scale": state["logit_scale"]},
        {
            **{name: tensor for name, tensor in state.items() if name not in visual},
            "text_projection": into_sentences,
        },
    )


@torch.inference_mode()
def _features(model: CLIP, config: CLIPConfig, texts: Sequence[str]) -> Tensor:
    tokenizer = load_tokenizer(config.text.vocab_size, config.text.context_length)
    parts = [
        model.encode_text(tokenizer(texts[start : start + BATCH], truncate=True)).float()
        for start in range(0, len(texts), BATCH)
    ]
    return torch.cat(parts).clone()
