"""What the library knows of a model: a small protocol, and a process of its own for it to live in."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from photoclip.errors import ModelError, PhotoClipError
from photoclip.pixels import PixelSpec

REQUEST_SECONDS = 0.4
"""What one request for photos is to take: a search typed meanwhile waits for one request at most."""
REQUEST_LIMITS = (4, 64)
"""Photos in one request, by how quick the model is."""
IDLE_SECONDS = 300.0

Array = NDArray[np.float32]


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


class _Turns:
    """One request at a time; texts (a person waits) go before pixels (nobody does)."""

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
        self._batch = 2 * REQUEST_LIMITS[0]
        self._child: _Child | None = None
        self._description = info.name
        self._closed = False
        self._used = threading.Condition()
        self._requests = 0
        self._reaper: threading.Thread | None = None

    @property
    def description(self) -> str:
        """The model, and once loaded also its device and precision."""
        return self._description

    def encode_pixels(self, pixels: NDArray[np.uint8]) -> Array:
        """uint8 [N, S, S, 3] -> unit vectors float32 [N, D]; raises `ModelError`."""
        parts, start = [np.empty((0, self.info.dim), np.float32)], 0
        while start < len(pixels):
            batch = np.ascontiguousarray(pixels[start : start + self._batch])
            parts.append(self._request("pixels", batch))
            start += len(batch)
        return np.concatenate(parts)

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

    def _ask(self, kind: str, payload: Any) -> Any:
        child = self._child or self._start()
        began = time.monotonic()
        answer = child.ask(kind, payload)
        if kind == "pixels":
            self._adapt(len(payload), time.monotonic() - began)
        with self._used:
            self._requests += 1
            self._used.notify_all()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _adapt(self, count: int, seconds: float) -> None:
        fitting = int(count * REQUEST_SECONDS / max(seconds, 1e-6))
        fewest, most = REQUEST_LIMITS
        self._batch = max(fewest, min(most, fitting, 2 * self._batch))

    def _start(self) -> _Child:
        self.on_state("starting")
        child = self._child = _Child(self._load)
        if self._closed:  # close() may have looked for a child just before
            child.kill()
        try:
            self._description = child.wait_until_ready()
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
            target=_serve, args=(theirs, pickle.dumps(load), name), name="photoclip-model", daemon=True
        )
        try:
            self._process.start()
        except BaseException:
            self._log.unlink(missing_ok=True)
            raise
        finally:
            theirs.close()

    def wait_until_ready(self) -> str:
        """The model's description; raises `ModelError` when it cannot be loaded, or `_DiedError`."""
        answer = self._receive()
        if isinstance(answer, Exception):
            raise answer
        return str(answer)

    def ask(self, kind: str, payload: Any) -> Any:
        """The answer: an array, or the exception the model raised."""
        try:
            if kind == "pixels":
                self._pipe.send((kind, payload.shape))
                self._pipe.send_bytes(memoryview(payload).cast("B"))
            else:
                self._pipe.send((kind, payload))
        except OSError as error:
            raise _DiedError(self._last_words()) from error
        return self._receive()

    def _receive(self) -> Any:
        try:
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


def _serve(pipe: Connection, load: bytes, log: str) -> None:
    """The child: load the model, then answer until the pipe or the parent goes away."""
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
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        model: LoadedModel = pickle.loads(load)()
    except PhotoClipError as error:
        pipe.send(ModelError(str(error)))
        return
    pipe.send(model.description)
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
        return np.empty((0, 0), np.float32)
    except (MemoryError, RuntimeError) as error:
        # Out of memory and driver loss: a fresh process may do better than this one.
        traceback.print_exc()
        raise SystemExit(1) from error
    except PhotoClipError as error:
        return ModelError(str(error))


def _keep_stderr(log: str) -> None:
    with Path(log).open("ab", buffering=0) as file:
        os.dup2(file.fileno(), 2)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", errors="replace", buffering=1, closefd=False)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(0)
