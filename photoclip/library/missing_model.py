"""What stands in for a model that is not there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from photoclip.errors import ModelError
from photoclip.library.encoder import EncoderInfo
from photoclip.pixels import PixelSpec


class MissingModel:
    """An `Encoder` that says what is wrong; only being asked something is an error."""

    info = EncoderInfo("none", "none", 1, PixelSpec(32), 1.0)

    def __init__(self, reason: str) -> None:
        self.reason = reason

    @property
    def description(self) -> str:
        return "no model"

    def encode_pixels(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        raise ModelError(self.reason)

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        raise ModelError(self.reason)
