"""Ingest without the model's cost: against rclip's way of reading photos, and against the decoder alone.

rclip opens each photo in its own process, decodes it whole and hands it to the model's preprocessing. The
decoder alone reads and decodes at the scale that thumbnails need, on all cores, and keeps nothing. All in
turns on the same photos; processes are started, and files cached, before the clock starts.

Then with a model on a device of its own, where two stages can overlap: one that takes as long for a photo as
reading it took just before, the hardest case, and no time of any core.
"""

from __future__ import annotations

import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from multiprocessing.pool import Pool
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photoclip import pixels
from photoclip.library.catalog.folders import add_folder
from photoclip.library.decoding import Decoders
from photoclip.library.encoder import EncoderInfo
from photoclip.library.ingest import index
from photoclip.library.library import Library
from photoclip.library.worker import read_file
from tests.bench.photos import twelve_megapixels, warm
from tests.bench.report import Row, at_least, cores

PHOTOS = 288
RCLIP_PHOTOS = 24  # it takes a quarter of a second for each
INFO = EncoderInfo("no model", "no-model", 512, pixels.PixelSpec(224), logit_scale=100.0)


class NoModel:
    """Costs nothing: every picture has the same vector."""

    info = INFO
    description = "no model"

    def encode_pixels(self, batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.full((len(batch), INFO.dim), INFO.dim**-0.5, np.float32)

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.full((len(texts), INFO.dim), INFO.dim**-0.5, np.float32)


class OnADevice(NoModel):
    """Computes elsewhere, `rate` pictures a second."""

    def __init__(self, rate: float) -> None:
        self._rate = rate

    def encode_pixels(self, batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        time.sleep(len(batch) / self._rate)
        return super().encode_pixels(batch)


def measure(runs: int) -> list[Row]:
    folder = twelve_megapixels(PHOTOS)
    paths = warm(folder)
    decoders = Decoders()
    with multiprocessing.get_context("spawn").Pool(cores()) as pool:
        try:
            rounds = [_round(folder, paths, decoders, pool) for _ in range(runs + 1)][1:]
        finally:
            decoders.close()
    ours, rclip, alone, overlap = (statistics.median(rates) for rates in zip(*rounds, strict=True))
    what = "12-megapixel JPEGs, model cost excluded"
    return [
        at_least(f"ingest of {what}", ours / rclip, "times rclip's way", 5, f"{ours:.0f} /s, {rclip:.1f} /s"),
        at_least("of the decoder alone, on all cores", ours / alone, "", 0.85, f"which does {alone:.0f} /s"),
        at_least("of the slower stage, a model as slow as reading included", overlap, "", 0.9),
    ]


def _round(folder: Path, paths: Sequence[Path], decoders: Decoders, pool: Pool) -> tuple[float, ...]:
    """Photos per second of three ways, one after the other, and what a model leaves of the first."""
    ours = len(paths) / _ingested(folder, decoders, NoModel())
    with_model = len(paths) / _ingested(folder, decoders, OnADevice(ours))
    return (
        ours,
        RCLIP_PHOTOS / _timed(lambda: [_rclip(path) for path in paths[:RCLIP_PHOTOS]]),
        len(paths) / _timed(lambda: pool.map(_decoded, paths, chunksize=1)),
        with_model / ours,
    )


def _ingested(folder: Path, decoders: Decoders, model: NoModel) -> float:
    """Seconds from a new library to all photos committed, with thumbnails, hashes and metadata."""
    with (
        tempfile.TemporaryDirectory(prefix="photoclip-bench-") as name,
        Library.open(Path(name) / "library") as library,
    ):
        add_folder(library.catalog, bytes(folder))
        return _timed(partial(_index, library, decoders, model))


def _index(library: Library, decoders: Decoders, model: NoModel) -> None:
    last = list(index(library, model, decoders=decoders))[-1]
    assert last.embedded == PHOTOS, last


def _rclip(path: Path) -> NDArray[np.float32]:
    """A photo as the model gets it: decoded whole, the shortest side made 224, the middle cut out."""
    with Image.open(path) as opened:
        whole = opened.convert("RGB")
    return pixels.model_pixels(whole, INFO.pixel_spec).astype(np.float32)


def _decoded(path: Path) -> int:
    data, _, _ = read_file(bytes(path))
    return pixels.decode(data, shortest_side=pixels.decoded_side(INFO.pixel_spec)).width


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
