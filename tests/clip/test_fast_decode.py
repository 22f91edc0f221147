"""What a picture that was decoded no larger than needed loses in the starter's eyes: next to nothing."""

from __future__ import annotations

import io
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photoclip import pixels
from photoclip.clip import checkpoint
from photoclip.clip.encoder import TorchEncoder
from photoclip.clip.placement import PLAIN
from photoclip.paths import resource

SAME = 0.999


@pytest.fixture(scope="module")
def starter() -> TorchEncoder:
    """In float32: what a quicker precision costs is measured elsewhere."""
    model, config = checkpoint.load(resource("models/starter"))
    return TorchEncoder(model, config, "starter", placements=[PLAIN])


def jpeg(side: int, seed: int, subsampling: int) -> bytes:
    """A picture of soft shapes, lines and grain, like a photograph's."""
    random = np.random.default_rng(seed)
    soft = Image.fromarray(random.integers(0, 255, (9, 12, 3), np.uint8)).resize((side * 4 // 3, side))
    lines = (np.arange(side)[:, None] + np.arange(side * 4 // 3)) % (side // 8) < side // 80
    grain = random.normal(0, 4, (side, side * 4 // 3, 1))
    out = io.BytesIO()
    values = np.asarray(soft, np.float32) * np.where(lines, 0.4, 1.0)[..., None] + grain
    Image.fromarray(values.clip(0, 255).astype(np.uint8)).save(
        out, "JPEG", quality=90, subsampling=subsampling
    )
    return out.getvalue()


def agreement(starter: TorchEncoder, data: bytes) -> float:
    """The cosine between the picture reduced while decoding and decoded in full."""
    spec = starter.pixel_spec
    fast = pixels.decode(data, shortest_side=pixels.decoded_side(spec))
    full = pixels.decode(data, shortest_side=max(Image.open(io.BytesIO(data)).size))
    assert min(fast.image.size) < min(full.image.size)  # there was something to lose
    assert not full.block_means
    first, second = starter.encode_pixels(
        np.stack(
            [pixels.model_pixels(each.image, spec, block_means=each.block_means) for each in (fast, full)]
        )
    )
    return float(first @ second)


@pytest.mark.parametrize("subsampling", [0, 2])
@pytest.mark.parametrize("side", [1500, 2400, 3000])
def test_drawn_pictures(starter: TorchEncoder, side: int, subsampling: int) -> None:
    assert agreement(starter, jpeg(side, side, subsampling)) > SAME


def test_photographs(starter: TorchEncoder, test_data: Path) -> None:
    """Those of the odd photos that are large, enlarged to what cameras give."""
    found = sorted((test_data / "odd-photos" / "gps").glob("*.jpg"))
    assert found
    for path, side in product(found[:6], (2400, 3000)):
        photo = Image.open(path).convert("RGB")
        scale = side / min(photo.size)
        out = io.BytesIO()
        photo.resize((round(photo.width * scale), round(photo.height * scale))).save(out, "JPEG", quality=92)
        assert agreement(starter, out.getvalue()) > SAME, path.name
