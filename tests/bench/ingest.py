"""Ingest end to end against the plain pipeline: the same photos, the same architecture, the same run.

Ours reads, decodes, hashes, stores thumbnail and metadata, embeds and commits, with the start of its decode
workers included; the plain pipeline (tests.bench.plain) only decodes, resizes and embeds. Both models are
loaded before the clock starts.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch

from photoclip import pixels
from photoclip.clip.architectures import architecture
from photoclip.clip.encoder import TorchEncoder, random_encoder
from photoclip.clip.model import CLIP
from photoclip.clip.placement import PLAIN
from photoclip.library.catalog.folders import add_folder
from photoclip.library.encoder import EncoderInfo, EncoderProcess
from photoclip.library.ingest import index
from photoclip.library.library import Library
from tests.bench.photos import twelve_megapixels, warm
from tests.bench.report import Row, at_least, has_bfloat16

PHOTOS = 288  # enough that starting the decode workers, half a second, is a small part
COMPARED = 16
ARCHITECTURE = "ViT-B-32"
SEED = 0
INFO = EncoderInfo(ARCHITECTURE, "random-vit-b-32", 512, pixels.PixelSpec(224), logit_scale=100.0)


def measure(runs: int) -> list[Row]:
    folder = twelve_megapixels(PHOTOS)
    paths = warm(folder)
    encoder = EncoderProcess(INFO, partial(random_encoder, ARCHITECTURE, SEED))
    try:
        encoder.warm_up()
        cosine = _agreement(encoder, paths[:COMPARED])
        ours, plain = _alternate(encoder, folder, paths, runs)
        precision = encoder.description
    finally:
        encoder.close()
    photos = f"{PHOTOS} JPEGs of 12 megapixels, random {ARCHITECTURE}"
    return [
        at_least(f"ingest end to end: {photos}", plain / ours, "times the plain pipeline",
                 3 if has_bfloat16() else 2, precision),
        Row("the same in photos per second", PHOTOS / ours, "/s", detail=f"plain: {PHOTOS / plain:.1f} /s"),
        at_least("cosine to float32, the least of some photos", cosine, "", 0.999),
    ]  # fmt: skip


def _alternate(
    encoder: EncoderProcess, folder: Path, paths: Sequence[Path], runs: int
) -> tuple[float, float]:
    """Median seconds of ours and of the plain pipeline, run in turns after one round that warms up."""
    from tests.bench.plain import PlainPipeline

    plain = PlainPipeline()
    rounds = [(_ingest(encoder, folder), plain.seconds(paths)) for _ in range(runs + 1)][1:]
    return statistics.median(ours for ours, _ in rounds), statistics.median(theirs for _, theirs in rounds)


def _ingest(encoder: EncoderProcess, folder: Path) -> float:
    """Seconds from a new library to all photos committed, thumbnails and vectors included."""
    with tempfile.TemporaryDirectory(prefix="photoclip-bench-") as name:
        start = time.perf_counter()
        with Library.open(Path(name) / "library") as library:
            add_folder(library.catalog, bytes(folder))
            steps = list(index(library, encoder))
            seconds = time.perf_counter() - start
            assert steps[-1].embedded == PHOTOS, steps[-1]
    return seconds


def _agreement(encoder: EncoderProcess, paths: Sequence[Path]) -> float:
    """The least cosine between the encoder's vectors and those of the same weights in float32."""
    pictures = [pixels.decode(path.read_bytes(), shortest_side=INFO.pixel_spec.size).image for path in paths]
    batch = np.stack([pixels.model_pixels(picture, INFO.pixel_spec) for picture in pictures])
    exact = _float32()
    return float((encoder.encode_pixels(batch) * exact.encode_pixels(batch)).sum(axis=1).min())


def _float32() -> TorchEncoder:
    """The same random weights, kept from the faster ways of computing."""
    config = architecture(ARCHITECTURE)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        model = CLIP(config)
    return TorchEncoder(model, config, INFO.key, placements=[PLAIN])
