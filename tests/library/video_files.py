"""Videos made on the spot with PyAV: plain colours one after another, so that each part can be told."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image

from tests.library.fakes import COLOURS

RATE = 10
CODECS = {".mp4": "libx264", ".mov": "mpeg4", ".mkv": "libx264", ".webm": "libvpx"}
CONTAINERS = {".mp4": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm"}


def write_video(
    path: Path,
    colours: Sequence[str],
    *,
    seconds: float = 2.0,
    size: tuple[int, int] = (64, 48),
    turned: float = 0.0,
    mirrored: bool = False,
    pixel_shape: tuple[int, int] = (1, 1),
    tags: Mapping[str, str] | None = None,
    options: Mapping[str, str] | None = None,
    key_every: int = RATE // 2,
) -> Path:
    """`seconds` of each colour. `turned` is what a player turns it by, anticlockwise degrees."""
    pictures = [_picture(colour, size) for colour in colours]
    return write_pictures(
        path,
        [picture for picture in pictures for _ in range(round(seconds * RATE))],
        turned=turned,
        mirrored=mirrored,
        pixel_shape=pixel_shape,
        tags=tags,
        options=options,
        key_every=key_every,
    )


def write_pictures(
    path: Path,
    pictures: Sequence[Image.Image],
    *,
    turned: float = 0.0,
    mirrored: bool = False,
    pixel_shape: tuple[int, int] = (1, 1),
    tags: Mapping[str, str] | None = None,
    options: Mapping[str, str] | None = None,
    key_every: int = RATE // 2,
) -> Path:
    """One frame for each picture, a key frame every so many."""
    ending = path.suffix.lower()
    options = {"movflags": "use_metadata_tags"} if ending in (".mp4", ".mov") and not options else options
    out = io.BytesIO()
    with av.open(out, "w", format=CONTAINERS[ending], options=dict(options or {})) as container:
        container.metadata.update(tags or {})
        stream: Any = container.add_stream(CODECS[ending], rate=RATE)
        stream.width, stream.height = pictures[0].size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.gop_size = key_every
        stream.codec_context.sample_aspect_ratio = Fraction(*pixel_shape)
        if turned or mirrored:
            stream.set_display_rotation(turned, hflip=mirrored)
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_image(picture)))
        container.mux(stream.encode(None))
    path.write_bytes(out.getvalue())
    return path


def write_sound(path: Path) -> Path:
    """A file with a video's name and sound alone."""
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("aac", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.float32), format="fltp", layout="mono")
        frame.rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def _picture(colour: str, size: tuple[int, int]) -> Image.Image:
    return Image.new("RGB", size, COLOURS[colour])
