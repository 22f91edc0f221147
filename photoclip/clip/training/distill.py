"""Distilling the sentence encoder into CLIP's own text tower, on every text there is.

The tower learns each text's vector (cosine) and how the texts of a batch lie to one another, so that words no
picture ever showed still land near their kin.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from photoclip.clip.config import CLIPConfig, ResNetConfig
from photoclip.clip.model import CLIP
from photoclip.clip.tokenizer import load_tokenizer
from photoclip.clip.training.train import decayed

BATCH = 256
PEAK = 5e-4  # more would undo what the tower inherits
RELATIONS = 4.0  # weight of the in-batch similarities beside the cosines
SAVE_EVERY = 120.0  # seconds


def tokenize(texts: Sequence[str], config: CLIPConfig, cache: Path) -> NDArray[np.uint16]:
    """Token ids [N, context], cut at the end where a text is too long."""
    if cache.is_file() and len(kept := np.load(cache, mmap_mode="r")) == len(texts):
        return kept  # type: ignore[no-any-return]
    tokenizer = load_tokenizer(config.text.vocab_size, config.text.context_length)
    tokens = np.concatenate(
        [
            tokenizer(texts[start : start + 4096], truncate=True).numpy().astype(np.uint16)
            for start in range(0, len(texts), 4096)
        ]
    )
    np.save(cache, tokens)
    return tokens


def vocabulary(config: CLIPConfig) -> list[str]:
    """The vocabulary's entries as text, in the order of their ids, without the two specials."""
    tokenizer = load_tokenizer(config.text.vocab_size, config.text.context_length)
    return [tokenizer.decode([token]).strip() or " " for token in range(tokenizer.start_of_text)]


def text_tower(config: CLIPConfig, text_dim: int) -> CLIP:
    """A CLIP whose text tower ends in the sentence encoder's space; its image tower is never used."""
    small = CLIPConfig(text_dim, ResNetConfig(32, (1, 1, 1, 1), 2, 1), config.text, config.activation)
    return CLIP(small)


class Distillation:
    """A run that can be killed and goes on from `folder`/text.pt. Learning follows the share of `minutes`
    spent."""

    def __init__(
        self,
        folder: Path,
        config: CLIPConfig,
        tokens: NDArray[np.uint16],
        vectors: NDArray[np.float16],
        device: torch.device,
        *,
        minutes: float,
        seed: int,
        often: NDArray[np.int64] | None = None,
        start: dict[str, Tensor] | None = None,
    ) -> None:
        """`start` is a text tower's state to begin with. Rows in `often` are drawn as many times as all
        others together."""
        self.folder, self.tokens, self.vectors, self.device = folder, tokens, vectors, device
        self.minutes, self.seed = minutes, seed
        self.often = often
        self.lengths = (tokens != 0).sum(1)
        torch.manual_seed(seed)
        self.model = text_tower(config, vectors.shape[1]).to(device)
        if start is not None:
            self.model.load_state_dict({**self.model.state_dict(), **start})
        trained = nn.ModuleList([self.model.transformer, self.model.token_embedding, self.model.ln_final])
        loose = [self.model.positional_embedding, self.model.text_projection]
        groups = decayed(list(trained.parameters()), 0.02)
        groups[0]["params"] += loose
        self.parameters = [parameter for group in groups for parameter in group["params"]]
        self.optimizer = torch.optim.AdamW(groups, lr=PEAK, betas=(0.9, 0.98))
        self.step, self.seconds = 0, 0.0
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / "text.pt").is_file():
            state: dict[str, Any] = torch.load(folder / "text.pt", map_location=device, weights_only=True)
            self.model.load_state_dict(state["model"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.step, self.seconds = state["step"], state["seconds"]

    def save(self) -> None:
        unfinished = self.folder / "text.part"
        torch.save(
            {
                "model": self.model.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "step": self.step,
                "seconds": self.seconds,
            },
            unfinished,
        )
        unfinished.replace(self.folder / "text.pt")

    def train(self, log: Callable[[str], None]) -> None:
        saved, told = time.monotonic(), 0.0
        while (share := self.seconds / (60 * self.minutes)) < 1:
            begun = time.monotonic()
            cosine, relations = self.train_step(share)
            self.seconds += time.monotonic() - begun
            if self.seconds - told > 20:
                told = self.seconds
                log(
                    f"text {self.step} {share:.3f} cosine {cosine:.4f} relations {relations:.5f} "
                    f"{BATCH / (time.monotonic() - begun):.0f}/s"
                )
            if time.monotonic() - saved > SAVE_EVERY:
                self.save()
                saved = time.monotonic()
        self.save()

    def train_step(self, share: float) -> tuple[float, float]:
        rate = PEAK * min(1.0, share / 0.03) * 0.5 * (1 + math.cos(math.pi * min(1.0, share)))
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        random = np.random.default_rng((self.seed, self.step))
        rows = random.integers(len(self.tokens), size=4 * BATCH)
        if self.often is not None:
            rows[::2] = random.choice(self.often, size=2 * BATCH)
        # Texts of like length together: little padding, and the choice among four batches stays random.
        rows = rows[np.argsort(self.lengths[rows], kind="stable")].reshape(4, BATCH)[random.integers(4)]
        tokens = torch.from_numpy(self.tokens[np.sort(rows)].astype(np.int64)).to(self.device)
        target = F.normalize(torch.from_numpy(self.vectors[np.sort(rows)].astype(np.float32)), dim=-1).to(
            self.device
        )
        # Of short texts the flash kernel's backward pass takes several times as long as plain products do.
        with sdpa_kernel(SDPBackend.MATH), torch.autocast(self.device.type, torch.bfloat16):
            found = self.model.encode_text(tokens)
        found = F.normalize(found.float(), dim=-1)
        cosine = (found * target).sum(1).mean()
        relations = F.mse_loss(found @ found.T, target @ target.T)
        self.optimizer.zero_grad(set_to_none=True)
        (1 - cosine + RELATIONS * relations).backward()
        nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimizer.step()
        self.step += 1
        return cosine.item(), relations.item()
