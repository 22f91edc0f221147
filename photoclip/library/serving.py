"""What runs in the model's own process: it loads the model and answers until its pipe or its parent ends.

The window imports this module too, so what only that process needs is imported where it is used.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import sys
import threading
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from photoclip.errors import ModelError, PhotoClipError, UnreadablePhoto

if TYPE_CHECKING:
    from photoclip.library.encoder import LoadedModel

READERS = 8
"""Files read at a time; what a fast disk or a distant one needs to be kept busy."""

Array = NDArray[np.float32]


@runtime_checkable
class JpegModel(Protocol):
    """What a loaded model may be beside: one that decodes JPEG files on its device.

    `takes_jpegs` is whether it is worth trying. `encode_jpegs` gives the unit vectors [M, D] of those files
    that it could decode, and their places.
    """

    @property
    def takes_jpegs(self) -> bool: ...
    def encode_jpegs(self, files: Sequence[bytes]) -> tuple[Array, list[int]]: ...


@dataclass(frozen=True)
class State:
    """What the process says of its model when it is loaded, and after every request for files."""

    description: str
    takes_files: bool


@dataclass(frozen=True)
class Taken:
    """Unit vectors float32 [M, D] of the files at `places`; the others are to be decoded elsewhere."""

    places: list[int]
    vectors: Array


def serve(pipe: Connection, load: bytes, log: str) -> None:
    """Run the process; `load` is a pickled function, `log` the file that takes what is written to stderr."""
    from photoclip.library.worker import end_with_parent

    _keep_stderr(log)
    # Decode processes share the cores. Threads that spin while they wait would cost them half their time, and
    # a model on all cores waits for its slowest thread. Read when the model's library is imported, so `load`
    # arrives pickled.
    threads = str(max(1, (os.cpu_count() or 1) // 2))
    for name, value in (
        ("OMP_NUM_THREADS", threads),
        ("OMP_WAIT_POLICY", "PASSIVE"),
        ("GOMP_SPINCOUNT", "0"),
        ("KMP_BLOCKTIME", "0"),
    ):
        os.environ.setdefault(name, value)
    threading.Thread(target=end_with_parent, daemon=True).start()
    try:
        model: LoadedModel = pickle.loads(load)()
    except PhotoClipError as error:
        pipe.send(ModelError(str(error)))
        return
    pipe.send(_state(model))
    with contextlib.suppress(EOFError, OSError, KeyboardInterrupt):
        while True:
            pipe.send(_answer(pipe, model))


def _answer(pipe: Connection, model: LoadedModel) -> Any:
    kind, detail = pipe.recv()
    try:
        if kind == "pixels":
            pixels = np.frombuffer(pipe.recv_bytes(), np.uint8).reshape(detail)
            return np.ascontiguousarray(model.encode_pixels(pixels), np.float32)
        if kind == "texts":
            return np.ascontiguousarray(model.encode_texts(detail), np.float32)
        if kind == "files":
            return _encode_files(model, detail), _state(model)
        return np.empty((0, 0), np.float32)
    except (MemoryError, RuntimeError) as error:
        # Out of memory and driver loss: a fresh process may do better than this one.
        traceback.print_exc()
        raise SystemExit(1) from error
    except PhotoClipError as error:
        return ModelError(str(error))


def _state(model: LoadedModel) -> State:
    return State(model.description, isinstance(model, JpegModel) and model.takes_jpegs)


def _encode_files(model: LoadedModel, files: Sequence[tuple[bytes, bytes]]) -> Taken:
    """Of (path, content hash) those that hold that content and that the model decodes."""
    from concurrent.futures import ThreadPoolExecutor

    assert isinstance(model, JpegModel)
    with ThreadPoolExecutor(READERS) as threads:
        read = list(threads.map(_read_unchanged, files))
    there = [place for place, data in enumerate(read) if data]
    vectors, places = model.encode_jpegs([read[place] for place in there])
    return Taken([there[place] for place in places], np.ascontiguousarray(vectors, np.float32))


def _read_unchanged(file: tuple[bytes, bytes]) -> bytes:
    """The file's bytes; none when it cannot be read or has another content: a decode process says why."""
    import xxhash

    from photoclip.library.worker import read_file

    path, hash = file
    try:
        data, _, _ = read_file(path)
    except (OSError, UnreadablePhoto):
        return b""
    return data if xxhash.xxh3_128_digest(data) == hash else b""


def _keep_stderr(log: str) -> None:
    with Path(log).open("ab", buffering=0) as file:
        os.dup2(file.fileno(), 2)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", errors="replace", buffering=1, closefd=False)
