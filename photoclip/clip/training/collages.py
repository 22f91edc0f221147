"""Pictures made of others, for things whose public photographs show only one at a time or from too far away:
many coins on a table, a sky full of galaxies, the moon's surface from near.

`make(EXTRA)` reads the folder sets `coins` and `space` in EXTRA and writes the folder set `collages`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from photoclip.clip.training.sets import SUFFIXES

SIDE = 160
EACH = 250

Random = np.random.Generator


def make(extra: Path, *, seed: int = 0, each: int = EACH) -> None:
    """Writes `each` pictures a class; the same seed gives the same pictures."""
    random = np.random.default_rng(seed)
    kinds: dict[str, tuple[list[Path], Callable[[list[Path], Random], Image.Image]]] = {
        "coins": (_pictures(extra / "coins"), many_coins),
        "galaxies": (_pictures(extra / "space", "spiral", "elliptical"), deep_field),
        "moon": (_pictures(extra / "space", "moon"), lunar_surface),
    }
    for name, (sources, draw) in kinds.items():
        folder = extra / "collages" / name
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(each if sources else 0):
            draw(sources, random).save(folder / f"{number:04d}.png")


def _pictures(folder: Path, *classes: str) -> list[Path]:
    paths = (path for path in sorted(folder.rglob("*")) if path.suffix.lower() in SUFFIXES)
    return [path for path in paths if not classes or path.parent.name in classes]


def _open(sources: list[Path], random: Random) -> Image.Image:
    return Image.open(sources[random.integers(len(sources))]).convert("RGB")


def many_coins(sources: list[Path], random: Random) -> Image.Image:
    """4 to 25 coins in loose rows on a ground with a slope of light; every second picture without colour."""
    light = np.linspace(random.uniform(20, 190), random.uniform(20, 190), SIDE)
    ground = np.tile(light[None, :, None], (SIDE, 1, 3))
    ground += random.normal(0, 6, (SIDE, SIDE, 1)) + random.uniform(-15, 15, 3)
    picture = Image.fromarray(np.clip(ground, 0, 255).astype(np.uint8))
    rows = int(random.integers(2, 6))
    step = SIDE / rows
    for row in range(rows):
        for column in range(rows):
            size = int(step * random.uniform(0.55, 0.95))
            coin = _open(sources, random).resize((size, size)).rotate(random.uniform(0, 360))
            where = (
                int(column * step + random.uniform(0, step - size)),
                int(row * step + random.uniform(0, 4)),
            )
            picture.paste(coin, where, disc(size))
    return _perhaps_grey(picture, random)


def deep_field(sources: list[Path], random: Random) -> Image.Image:
    """Small galaxies and points of light scattered over black."""
    sky = np.zeros((SIDE, SIDE, 3), np.uint8)
    for _ in range(int(random.integers(10, 60))):
        size = int(random.integers(6, 36))
        galaxy = np.asarray(_open(sources, random).resize((size, size)).rotate(random.uniform(0, 360)))
        x, y = random.integers(0, SIDE - size, 2)
        part = sky[y : y + size, x : x + size]
        np.maximum(part, _faded(galaxy), out=part)
    for x, y in random.integers(0, SIDE, (int(random.integers(20, 150)), 2)):
        sky[y, x] = random.integers(90, 255, 3)
    return Image.fromarray(sky).filter(ImageFilter.GaussianBlur(0.6))


def lunar_surface(sources: list[Path], random: Random) -> Image.Image:
    """A part of the moon's disc that fills the picture, in grey."""
    moon = _open(sources, random).convert("L")
    bright = np.asarray(moon) > 40
    rows, columns = np.flatnonzero(bright.any(1)), np.flatnonzero(bright.any(0))
    if len(rows) < 40 or len(columns) < 40:
        return moon.resize((SIDE, SIDE)).convert("RGB")
    top, left, height, width = rows[0], columns[0], np.ptp(rows), np.ptp(columns)
    part = random.uniform(0.2, 0.6)
    x = left + width * random.uniform(0.1, 0.9 - part * 0.8)
    y = top + height * random.uniform(0.1, 0.9 - part * 0.8)
    box = (x, y, min(moon.width, x + part * width), min(moon.height, y + part * height))
    return moon.resize((SIDE, SIDE), Image.Resampling.BICUBIC, box=box).convert("RGB")


def disc(size: int) -> Image.Image:
    """A round mask, 8 bit."""
    mask = Image.new("L", (size, size))
    ImageDraw.Draw(mask).ellipse((0, 0, size - 1, size - 1), fill=255)
    return mask


def _faded(galaxy: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Darker towards the rim, so that a pasted square does not show."""
    steps = np.abs(np.linspace(-1, 1, len(galaxy)))
    distance = np.hypot(steps[:, None], steps[None])
    return (galaxy * np.clip(1.2 - 1.2 * distance, 0, 1)[..., None]).astype(np.uint8)


def _perhaps_grey(picture: Image.Image, random: Random) -> Image.Image:
    return picture.convert("L").convert("RGB") if random.random() < 0.5 else picture
