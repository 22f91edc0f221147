"""From a decoded frame of a video to an upright sRGB picture. PyAV is imported only here and in `video`."""

from __future__ import annotations

import struct
import threading
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from PIL import Image

from photoclip.pixels.orientation import ON_ITS_SIDE, upright

if TYPE_CHECKING:
    from av import VideoFrame
    from av.video.reformatter import VideoReformatter

# What FFmpeg calls them: ITU-T H.273's numbers.
_UNSPECIFIED, _BT709, _BT2020 = 2, 1, (9, 10)
_HDR_CURVES = (16, 18)  # PQ and HLG
_HD = 720  # lines: above it, colours that are not named are BT.709's, as players take them
_ORIENTATIONS = {  # EXIF's, by where a step to the right (a, b) and one down (c, d) go
    (1, 0, 0, 1): 1,
    (-1, 0, 0, 1): 2,
    (-1, 0, 0, -1): 3,
    (1, 0, 0, -1): 4,
    (0, 1, 1, 0): 5,
    (0, 1, -1, 0): 6,
    (0, -1, -1, 0): 7,
    (0, -1, 1, 0): 8,
}


def picture_of(frame: VideoFrame, pixel_shape: Fraction, shortest_side: int) -> Image.Image:
    """The frame as it is to be seen, its shorter side `shortest_side` pixels at most.

    `pixel_shape` is a pixel's width over its height. FFmpeg's libraries never turn a frame, so the
    orientation is applied here, once.
    """
    width, height = square_size(frame.width, frame.height, pixel_shape)
    scale = min(1.0, shortest_side / min(width, height))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return upright(_in_srgb(frame, *size), orientation_of(frame))


def square_size(width: int, height: int, pixel_shape: Fraction) -> tuple[int, int]:
    """The size with square pixels: those of tapes and DVDs are not."""
    return max(1, round(width * pixel_shape)), height


def upright_size(frame: VideoFrame, pixel_shape: Fraction) -> tuple[int, int]:
    """(width, height) of the whole frame as it is to be seen."""
    width, height = square_size(frame.width, frame.height, pixel_shape)
    return (height, width) if orientation_of(frame) in ON_ITS_SIDE else (width, height)


def orientation_of(frame: VideoFrame) -> int:
    """EXIF's orientation, from the display matrix that phones and editors write; 1 where there is none."""
    matrix: Any = frame.side_data.get("DISPLAYMATRIX")
    if matrix is None:
        return 1
    a, b, _, c, d = struct.unpack_from("=5i", bytes(matrix))
    if abs(a) + abs(d) >= abs(b) + abs(c):  # of other angles, the nearest right one
        b = c = 0
    else:
        a = d = 0
    return _ORIENTATIONS.get((_sign(a), _sign(b), _sign(c), _sign(d)), 1)


def _sign(value: int) -> int:
    return (value > 0) - (value < 0)


def _in_srgb(frame: VideoFrame, width: int, height: int) -> Image.Image:
    from av.video.reformatter import ColorPrimaries, Colorspace, ColorTrc, Interpolation

    colours: dict[str, int] = {}
    if frame.colorspace == _UNSPECIFIED and frame.height >= _HD:
        colours["src_colorspace"] = Colorspace.ITU709
    if frame.color_trc in _HDR_CURVES or frame.color_primaries in _BT2020:
        colours |= {
            "dst_color_trc": ColorTrc.IEC61966_2_1,
            "dst_color_primaries": ColorPrimaries.BT709,
        }
    reformatted = _reformatter().reformat(
        frame,
        width,
        height,
        "rgb24",
        interpolation=Interpolation.AREA,
        threads=1,  # the other cores have files of their own
        **colours,
    )
    image: Image.Image = reformatted.to_image()  # type: ignore[no-untyped-call]
    return image


_kept = threading.local()


def _reformatter() -> VideoReformatter:
    """The thread's own, kept: the first HDR frame of a size costs two seconds, further ones nothing."""
    from av.video.reformatter import VideoReformatter

    if not hasattr(_kept, "reformatter"):
        _kept.reformatter = VideoReformatter()
    kept: VideoReformatter = _kept.reformatter
    return kept
