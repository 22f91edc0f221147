"""Vectors that searches need again and again: of texts, of pictures outside the library, of generic prompts."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from photoclip.library import relevance
from photoclip.library.encoder import Encoder

Vectors = NDArray[np.float32]
Key = TypeVar("Key", bound=Hashable)

TEXTS_KEPT = 2_000
PICTURES_KEPT = 64
ROWS_AT_A_TIME = 16_384  # of vectors against the generic prompts: 34 MB at a dimension of 512


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


class Embeddings:
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


class Levels:
    """What is known of every stored vector before any query: its odds of being just any picture.

    Filled as vectors are added, so that a search only pays for itself.
    """

    def __init__(self, logit_scale: float) -> None:
        self._logit_scale = logit_scale
        self._lock = threading.Lock()
        self._levels = np.empty(0, np.float32)

    def of(self, matrix: Vectors, background: Vectors) -> relevance.Odds:
        """[M] for the rows of `matrix` [M, D]."""
        with self._lock:
            done = len(self._levels)
            parts = [self._levels]
            for start in range(done, len(matrix), ROWS_AT_A_TIME):
                cosines = matrix[start : start + ROWS_AT_A_TIME] @ background.T
                parts.append(relevance.background_level(cosines, self._logit_scale))
            if len(parts) > 1:
                self._levels = np.concatenate(parts)
            return self._levels[: len(matrix)]


class Average:
    """The running mean of the stored vectors."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self._sum: NDArray[np.float64] | None = None

    def cosines(self, matrix: Vectors, vectors: Vectors) -> NDArray[np.float64]:
        """The mean cosine of each of `vectors` [K, D] to the rows of `matrix`: [K]."""
        with self._lock:
            if self._sum is None:
                self._sum = np.zeros(matrix.shape[1])
            for start in range(self._count, len(matrix), ROWS_AT_A_TIME):
                self._sum += matrix[start : start + ROWS_AT_A_TIME].sum(axis=0, dtype=np.float64)
            self._count = max(self._count, len(matrix))
            return np.asarray(vectors @ self._sum / max(self._count, 1), dtype=np.float64)


def _version_of(path: bytes) -> tuple[bytes, int, int]:
    try:
        state = Path(os.fsdecode(path)).stat()
    except OSError as error:
        raise PhotoClipError(f"{display(path)} cannot be read: {error.strerror}.") from error
    return path, state.st_mtime_ns, state.st_size


def _read_pixels(path: bytes, spec: PixelSpec) -> NDArray[np.uint8]:
    try:
        decoded = decode(Path(os.fsdecode(path)).read_bytes(), shortest_side=spec.size)
    except UnreadablePhoto as error:
        raise UnreadablePhoto(f"{display(path)} cannot be used as a picture: {error}") from error
    except OSError as error:
        raise PhotoClipError(f"{display(path)} cannot be read: {error.strerror}.") from error
    return model_pixels(decoded.image, spec)
