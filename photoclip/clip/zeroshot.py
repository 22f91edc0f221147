"""Zero-shot classification: a classifier made of names and sentences to put them in."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from photoclip.clip.model import CLIP
from photoclip.clip.tokenizer import Tokenizer
from photoclip.errors import PhotoClipError
from photoclip.paths import resource

TEMPLATES_FILE = "prompts/templates.txt"

EncodeTexts = Callable[[list[str]], Tensor]


def default_templates() -> tuple[str, ...]:
    """The shipped sentences, each with one `{}` where a name goes."""
    lines = resource(TEMPLATES_FILE).read_text(encoding="utf-8").splitlines()
    return tuple(line for line in lines if line and not line.startswith("#"))


def text_encoder(model: CLIP, tokenizer: Tokenizer) -> EncodeTexts:
    """Texts to unit vectors [N, E]; a text that is too long for the model loses its end."""

    @torch.inference_mode()
    def encode(texts: list[str]) -> Tensor:
        tokens = tokenizer(texts, truncate=True).to(model.device)
        return F.normalize(model.encode_text(tokens).float(), dim=-1)

    return encode


def class_weights(
    encode: EncodeTexts, names: Sequence[str], templates: Sequence[str] | None = None, batch_size: int = 256
) -> Tensor:
    """One unit vector per name, [names, E]: the mean of the name's vectors over the templates.

    Raises PhotoClipError for a template without the place `{}` for the name.
    """
    templates = default_templates() if templates is None else templates
    for template in templates:
        if template.count("{}") != 1:
            raise PhotoClipError(f'The prompt template "{template}" needs one {{}} where the name goes.')
    prompts = [template.replace("{}", name) for name in names for template in templates]
    batches = [prompts[start : start + batch_size] for start in range(0, len(prompts), batch_size)]
    vectors = torch.cat([encode(batch) for batch in batches])  # [names x templates, E]
    means = vectors.view(len(names), len(templates), -1).mean(dim=1)  # [names, E]
    return F.normalize(means, dim=-1)


def probabilities(image_features: Tensor, weights: Tensor, logit_scale: float) -> Tensor:
    """How likely each class is for each image, [images, names], rows summing to 1; unit vectors in."""
    return (logit_scale * image_features @ weights.T).softmax(dim=-1)
