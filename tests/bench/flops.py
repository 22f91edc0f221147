"""How many floating-point operations the text tower takes, counted as `photoclip.clip.flops` does."""

from __future__ import annotations

from photoclip.clip.config import CLIPConfig
from photoclip.clip.flops import block


def text_flops(config: CLIPConfig, tokens: int) -> float:
    """Of one sentence of `tokens`."""
    text = config.text
    return text.layers * block(tokens, text.width) + 2 * text.width * config.embed_dim
