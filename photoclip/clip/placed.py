"""A model as an encoder, in the fastest place and precision that gives what float32 on the CPU gives."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Generic, Protocol, Self, TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from photoclip.clip.batches import Batches
from photoclip.clip.block_speed import block_flops_per_second
from photoclip.clip.device_decode import DECODERS, DeviceDecoder, probe_files
from photoclip.clip.placement import (
    PLAIN,
    SAME,
    Placement,
    fastest,
    pictures_per_second,
    probe_pixels,
    to_measure,
)
from photoclip.clip.precision import Measured, Precisions, Rate, machine
from photoclip.pixels import PixelSpec, decode, decoded_side, model_pixels

PROBE_TEXTS = ("a photo of a dog on a beach", "two people in front of a red house at night")


class Towers(Protocol):
    """A module with two towers: pixels [N, 3, S, S] and tokens [N, L] to features [N, D]."""

    def encode_image(self, image: Tensor, /) -> Tensor: ...
    def encode_text(self, text: Tensor, /) -> Tensor: ...
    def eval(self) -> Self: ...
    def to(self, device: torch.device, dtype: torch.dtype, /) -> Self: ...


Model = TypeVar("Model", bound=Towers)


class PlacedEncoder(ABC, Generic[Model]):
    """A model that is only used. It is placed once, and every vector it gives has unit length and float32.

    `name` and `description` are for people; `key` stands for weights and preprocessing; `logit_scale` is the
    factor cosines are multiplied with before a softmax. A kind of model sets these, says how it is copied,
    normalized, tokenized and cut into batches, and then calls `_place`.
    """

    name: str
    key: str
    dim: int
    pixel_spec: PixelSpec
    logit_scale: float

    @property
    def description(self) -> str:
        """For people: "starter on CPU, bfloat16", and what had to be passed over."""
        passed_over = f" ({'; '.join(self._passed_over)})" if self._passed_over else ""
        return f"{self.name} on {self._placement}{passed_over}"

    def encode_pixels(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """uint8 pixels [N, S, S, 3], S as in `pixel_spec`, to unit vectors [N, dim]."""
        side = self.pixel_spec.size
        if pixels.dtype != np.uint8 or pixels.shape[1:] != (side, side, 3):
            raise ValueError(f"pixels are {pixels.dtype} {pixels.shape}, not uint8 [N, {side}, {side}, 3]")
        return self._collect(lambda part: self._encode_pixels(pixels[part]), len(pixels))

    @property
    def takes_jpegs(self) -> bool:
        """Whether `encode_jpegs` may take any: the device decodes, and did so right if it was tried."""
        return self._may_decode

    def encode_jpegs(self, files: Sequence[bytes]) -> tuple[NDArray[np.float32], list[int]]:
        """Unit vectors [M, dim] of the JPEG files that the device itself decodes, and their places.

        The others are for others to decode. The first call tries the device on drawn photos; where it fails
        or gives other results it takes none from then on, and `description` says so. Raises RuntimeError
        when the device has failed altogether.
        """
        if self._may_decode and self._decoder is None:
            self._try_decoder()
        if self._decoder is None:
            return np.zeros((0, self.dim), np.float32), []
        pixels, places = self._decoder.decode(files)
        return self._collect(lambda part: self._encode_pixels(pixels[part]), len(places)), places

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Sentences to unit vectors [N, dim]; one that is too long for the model loses its end."""
        return self._collect(lambda part: self._encode_texts(texts[part]), len(texts))

    @abstractmethod
    def _put(self, model: Model, way: Placement) -> Model:
        """A copy of `model` (float32 on the CPU) that runs this way."""

    @abstractmethod
    def _normalizer(self, way: Placement) -> Callable[[NDArray[np.uint8] | Tensor], Tensor]:
        """What makes pixels [N, S, S, 3], a tensor on the device or not, the tower's input [N, 3, S, S]."""

    @abstractmethod
    def _batch_size(self, way: Placement) -> int:
        """How many pictures or sentences to begin with; what is too many is halved."""

    @abstractmethod
    def _tokens(self, texts: Sequence[str]) -> Tensor:
        """Token ids [N, L] on the CPU."""

    @torch.inference_mode()
    def _encode_pixels(self, pixels: NDArray[np.uint8] | Tensor) -> Tensor:
        return F.normalize(self._model.encode_image(self._normalize(pixels)).float(), dim=-1)

    @torch.inference_mode()
    def _encode_texts(self, texts: Sequence[str]) -> Tensor:
        tokens = self._tokens(texts).to(self._placement.device)
        return F.normalize(self._model.encode_text(tokens).float(), dim=-1)

    def _collect(self, encode: Callable[[slice], Tensor], count: int) -> NDArray[np.float32]:
        vectors = list(self._batches.run(encode, count))
        if not vectors:
            return np.zeros((0, self.dim), np.float32)
        # Fetched when all are under way: a device that is waited for after each batch stands still meanwhile.
        collected: NDArray[np.float32] = torch.cat(vectors).cpu().numpy()
        return collected

    def _place(self, model: Model, ways: list[Placement], precisions: Precisions | None) -> None:
        """Takes the fastest way that agrees with the plainest one, float32 on the CPU; uses `model` up.

        With `precisions` the ways are timed on the model's first use here and the fastest is remembered;
        without, the first that agrees is taken.
        """
        timed = self._choose(model, ways, precisions)
        if precisions is not None:
            self._learn_rate(precisions, again=timed)

    def _choose(self, model: Model, ways: list[Placement], precisions: Precisions | None) -> bool:
        """Places the model; says whether its ways had to be timed for that."""
        self._passed_over: list[str] = []
        self._use(model, PLAIN)
        reference = self._probe() if any(way != PLAIN for way in ways) else np.zeros(0, np.float32)
        names = [str(way) for way in ways]
        known = precisions.here(self.key, machine(), names) if precisions else None
        if known is not None:
            ways.sort(key=lambda way: str(way) != known.chosen)  # it first, the others in case it fails now
        measuring = precisions is not None and known is None and len(ways) > 1
        speeds: dict[Placement, float] = {}
        for way in to_measure(ways) if measuring else ways:
            if not self._agrees(model, way, reference):
                continue
            if not measuring:
                return False
            speeds[way] = pictures_per_second(self.encode_pixels, self.pixel_spec.size)
        chosen = fastest(speeds) if speeds else PLAIN
        if chosen != self._placement:
            self._use(self._put(model, chosen), chosen)
        if measuring and precisions is not None:
            told = {str(way): round(speed, 2) for way, speed in speeds.items()}
            precisions.keep(self.key, Measured(machine(), tuple(names), str(chosen), told))
        return measuring

    def _learn_rate(self, precisions: Precisions, *, again: bool) -> None:
        """How quick the device is for models that are not here yet; takes some tenths of a second, once."""
        device, known = self._placement.device, precisions.rate()
        if known is not None and known.device == device.type and not again:
            return
        try:
            precisions.keep_rate(Rate(device.type, block_flops_per_second(device)))
        except RuntimeError:  # a device that this model fills: there is no estimate before another one's turn
            return

    def _agrees(self, model: Model, way: Placement, reference: NDArray[np.float32]) -> bool:
        """Places a copy of the model and compares; says why where it is not to be used."""
        try:
            self._use(self._put(model, way), way)
            agrees = way == PLAIN or float((self._probe() * reference).sum(axis=1).min()) >= SAME
        except RuntimeError as error:  # a driver that is broken or a device that is full
            self._passed_over.append(f"{way} failed: {str(error).splitlines()[0]}")
            return False
        if not agrees:
            self._passed_over.append(f"{way} gave other results")
        return agrees

    def _use(self, model: Model, placement: Placement) -> None:
        self._placement = placement
        self._model = model.eval().to(placement.device, placement.dtype)
        self._normalize = self._normalizer(placement)
        self._batches = Batches(self._batch_size(placement))
        self._may_decode = placement.device.type in DECODERS
        self._decoder: DeviceDecoder | None = None

    def _try_decoder(self) -> None:
        """Takes the device's decoder if drawn photos look to the model as if decoded elsewhere."""
        device, files, spec = self._placement.device, probe_files(), self.pixel_spec
        elsewhere = [decode(data, shortest_side=decoded_side(spec)) for data in files]
        expected = self.encode_pixels(
            np.stack([model_pixels(each.image, spec, block_means=each.block_means) for each in elsewhere])
        )
        said = f"decoding JPEG files on {device.type.upper()}"
        try:
            self._decoder = DeviceDecoder(spec, DECODERS[device.type](device))
            found, places = self.encode_jpegs(files)
        except torch.AcceleratorError:  # nothing works in this process from now on
            raise
        except (RuntimeError, ImportError) as error:
            self._passed_over.append(f"{said} failed: {str(error).splitlines()[0]}")
        else:
            if len(places) == len(files) and float((found * expected).sum(axis=1).min()) >= SAME:
                return
            self._passed_over.append(f"{said} gave other results")
        self._may_decode, self._decoder = False, None

    def _probe(self) -> NDArray[np.float32]:
        """Vectors [4, dim] of two fixed pictures and two fixed sentences."""
        pictures = probe_pixels(self.pixel_spec.size)
        return np.concatenate([self.encode_pixels(pictures), self.encode_texts(PROBE_TEXTS)])
