"""Reading a video in a decode process: the same outcome as for a photo, with more frames for the model.

A content's hash is that of all bytes, as for photos. Above `WHOLE` it is that of the length and of `BLOCKS`
blocks spread evenly over the file, since reading tens of gigabytes for a name would take minutes.
"""

from __future__ import annotations

import io
import os
from collections.abc import Mapping

import xxhash
from PIL import Image

from photoclip import pixels
from photoclip.errors import UnreadablePhoto
from photoclip.library import metadata, video_metadata, worker
from photoclip.library.metadata import PhotoMetadata
from photoclip.library.opening import open_file, written_at
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
    with open_file(task.path) as file:
        before = _state(file)
        name = video.format_of(file.read(video.HEAD_BYTES))
        if name is None:
            return None
        try:
            outcome = _prepared(file, name, task, before)
        except UnreadablePhoto as error:
            return Refused(task.path, *before, str(error))
        except MemoryError:
            return Refused(task.path, *before, TOO_MUCH_MEMORY)
        return outcome if _state(file) == before else Refused(task.path, *before, _UNSETTLED)


def _prepared(file: io.FileIO, name: str, task: Task, state: tuple[int, int]) -> Prepared:
    digest = task.known if state == task.unchanged else content_hash(file, state[0])
    file.seek(0)
    if digest == task.known:
        return Prepared(task.path, *state, digest, None, _said(video.read_tags(file), task, state[1]))
    found = video.read(file, shortest_side=pixels.decoded_side(task.spec))
    said = _said(found.tags, task, state[1])
    return Prepared(task.path, *state, digest, _picture_of(found, name, task), said)


def _said(tags: Mapping[str, str], task: Task, mtime_ns: int) -> PhotoMetadata:
    return metadata.read_all(Image.Exif(), {}, task.path, mtime_ns, camera=video_metadata.read(tags))


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


def _picture_of(found: Video, name: str, task: Task) -> Picture:
    poster, *others = found.images
    return Picture(
        width=found.width,
        height=found.height,
        format=name,
        truncated=found.truncated,
        perceptual_hash=worker.difference_hash(poster),
        colour=worker.mean_colour(poster),
        thumbnail=pixels.thumbnail(poster, worker.THUMBNAIL_SIDE),
        pixels=_model_pixels(poster, task),
        moving=_moving(found),
        frames=tuple(_model_pixels(image, task) for image in others),
    )


def _moving(found: Video) -> worker.Moving:
    return worker.Moving(found.seconds, found.codec, found.poster_at)


def _model_pixels(image: Image.Image, task: Task) -> bytes:
    return pixels.model_image(image, task.spec).tobytes()


def _state(file: io.FileIO) -> tuple[int, int]:
    """(size, mtime_ns)."""
    found = os.fstat(file.fileno())
    return found.st_size, written_at(found)
