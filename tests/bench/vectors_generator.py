"""Made-up image vectors with the statistics of CLIP's own.

The covariance is that of the 1,203 vectors in `clip-text-vectors/lvis.npz` (OpenAI's ViT-B/32), which fills
512 dimensions as unevenly as real embeddings do. 1,203 vectors know little of their smallest directions, so
isotropic noise is added: a quarter of their standard deviation. Everything has unit length and is seeded.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SOURCE = Path("starter-data", "clip-text-vectors", "lvis.npz")
NOISE = 0.25
Floats = NDArray[np.float32]


def vectors(count: int, seed: int = 0) -> Floats:
    """`count` unit vectors, float32 [N, 512]; another seed gives others of the same kind."""
    mean, spread = _statistics()
    random = np.random.default_rng(seed)
    drawn = random.standard_normal((count, len(mean)), dtype=np.float32)
    noise = random.standard_normal((count, len(mean)), dtype=np.float32)
    drawn = mean + drawn @ spread + NOISE * np.sqrt((spread**2).sum() / len(mean)) * noise
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


@cache
def _statistics() -> tuple[Floats, Floats]:
    """The mean [512] and a square root of the covariance [512, 512] of the real, normalized vectors."""
    folder = os.environ.get("PHOTOCLIP_TEST_DATA", "../shared")
    real = np.load(Path(folder) / SOURCE)["vectors"].astype(np.float64)
    real /= np.linalg.norm(real, axis=1, keepdims=True)
    values, directions = np.linalg.eigh(np.cov(real.T))
    root = (directions * np.sqrt(np.maximum(values, 0))) @ directions.T
    return real.mean(axis=0).astype(np.float32), root.astype(np.float32)
