"""The model alone: ViT-B/32 with random weights, pictures and a short query, against other ways to run it.

All have the same weights, threads and batches of eight, at which each of the others is at its fastest or
within a few percent of it. They take turns, so that the machine's other work slows all of them.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import numpy as np
import torch

from photoclip.clip.encoder import TorchEncoder
from photoclip.clip.placement import SAME, candidates, probe_pixels
from photoclip.clip.precision import Precisions
from tests.bench.report import Row, at_least, has_bfloat16
from tests.bench.towers import Encode, Floats, OpenClip, normalized, onnx_runtimes, random_model

BATCH = 8
QUERY = "a dog on a beach"
BATCHES, QUERIES = 3, 10  # in one turn, after one that warms up
OURS, OPEN_CLIP, RUNTIME, RUNTIME_INT8 = (
    "ours", "open_clip float32", "ONNX Runtime float32", "ONNX Runtime dynamic int8",
)  # fmt: skip


def measure(runs: int) -> list[Row]:
    model, config = random_model()
    pixels = probe_pixels(config.vision.image_size)[np.arange(BATCH) % 2]
    images = normalized(config, pixels)
    theirs = OpenClip(model)
    encoder = partial(TorchEncoder, model, config, "random")
    with tempfile.TemporaryDirectory(prefix="photoclip-bench-") as name:
        pictures = onnx_runtimes(model, config, Path(name), images)
        ours = encoder(precisions=Precisions(Path(name) / "precision.json"))
    ways = {str(way): encoder(placements=[way]) for way in candidates(int8=True)}
    pictures |= {OPEN_CLIP: partial(theirs.encode_images, images), OURS: partial(ours.encode_pixels, pixels)}
    pictures |= {way: partial(each.encode_pixels, pixels) for way, each in ways.items()}
    texts: dict[str, Encode] = {
        OPEN_CLIP: partial(theirs.encode_text, QUERY), OURS: partial(ours.encode_texts, [QUERY])
    }  # fmt: skip

    cosines = _cosines(pictures) | {f"{name}, text": least for name, least in _cosines(texts).items()}
    if different := {name: least for name, least in cosines.items() if least < SAME}:
        raise AssertionError(f"these do not compute the same: {different}")
    speeds = {name: BATCH / seconds for name, seconds in _take_turns(pictures, runs, BATCHES).items()}
    return [
        *_pictures(speeds, ours.description),
        _query(_take_turns(texts, runs, QUERIES)),
        *(
            Row(
                f"the same pictures, {way}", speeds[way], "/s", detail=f"cosine to float32 {cosines[way]:.5f}"
            )
            for way in ways
        ),
    ]


def _pictures(speeds: Mapping[str, float], description: str) -> list[Row]:
    what = f"pictures through {description}, batches of {BATCH}, {torch.get_num_threads()} threads"
    limits: dict[str, float | None] = {
        OPEN_CLIP: 2, RUNTIME: 2, RUNTIME_INT8: 1 if has_bfloat16() else None
    }  # fmt: skip
    rows = [Row(what, speeds[OURS], "/s")]
    for other, limit in limits.items():
        measure, detail = "the same, in speeds of another", f"{other}: {speeds[other]:.1f} /s"
        value, unit = speeds[OURS] / speeds[other], f"times {other}"
        rows.append(
            Row(measure, value, unit, detail=detail)
            if limit is None
            else at_least(measure, value, unit, limit, detail)
        )
    return rows


def _query(seconds: Mapping[str, float]) -> Row:
    ours, theirs = 1000 * seconds[OURS], 1000 * seconds[OPEN_CLIP]
    return at_least(
        f'the query "{QUERY}" to its vector', theirs / ours, f"times {OPEN_CLIP}", 6,
        f"ours {ours:.2f} ms, theirs {theirs:.1f} ms",
    )  # fmt: skip


def _take_turns(encode: Mapping[str, Encode], runs: int, repeat: int) -> dict[str, float]:
    """Median seconds of one call of each, `repeat` calls in one of `runs` turns."""
    seconds: dict[str, list[float]] = {name: [] for name in encode}
    for _ in range(runs):
        for name, call in encode.items():
            call()
            seconds[name] += [_seconds(call) for _ in range(repeat)]
    return {name: statistics.median(taken) for name, taken in seconds.items()}


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _cosines(encode: Mapping[str, Encode]) -> dict[str, float]:
    """The least cosine of each one's vectors to open_clip's."""
    exact = _unit(encode[OPEN_CLIP]())
    return {name: float((_unit(call()) * exact).sum(axis=1).min()) for name, call in encode.items()}


def _unit(vectors: Floats) -> Floats:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
