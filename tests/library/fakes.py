"""A tiny deterministic model for tests: pictures and words about colours land near each other.

A vector holds the mean colour of the whole picture (3 centred numbers), the same of its left, right,
top and bottom halves, and its contrast. Colour words map to the vector of a plain picture in that colour.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photoclip.errors import ModelError
from photoclip.library.encoder import Encoder, EncoderInfo, EncoderProcess
from photoclip.pixels import PixelSpec, decode, decoded_side, model_pixels

SIZE = 16
DIM = 16
COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (220, 30, 30),
    "green": (30, 180, 30),
    "blue": (30, 30, 220),
    "yellow": (230, 220, 30),
    "white": (250, 250, 250),
    "black": (5, 5, 5),
    "orange": (240, 140, 20),
    "purple": (140, 30, 180),
}
FAKE_INFO = EncoderInfo("fake", "fake-1", DIM, PixelSpec(SIZE), logit_scale=20.0)


class FakeEncoder:
    """An `Encoder` in this process. `calls` records what was asked of it: ("pixels" | "texts", count).

    Another `turn` is another model: its numbers stand elsewhere, so that mixing two finds nothing sensible.
    """

    def __init__(self, info: EncoderInfo = FAKE_INFO, turn: int = 0) -> None:
        self.info = info
        self._turn = turn
        self.calls: list[tuple[str, int]] = []

    @property
    def description(self) -> str:
        return f"{self.info.name} on fingers"

    def encode_pixels(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        self.calls.append(("pixels", len(pixels)))
        return np.roll(encode_pictures(pixels), self._turn, axis=1)

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.calls.append(("texts", len(texts)))
        vectors = [np.roll(_text_vector(text), self._turn) for text in texts]
        return np.stack(vectors) if texts else np.empty((0, DIM), np.float32)


class DecodingModel(FakeEncoder):
    """A loaded model that decodes JPEG files itself, as one on a GPU does; not grey ones, though."""

    takes_jpegs = True

    def encode_jpegs(self, files: Sequence[bytes]) -> tuple[NDArray[np.float32], list[int]]:
        self.calls.append(("files", len(files)))
        places = [place for place, data in enumerate(files) if _is_coloured_jpeg(data)]
        spec = self.info.pixel_spec
        pictures = [decode(files[at], shortest_side=decoded_side(spec)).image for at in places]
        pixels = np.array([model_pixels(picture, spec) for picture in pictures], np.uint8)
        return np.roll(encode_pictures(pixels.reshape(-1, SIZE, SIZE, 3)), self._turn, axis=1), places


def _is_coloured_jpeg(data: bytes) -> bool:
    try:
        image = Image.open(io.BytesIO(data))
    except OSError:
        return False
    return image.format == "JPEG" and image.mode == "RGB"


def encode_pictures(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """uint8 [N, S, S, 3] -> unit float32 [N, 16]."""
    x = pixels.astype(np.float32) / 127.5 - 1.0  # [N, S, S, 3]
    half = x.shape[1] // 2
    regions = (x, x[:, :, :half], x[:, :, half:], x[:, :half], x[:, half:])
    means = [region.mean(axis=(1, 2)) for region in regions]
    vectors = np.concatenate([*means, 0.2 + x.std(axis=(1, 2)).mean(axis=1, keepdims=True)], axis=1)
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def plain(colour: str | tuple[int, int, int]) -> NDArray[np.uint8]:
    """A plain picture, uint8 [1, S, S, 3]."""
    value = COLOURS[colour] if isinstance(colour, str) else colour
    return np.full((1, SIZE, SIZE, 3), value, np.uint8)


def _text_vector(text: str) -> NDArray[np.float32]:
    known = [encode_pictures(plain(word))[0] for word in text.lower().split() if word in COLOURS]
    if known:
        total = np.sum(known, axis=0)
    else:
        seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
        total = np.random.default_rng(seed).normal(size=DIM)
    return (total / np.linalg.norm(total)).astype(np.float32)


def another(name: str, turn: int = 5) -> FakeEncoder:
    """A model of its own key, with vectors that the first one's words do not fit."""
    return FakeEncoder(replace(FAKE_INFO, name=name, key=f"{name}-1"), turn)


class Zoo:
    """The models of one machine, by their names; `del zoo.models[name]` takes one away."""

    def __init__(self) -> None:
        self.models = {"starter": FakeEncoder(), "big": another("big"), "third": another("third", 9)}

    def __call__(self, name: str) -> Encoder:
        if name not in self.models:
            raise ModelError(f"There is no model {name}.")
        return self.models[name]


def fake_process() -> EncoderProcess:
    """The same model in a child process; close it."""
    return EncoderProcess(FAKE_INFO, FakeEncoder)
