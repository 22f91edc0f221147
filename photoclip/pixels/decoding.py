"""From a photo file's bytes to upright sRGB pixels, decoded once and no larger than needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from PIL import Image, JpegImagePlugin

from photoclip.errors import UnreadablePhoto
from photoclip.pixels import colour, modes, raw
from photoclip.pixels.forgiving import forgiving
from photoclip.pixels.formats import is_animated, open_picture, reason
from photoclip.pixels.limits import TOO_MUCH_MEMORY, check_size
from photoclip.pixels.orientation import ORIENTATION, read_exif, upright, upright_size

# HEIF's and TIFF's readers turn the picture and reset the orientation; this one's only turns.
_TURNED_BY_READER = frozenset(("JXL",))
_MAKE = 0x010F


@dataclass(frozen=True)
class Decoded:
    """`image` is upright sRGB, perhaps reduced; `width` and `height` are upright and full size.

    `block_means` says that a pixel is the mean of a block of the full picture's, which blurs a little;
    `model_image` makes up for it. `animated` says that more frames follow the one that is shown. `info` is
    Pillow's, of the opened picture, where XMP and IPTC are.
    """

    image: Image.Image
    width: int
    height: int
    format: str
    truncated: bool
    exif: Image.Exif
    block_means: bool = False
    animated: bool = False
    info: Mapping[Any, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class _Stored:
    """A loaded picture as its file has it; `width` and `height` are full size."""

    image: Image.Image
    width: int
    height: int
    format: str
    exif: Image.Exif
    orientation: int
    truncated: bool = False
    animated: bool = False


def decode(data: bytes, *, shortest_side: int) -> Decoded:
    """Decode once, no larger than needed for a shorter side of `shortest_side` pixels.

    JPEG is reduced while decoding, everything else right after it. The orientation is applied exactly
    once: some readers apply it themselves, others leave it to us. Alpha is laid over white, embedded
    colour profiles are converted to sRGB. Raises `UnreadablePhoto` with the reason.
    """
    if not data:
        raise UnreadablePhoto("The file is empty.")
    name = raw.format_of(data)
    stored = _read(data, shortest_side) if name is None else _read_raw(data, name, shortest_side)
    try:
        return _finished(stored, shortest_side)
    except MemoryError:
        raise UnreadablePhoto(TOO_MUCH_MEMORY) from None


def _finished(stored: _Stored, shortest_side: int) -> Decoded:
    image, profile = stored.image, colour.profile_of(stored.image)
    if image.mode in ("CMYK", "L") and not image.has_transparency_data:
        image = colour.to_srgb(image, profile)  # profiles of these speak of the values as stored
    picture = modes.to_rgb(image)
    reduced = _reduce(picture, shortest_side)
    width, height = upright_size(stored.width, stored.height, stored.orientation)
    return Decoded(
        upright(colour.to_srgb(reduced, profile), stored.orientation),
        width,
        height,
        stored.format,
        stored.truncated,
        stored.exif,
        block_means=reduced is not picture or _decoded_at_an_eighth(stored.image),
        animated=stored.animated,
        info=stored.image.info,
    )


def _read(data: bytes, shortest_side: int) -> _Stored:
    image = open_picture(data)
    width, height = image.size
    name = "JPEG" if image.format == "MPO" else str(image.format)
    check_size(width, height, name)
    animated = is_animated(image)
    image, truncated = _load(image, data, shortest_side)
    exif = read_exif(image)
    orientation = 1 if name in _TURNED_BY_READER else exif.get(ORIENTATION, 1)
    return _Stored(image, width, height, name, exif, orientation, truncated, animated)


def _read_raw(data: bytes, name: str, shortest_side: int) -> _Stored:
    """The embedded preview, unless half the sensor's size shows more of what is asked for."""
    with raw.opened(data) as file:
        exif = raw.read_exif(data)
        half = min(file.width, file.height) // 2
        preview = _preview(file, shortest_side, least=min(shortest_side, half))
        if preview is None:
            try:
                return _Stored(file.half_size(), file.width, file.height, name, exif, file.orientation)
            except (
                UnreadablePhoto
            ):  # coded in a way LibRaw does not know: a small preview is better than none
                preview = _preview(file, shortest_side)
                if preview is None:
                    raise
        return _as_raw(preview, file, name, exif)


def _as_raw(preview: _Stored, file: raw.RawFile, name: str, exif: Image.Exif) -> _Stored:
    """The preview, standing for the RAW file that it was in."""
    orientation = file.preview_orientation(preview.width, preview.height)
    size = file.width, file.height
    if orientation != file.orientation:
        size = upright_size(*size, file.orientation)
    return replace(
        preview,
        width=size[0],
        height=size[1],
        format=name,
        exif=exif if _MAKE in exif else preview.exif,
        orientation=orientation,
    )


def _preview(file: raw.RawFile, shortest_side: int, *, least: int = 0) -> _Stored | None:
    """The preview, where there is one that can be read.

    With `least` only a whole one whose shorter side has so many pixels.
    """
    if file.preview is None:
        return None
    try:
        if min(open_picture(file.preview).size) < least:
            return None
        found = _read(file.preview, shortest_side)
    except UnreadablePhoto:
        return None
    return None if found.truncated and least else found


def _load(image: Image.Image, data: bytes, shortest_side: int) -> tuple[Image.Image, bool]:
    """The loaded picture, and whether only a part of it could be decoded."""
    try:
        _draft(image, shortest_side)
        image.load()
        return image, False
    except MemoryError:
        raise UnreadablePhoto(TOO_MUCH_MEMORY) from None
    except Exception as error:  # decoders raise anything on damaged data; what matters is what remains
        first = error
    try:
        with forgiving():
            image = open_picture(data)
            _draft(image, shortest_side)
            image.load()
            blank = all(low == high for low, high in modes.extrema(image))
    except Exception:
        raise UnreadablePhoto(f"The picture's data is damaged: {reason(first)}.") from first
    if blank:
        raise UnreadablePhoto("The file ends before any of the picture begins.") from first
    return image, True


def _draft(image: Image.Image, shortest_side: int) -> None:
    if isinstance(image, JpegImagePlugin.JpegImageFile):
        # "RGB" keeps libjpeg's own colour conversion; CMYK must stay CMYK to be converted right.
        image.draft("RGB" if image.mode == "RGB" else None, (shortest_side, shortest_side))


def _decoded_at_an_eighth(image: Image.Image) -> bool:
    """Whether libjpeg took each 8 x 8 block's mean alone; at a half and a quarter it does better."""
    return isinstance(image, JpegImagePlugin.JpegImageFile) and image.decoderconfig[:1] == (8,)


def _reduce(image: Image.Image, shortest_side: int) -> Image.Image:
    factor = min(image.size) // max(1, shortest_side)
    return image.reduce(factor) if factor > 1 else image
