"""Videos: a few frames of each, upright and in sRGB, and what the file says of itself.

Which frames: as many as `frame_count` says for the video's length, one from the middle of each of so many
equal parts. Of each the key frame at or before the middle is taken, since decoding it needs no other; where
that one was taken already, as key frames are few, decoding goes on to the middle itself. The poster is the
frame that shows most (the greatest entropy), which is no black or white one unless all are.

PyAV (FFmpeg) is the optional extra `photoclip[video]`; it is imported only for such files.
"""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, BinaryIO

from PIL import Image

from photoclip.errors import UnreadablePhoto
from photoclip.pixels import video_frame
from photoclip.pixels.limits import TOO_MUCH_MEMORY, check_size

if TYPE_CHECKING:
    from av import VideoFrame
    from av.container import InputContainer
    from av.video.stream import VideoStream

FORMATS = frozenset(("MP4", "MOV", "MKV", "WEBM"))
HEAD_BYTES = 64
"""What `format_of` wants to see."""
NEEDS_EXTRA = "Videos need an optional package; install it with: pip install 'photoclip[video]'"
LEAST_FRAMES, MOST_FRAMES, SECONDS_A_FRAME = 3, 16, 10.0
PATIENCE = 30.0
"""Seconds after which no further frame is looked for, in a decode process that ends after twice as many."""

_DEMUXERS = {"MP4": "mov", "MOV": "mov", "MKV": "matroska", "WEBM": "matroska"}
_PICTURES = (b"hei", b"hev", b"mif", b"msf", b"avi", b"crx")  # HEIF, AVIF and CR3 are built alike
_OLD_QUICKTIME = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
_EBML = b"\x1aE\xdf\xa3"
_SAMPLE = 64  # px, of the pictures whose entropy is compared


@dataclass(frozen=True)
class Video:
    """`images` are upright sRGB, perhaps reduced: the poster, then the other frames as they follow.

    `width` and `height` are upright and full size, with square pixels. `seconds` is the length, 0 where it
    cannot be told, `poster_at` where the poster is. `truncated` says that some frame could not be decoded.
    `tags` are the container's, in small letters.
    """

    images: list[Image.Image]
    width: int
    height: int
    seconds: float
    poster_at: float
    codec: str
    truncated: bool
    tags: Mapping[str, str]


def format_of(head: bytes) -> str | None:
    """Which of FORMATS a file is, by its first bytes; None for other files."""
    if head.startswith(_EBML):
        return "WEBM" if b"webm" in head[:HEAD_BYTES] else "MKV"
    kind, brand = head[4:8], head[8:12]
    if kind == b"ftyp":
        if brand.startswith(_PICTURES):
            return None
        return "MOV" if brand == b"qt  " else "MP4"
    return "MOV" if kind in _OLD_QUICKTIME else None


def is_available() -> bool:
    """Whether the optional extra is installed."""
    return importlib.util.find_spec("av") is not None


def frame_count(seconds: float) -> int:
    """How many frames stand for a video: 3, one more for each 10 seconds, 16 at most."""
    return min(MOST_FRAMES, LEAST_FRAMES + int(seconds // SECONDS_A_FRAME))


def read(file: BinaryIO, *, shortest_side: int) -> Video:
    """The frames that stand for a video, reduced to a shorter side of `shortest_side` pixels.

    Raises `UnreadablePhoto` with the reason.
    """
    with _opened(file) as (container, stream):
        shape = _pixel_shape(stream)
        seconds = _length(container, stream)
        chosen = _Chosen(container, stream, seconds)
        frames = [(frame, video_frame.picture_of(frame, shape, shortest_side)) for frame in chosen.frames()]
        if not frames:
            raise UnreadablePhoto("No picture of this video can be decoded; the file may be damaged.")
        poster = max(range(len(frames)), key=lambda at: _shown_by(frames[at][1]))
        first, image = frames.pop(poster)
        width, height = video_frame.upright_size(first, shape)
        return Video(
            images=[image, *(other for _, other in frames)],
            width=width,
            height=height,
            seconds=seconds,
            poster_at=_time_of(first),
            codec=stream.codec_context.codec.canonical_name,
            truncated=chosen.damaged,
            tags=_tags(container, stream),
        )


def read_tags(file: BinaryIO) -> dict[str, str]:
    """What a video says of itself, names in lower case; no frame is decoded. Raises `UnreadablePhoto`."""
    with _opened(file) as (container, stream):
        return _tags(container, stream)


def read_frame(file: BinaryIO, at: float, *, shortest_side: int) -> Image.Image:
    """The frame at so many seconds, as `Video.poster_at` tells; raises `UnreadablePhoto` with the reason."""
    with _opened(file) as (container, stream):
        _seek(container, stream, at)
        found = None
        for frame in container.decode(stream):
            found = frame
            if _time_of(frame) >= at:
                break
        if found is None:
            raise UnreadablePhoto("No picture of this video can be decoded; the file may be damaged.")
        return video_frame.picture_of(found, _pixel_shape(stream), shortest_side)


@contextmanager
def _opened(file: BinaryIO) -> Iterator[tuple[InputContainer, VideoStream]]:
    """The container and the stream of its pictures.

    The reader is the one that the first bytes ask for: FFmpeg's others follow addresses and play lists.
    """
    name = format_of(file.read(HEAD_BYTES))
    file.seek(0)
    if name is None:
        raise UnreadablePhoto("This is not a video in a format PhotoClip reads.")
    try:
        import av
    except ImportError:
        raise UnreadablePhoto(NEEDS_EXTRA) from None
    try:
        with av.open(file, "r", format=_DEMUXERS[name], metadata_errors="replace") as container:
            stream = _stream_of(container)
            stream.thread_count = 1  # the other cores have files of their own
            yield container, stream
    except MemoryError:
        raise UnreadablePhoto(TOO_MUCH_MEMORY) from None
    except av.FFmpegError as error:
        raise UnreadablePhoto(f"The video is damaged: {error.strerror or error}.") from error


def _stream_of(container: InputContainer) -> VideoStream:
    """The first stream of moving pictures; a song's cover is none."""
    from av.stream import Disposition

    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic and stream.codec_context.width:
            check_size(stream.codec_context.width, stream.codec_context.height, "video")
            return stream
    raise UnreadablePhoto("There are no moving pictures in this file, or they are coded in an unknown way.")


def _tags(container: InputContainer, stream: VideoStream) -> dict[str, str]:
    return {key.lower(): value for key, value in {**stream.metadata, **container.metadata}.items()}


def _pixel_shape(stream: VideoStream) -> Fraction:
    shape = stream.sample_aspect_ratio
    return shape if shape and shape > 0 else Fraction(1)


def _length(container: InputContainer, stream: VideoStream) -> float:
    """Seconds. A browser's recording says nothing of it, and is looked through."""
    if container.duration and container.duration > 0:
        return container.duration / 1_000_000
    if stream.duration and stream.duration > 0:
        return float(stream.duration * _tick(stream))
    return _last_time(container, stream)


def _last_time(container: InputContainer, stream: VideoStream) -> float:
    until = time.monotonic() + PATIENCE / 2
    last = 0
    for packet in container.demux(stream):
        last = max(last, (packet.pts or 0) + (packet.duration or 0))
        if time.monotonic() > until:
            break
    return float(max(0, last - (stream.start_time or 0)) * _tick(stream))


def _tick(stream: VideoStream) -> Fraction:
    return stream.time_base or Fraction(1, 1000)


def _seek(container: InputContainer, stream: VideoStream, seconds: float) -> None:
    """To the key frame at or before this moment."""
    container.seek(int(seconds / _tick(stream)), stream=stream, backward=True)


def _time_of(frame: VideoFrame) -> float:
    return 0.0 if frame.pts is None else frame.time


def _shown_by(image: Image.Image) -> tuple[float, float]:
    """How much there is to see: a small grey picture's entropy, then how far it is from black and white."""
    grey = image.convert("L").resize((_SAMPLE, _SAMPLE), Image.Resampling.BOX)
    mean = grey.resize((1, 1), Image.Resampling.BOX).tobytes()[0]
    return round(grey.entropy(), 2), min(mean, 255 - mean)


class _Chosen:
    """The frames that stand for a video, each later than the one before."""

    def __init__(self, container: InputContainer, stream: VideoStream, seconds: float) -> None:
        self._container = container
        self._stream = stream
        self._seconds = seconds
        self._until = time.monotonic() + PATIENCE
        self._last = float("-inf")
        self.damaged = False

    def frames(self) -> Iterator[VideoFrame]:
        import av

        count = frame_count(self._seconds)
        start = float((self._stream.start_time or 0) * _tick(self._stream))
        for part in range(count):
            wanted = start + self._seconds * (part + 0.5) / count
            try:
                frame = self._near(wanted)
            except MemoryError:
                raise
            except av.FFmpegError:  # here; another part may be whole
                self.damaged = True
                continue
            if frame is not None:
                self._last = _time_of(frame)
                yield frame

    def _near(self, wanted: float) -> VideoFrame | None:
        """A new key frame before this moment, or else the frame at it."""
        _seek(self._container, self._stream, wanted)
        for place, frame in enumerate(self._container.decode(self._stream)):
            is_new = _time_of(frame) > self._last
            if is_new and (place == 0 or _time_of(frame) >= wanted):
                return frame
            if time.monotonic() > self._until:
                return None
        return None
