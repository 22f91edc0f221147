"""From a photo file's bytes to upright pixels, thumbnails and a model's input; Pillow does the work.

The leaf that `clip` and `library` both stand on. NumPy is imported only where arrays are asked for, so
that decode workers start without it.
"""

from __future__ import annotations

import io
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageFile,
    ImageFilter,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from photoclip.errors import UnreadablePhoto

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PIXEL_LIMIT = 268_000_000
"""Pictures with more pixels are refused before decoding; 200-megapixel phones stay well inside."""

# Naming the plugins registers just these; Pillow would otherwise load all forty at the first odd file.
_FORMATS = tuple(
    plugin.format
    for plugin in (
        JpegImagePlugin.JpegImageFile,
        PngImagePlugin.PngImageFile,
        WebPImagePlugin.WebPImageFile,
        GifImagePlugin.GifImageFile,
        BmpImagePlugin.BmpImageFile,
        TiffImagePlugin.TiffImageFile,
        AvifImagePlugin.AvifImageFile,
    )
)
_ORIENTATION = 0x0112
_UPRIGHT = {  # EXIF orientation -> what turns the stored picture upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_ON_ITS_SIDE = frozenset(_UPRIGHT[orientation] for orientation in (5, 6, 7, 8))
_HEIF_BRANDS = frozenset(
    (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"mif2", b"mif3")
)
# Short enough that a 12-megapixel JPEG is decoded at an eighth (500 x 375), which is a full thumbnail.
SHORTEST_SIDE = 336
# Takes back the blur of pixels that are means of blocks: a mean is the value in the middle and a 24th of the
# second derivatives, to the second order.
_POINTS = ImageFilter.Kernel((3, 3), (0, -1, 0, -1, 28, -1, 0, -1, 0), scale=24)
_forgiving = threading.Lock()

# The limit is ours: `decode` compares with PIXEL_LIMIT as soon as the header is read.
Image.MAX_IMAGE_PIXELS = None


@dataclass(frozen=True)
class PixelSpec:
    """What a model wants: `shortest` scales the shorter side to `size` and crops the middle."""

    size: int
    resize: Literal["shortest", "squash"] = "shortest"
    interpolation: Literal["bicubic", "bilinear"] = "bicubic"


@dataclass(frozen=True)
class Decoded:
    """`image` is upright RGB, perhaps reduced; `width` and `height` are upright and full size.

    `block_means` says that a pixel is the mean of a block of the full picture's, which blurs a little;
    `model_image` makes up for it.
    """

    image: Image.Image
    width: int
    height: int
    format: str
    truncated: bool
    exif: Image.Exif
    block_means: bool = False


def decode(data: bytes, *, shortest_side: int) -> Decoded:
    """Decode once, no larger than needed for a shorter side of `shortest_side` pixels.

    JPEG is reduced while decoding, everything else right after it. EXIF orientation is applied exactly
    once: TIFF and HEIF readers apply it themselves and then report orientation 1, others leave it to us.
    Alpha is laid over white. Raises `UnreadablePhoto` with the reason.
    """
    if not data:
        raise UnreadablePhoto("The file is empty.")
    image = _open(data)
    width, height = image.size
    if width * height > PIXEL_LIMIT:
        raise UnreadablePhoto(
            f"The picture claims {width} x {height} pixels, more than the {PIXEL_LIMIT // 1_000_000}"
            " megapixels PhotoClip accepts (a decompression bomb?)."
        )
    name = "JPEG" if image.format == "MPO" else str(image.format)
    image, truncated = _load(image, data, shortest_side)
    exif = _exif(image)
    turn = _UPRIGHT.get(exif.get(_ORIENTATION, 1))
    try:
        picture = _rgb(image)
        reduced = _reduce(picture, shortest_side)
        upright = reduced if turn is None else reduced.transpose(turn)
    except MemoryError:
        raise UnreadablePhoto("The picture needs more memory than PhotoClip gives one photo.") from None
    if turn in _ON_ITS_SIDE:
        width, height = height, width
    block_means = reduced is not picture or _decoded_at_an_eighth(image)
    return Decoded(upright, width, height, name, truncated, exif, block_means)


def decoded_side(spec: PixelSpec) -> int:
    """The `shortest_side` to decode with, for a model and for a thumbnail alike."""
    return max(SHORTEST_SIDE, spec.size)


def model_image(image: Image.Image, spec: PixelSpec, *, block_means: bool = False) -> Image.Image:
    """The `spec.size` × `spec.size` RGB picture a model wants, resized and cropped as torchvision does.

    `block_means` is `Decoded`'s: the picture comes out as sharp as from the full one.
    """
    return _resized(image.filter(_POINTS) if block_means else image, spec)


def _resized(image: Image.Image, spec: PixelSpec) -> Image.Image:
    method = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}[spec.interpolation]
    size = spec.size
    if spec.resize == "squash":
        return image.resize((size, size), method)
    width, height = image.size
    if width <= height:
        scaled = (size, max(size, int(size * height / width)))
    else:
        scaled = (max(size, int(size * width / height)), size)
    left, top = round((scaled[0] - size) / 2.0), round((scaled[1] - size) / 2.0)
    if max(scaled) > 8 * size:  # a panorama or a thread of pixels: scale only the part that stays
        return _middle(image, scaled, (left, top), size, method)
    return image.resize(scaled, method).crop((left, top, left + size, top + size))


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


def _open(data: bytes) -> Image.Image:
    formats: tuple[str, ...] = _FORMATS
    if _is_heif(data):
        import pi_heif

        pi_heif.register_heif_opener()
        formats = ("HEIF", "AVIF")
    try:
        return Image.open(io.BytesIO(data), formats=formats)
    except UnidentifiedImageError:
        raise UnreadablePhoto(_not_a_picture(data)) from None
    except Exception as error:  # a header made to break readers may raise anything
        raise UnreadablePhoto(f"The file is damaged: {_reason(error)}.") from error


def _not_a_picture(data: bytes) -> str:
    if all(byte >= 32 or byte in b"\t\n\r\f" for byte in data[:512]):
        return "This is a text file, not a picture."
    if _is_heif(data):
        return "This HEIF picture is damaged, or coded in a way PhotoClip does not read."
    return "This is not a picture in a format PhotoClip reads, or its first bytes are damaged."


def _is_heif(data: bytes) -> bool:
    return data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS


def _load(image: Image.Image, data: bytes, shortest_side: int) -> tuple[Image.Image, bool]:
    """The loaded picture, and whether only a part of it could be decoded."""
    try:
        _draft(image, shortest_side)
        image.load()
        return image, False
    except MemoryError:
        raise UnreadablePhoto("The picture needs more memory than PhotoClip gives one photo.") from None
    except Exception as error:  # decoders raise anything on damaged data; what matters is what remains
        first = error
    with _forgiving:
        ImageFile.LOAD_TRUNCATED_IMAGES = True
        try:
            image = _open(data)
            _draft(image, shortest_side)
            image.load()
            blank = all(low == high for low, high in _extrema(image))
        except Exception:
            raise UnreadablePhoto(f"The picture's data is damaged: {_reason(first)}.") from first
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = False
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


def _extrema(image: Image.Image) -> list[tuple[float, float]]:
    extrema = image.getextrema()
    return [extrema] if len(image.getbands()) == 1 else list(extrema)  # type: ignore[list-item, arg-type]


def _exif(image: Image.Image) -> Image.Exif:
    try:
        exif = image.getexif()
        exif.get(_ORIENTATION)
    except Exception:  # broken EXIF never costs the photo
        return Image.Exif()
    return exif


def _rgb(image: Image.Image) -> Image.Image:
    """Any mode to RGB: palettes resolved, deep greys scaled to 8 bits, alpha over white."""
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    if image.mode.startswith("I") or image.mode == "F":
        return _deep_grey(image).convert("RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, (255, 255, 255, 255))
        white.alpha_composite(image)
        return white.convert("RGB")
    if image.mode == "LAB":
        return _from_lab(image)
    return image.convert("RGB")


def _from_lab(image: Image.Image) -> Image.Image:
    from PIL import ImageCms

    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
    assert converted is not None  # only None when converting in place
    return converted


def _deep_grey(image: Image.Image) -> Image.Image:
    """16-bit, 32-bit and float grey to 8 bits: 16-bit by its full range, others by the range they use."""
    wide = image.convert("F")
    low, high = _extrema(wide)[0]
    if image.mode.startswith("I") and low >= 0 and high <= 65535:
        low, high = 0.0, 65535.0 if image.mode != "I" or high > 255 else 255.0
    elif low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    scale = 255.0 / (high - low) if high > low else 0.0
    return wide.point(lambda value: value * scale - low * scale).convert("L")


def _reduce(image: Image.Image, shortest_side: int) -> Image.Image:
    factor = min(image.size) // max(1, shortest_side)
    return image.reduce(factor) if factor > 1 else image


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


def _reason(error: Exception) -> str:
    return str(error).strip().rstrip(".") or type(error).__name__
