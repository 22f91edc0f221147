"""On a CUDA device: photos from disk to vectors against the plain pipeline, and how busy the towers keep it.

Elsewhere nothing is measured. All models have random weights and are loaded before the clock starts.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import torch

from photoclip.clip.architectures import architecture
from photoclip.clip.encoder import random_encoder
from photoclip.clip.flops import image_flops
from photoclip.clip.model import CLIP
from photoclip.clip.placement import Placement
from photoclip.library.catalog.folders import add_folder
from photoclip.library.encoder import EncoderProcess
from photoclip.library.ingest import fill, index
from photoclip.library.library import Library
from photoclip.library.progress import Progress
from tests.bench.flops import text_flops
from tests.bench.ingest import ARCHITECTURE, INFO, SEED
from tests.bench.photos import twelve_megapixels, warm
from tests.bench.report import Row, at_least, median

PHOTOS = 768
TOWERS = "ViT-L-14"
PICTURES, SENTENCES = 256, 1024
MATRIX = 8192
MATRIX_FLOPS = 2 * MATRIX**3
CALLS = 20
PLAIN = "times the plain pipeline"


def measure(runs: int) -> list[Row]:
    if not torch.cuda.is_available():
        print("no CUDA device: skipped", file=sys.stderr)
        return []
    return [*_pipelines(runs), *_towers(runs)]


def _pipelines(runs: int) -> list[Row]:
    """Ours and the plain one in turns, after one round that warms up."""
    from tests.bench.plain import CudaPipeline

    paths = warm(folder := twelve_megapixels(PHOTOS))
    plain = CudaPipeline()
    encoder = EncoderProcess(INFO, partial(random_encoder, ARCHITECTURE, SEED))
    try:
        encoder.warm_up()
        rounds = [(*_ours(encoder, folder), plain.seconds(paths)) for _ in range(runs + 1)][1:]
        description, decodes = encoder.description, encoder.takes_files
    finally:
        encoder.close()
    new, known, theirs = (statistics.median(seconds) for seconds in zip(*rounds, strict=True))
    where = "decoded there and by the workers" if decodes else "decoded by the workers alone"
    photos = f"{PHOTOS} JPEGs of 12 megapixels, random {ARCHITECTURE}, {torch.cuda.get_device_name()}"
    return [
        at_least(f"disk to vectors: {photos}", theirs / known, PLAIN, 3, f"{description}, {where}"),
        Row("the same in photos per second", PHOTOS / known, "/s", detail=f"plain: {PHOTOS / theirs:.0f} /s"),
        Row("the same photos, new to the library: thumbnails and metadata too", theirs / new, PLAIN),
    ]


def _ours(encoder: EncoderProcess, folder: Path) -> tuple[float, float]:
    """Seconds for a library to take in all photos; and for a model to make its vectors of photos it has."""
    with (
        tempfile.TemporaryDirectory(prefix="photoclip-bench-") as name,
        Library.open(Path(name) / "library") as library,
    ):
        add_folder(library.catalog, bytes(folder))
        new = _seconds(lambda: _run_through(index(library, encoder)))
        library.drop_vectors(encoder.info.key)
        known = _seconds(lambda: _run_through(fill(library, encoder)))
    return new, known


def _run_through(steps: Iterable[Progress]) -> None:
    *_, last = steps
    assert last.embedded == PHOTOS, last


def _towers(runs: int) -> list[Row]:
    """Large batches that are on the card already, against a large matrix product in the same run."""
    config = architecture(TOWERS)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        model = CLIP(config).eval()
    rate = MATRIX_FLOPS / _device_seconds(_matrix_product(), runs)
    rows = [Row(f"bfloat16 matrix product of {MATRIX} x {MATRIX}", rate / 1e12, "TFLOP/s")]
    for dtype in (torch.float16, torch.bfloat16):
        way = Placement(torch.device("cuda"), dtype)
        placed = way.put(model)
        side, length = config.vision.image_size, config.text.context_length
        pictures = torch.randn(PICTURES, 3, side, side, device="cuda", dtype=dtype)
        sentences = torch.ones(SENTENCES, length, device="cuda", dtype=torch.long)
        sentences[:, -1] = config.text.end_of_text
        for tower, flops, encode in (
            ("image", PICTURES * image_flops(config), partial(placed.encode_image, pictures)),
            ("text", SENTENCES * text_flops(config, length), partial(placed.encode_text, sentences)),
        ):
            share = 100 * flops / _device_seconds(encode, runs) / rate
            rows.append(at_least(f"{TOWERS}, {tower} tower on {way}, of that rate", share, "%", 50))
    return rows


def _matrix_product() -> Callable[[], torch.Tensor]:
    one, other = (torch.randn(MATRIX, MATRIX, device="cuda", dtype=torch.bfloat16) for _ in range(2))
    return partial(torch.matmul, one, other)


@torch.inference_mode()
def _device_seconds(call: Callable[[], object], runs: int) -> float:
    """Of one call, the median of `runs` times CALLS of them."""

    def calls() -> None:
        for _ in range(CALLS):
            call()
        torch.cuda.synchronize()

    return median(lambda: _seconds(calls), runs) / CALLS


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start
