"""Reading a video in a decode process: the same outcome as for a photo, with more frames for the model.

A content's hash is that of all bytes, as for photos. Above `WHOLE` it is that of the length and of `BLOCKS`
blocks spread evenly over the file, since reading tens of gigabytes for a name would take minutes.
"""

from __future__ import annotations

import io
import os
import stat
from typing import Any

import xxhash
from PIL import Image

from photoclip import pixels
from photoclip.errors import UnreadablePhoto
from photoclip.library import live, metadata, video_metadata, worker
from photoclip.library.worker import Outcome, Picture, Prepared, Refused, Task
from photoclip.pixels import video
from photoclip.pixels.limits import TOO_MUCH_MEMORY
from photoclip.pixels.video import Video

WHOLE = 1 << 30
BLOCKS = 256
BLOCK_BYTES = 1 << 20
_UNSETTLED = "The file was being written while it was read; it is read again when it is finished."


def prepare(task: Task) -> Outcome | None:
    """Read and decode one video; None for a file that is none, whatever its name says. Raises OSError."""
    with io.FileIO(task.path, "rb", opener=_open_at_once) as file:
        before = _state(file)
        name = video.format_of(file.read(video.HEAD_BYTES))
        if name is None:
            return None
        try:
            digest = content_hash(file, before[0])
            picture = None if digest == task.known else _picture_of(file, name, task, before[1])
        except UnreadablePhoto as error:
            return Refused(task.path, *before, str(error))
        except MemoryError:
            return Refused(task.path, *before, TOO_MUCH_MEMORY)
        if _state(file) != before:
            return Refused(task.path, *before, _UNSETTLED)
        return Prepared(task.path, *before, digest, picture)


def content_hash(file: io.FileIO, size: int) -> bytes:
    """The xxh3_128 that names this content; see above."""
    state = xxhash.xxh3_128()
    if size <= WHOLE:
        file.seek(0)
        while block := file.read(BLOCK_BYTES):
            state.update(block)
        return state.digest()
    state.update(size.to_bytes(8, "little"))
    for number in range(BLOCKS):
        file.seek((size - BLOCK_BYTES) * number // (BLOCKS - 1))
        state.update(file.read(BLOCK_BYTES))
    return state.digest()


def _picture_of(file: io.FileIO, name: str, task: Task, mtime_ns: int) -> Picture:
    """Decode the frames; raises `UnreadablePhoto`."""
    file.seek(0)
    found = video.read(file, shortest_side=pixels.decoded_side(task.spec))
    poster, *others = found.images
    facts = metadata.read_all(
        Image.Exif(), {}, task.path, mtime_ns, camera=video_metadata.read(found.tags)
    ).facts
    return Picture(
        width=found.width,
        height=found.height,
        format=name,
        truncated=found.truncated,
        metadata=facts,
        perceptual_hash=worker.difference_hash(poster),
        colour=worker.mean_colour(poster),
        thumbnail=pixels.thumbnail(poster, worker.THUMBNAIL_SIDE),
        pixels=_model_pixels(poster, task),
        moving=_moving(found),
        live_id=live.identifier_in(found.tags),
        frames=tuple(_model_pixels(image, task) for image in others),
    )


def _moving(found: Video) -> worker.Moving:
    return worker.Moving(found.seconds, found.codec, found.poster_at)


def _model_pixels(image: Image.Image, task: Task) -> bytes:
    return pixels.model_image(image, task.spec).tobytes()


def _open_at_once(path: Any, flags: int) -> int:
    # Non-blocking, so that a FIFO among the videos cannot hang the worker.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _state(file: io.FileIO) -> tuple[int, int]:
    """(size, mtime_ns)."""
    found = os.fstat(file.fileno())
    if not stat.S_ISREG(found.st_mode):
        raise UnreadablePhoto("This is not a regular file.")
    return found.st_size, found.st_mtime_ns
