"""How many floating-point operations the image tower of a Transformer CLIP takes, from its configuration.

A multiplication with its addition counts as two. Only matrix products are counted, those of attention
included: norms, activations and additions are what keeps a tower below the rate of the products alone.
"""

from __future__ import annotations

from photoclip.clip.config import CLIPConfig, ViTConfig


def image_flops(config: CLIPConfig) -> float:
    """Of one picture, as it is computed: behind the last block's attention only the class token is read."""
    vision = config.vision
    assert isinstance(vision, ViTConfig)
    places, width = (vision.image_size // vision.patch_size) ** 2, vision.width
    tokens = places + 1
    patches = 2 * places * 3 * vision.patch_size**2 * width
    last = 2 * tokens * 3 * width**2 + attention(1, tokens, width) + 2 * 9 * width**2
    head = 2 * width * config.embed_dim
    return patches + (vision.layers - 1) * block(tokens, width) + last + head


def block(tokens: int, width: int) -> float:
    """Query, key and value (3 widths), attention, its projection (1) and the MLP (4 and 4)."""
    return 2 * tokens * 12 * width**2 + attention(tokens, tokens, width)


def attention(queries: int, keys: int, width: int) -> float:
    """Scores and their weighted sum, also the half of them that a causal mask hides."""
    return 2 * 2 * queries * keys * width
