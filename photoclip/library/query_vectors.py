"""The vectors of queries, each made once: of texts, of pictures anywhere, of the generic prompts."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from photoclip.errors import PhotoClipError, UnreadablePhoto
from photoclip.library import relevance
from photoclip.library.encoder import Encoder
from photoclip.library.opening import NotAFile
from photoclip.library.worker import read_file
from photoclip.paths import display
from photoclip.pixels import PixelSpec, decode, decoded_side, model_pixels

Vectors = NDArray[np.float32]
Key = TypeVar("Key", bound=Hashable)

TEXTS_KEPT = 2_000
PICTURES_KEPT = 64


class VectorCache(Generic[Key]):
    """The newest vectors by what they are of; safe to use from any thread."""

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._lock = threading.Lock()
        self._vectors: OrderedDict[Key, Vectors] = OrderedDict()

    def get(self, wanted: Sequence[Key], encode: Callable[[list[Key]], Vectors]) -> Vectors:
        """The vectors [N, D] of `wanted`; those not known are made by one call of `encode`."""
        with self._lock:
            known = {key: self._vectors[key] for key in wanted if key in self._vectors}
        missing = [key for key in dict.fromkeys(wanted) if key not in known]
        if missing:
            known.update(zip(missing, encode(missing), strict=True))
        with self._lock:
            for key in wanted:
                self._vectors[key] = known[key]
                self._vectors.move_to_end(key)
            while len(self._vectors) > self._kept:
                self._vectors.popitem(last=False)
        return np.stack([known[key] for key in wanted])


class QueryVectors:
    """Texts and pictures of queries as unit vectors, each encoded once."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._texts: VectorCache[str] = VectorCache(TEXTS_KEPT)
        self._pictures: VectorCache[tuple[bytes, int, int]] = VectorCache(PICTURES_KEPT)
        self._background: Vectors | None = None

    def texts(self, texts: Sequence[str]) -> Vectors:
        """[N, D]; the generic prompts are encoded along with the first text, to ask the model once."""
        prompts = () if self._background is not None else relevance.background_prompts()
        vectors = self._texts.get([*texts, *prompts], self._encoder.encode_texts)
        if prompts:
            self._background = vectors[len(texts) :]
        return vectors[: len(texts)]

    def background(self) -> Vectors:
        """[P, D]: the generic prompts of `relevance`."""
        if self._background is None:
            self._background = self._texts.get(relevance.background_prompts(), self._encoder.encode_texts)
        return self._background

    def pictures(self, paths: Sequence[bytes]) -> Vectors:
        """[N, D] of picture files anywhere; raises PhotoClipError for one that cannot be read."""
        return self._pictures.get([_version_of(path) for path in paths], self._encode_pictures)

    def _encode_pictures(self, wanted: list[tuple[bytes, int, int]]) -> Vectors:
        spec = self._encoder.info.pixel_spec
        pixels = [_read_pixels(path, spec) for path, _, _ in wanted]
        return self._encoder.encode_pixels(np.stack(pixels))


def _version_of(path: bytes) -> tuple[bytes, int, int]:
    try:
        state = Path(os.fsdecode(path)).stat()
    except OSError as error:
        raise PhotoClipError(f"{display(path)} cannot be read: {error.strerror}.") from error
    return path, state.st_mtime_ns, state.st_size


def _read_pixels(path: bytes, spec: PixelSpec) -> NDArray[np.uint8]:
    try:
        decoded = decode(read_file(path)[0], shortest_side=decoded_side(spec))
    except (NotAFile, UnreadablePhoto) as error:
        raise UnreadablePhoto(f"{display(path)} cannot be used as a picture: {error}") from error
    except OSError as error:
        raise PhotoClipError(f"{display(path)} cannot be read: {error.strerror}.") from error
    return model_pixels(decoded.image, spec, block_means=decoded.block_means)
