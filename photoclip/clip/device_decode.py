"""JPEG files decoded, turned upright, resized and cropped on the device that a model runs on.

The one exception to decoding in processes of their own. It takes plain JPEGs only and resizes them as
`photoclip.pixels` does a picture decoded in full, so that a photo's vector does not depend on where it was
decoded.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, JpegImagePlugin
from PIL.ExifTags import Base
from torch import Tensor

from photoclip.clip.batches import free_cached_memory, is_out_of_memory
from photoclip.clip.placement import probe_pixels
from photoclip.clip.torchvision_compat import import_torchvision
from photoclip.pixels import PixelSpec, decoded_side, is_plain, scaled_size

PIXELS_AT_ONCE = 200_000_000
"""Decoded together; 3 bytes each on the device, and about as much again while nvJPEG works."""
LARGEST = 100_000_000
"""Photos of more pixels are for others, who decode them reduced."""
LONGEST = 8
"""So are panoramas of more than this many times the shorter side.

And photos too small to be reduced before they are resized: they are quick to decode anywhere, and decoders
differ in how they scale colour up, which would show.
"""

Decode = Callable[[list[Tensor]], list[Tensor]]
"""JPEG files, uint8 [bytes] on the CPU, to pictures uint8 [3, H, W] on a device.

Raises RuntimeError, about all of them, when one cannot be decoded.
"""


def nvjpeg(device: torch.device) -> Decode:
    """torchvision's decoder for a CUDA device; raises RuntimeError or ImportError where it does not load."""
    torchvision_io = import_torchvision("torchvision.io")

    def decode(files: list[Tensor]) -> list[Tensor]:
        # It writes in a stream of its own, into memory that work still under way in ours may be reading.
        torch.cuda.synchronize(device)
        pictures: list[Tensor] = torchvision_io.decode_jpeg(
            files, mode=torchvision_io.ImageReadMode.RGB, device=device
        )
        return pictures

    return decode


DECODERS: dict[str, Callable[[torch.device], Decode]] = {"cuda": nvjpeg}
"""By type of device, what decodes there."""


@dataclass(frozen=True)
class Photo:
    """A file that can be decoded on a device, and its place among the others; `width` is as stored."""

    place: int
    data: bytes
    width: int
    height: int
    orientation: int

    @property
    def pixels(self) -> int:
        return self.width * self.height


class DeviceDecoder:
    """Makes a model's pixels out of JPEG files. What is too much for the device's memory is halved."""

    def __init__(self, spec: PixelSpec, decode: Decode) -> None:
        self._spec = spec
        self._decode = decode
        self.pixels_at_once = PIXELS_AT_ONCE

    def decode(self, files: Sequence[bytes]) -> tuple[Tensor, list[int]]:
        """Pixels uint8 [M, S, S, 3] on the device, and the places in `files` of the M that could be decoded.

        The others are for others to decode. Raises RuntimeError when the device itself has failed.
        """
        least = decoded_side(self._spec)
        photos = [photo for place, data in enumerate(files) if (photo := read_header(place, data, least))]
        found: dict[int, Tensor] = {}
        while photos:
            group = list(self._first_group(photos))
            photos = photos[len(group) :]
            found |= self._pictures(group)
        size = self._spec.size
        pixels = torch.stack(list(found.values())) if found else torch.empty(0, size, size, 3).byte()
        return pixels, list(found)

    def _first_group(self, photos: list[Photo]) -> Iterator[Photo]:
        """As many from the beginning as may be decoded together, at least one."""
        pixels = 0
        for photo in photos:
            if pixels and pixels + photo.pixels > self.pixels_at_once:
                return
            pixels += photo.pixels
            yield photo

    def _pictures(self, photos: list[Photo]) -> dict[int, Tensor]:
        """By place. A decoder does not say which photo it stumbled over: halves of halves tell."""
        try:
            decoded = self._decode([_as_tensor(photo.data) for photo in photos])
            return {
                photo.place: model_pixels(picture, photo.orientation, self._spec)
                for photo, picture in zip(photos, decoded, strict=True)
            }
        except torch.AcceleratorError:  # nothing works in this process from now on
            raise
        except (RuntimeError, MemoryError) as error:
            if is_out_of_memory(error):
                self.pixels_at_once = max(1, self.pixels_at_once // 2)
                free_cached_memory()
        if len(photos) == 1:
            return {}
        half = len(photos) // 2
        return self._pictures(photos[:half]) | self._pictures(photos[half:])


def read_header(place: int, data: bytes, least: int) -> Photo | None:
    """A photo that a device decodes just as Pillow does, large enough to leave `least` when reduced.

    None for anything else, damaged or not JPEG.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of odd metadata
        try:
            image = Image.open(io.BytesIO(data), formats=("JPEG",))
            orientation = _orientation(image)
        except Exception:  # a header made to break readers may raise anything
            return None
    if not isinstance(image, JpegImagePlugin.JpegImageFile):
        return None
    width, height = image.size
    shorter, longer = sorted(image.size)
    fits = width * height <= LARGEST and longer <= LONGEST * shorter and shorter >= 2 * least
    usual = image.mode in ("RGB", "L") and is_plain(image) and not _is_stored_as_rgb(image)
    if not usual or not fits:
        return None
    return Photo(place, data, width, height, orientation)


def _orientation(image: Image.Image) -> int:
    try:
        found = image.getexif().get(Base.Orientation, 1)
    except Exception:  # broken EXIF never costs the photo
        return 1
    return found if isinstance(found, int) else 1


def _is_stored_as_rgb(image: JpegImagePlugin.JpegImageFile) -> bool:
    """Without the usual luminance and colour difference, which decoders tell in ways of their own."""
    named = bytes(component[0] for component in image.layer)
    return image.info.get("adobe_transform") == 0 or named == b"RGB"


def model_pixels(picture: Tensor, orientation: int, spec: PixelSpec) -> Tensor:
    """A decoded picture uint8 [3, H, W] as the model wants it: uint8 [S, S, 3]."""
    x = upright(picture[None].float(), orientation)  # [1, 3, H, W]
    width, height = scaled_size(x.shape[-1], x.shape[-2], spec)
    x = F.interpolate(x, (height, width), mode=spec.interpolation, align_corners=False, antialias=True)
    top, left = round((height - spec.size) / 2.0), round((width - spec.size) / 2.0)
    x = x[0, :, top : top + spec.size, left : left + spec.size]  # [3, S, S]
    return x.round().clamp(0, 255).byte().permute(1, 2, 0)


def upright(x: Tensor, orientation: int) -> Tensor:
    """Turns [..., H, W] as the EXIF orientation says; one that does not exist says nothing."""
    if orientation in (5, 6, 7, 8):
        x = x.transpose(-2, -1)
    across, down = orientation in (2, 3, 6, 7), orientation in (3, 4, 7, 8)
    return x.flip([dim for dim, turned in ((-1, across), (-2, down)) if turned])


def probe_files() -> list[bytes]:
    """Drawn photos that are always the same: the ways of storing, turned and not, grey, small and large."""
    first, second = (Image.fromarray(picture) for picture in probe_pixels(96))
    turned = Image.Exif()
    turned[Base.Orientation] = 6
    return [
        _jpeg(first, (1600, 1200), subsampling=2),
        _jpeg(second, (900, 1400), subsampling=0, progressive=True),
        _jpeg(second, (1500, 1001), subsampling=1, exif=turned),
        _jpeg(first.convert("L"), (1440, 1080)),
        _jpeg(second, (1900, 1400), subsampling=2),
    ]


def _jpeg(picture: Image.Image, size: tuple[int, int], **options: object) -> bytes:
    out = io.BytesIO()
    picture.resize(size, Image.Resampling.BICUBIC).save(out, "JPEG", quality=90, **options)
    return out.getvalue()


def _as_tensor(data: bytes) -> Tensor:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that bytes cannot be written to, which nobody does
        return torch.from_numpy(np.frombuffer(data, np.uint8))
