"""Which reader a file gets, by its first bytes: never by its name."""

from __future__ import annotations

import io
import re
from typing import BinaryIO

from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from photoclip.errors import UnreadablePhoto
from photoclip.pixels.forgiving import forgiving

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
_HEIF_BRANDS = frozenset(
    (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"mif2", b"mif3")
)
_JXL_STARTS = (b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n")  # a bare codestream, and a container
_OF_DECODERS = (OSError, RuntimeError, SyntaxError, ValueError)
_OF_PYTHON = (UnicodeError, RecursionError, NotImplementedError)
_CONTRADICTION = "its parts contradict each other"
_OBJECT = re.compile(r"<[^<>]* at 0x[0-9a-fA-F]+>")
_LONGEST_REASON = 200  # characters
# Of these, frames that follow each other; TIFF has pages, HEIF bursts and JPEG (MPO) views of one scene.
_ANIMATIONS = frozenset(("GIF", "WEBP", "PNG", "AVIF", "JXL"))


def open_picture(data: bytes) -> Image.Image:
    """The picture with its header read and no pixel decoded. Raises `UnreadablePhoto` with the reason.

    Damaged or oversized metadata is left out where the reader can do that.
    """
    try:
        return _opened(data)
    except UnreadablePhoto:
        with forgiving():
            return _opened(data)


def _opened(data: bytes) -> Image.Image:
    try:
        if data.startswith(_JXL_STARTS):
            from photoclip.pixels.jxl import JxlImageFile

            return JxlImageFile(io.BytesIO(data))
        image = open_header(io.BytesIO(data), data)
        if isinstance(image, TiffImagePlugin.TiffImageFile):
            _read_deep_planes(image)
        return image
    except UnidentifiedImageError:
        raise UnreadablePhoto(_not_a_picture(data)) from None
    except ImportError as error:
        raise UnreadablePhoto(f"Pictures of this kind need the package {error.name}: install it.") from None
    except Exception as error:  # a header made to break readers may raise anything
        raise UnreadablePhoto(f"The file is damaged: {reason(error)}.") from error


def open_header(file: BinaryIO, start: bytes) -> Image.Image:
    """Pillow's picture; `start` are the file's first bytes. Raises anything that Pillow raises."""
    return Image.open(file, formats=_readers(start))


def is_animated(image: Image.Image) -> bool:
    """Whether more frames follow the first. To be asked before the picture is loaded."""
    try:
        return image.format in _ANIMATIONS and bool(getattr(image, "is_animated", False))
    except Exception:  # GIF looks for its second frame, which may be damaged
        return False


def reason(error: Exception) -> str:
    """What a decoder says is wrong, on one line and without the names of things in its memory.

    The errors of Python itself, met on the way through damaged data, say nothing to people.
    """
    if isinstance(error, _OF_PYTHON) or not isinstance(error, _OF_DECODERS):
        return _CONTRADICTION
    words = _OBJECT.sub("", error.strerror or str(error) if isinstance(error, OSError) else str(error))
    line = " ".join("".join(c if c.isprintable() else " " for c in words).split())
    return line[:_LONGEST_REASON].strip(" .:") or _CONTRADICTION


def _readers(data: bytes) -> tuple[str, ...]:
    if not _is_heif(data):
        return _FORMATS
    import pi_heif

    # Depth maps and other images that go with the picture are left alone: broken ones never cost the photo.
    pi_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)
    brands = data[16 : int.from_bytes(data[:4], "big")]  # that the file is compatible with
    return ("AVIF", "HEIF") if b"avif" in brands else ("HEIF", "AVIF")


def _read_deep_planes(image: TiffImagePlugin.TiffImageFile) -> None:
    """Pillow takes uncompressed 16-bit colours that lie in planes of their own for 8-bit ones."""
    tags = image.tag_v2
    in_planes = tags.get(TiffImagePlugin.PLANAR_CONFIGURATION) == 2
    if not in_planes or tags.get(TiffImagePlugin.BITSPERSAMPLE) not in ((16,) * 3, (16,) * 4):
        return
    depth = ";16L" if tags.prefix == b"II" else ";16B"
    for place, tile in enumerate(image.tile):
        if tile.codec_name == "raw" and isinstance(tile.args, tuple):
            image.tile[place] = tile._replace(args=(f"{tile.args[0]}{depth}", *tile.args[1:]))


def _not_a_picture(data: bytes) -> str:
    if all(byte >= 32 or byte in b"\t\n\r\f" for byte in data[:512]):
        return "This is a text file, not a picture."
    if _is_heif(data):
        return "This HEIF picture is damaged, or coded in a way PhotoClip does not read."
    if data[4:12] in (b"ftypavif", b"ftypavis"):  # libavif does not say which
        return "This AVIF picture is damaged, or larger than PhotoClip accepts."
    return "This is not a picture in a format PhotoClip reads, or its first bytes are damaged."


def _is_heif(data: bytes) -> bool:
    return data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS
