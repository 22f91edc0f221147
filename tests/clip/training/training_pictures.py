"""Small pictures and sets to train on in tests."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

from photoclip.clip.config import CLIPConfig, ResNetConfig, TextConfig

COLOURS = {"red": (200, 20, 20), "green": (20, 180, 30), "blue": (20, 30, 210)}

CONFIG = CLIPConfig(
    embed_dim=16,
    vision=ResNetConfig(image_size=32, layers=(1, 1, 1, 1), width=4, heads=2),
    text=TextConfig(context_length=16, vocab_size=700, width=16, heads=2, layers=1),
)


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
