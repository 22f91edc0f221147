"""Twelve-megapixel JPEGs that cost what a camera's do: real pictures enlarged, with a sensor's noise on top.

JPEG decoding time follows the number of pixels and of coefficients that are not zero, so both are made
realistic: 4000 x 3000 pixels at quality 90, about 4 MB each.
"""

from __future__ import annotations

import multiprocessing
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import skimage
from PIL import Image

from tests.bench.report import cores

NAMES = (
    "astronaut.png",
    "chelsea.png",
    "coffee.png",
    "rocket.jpg",
    "motorcycle_left.png",
    "hubble_deep_field.jpg",
)
SIZE = (4000, 3000)
NOISE = 8.0  # of luminance: standard deviation of the noise, in steps of 255
QUALITY = 90


def twelve_megapixels(count: int) -> Path:
    """A folder of exactly `count` such photos; made on the first call, found again on later ones."""
    folder = Path(tempfile.gettempdir()) / f"photoclip-bench-{count}x12MP"
    folder.mkdir(exist_ok=True)
    missing = [number for number in range(count) if not _path(folder, number).exists()]
    if missing:
        with multiprocessing.get_context("spawn").Pool(cores()) as processes:
            processes.map(partial(_save, folder), missing, chunksize=1)
    return folder


def warm(folder: Path) -> list[Path]:
    """Reads every photo once, so that the disk is not what is measured; returns them in order."""
    paths = sorted(folder.glob("*.jpg"))
    for path in paths:
        path.read_bytes()
    return paths


def _path(folder: Path, number: int) -> Path:
    return folder / f"{number:03}.jpg"


def _save(folder: Path, number: int) -> None:
    path = _path(folder, number)
    part = path.with_suffix(".part")
    _photo(number).save(part, "JPEG", quality=QUALITY)
    part.rename(path)


def _photo(number: int) -> Image.Image:
    """Photo `number`: a crop of a real picture, another one each time, enlarged and made noisy."""
    source = Path(skimage.__file__).parent / "data" / NAMES[number % len(NAMES)]
    random = np.random.default_rng(number)
    with Image.open(source) as opened:
        picture = opened.convert("RGB")
    share = random.uniform(0.7, 1.0)
    width, height = int(picture.width * share), int(picture.height * share)
    left = random.integers(0, picture.width - width + 1)
    top = random.integers(0, picture.height - height + 1)
    large = picture.crop((left, top, left + width, top + height)).resize(SIZE, Image.Resampling.BICUBIC)
    noise = random.standard_normal((SIZE[1], SIZE[0], 1), dtype=np.float32) * NOISE
    return Image.fromarray(np.clip(np.asarray(large) + noise, 0, 255).astype(np.uint8))
