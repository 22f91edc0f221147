"""The photographs `photoclip demo` shows when no folder is named: those of the scikit-image distribution."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from photoclip.errors import PhotoClipError

SAMPLES = [
    "astronaut.png",
    "camera.png",
    "chelsea.png",
    "coffee.png",
    "rocket.jpg",
    "motorcycle_left.png",
    "moon.png",
    "hubble_deep_field.jpg",
    "brick.png",
    "grass.png",
    "gravel.png",
    "coins.png",
    "page.png",
    "retina.jpg",
]

# What the demo looks for, and the sample that should come first.
SEARCHES = {
    "an astronaut": "astronaut.png",
    "a cat": "chelsea.png",
    "a cup of coffee": "coffee.png",
    "a rocket": "rocket.jpg",
    "a motorcycle": "motorcycle_left.png",
    "the moon": "moon.png",
    "galaxies in space": "hubble_deep_field.jpg",
    "a brick wall": "brick.png",
    "green grass": "grass.png",
    "old coins": "coins.png",
}
LIKE = "moon.png"  # the sample whose neighbours are shown


def sample_folder() -> Path:
    """Where scikit-image keeps them; it is found without being imported."""
    spec = find_spec("skimage")
    if spec is None or not spec.submodule_search_locations:
        raise PhotoClipError(
            "The sample photos are not installed; name a folder of photos, or install photoclip[demo]."
        )
    return Path(spec.submodule_search_locations[0]) / "data"


def copy_samples(source: Path, target: Path, names: Iterable[str] = SAMPLES) -> list[str]:
    """Copies the samples that are there into `target`; returns the names of those that are not."""
    target.mkdir(parents=True, exist_ok=True)
    missing = []
    for name in names:
        if (source / name).is_file():
            shutil.copyfile(source / name, target / name)
        else:
            missing.append(name)
    return missing
