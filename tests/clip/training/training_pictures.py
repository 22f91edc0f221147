"""Small pictures and sets to train on in tests."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from photoclip.clip.config import CLIPConfig, EfficientNetConfig, TextConfig
from photoclip.clip.efficientnet import HEAD, EfficientNetLite
from photoclip.clip.training.backbone import Classifier

COLOURS = {"red": (200, 20, 20), "green": (20, 180, 30), "blue": (20, 30, 210)}

CONFIG = CLIPConfig(
    embed_dim=16,
    vision=EfficientNetConfig(image_size=32, width=0.25, depth=0.5),
    text=TextConfig(context_length=16, vocab_size=700, width=16, heads=2, layers=1),
)


def network() -> tuple[EfficientNetLite, Classifier]:
    """An image tower and a classifier that know nothing, in place of the published ones."""
    assert isinstance(CONFIG.vision, EfficientNetConfig)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        tower = EfficientNetLite(CONFIG.vision, CONFIG.embed_dim)
        return tower, Classifier(torch.randn(1000, HEAD), torch.zeros(1000))


def picture(colour: tuple[int, int, int], seed: int, size: tuple[int, int] = (60, 48)) -> Image.Image:
    """`colour` under a pattern of its own, so that no two pictures look the same."""
    random = np.random.default_rng(seed)
    shade = np.asarray(Image.fromarray(random.integers(0, 255, (6, 8), np.uint8)).resize(size), np.int16)[
        ..., None
    ]
    return Image.fromarray(np.clip(np.array(colour) + (shade - 128) // 3, 0, 255).astype(np.uint8))


def encoded(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def write_set(path: Path, entries: list[tuple[bytes, list[str], str]]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        lines = []
        for number, (data, captions, split) in enumerate(entries):
            archive.writestr(f"{number}.png", data)
            lines.append(json.dumps({"image": f"{number}.png", "captions": captions, "split": split}))
        archive.writestr("captions.jsonl", "\n".join(lines))
