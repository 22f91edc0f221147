"""A CLIP shaped as OpenAI's, on nn.MultiheadAttention, to be made into an archive like theirs."""

from __future__ import annotations

import warnings
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from photoclip.clip.config import CLIPConfig, ResNetConfig, TextConfig, ViTConfig
from photoclip.clip.model import CLIP, ModifiedResNet
from tests.clip.small_models import random_images, random_model, random_tokens

# Heads are 64 wide, as in all of OpenAI's, so that nothing has to be declared.
TEXT = TextConfig(context_length=12, vocab_size=300, width=64, heads=1, layers=2)
SHAPES = {
    "vit": CLIPConfig(48, ViTConfig(32, 16, 128, 3, 2), TEXT),
    "resnet": CLIPConfig(48, ResNetConfig(64, (1, 2, 1, 1), 16, 8), TEXT),
}


class QuickGELU(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(1.702 * x)


class Block(nn.Module):
    def __init__(self, width: int, heads: int, attn_mask: Tensor | None) -> None:
        super().__init__()
        self.attn = nn.MultiheadAttention(width, heads)
        self.ln_1 = nn.LayerNorm(width)
        layers = [("c_fc", nn.Linear(width, 4 * width)), ("gelu", QuickGELU())]
        self.mlp = nn.Sequential(OrderedDict([*layers, ("c_proj", nn.Linear(4 * width, width))]))
        self.ln_2 = nn.LayerNorm(width)
        self.attn_mask = attn_mask  # no buffer, as in OpenAI's: in an archive it looks like one

    def forward(self, x: Tensor) -> Tensor:
        y = self.ln_1(x)
        x = x + self.attn(y, y, y, need_weights=False, attn_mask=self.attn_mask)[0]
        return x + self.mlp(self.ln_2(x))


class Transformer(nn.Module):
    def __init__(self, width: int, layers: int, heads: int, attn_mask: Tensor | None = None) -> None:
        super().__init__()
        self.width, self.layers = width, layers
        self.resblocks = nn.Sequential(*(Block(width, heads, attn_mask) for _ in range(layers)))

    def forward(self, x: Tensor) -> Tensor:
        return self.resblocks(x)


class Visual(nn.Module):
    def __init__(self, config: ViTConfig, embed_dim: int) -> None:
        super().__init__()
        width, grid = config.width, config.image_size // config.patch_size
        self.conv1 = nn.Conv2d(3, width, config.patch_size, config.patch_size, bias=False)
        self.class_embedding = nn.Parameter(torch.empty(width))
        self.positional_embedding = nn.Parameter(torch.empty(1 + grid * grid, width))
        self.ln_pre = nn.LayerNorm(width)
        self.transformer = Transformer(width, config.layers, config.heads)
        self.ln_post = nn.LayerNorm(width)
        self.proj = nn.Parameter(torch.empty(width, embed_dim))

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1(x).flatten(2).transpose(1, 2)
        start = self.class_embedding.expand(x.shape[0], 1, -1)
        x = self.ln_pre(torch.cat([start, x], dim=1) + self.positional_embedding)
        x = self.transformer(x.transpose(0, 1)).transpose(0, 1)
        return self.ln_post(x[:, 0]) @ self.proj


class Reference(nn.Module):
    """With the attributes, the names and the three sizes among the tensors that OpenAI's archives have."""

    def __init__(self, config: CLIPConfig) -> None:
        super().__init__()
        text, vision = config.text, config.vision
        is_vit = isinstance(vision, ViTConfig)
        self.visual = Visual(vision, config.embed_dim) if is_vit else ModifiedResNet(vision, config.embed_dim)
        mask = torch.full((text.context_length, text.context_length), -torch.inf).triu_(1)
        self.transformer = Transformer(text.width, text.layers, text.heads, mask)
        self.token_embedding = nn.Embedding(text.vocab_size, text.width)
        self.positional_embedding = nn.Parameter(torch.empty(text.context_length, text.width))
        self.ln_final = nn.LayerNorm(text.width)
        self.text_projection = nn.Parameter(torch.empty(text.width, config.embed_dim))
        self.logit_scale = nn.Parameter(torch.ones([]))
        self.register_buffer("input_resolution", torch.tensor(vision.image_size))
        self.register_buffer("context_length", torch.tensor(text.context_length))
        self.register_buffer("vocab_size", torch.tensor(text.vocab_size))

    def encode_image(self, image: Tensor) -> Tensor:
        return self.visual(image)

    def encode_text(self, text: Tensor) -> Tensor:
        x = self.token_embedding(text) + self.positional_embedding
        x = self.ln_final(self.transformer(x.transpose(0, 1)).transpose(0, 1))
        return x[torch.arange(x.shape[0]), text.argmax(dim=-1)] @ self.text_projection

    def forward(self, image: Tensor, text: Tensor) -> tuple[Tensor, Tensor]:
        return self.encode_image(image), self.encode_text(text)


def half(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Matrices and their biases in half precision, norms and the scale in float32: OpenAI's mixture."""
    kept = (".ln_", "ln_", ".bn", ".downsample.1", "logit_scale", "num_batches", "running_")
    return {
        name: tensor if any(part in f".{name}" for part in kept) else tensor.half()
        for name, tensor in state.items()
    }


def openai_like(config: CLIPConfig, seed: int = 0) -> tuple[Reference, dict[str, Tensor]]:
    """A reference whose weights half precision can hold, and its weights as an archive has them."""
    stored = half(random_model(config, seed).state_dict())
    reference = Reference(config).eval()
    missing, unexpected = reference.load_state_dict({k: v.float() for k, v in stored.items()}, strict=False)
    assert set(missing) == {"input_resolution", "context_length", "vocab_size"}
    assert not unexpected
    return reference, stored


def save_archive(config: CLIPConfig, path: Path, how: str) -> tuple[Reference, dict[str, Tensor]]:
    """Writes a TorchScript archive of a new reference to `path`: `how` is "script" or "trace"."""
    reference, stored = openai_like(config)
    save_module(reference, path, how, (images(config), tokens(config)), stored)
    return openai_like(config)


def save_module(
    module: nn.Module,
    path: Path,
    how: str = "script",
    inputs: tuple[Tensor, ...] = (),
    stored: dict[str, Tensor] | None = None,
) -> None:
    """Writes an archive of `module`, traced with `inputs` or scripted; its parameters become `stored`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # TorchScript is on its way out; the files remain
        warnings.simplefilter("ignore", torch.jit.TracerWarning)  # sizes become constants, as in OpenAI's
        made = (
            torch.jit.script(module)
            if how == "script"
            else torch.jit.trace(module, inputs, check_trace=False)
        )
        for name, parameter in made.named_parameters() if stored else ():
            parameter.data = stored[name].clone()
        torch.jit.save(made, path)


def images(config: CLIPConfig) -> Tensor:
    return random_images(2, config.vision.image_size)


def tokens(config: CLIPConfig) -> Tensor:
    return random_tokens(config, [3, config.text.context_length - 2])


def embeddings(model: CLIP | Reference | nn.Module, config: CLIPConfig) -> Tensor:
    """Both towers' answers to fixed inputs, [4, E]."""
    with torch.no_grad():
        return torch.cat([model.encode_image(images(config)), model.encode_text(tokens(config))])


def with_activation(name: str, activation: str) -> CLIPConfig:
    return replace(SHAPES[name], activation=activation)  # type: ignore[arg-type]
