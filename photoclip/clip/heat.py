"""Where in a picture the model looks, and what it sees there: features and attention on the image grid.

In the shapes, B is the batch, G the grid's side, E the joint embedding's size.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from photoclip.clip.efficientnet import EfficientNetLite
from photoclip.clip.model import CLIP, ModifiedResNet, ResidualAttentionBlock, VisionTransformer


@torch.no_grad()
def patch_features(model: CLIP, image: Tensor) -> Tensor:
    """Normalised pixels [B, 3, S, S] to a unit vector for each place, [B, G, G, E].

    Each place goes through the projection that the whole picture's embedding goes through; in a ResNet it is
    pooled alone (Zhou, Loy, Dai, "Extract Free Dense Labels from CLIP", 2022), and in an EfficientNet the
    embedding is the places' mean (Zhou et al., "Learning Deep Features for Discriminative Localization",
    2016). Comparable with text vectors, though less sure than the whole picture's embedding.
    """
    visual = model.visual
    if isinstance(visual, VisionTransformer):
        tokens = visual.transformer(visual.embed(image.to(model.dtype)))  # [B, 1 + G G, D]
        features = visual.ln_post(tokens[:, 1:]) @ visual.proj  # [B, G G, E]
    elif isinstance(visual, EfficientNetLite):
        features = visual.proj(_places(visual, image.to(model.dtype)))
    else:
        pool = visual.attnpool
        places = pool.embed(visual.feature_map(image.to(model.dtype)))[:, 1:]  # [B, G G, D]
        features = pool.c_proj(pool.v_proj(places))
    return F.normalize(_grid(features).float(), dim=-1)


@torch.no_grad()
def attention(model: CLIP, image: Tensor) -> Tensor:
    """How much each place gives to the picture's embedding, [B, G, G]: the mean over heads of the last
    attention step. The embedding's own share is left out, so a picture's values sum to at most 1.

    An EfficientNet has no such step: its places' shares of their mean's length stand in.
    """
    visual = model.visual
    if isinstance(visual, EfficientNetLite):
        return _shares(visual.proj(_places(visual, image.to(model.dtype))).float())
    if isinstance(visual, VisionTransformer):
        weights = _class_token_attention(visual, image.to(model.dtype))
    else:
        weights = _pool_attention(visual, image.to(model.dtype))
    return _grid(weights.float().mean(dim=1)[..., None])[..., 0]


def heat_map(model: CLIP, image: Tensor, text: Tensor) -> Tensor:
    """Cosines of every place with every text, [B, texts, G, G]; `text` is token ids [texts, L]."""
    places = patch_features(model, image)  # [B, G, G, E]
    with torch.no_grad():
        texts = F.normalize(model.encode_text(text).float(), dim=-1)  # [texts, E]
    return torch.einsum("bhwe,te->bthw", places, texts)


def _places(visual: EfficientNetLite, image: Tensor) -> Tensor:  # [B, G G, 1280]
    return visual.feature_map(image).flatten(2).transpose(1, 2)


def _shares(places: Tensor) -> Tensor:
    """Of places [B, G G, E] how much each adds along their mean, without what points away: [B, G, G]."""
    along = (places @ places.mean(dim=1)[..., None]).clamp_min(0)  # [B, G G, 1]
    return _grid(along / along.sum(dim=1, keepdim=True).clamp_min(1e-12))[..., 0]


def _class_token_attention(visual: VisionTransformer, image: Tensor) -> Tensor:  # [B, H, G G]
    x = visual.embed(image)
    *blocks, last = visual.transformer.resblocks
    for block in blocks:
        x = block(x, False)
    assert isinstance(last, ResidualAttentionBlock)
    width, heads = x.shape[-1], last.attn.heads
    q, k, _ = last.attn.project(last.ln_1(x)).chunk(3, dim=-1)  # 3 of [B, 1 + G G, D]
    return _weights(_heads(q[:, :1], heads), _heads(k, heads), width // heads)


def _pool_attention(visual: ModifiedResNet, image: Tensor) -> Tensor:  # [B, H, G G]
    pool = visual.attnpool
    x = pool.embed(visual.feature_map(image))  # [B, 1 + G G, D]
    q, k = pool.split_heads(pool.q_proj(x[:, :1])), pool.split_heads(pool.k_proj(x))
    return _weights(q, k, q.shape[-1])


def _weights(q: Tensor, k: Tensor, head_width: int) -> Tensor:
    """Of q [B, H, 1, d] over k [B, H, 1 + G G, d], without the first: [B, H, G G]."""
    shares: Tensor = (q @ k.transpose(-1, -2) * head_width**-0.5).softmax(dim=-1)
    return shares[:, :, 0, 1:]


def _heads(x: Tensor, heads: int) -> Tensor:  # [B, H, L, D / H]
    return x.view(*x.shape[:2], heads, -1).transpose(1, 2)


def _grid(x: Tensor) -> Tensor:
    """[B, G G, E] to [B, G, G, E]."""
    side = math.isqrt(x.shape[1])
    return x.view(len(x), side, side, -1)
