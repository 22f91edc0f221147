"""What runs in a decode process: one read and one decode give everything the library keeps of a photo.

Started by spawn, so this module and what it imports stay light: no NumPy (but for files whose
reader needs it), no model, no window.
"""

from __future__ import annotations

import contextlib
import io
import multiprocessing
import os
import sys
import threading
import warnings
from dataclasses import dataclass, field
from typing import BinaryIO

import xxhash
from PIL import Image

from photoclip import pixels
from photoclip.errors import UnreadablePhoto
from photoclip.library import metadata
from photoclip.library.metadata import PhotoMetadata
from photoclip.library.opening import NotAFile, open_file, read_at_most, written_at
from photoclip.library.scan import is_video
from photoclip.pixels import PixelSpec

THUMBNAIL_SIDE = 512
FILE_LIMIT = 1 << 30
READINGS = 3
"""How often a file is read that changes while it is read."""
MEMORY_LIMIT = 4 << 30
"""Address space of one worker; a 268-megapixel picture with alpha stays inside."""


@dataclass(frozen=True)
class Task:
    """A file to read. When its hash turns out to be `known`, it is not decoded again.

    While its (size, mtime_ns) are those in `unchanged`, its hash is `known`, and only what is said is read.
    """

    path: bytes
    spec: PixelSpec
    known: bytes = b""
    unchanged: tuple[int, int] | None = None


@dataclass(frozen=True)
class Prepared:
    """Everything from one read. `hash` is xxh3_128. `picture` is None where the content was known already."""

    path: bytes
    size: int
    mtime_ns: int
    hash: bytes
    picture: Picture | None
    said: PhotoMetadata


@dataclass(frozen=True)
class Moving:
    """What only videos have. Times are in seconds from the start; `poster_at` is the frame that is shown."""

    seconds: float
    codec: str
    poster_at: float


@dataclass(frozen=True)
class Picture:
    """What was decoded. `colour` is 0xRRGGBB, `thumbnail` JPEG bytes, `pixels` uint8 [S, S, 3] as bytes.

    Of a video that is the poster; `frames` are the pixels of its other frames.
    """

    width: int
    height: int
    format: str
    truncated: bool
    perceptual_hash: int
    colour: int
    thumbnail: bytes = field(repr=False)
    pixels: bytes = field(repr=False)
    animated: bool = False
    moving: Moving | None = None
    frames: tuple[bytes, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Refused:
    """A photo that cannot be read, and why. `size` and `mtime_ns` say which state of the file that was."""

    path: bytes
    size: int
    mtime_ns: int
    reason: str


@dataclass(frozen=True)
class Gone:
    """A file that was not there any more."""

    path: bytes


Outcome = Prepared | Refused | Gone


class Unsettled(UnreadablePhoto):
    """A file changed each time it was read. `state` is (size, mtime_ns) before the last time."""

    def __init__(self, state: tuple[int, int]) -> None:
        super().__init__(
            "The file was being written while it was read; it is read again when it is finished."
        )
        self.state = state


def start(memory_limit: int, niceness: int) -> None:
    """Prepare a decode process: polite, limited in memory, never outliving the process that started it."""
    warnings.simplefilter("ignore")  # Pillow warns of odd metadata; what matters is recorded
    threading.Thread(target=end_with_parent, daemon=True).start()
    with contextlib.suppress(OSError, AttributeError):  # no such thing on Windows
        os.nice(niceness)
    if sys.platform.startswith("linux"):  # macOS has the call but does not honour it
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory_limit, memory_limit))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def end_with_parent() -> None:
    """Wait for the parent process to end, then end this one at once. Runs in a daemon thread."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(0)


def prepare(task: Task) -> Outcome:
    """Read and decode one file; what is wrong with the file becomes a `Refused`."""
    try:
        if is_video(task.path) and (outcome := _prepare_video(task)) is not None:
            return outcome
        if task.unchanged is not None and state_of(task.path) == task.unchanged:
            with open_file(task.path) as file:
                said = _said(file, task.path, task.unchanged[1])
            return Prepared(task.path, *task.unchanged, task.known, None, said)
        data, size, mtime_ns = read_file(task.path)
    except (FileNotFoundError, NotADirectoryError):
        return Gone(task.path)
    except MemoryError:
        return Refused(
            task.path, *state_of(task.path), "The file is too large for the memory PhotoClip may use."
        )
    except Unsettled as error:  # in a state that is over: the finished file differs, and is read anew
        return Refused(task.path, *error.state, str(error))
    except (OSError, NotAFile, UnreadablePhoto) as error:
        return Refused(task.path, *state_of(task.path), _why(error))
    digest = xxhash.xxh3_128_digest(data)
    if digest == task.known:
        said = _said(io.BytesIO(data), task.path, mtime_ns)
        return Prepared(task.path, size, mtime_ns, digest, None, said)
    try:
        picture, said = picture_of(data, task.spec, task.path, mtime_ns)
        return Prepared(task.path, size, mtime_ns, digest, picture, said)
    except UnreadablePhoto as error:
        return Refused(task.path, size, mtime_ns, str(error))
    except MemoryError:
        return Refused(
            task.path, size, mtime_ns, "The picture needs more memory than PhotoClip gives one photo."
        )


def _prepare_video(task: Task) -> Outcome | None:
    from photoclip.library import videos  # the container's reader, which photos do not need

    return videos.prepare(task)


def picture_of(data: bytes, spec: PixelSpec, path: bytes, mtime_ns: int) -> tuple[Picture, PhotoMetadata]:
    """Decode once; raises `UnreadablePhoto`. The path tells its name, and where sidecars are."""
    decoded = pixels.decode(data, shortest_side=pixels.decoded_side(spec))
    image = decoded.image
    picture = Picture(
        width=decoded.width,
        height=decoded.height,
        format=decoded.format,
        truncated=decoded.truncated,
        perceptual_hash=difference_hash(image),
        colour=mean_colour(image),
        thumbnail=pixels.thumbnail(image, THUMBNAIL_SIDE),
        pixels=pixels.model_image(image, spec, block_means=decoded.block_means).tobytes(),
        animated=decoded.animated,
    )
    return picture, metadata.read_all(decoded.exif, decoded.info, path, mtime_ns)


def _said(file: BinaryIO, path: bytes, mtime_ns: int) -> PhotoMetadata:
    """What is said about a photo that was decoded before."""
    header = pixels.read_header(file)
    return metadata.read_all(header.exif, header.info, path, mtime_ns)


def difference_hash(image: Image.Image) -> int:
    """64 bits, one for each pair of neighbours in a 9 x 8 grey picture (dHash), as a signed integer."""
    grey = image.convert("L").resize((9, 8), Image.Resampling.BOX).tobytes()
    bits = 0
    for row in range(8):
        for column in range(8):
            at = row * 9 + column
            bits = bits << 1 | (grey[at] > grey[at + 1])
    return bits - (1 << 64) if bits >> 63 else bits


def mean_colour(image: Image.Image) -> int:
    """0xRRGGBB."""
    return int.from_bytes(image.resize((1, 1), Image.Resampling.BOX).tobytes(), "big")


def read_file(path: bytes) -> tuple[bytes, int, int]:
    """(bytes, size, mtime_ns), all of one state of the file.

    Raises OSError, `NotAFile`, or `UnreadablePhoto` for one that is too large or does not come to rest.
    """
    with open_file(path) as file:
        state = _state(file)
        for _ in range(READINGS):
            before = state
            file.seek(0)
            data = read_at_most(file, before[0] + 1)  # one more tells that there is more, perhaps no end
            state = _state(file)
            if state == before and len(data) == state[0]:
                return data, *state
    raise Unsettled(before)


def _state(file: io.FileIO) -> tuple[int, int]:
    found = os.fstat(file.fileno())
    if found.st_size > FILE_LIMIT:
        raise UnreadablePhoto(f"The file is larger than the {FILE_LIMIT >> 30} GiB PhotoClip reads.")
    return found.st_size, written_at(found)


def state_of(path: bytes) -> tuple[int, int]:
    """(size, mtime_ns) of a file, zeros when it is gone."""
    try:
        found = os.stat(path)
    except OSError:
        return 0, 0
    return found.st_size, written_at(found)


def _why(error: Exception) -> str:
    if isinstance(error, PermissionError):
        return "PhotoClip is not allowed to read this file; change its permissions."
    if isinstance(error, OSError):
        return f"The file cannot be read: {error.strerror or error}."
    return str(error)
