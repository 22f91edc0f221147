"""CLIP: an image tower and a text tower that meet in one space, after openai/CLIP.

Attribute names are the keys of the published checkpoints. In the shapes at line ends, B is the batch, L the
length of the sequence, D a tower's width, H its heads, E the joint embedding's size, G the image grid's side.
"""

from __future__ import annotations

import math
from collections import OrderedDict

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from photoclip.clip.config import Activation, CLIPConfig, ResNetConfig, ViTConfig
from photoclip.clip.efficientnet import EfficientNetLite


class QuickGELU(nn.Module):
    """The approximation OpenAI trained with; not interchangeable with GELU."""

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(1.702 * x)


ACTIVATIONS: dict[Activation, type[nn.Module]] = {"quick_gelu": QuickGELU, "gelu": nn.GELU}


class Attention(nn.Module):
    """Multi-head self-attention: query, key and value in one projection, named like nn.MultiheadAttention."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.in_proj_weight = nn.Parameter(torch.empty(3 * width, width))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * width))
        self.out_proj = nn.Linear(width, width)

    def forward(self, x: Tensor, causal: bool) -> Tensor:
        batch, length, width = x.shape
        qkv = self.project(x).view(batch, length, 3, self.heads, width // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)                                    # 3 of [B, H, L, D / H]
        x = self.attend(q, k, v, causal)                                        # [B, H, L, D / H]
        out: Tensor = self.out_proj(x.transpose(1, 2).flatten(2))               # [B, L, D]
        return out

    def project(self, x: Tensor) -> Tensor:
        return F.linear(x, self.in_proj_weight, self.in_proj_bias)              # [B, L, 3 D]

    def attend(self, q: Tensor, k: Tensor, v: Tensor, causal: bool) -> Tensor:
        return F.scaled_dot_product_attention(q, k, v, is_causal=causal)        # [B, H, L, D / H]


class MLP(nn.Module):
    def __init__(self, width: int, activation: Activation) -> None:
        super().__init__()
        self.c_fc = nn.Linear(width, 4 * width)
        self.act = ACTIVATIONS[activation]()
        self.c_proj = nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.c_proj(self.act(self.c_fc(x)))                       # [B, L, D]
        return out


class ResidualAttentionBlock(nn.Module):
    def __init__(self, width: int, heads: int, activation: Activation) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(width)
        self.attn = Attention(width, heads)
        self.ln_2 = nn.LayerNorm(width)
        self.mlp = MLP(width, activation)

    def initialize(self, width: int, depth: int) -> None:
        """OpenAI's scheme: branches start small in proportion to the depth of the residual stream."""
        branch_std = (2 * depth * width) ** -0.5
        nn.init.normal_(self.attn.in_proj_weight, std=width ** -0.5)
        nn.init.normal_(self.attn.out_proj.weight, std=branch_std)
        nn.init.zeros_(self.attn.out_proj.bias)
        nn.init.normal_(self.mlp.c_fc.weight, std=(2 * width) ** -0.5)
        nn.init.normal_(self.mlp.c_proj.weight, std=branch_std)

    def forward(self, x: Tensor, causal: bool) -> Tensor:
        x = x + self.attn(self.ln_1(x), causal)                                 # [B, L, D]
        out: Tensor = x + self.mlp(self.ln_2(x))                                # [B, L, D]
        return out


class Transformer(nn.Module):
    def __init__(self, width: int, layers: int, heads: int, activation: Activation, *, causal: bool) -> None:
        super().__init__()
        self.causal = causal
        blocks = [ResidualAttentionBlock(width, heads, activation) for _ in range(layers)]
        for block in blocks:
            block.initialize(width, depth=layers)
        self.resblocks = nn.ModuleList(blocks)

    def forward(self, x: Tensor) -> Tensor:
        for block in self.resblocks:
            x = block(x, self.causal)                                           # [B, L, D]
        return x


class VisionTransformer(nn.Module):
    def __init__(self, config: ViTConfig, embed_dim: int, activation: Activation) -> None:
        super().__init__()
        width, grid, scale = config.width, config.image_size // config.patch_size, config.width ** -0.5
        self.conv1 = nn.Conv2d(3, width, config.patch_size, stride=config.patch_size, bias=False)
        self.class_embedding = nn.Parameter(scale * torch.randn(width))
        self.positional_embedding = nn.Parameter(scale * torch.randn(1 + grid * grid, width))
        self.ln_pre = nn.LayerNorm(width)
        self.transformer = Transformer(width, config.layers, config.heads, activation, causal=False)
        self.ln_post = nn.LayerNorm(width)
        self.proj = nn.Parameter(scale * torch.randn(width, embed_dim))

    def forward(self, x: Tensor) -> Tensor:
        x = self.transformer(self.embed(x))                                     # [B, 1 + G G, D]
        out: Tensor = self.ln_post(x[:, 0]) @ self.proj                         # [B, E]
        return out

    def embed(self, x: Tensor) -> Tensor:
        """The class token and the patches, as they enter the Transformer."""
        x = self.conv1(x)                                                       # [B, D, G, G]
        positions = resize_positions(self.positional_embedding, x.shape[-1])    # [1 + G G, D]
        x = x.flatten(2).transpose(1, 2)                                        # [B, G G, D]
        x = torch.cat([self.class_embedding.expand(x.shape[0], 1, -1), x], dim=1)  # [B, 1 + G G, D]
        out: Tensor = self.ln_pre(x + positions)                                # [B, 1 + G G, D]
        return out


class Bottleneck(nn.Module):
    """A residual bottleneck whose strides are average pools: nothing is skipped, so nothing aliases."""

    def __init__(self, inputs: int, planes: int, stride: int) -> None:
        super().__init__()
        outputs = 4 * planes
        self.conv1 = nn.Conv2d(inputs, planes, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.avgpool = nn.AvgPool2d(stride) if stride > 1 else nn.Identity()
        self.conv3 = nn.Conv2d(planes, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.downsample: nn.Sequential | None = None
        if stride > 1 or inputs != outputs:
            # The pool is named "-1" so that the convolution keeps its published key, downsample.0.
            self.downsample = nn.Sequential(OrderedDict([
                ("-1", nn.AvgPool2d(stride)),
                ("0", nn.Conv2d(inputs, outputs, 1, bias=False)),
                ("1", nn.BatchNorm2d(outputs)),
            ]))
        nn.init.zeros_(self.bn3.weight)  # the block starts as its shortcut

    def forward(self, x: Tensor) -> Tensor:
        shortcut = x if self.downsample is None else self.downsample(x)         # [B, 4 planes, h, w]
        x = F.relu(self.bn1(self.conv1(x)))
        x = F.relu(self.bn2(self.conv2(x)))
        x = self.bn3(self.conv3(self.avgpool(x)))                               # [B, 4 planes, h, w]
        return F.relu(x + shortcut)


class AttentionPool2d(nn.Module):
    """Pools a feature map by one attention step in which the map's mean is the only query."""

    def __init__(self, grid: int, width: int, heads: int, embed_dim: int) -> None:
        super().__init__()
        self.heads = heads
        self.positional_embedding = nn.Parameter(torch.randn(1 + grid * grid, width) * width ** -0.5)
        self.q_proj = nn.Linear(width, width)
        self.k_proj = nn.Linear(width, width)
        self.v_proj = nn.Linear(width, width)
        self.c_proj = nn.Linear(width, embed_dim)
        for projection in (self.q_proj, self.k_proj, self.v_proj, self.c_proj):
            nn.init.normal_(projection.weight, std=width ** -0.5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.embed(x)                                                       # [B, 1 + G G, D]
        q = self.split_heads(self.q_proj(x[:, :1]))                             # [B, H, 1, D / H]
        k, v = self.split_heads(self.k_proj(x)), self.split_heads(self.v_proj(x))
        x = F.scaled_dot_product_attention(q, k, v)                             # [B, H, 1, D / H]
        out: Tensor = self.c_proj(x.flatten(1))                                 # [B, E]
        return out

    def embed(self, x: Tensor) -> Tensor:
        """The mean of the map and its places, with their positions."""
        positions = resize_positions(self.positional_embedding, x.shape[-1])    # [1 + G G, D]
        x = x.flatten(2).transpose(1, 2)                                        # [B, G G, D]
        return torch.cat([x.mean(dim=1, keepdim=True), x], dim=1) + positions   # [B, 1 + G G, D]

    def split_heads(self, x: Tensor) -> Tensor:
        return x.view(*x.shape[:2], self.heads, -1).transpose(1, 2)             # [B, H, L, D / H]


class ModifiedResNet(nn.Module):
    """A ResNet with a stem of three convolutions, anti-aliased strides, and an attention pool at the end."""

    def __init__(self, config: ResNetConfig, embed_dim: int) -> None:
        super().__init__()
        width = config.width
        self.conv1 = nn.Conv2d(3, width // 2, 3, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width // 2)
        self.conv2 = nn.Conv2d(width // 2, width // 2, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width // 2)
        self.conv3 = nn.Conv2d(width // 2, width, 3, padding=1, bias=False)
        self.bn3 = nn.BatchNorm2d(width)
        self.avgpool = nn.AvgPool2d(2)
        self.layer1 = stage(width, width, config.layers[0], stride=1)
        self.layer2 = stage(4 * width, 2 * width, config.layers[1], stride=2)
        self.layer3 = stage(8 * width, 4 * width, config.layers[2], stride=2)
        self.layer4 = stage(16 * width, 8 * width, config.layers[3], stride=2)
        self.attnpool = AttentionPool2d(config.image_size // 32, 32 * width, config.heads, embed_dim)

    def forward(self, x: Tensor) -> Tensor:                                     # [B, 3, 32 G, 32 G]
        out: Tensor = self.attnpool(self.feature_map(x))                        # [B, E]
        return out

    def feature_map(self, x: Tensor) -> Tensor:
        """The last stage's output, before it is pooled."""
        x = F.relu(self.bn1(self.conv1(x)))
        x = F.relu(self.bn2(self.conv2(x)))
        x = F.relu(self.bn3(self.conv3(x)))
        x = self.avgpool(x)                                                     # [B, width, 8 G, 8 G]
        x = self.layer1(x)                                                      # [B, 4 width, 8 G, 8 G]
        x = self.layer2(x)                                                      # [B, 8 width, 4 G, 4 G]
        x = self.layer3(x)                                                      # [B, 16 width, 2 G, 2 G]
        out: Tensor = self.layer4(x)                                            # [B, 32 width, G, G]
        return out


def stage(inputs: int, planes: int, blocks: int, stride: int) -> nn.Sequential:
    rest = (Bottleneck(4 * planes, planes, stride=1) for _ in range(1, blocks))
    return nn.Sequential(Bottleneck(inputs, planes, stride), *rest)


def resize_positions(positions: Tensor, grid: int) -> Tensor:
    """Position embeddings [1 + G G, D] for another grid, bicubic; the first, which is no place, is kept."""
    trained = math.isqrt(len(positions) - 1)
    if grid == trained:
        return positions
    square = positions[1:].T.reshape(1, -1, trained, trained).float()           # [1, D, G, G]
    square = F.interpolate(square, (grid, grid), mode="bicubic", align_corners=False, antialias=True)
    return torch.cat([positions[:1], square[0].flatten(1).T.to(positions.dtype)])


def image_tower(config: CLIPConfig) -> VisionTransformer | ModifiedResNet | EfficientNetLite:
    vision = config.vision
    if isinstance(vision, ViTConfig):
        return VisionTransformer(vision, config.embed_dim, config.activation)
    if isinstance(vision, ResNetConfig):
        return ModifiedResNet(vision, config.embed_dim)
    return EfficientNetLite(vision, config.embed_dim)


class CLIP(nn.Module):
    def __init__(self, config: CLIPConfig) -> None:
        super().__init__()
        text = config.text
        self.end_of_text = text.end_of_text
        self.visual = image_tower(config)
        self.transformer = Transformer(text.width, text.layers, text.heads, config.activation, causal=True)
        self.token_embedding = nn.Embedding(text.vocab_size, text.width)
        self.positional_embedding = nn.Parameter(torch.randn(text.context_length, text.width) * 0.01)
        self.ln_final = nn.LayerNorm(text.width)
        self.text_projection = nn.Parameter(torch.randn(text.width, config.embed_dim) * text.width ** -0.5)
        self.logit_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))  # log of the inverse temperature
        nn.init.normal_(self.token_embedding.weight, std=0.02)

    @property
    def dtype(self) -> torch.dtype:
        return self.text_projection.dtype

    @property
    def device(self) -> torch.device:
        return self.text_projection.device

    def encode_image(self, image: Tensor) -> Tensor:
        """Normalised pixels [B, 3, S, S] to embeddings [B, E], not of unit length."""
        features: Tensor = self.visual(image.to(self.dtype))
        return features

    def encode_text(self, text: Tensor) -> Tensor:
        """Token ids [B, L] to embeddings [B, E], not of unit length.

        The tower is causal and reads its answer at each row's first end-of-text, so what follows the longest
        row's end cannot change the result and is not computed.
        """
        is_end = text == self.end_of_text                                       # [B, L]
        if not is_end.any(dim=1).all():
            raise ValueError("every row of tokens needs an end-of-text token")
        ends = is_end.int().argmax(dim=1)                                       # [B], the first of equals
        length = int(ends.max()) + 1
        x = self.token_embedding(text[:, :length])                              # [B, L, D]
        x = self.transformer(x + self.positional_embedding[:length])            # [B, L, D]
        x = self.ln_final(x[torch.arange(len(x), device=x.device), ends])       # [B, D]
        features: Tensor = x @ self.text_projection                             # [B, E]
        return features

    def forward(self, image: Tensor, text: Tensor) -> tuple[Tensor, Tensor]:
        """Scaled cosines: logits per image [images, texts], and per text [texts, images]."""
        image_features = F.normalize(self.encode_image(image), dim=-1)
        text_features = F.normalize(self.encode_text(text), dim=-1)
        logits_per_image = self.logit_scale.exp() * image_features @ text_features.T
        return logits_per_image, logits_per_image.T
