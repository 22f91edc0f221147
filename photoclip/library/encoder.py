"""What the library knows of a model: a small protocol, and a process of its own for it to live in."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from photoclip.errors import ModelError
from photoclip.library.serving import Array, State, Taken, serve
from photoclip.pixels import PixelSpec

REQUEST_SECONDS = 0.4
"""What one request for photos is to take: a search typed meanwhile waits for one request at most."""
REQUEST_LIMITS = (4, 64)
"""Photos in one request, by how quick the model is."""
IDLE_SECONDS = 300.0
FILES_SECONDS = 60.0
"""For one request that reads files; a drive that does not answer must not keep searches waiting."""
GAVE_UP = "it stopped while decoding photos, which the decode processes do from now on"


@dataclass(frozen=True)
class EncoderInfo:
    """What is known of a model without loading it; `key` stands for weights and preprocessing."""

    name: str
    key: str
    dim: int
    pixel_spec: PixelSpec
    logit_scale: float


class LoadedModel(Protocol):
    """What `load` returns in the child process."""

    @property
    def description(self) -> str: ...
    def encode_pixels(self, pixels: NDArray[np.uint8]) -> Array: ...
    def encode_texts(self, texts: Sequence[str]) -> Array: ...


class Encoder(Protocol):
    """Pixels uint8 [N, S, S, 3] or texts [N] to unit vectors float32 [N, D]."""

    @property
    def info(self) -> EncoderInfo: ...
    @property
    def description(self) -> str: ...
    def encode_pixels(self, pixels: NDArray[np.uint8]) -> Array: ...
    def encode_texts(self, texts: Sequence[str]) -> Array: ...


@runtime_checkable
class FileEncoder(Encoder, Protocol):
    """An `Encoder` whose model may read and decode JPEG files itself, on the device it runs on."""

    @property
    def takes_files(self) -> bool:
        """Whether it does, as far as is known now; a model that is not loaded yet does not."""

    def encode_files(self, files: Sequence[tuple[bytes, bytes]]) -> Taken:
        """(path, content hash) of files; those that changed, or are not for it, are not among the taken."""


class _Turns:
    """One request at a time; texts (a person waits) go before photos (nobody does)."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._busy = False
        self._texts = 0

    @contextlib.contextmanager
    def turn(self, *, text: bool) -> Iterator[None]:
        with self._condition:
            self._texts += text
            self._condition.wait_for(lambda: not self._busy and (text or not self._texts))
            self._texts -= text
            self._busy = True
        try:
            yield
        finally:
            with self._condition:
                self._busy = False
                self._condition.notify_all()


class _DiedError(Exception):
    """The child process ended without an answer."""


class EncoderProcess:
    """An `Encoder` whose model lives in a spawned child: started on first use, given back when idle.

    A child that dies is started once more for the same request, then `ModelError`. `load` must be picklable;
    it runs in the child, and its `PhotoClipError` reaches the caller as `ModelError`. Thread-safe.
    """

    def __init__(
        self,
        info: EncoderInfo,
        load: Callable[[], LoadedModel],
        *,
        on_state: Callable[[str], None] = lambda state: None,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self.info = info
        self.on_state = on_state
        self._load = load
        self._idle_seconds = idle_seconds
        self._turns = _Turns()
        self._batch = dict.fromkeys(("pixels", "files"), 2 * REQUEST_LIMITS[0])
        self._child: _Child | None = None
        self._state = State(info.name, takes_files=False)
        self._gave_up = False  # on decoding files in the child
        self._closed = False
        self._used = threading.Condition()
        self._requests = 0
        self._reaper: threading.Thread | None = None

    @property
    def description(self) -> str:
        """The model, and once loaded also its device and precision."""
        return f"{self._state.description} ({GAVE_UP})" if self._gave_up else self._state.description

    @property
    def takes_files(self) -> bool:
        """Whether the model decodes JPEG files itself; until it has been loaded it does not."""
        return self._state.takes_files and not self._gave_up

    def encode_pixels(self, pixels: NDArray[np.uint8]) -> Array:
        """uint8 [N, S, S, 3] -> unit vectors float32 [N, D]; raises `ModelError`."""
        parts, start = [np.empty((0, self.info.dim), np.float32)], 0
        while start < len(pixels):
            batch = np.ascontiguousarray(pixels[start : start + self._batch["pixels"]])
            parts.append(self._request("pixels", batch))
            start += len(batch)
        return np.concatenate(parts)

    def encode_files(self, files: Sequence[tuple[bytes, bytes]]) -> Taken:
        """(path, content hash) of JPEG files -> the vectors of those that the child could read and decode.

        A child that dies over them, or takes too long, is given no more files. Raises `ModelError`.
        """
        places, parts, start = list[int](), [np.empty((0, self.info.dim), np.float32)], 0
        while start < len(files) and self.takes_files:
            batch = list(files[start : start + self._batch["files"]])
            taken = self._request_files(batch)
            places += [start + place for place in taken.places]
            parts.append(taken.vectors)
            start += len(batch)
        return Taken(places, np.concatenate(parts))

    def encode_texts(self, texts: Sequence[str]) -> Array:
        """[N] -> unit vectors float32 [N, D]; raises `ModelError`."""
        if not texts:
            return np.empty((0, self.info.dim), np.float32)
        vectors: Array = self._request("texts", list(texts))
        return vectors

    def warm_up(self) -> None:
        """Start the child and load the model now."""
        self._request("ready", None)

    def close(self) -> None:
        """End the child and join everything; a request under way raises `ModelError`."""
        with self._used:
            self._closed = True
            self._used.notify_all()
        child = self._child
        if child is not None:
            child.kill()  # a request under way sees its pipe close
        with self._turns.turn(text=True):
            self._stop()
        if self._reaper is not None:
            self._reaper.join()

    def _request(self, kind: str, payload: Any) -> Any:
        with self._turns.turn(text=kind != "pixels"):
            for attempt in (1, 2):
                if self._closed:
                    raise ModelError(f"The model {self.info.name} was closed.")
                try:
                    return self._ask(kind, payload)
                except _DiedError as death:
                    reason = str(death)
                    self._stop(failed=attempt == 2 and not self._closed)
            if self._closed:
                raise ModelError(f"The model {self.info.name} was closed.")
            raise ModelError(f"The model {self.info.name} stopped working: {reason}")

    def _request_files(self, files: list[tuple[bytes, bytes]]) -> Taken:
        with self._turns.turn(text=False):
            if not self._closed:
                try:
                    taken, self._state = self._ask("files", files)
                    return taken  # type: ignore[no-any-return]
                except _DiedError:
                    self._stop()
            if self._closed:
                raise ModelError(f"The model {self.info.name} was closed.")
            self._gave_up = True
            return Taken([], np.empty((0, self.info.dim), np.float32))

    def _ask(self, kind: str, payload: Any) -> Any:
        child = self._child or self._start()
        began = time.monotonic()
        answer = child.ask(kind, payload, FILES_SECONDS if kind == "files" else None)
        if kind in self._batch:
            self._adapt(kind, len(payload), time.monotonic() - began)
        with self._used:
            self._requests += 1
            self._used.notify_all()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _adapt(self, kind: str, count: int, seconds: float) -> None:
        fitting = int(count * REQUEST_SECONDS / max(seconds, 1e-6))
        fewest, most = REQUEST_LIMITS
        self._batch[kind] = max(fewest, min(most, fitting, 2 * self._batch[kind]))

    def _start(self) -> _Child:
        self.on_state("starting")
        child = self._child = _Child(self._load)
        if self._closed:  # close() may have looked for a child just before
            child.kill()
        try:
            self._state = child.wait_until_ready()
        except ModelError:
            self._stop(failed=True)
            raise
        if self._reaper is None:
            self._reaper = threading.Thread(target=self._reap, name="encoder-idle", daemon=True)
            self._reaper.start()
        self.on_state("ready")
        return child

    def _stop(self, *, failed: bool = False) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.stop()
            self.on_state("failed" if failed else "stopped")

    def _reap(self) -> None:
        """Give the child's memory back when nothing was asked for a while."""
        while True:
            with self._used:
                seen = self._requests
                running = self._child is not None
                woken = self._used.wait(self._idle_seconds if running else None)
                if self._closed:
                    return
            if woken or not running:
                continue
            with self._turns.turn(text=False):
                if self._requests == seen:
                    self._stop()


class _Child:
    """The process and its pipe; what it writes to stderr is kept for the reason of its death."""

    def __init__(self, load: Callable[[], LoadedModel]) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        handle, name = tempfile.mkstemp(prefix="photoclip-model-", suffix=".log")
        os.close(handle)
        self._log = Path(name)
        self._process = context.Process(
            target=serve, args=(theirs, pickle.dumps(load), name), name="photoclip-model", daemon=True
        )
        try:
            self._process.start()
        except BaseException:
            self._log.unlink(missing_ok=True)
            raise
        finally:
            theirs.close()

    def wait_until_ready(self) -> State:
        """What the model says of itself; raises `ModelError` when it cannot be loaded, or `_DiedError`."""
        answer: State | Exception = self._receive()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def ask(self, kind: str, payload: Any, seconds: float | None = None) -> Any:
        """The answer, or the exception the model raised; one that takes longer than `seconds` is killed."""
        try:
            if kind == "pixels":
                self._pipe.send((kind, payload.shape))
                self._pipe.send_bytes(memoryview(payload).cast("B"))
            else:
                self._pipe.send((kind, payload))
        except OSError as error:
            raise _DiedError(self._last_words()) from error
        return self._receive(seconds)

    def _receive(self, seconds: float | None = None) -> Any:
        try:
            if seconds is not None and not self._pipe.poll(seconds):
                self.kill()
            return self._pipe.recv()
        except (EOFError, OSError) as error:
            raise _DiedError(self._last_words()) from error

    def _last_words(self) -> str:
        self._process.join(5)
        lines = self._log.read_text("utf-8", "replace").split("\n") if self._log.exists() else []
        said = [line.strip() for line in lines if line.strip()]
        code = self._process.exitcode
        killed = code is not None and code < 0
        ended = f"it was ended by signal {-(code or 0)}" if killed else f"it ended with code {code}"
        return f"{ended} ({said[-1][:300]})." if said else f"{ended}."

    def kill(self) -> None:
        with contextlib.suppress(ValueError):  # already stopped and closed
            self._process.kill()

    def stop(self) -> None:
        self._pipe.close()  # the child ends by itself when its pipe does
        self._process.join(2)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._process.close()
        self._log.unlink(missing_ok=True)
