"""The labelled pictures of the starter's data, and the starter model's vectors, made once and kept."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photoclip.clip import checkpoint
from photoclip.clip.encoder import TorchEncoder
from photoclip.clip.models import find_model
from photoclip.clip.placement import PLAIN
from photoclip.clip.training.sets import Picture, captioned
from photoclip.errors import PhotoClipError
from photoclip.library.encoder import EncoderInfo
from photoclip.pixels import decode, decoded_side, model_pixels
from tests.evaluation.questions import Labelled

MODEL = "starter"
SETS = {"caltech101": 404, "flickr8k": 500, "flowers": 100, "tiny-imagenet-0": 1000, "tiny-imagenet-1": 1000}
"""The zip files and how many pictures are asked about in each: all that a dev split has."""
TRAIN_PHASES = 3
"""Of a train split, which is far larger, evenly spaced pictures are taken: so many different samples."""
_AT_A_TIME = 256

Vectors = NDArray[np.float32]


class StarterModel:
    """The shipped model on the CPU in float32, so that every machine prints the same; an `Encoder`.

    Texts are encoded once.
    """

    def __init__(self) -> None:
        found = find_model(MODEL)
        model, config = checkpoint.load(found.folder)
        self._model: TorchEncoder = TorchEncoder(model, config, found.key, placements=[PLAIN])
        self.info = EncoderInfo(found.name, found.key, found.dim, found.pixel_spec, found.logit_scale)
        self.description = self._model.description
        self._texts: dict[str, Vectors] = {}

    def encode_pixels(self, pixels: NDArray[np.uint8]) -> Vectors:
        return self._model.encode_pixels(pixels)

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        new = list(dict.fromkeys(text for text in texts if text not in self._texts))
        self._texts.update(zip(new, self._model.encode_texts(new), strict=True) if new else ())
        return np.stack([self._texts[text] for text in texts])


def sample(data: Path, split: str) -> list[Picture]:
    """The pictures asked about: "dev", or "train-0" to "train-2" for samples of as many train pictures."""
    chosen: list[Picture] = []
    name, _, phase = split.partition("-")
    for key, count in SETS.items():
        pictures = list(captioned(data / "starter-data" / f"{key}.zip", splits=frozenset({name})))
        if phase:
            step = len(pictures) / count
            pictures = [pictures[int((at + int(phase) / TRAIN_PHASES) * step)] for at in range(count)]
        chosen += pictures
    return chosen


def labelled(pictures: Sequence[Picture]) -> list[Labelled]:
    return [Labelled(_archive(picture).stem, picture.texts) for picture in pictures]


def embedded(pictures: Sequence[Picture], split: str, model: StarterModel, cache: Path) -> Vectors:
    """Unit vectors [N, D], from the cache where they are of this model and these pictures."""
    names = np.array([f"{_archive(picture).stem}/{picture.name}" for picture in pictures])
    kept = cache / f"{model.info.key}-{split}.npz"
    if kept.is_file():
        with np.load(kept) as stored:
            if np.array_equal(stored["names"], names):
                return np.asarray(stored["vectors"], np.float32)
    vectors = _encoded(pictures, model)
    cache.mkdir(parents=True, exist_ok=True)
    part = kept.with_suffix(".part")
    with part.open("wb") as file:
        np.savez(file, names=names, vectors=vectors)
    part.replace(kept)
    return vectors


def _encoded(pictures: Sequence[Picture], model: StarterModel) -> Vectors:
    """As indexing does it: decoded, cut and encoded."""
    opened: dict[Path, zipfile.ZipFile] = {}
    spec = model.info.pixel_spec

    def pixels_of(picture: Picture) -> NDArray[np.uint8]:
        decoded = decode(picture.read(opened), shortest_side=decoded_side(spec))
        return model_pixels(decoded.image, spec, block_means=decoded.block_means)

    try:
        parts: list[Any] = [
            model.encode_pixels(np.stack([pixels_of(each) for each in pictures[start : start + _AT_A_TIME]]))
            for start in range(0, len(pictures), _AT_A_TIME)
        ]
    finally:
        for archive in opened.values():
            archive.close()
    return np.concatenate(parts)


def _archive(picture: Picture) -> Path:
    if picture.archive is None:
        raise PhotoClipError(f"{picture.name} is not in one of the zip files.")
    return picture.archive
