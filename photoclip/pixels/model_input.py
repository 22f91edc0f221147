"""From an upright picture to a model's input and to a thumbnail."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from PIL import Image, ImageFilter

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Short enough that a 12-megapixel JPEG is decoded at an eighth (500 x 375), which is a full thumbnail.
SHORTEST_SIDE = 336


@dataclass(frozen=True)
class PixelSpec:
    """What a model wants: `shortest` scales the shorter side to `size` and crops the middle."""

    size: int
    resize: Literal["shortest", "squash"] = "shortest"
    interpolation: Literal["bicubic", "bilinear"] = "bicubic"


def decoded_side(spec: PixelSpec) -> int:
    """The `shortest_side` to decode with, for a model and for a thumbnail alike."""
    return max(SHORTEST_SIDE, spec.size)


def model_image(image: Image.Image, spec: PixelSpec, *, block_means: bool = False) -> Image.Image:
    """The `spec.size` × `spec.size` RGB picture a model wants, resized and cropped as torchvision does.

    `block_means` is `Decoded`'s: the picture comes out as sharp as from the full one.
    """
    scaled = scaled_size(*image.size, spec)
    made = _resized(image, spec, scaled, middle_only=block_means)
    return made.filter(_points(image.width / scaled[0], image.height / scaled[1])) if block_means else made


def _points(across: float, down: float) -> ImageFilter.Kernel:
    """Takes back the blur of pixels that were means of blocks before `across` × `down` of them became one.

    A mean is the value in the middle and a 24th of the second derivatives, to the second order.
    """
    x, y = 1 / (24 * across**2), 1 / (24 * down**2)
    return ImageFilter.Kernel((3, 3), (0, -y, 0, -x, 1 + 2 * (x + y), -x, 0, -y, 0), scale=1)


def _resized(
    image: Image.Image, spec: PixelSpec, scaled: tuple[int, int], *, middle_only: bool
) -> Image.Image:
    """With `middle_only` cheaper, and now and then a level off by one."""
    method = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}[spec.interpolation]
    size = spec.size
    left, top = round((scaled[0] - size) / 2.0), round((scaled[1] - size) / 2.0)
    if middle_only or max(scaled) > 8 * size:  # a panorama or a thread of pixels
        return _middle(image, scaled, (left, top), size, method)
    return image.resize(scaled, method).crop((left, top, left + size, top + size))


def scaled_size(width: int, height: int, spec: PixelSpec) -> tuple[int, int]:
    """Width and height that a picture is resized to before its middle is cut out."""
    size = spec.size
    if spec.resize == "squash":
        return size, size
    if width <= height:
        return size, max(size, int(size * height / width))
    return max(size, int(size * width / height)), size


def model_pixels(image: Image.Image, spec: PixelSpec, *, block_means: bool = False) -> NDArray[np.uint8]:
    """`model_image` as an array, uint8 [S, S, 3]."""
    import numpy as np

    return np.asarray(model_image(image.convert("RGB"), spec, block_means=block_means), dtype=np.uint8)


def thumbnail(image: Image.Image, longest_side: int) -> bytes:
    """JPEG bytes, scaled down (never up) to `longest_side`."""
    width, height = image.size
    scale = longest_side / max(width, height)
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        image = image.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=82)
    return out.getvalue()


def _middle(
    image: Image.Image,
    scaled: tuple[int, int],
    corner: tuple[int, int],
    size: int,
    method: Image.Resampling,
) -> Image.Image:
    """The middle square of `image` resized to `scaled`, without making the rest."""
    across, down = image.width / scaled[0], image.height / scaled[1]
    left, top = corner[0] * across, corner[1] * down
    box = (left, top, min(image.width, left + size * across), min(image.height, top + size * down))
    return image.resize((size, size), method, box=box)
