"""RAW files: the camera's own preview where it shows enough, else LibRaw's picture of half the size.

LibRaw (rawpy) brings NumPy and is imported only for such files.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from PIL import Image, TiffImagePlugin

from photoclip.errors import UnreadablePhoto
from photoclip.pixels.limits import TOO_MUCH_MEMORY, check_size
from photoclip.pixels.orientation import ON_ITS_SIDE

_SIGNATURES = (  # bytes that only such files have, where, and what they are called
    (0, b"FUJIFILMCCD-RAW", "RAF"),
    (0, b"IIRO", "ORF"),
    (0, b"IIRS", "ORF"),
    (0, b"MMOR", "ORF"),
    (0, b"IIU\0", "RW2"),
    (4, b"ftypcrx ", "CR3"),
    (8, b"CR\x02", "CR2"),
    (6, b"HEAPCCDR", "RAW"),  # CRW
    (0, b"\0MRM", "RAW"),
    (0, b"FOVb", "RAW"),  # X3F
)
_MAKERS = {
    "NIKON": "NEF",
    "SONY": "ARW",
}  # of those whose RAW files are TIFF, the ones with a name of their own
_TIFF = (b"II*\0", b"MM\0*")
_LIKE_TIFF = (*_TIFF, b"IIRO", b"IIRS", b"MMOR", b"IIU\0")  # but for the number in its second two bytes
_DNG_VERSION, _MAKE, _SUB_DIRECTORIES, _PHOTOMETRIC = 0xC612, 0x010F, 0x014A, 0x0106
_MOST_SUB_DIRECTORIES = 32  # cameras write up to four
_SENSOR_DATA = (32803, 34892)  # photometric interpretations: a colour filter array, linear raw
_ORIENTATIONS = (1, 2, 4, 3, 5, 8, 6, 7)  # EXIF's orientation by LibRaw's flip


def format_of(data: bytes) -> str | None:
    """What kind of RAW file this is, "RAW" where the kind has no name of its own; None for other files.

    By what is inside: NEF, ARW, PEF and DNG are TIFF files that hold what a sensor saw.
    """
    for at, signature, name in _SIGNATURES:
        if data.startswith(signature, at):
            return name
    return _format_of_tiff(data) if data[:4] in _TIFF else None


def _format_of_tiff(data: bytes) -> str | None:
    try:
        first = _directory(data, TiffImagePlugin.ImageFileDirectory_v2(data[:8]).next)
        if _DNG_VERSION in first:
            return "DNG"
        below = first.get(_SUB_DIRECTORIES, ())
        places = below if isinstance(below, tuple) else (below,)
        directories = [first, *(_directory(data, at) for at in places[:_MOST_SUB_DIRECTORIES])]
        if not any(directory.get(_PHOTOMETRIC) in _SENSOR_DATA for directory in directories):
            return None
        maker = str(first.get(_MAKE, "")).split()[:1]
        return _MAKERS.get("".join(maker).upper(), "RAW")
    except Exception:  # a damaged directory: the TIFF reader will say what is wrong
        return None


def _directory(data: bytes, at: int) -> TiffImagePlugin.ImageFileDirectory_v2:
    directory = TiffImagePlugin.ImageFileDirectory_v2(data[:8])
    file = io.BytesIO(data)
    file.seek(at)
    directory.load(file)
    return directory


def read_exif(data: bytes) -> Image.Exif:
    """What the RAW file itself says of the photo; empty where it is not built like TIFF, or broken."""
    exif = Image.Exif()
    if data[:4] in _LIKE_TIFF:
        magic = b"MM\0*" if data[:2] == b"MM" else b"II*\0"
        try:
            exif.load(data if data[:4] == magic else magic + data[4:])
        except Exception:  # Pillow's parser raises anything on EXIF made to break it
            return Image.Exif()
    return exif


class RawFile:
    """An opened RAW file. `width` and `height` are those that the camera states, not turned."""

    def __init__(self, handle: Any) -> None:
        self._handle = handle
        sizes = handle.sizes
        # Sensors see a little more than the picture; not every camera says how much.
        stated = 0 < sizes.crop_width <= sizes.width and 0 < sizes.crop_height <= sizes.height
        self.width: int = sizes.crop_width if stated else sizes.width
        self.height: int = sizes.crop_height if stated else sizes.height
        self.orientation = _ORIENTATIONS[sizes.flip & 7]

    @cached_property
    def preview(self) -> bytes | None:
        """The largest embedded picture, where it is a JPEG."""
        import rawpy

        try:
            found = self._handle.extract_thumb()
        except (rawpy.LibRawError, OSError):  # there is none, or it is coded in a way LibRaw does not know
            return None
        return bytes(found.data) if found.format is rawpy.ThumbFormat.JPEG else None

    def preview_orientation(self, width: int, height: int) -> int:
        """How a preview of this size is stored: as the sensor's, unless its shape shows it upright."""
        turned = (width < height) != (self.width < self.height)
        return 1 if turned and self.orientation in ON_ITS_SIDE else self.orientation

    def half_size(self) -> Image.Image:
        """The sensor's picture with one pixel for each four, in sRGB (or grey), not turned."""
        with _translated():
            # LibRaw's flip is switched off: the picture is turned in one place, for all formats.
            pixels = self._handle.postprocess(
                half_size=True, use_camera_wb=True, user_flip=0, gamma=(2.4, 12.92)
            )
        return Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)


@contextmanager
def opened(data: bytes) -> Iterator[RawFile]:
    """The file with its header read. Raises `UnreadablePhoto`, before decoding where it is too large."""
    import rawpy

    with _translated():
        handle = rawpy.imread(io.BytesIO(data))
    with handle:
        file = RawFile(handle)
        check_size(file.width, file.height, "RAW")
        yield file


@contextmanager
def _translated() -> Iterator[None]:
    import rawpy

    try:
        yield
    except (MemoryError, rawpy.LibRawUnsufficientMemoryError):
        raise UnreadablePhoto(TOO_MUCH_MEMORY) from None
    except (rawpy.LibRawError, OSError) as error:
        said = error.args[0] if error.args else ""
        words = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        raise UnreadablePhoto(
            "This RAW file is damaged, or from a camera that PhotoClip does not know yet"
            f" ({words or type(error).__name__})."
        ) from error
