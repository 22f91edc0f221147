"""Starts the driver, gives its processes their work, listens to them, and kills them."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).parents[3]
PATIENCE = 60.0


class Driver:
    """The process from which those that are killed are forked: importing everything takes most of a second.

    `told` are the lines that the present one has written so far.
    """

    def __init__(self) -> None:
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 -- closed in `__exit__`
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.library.crash.driver"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            cwd=ROOT,
        )
        self.told: list[str] = []
        self._half = b""
        self._child: int | None = None
        self._status: int | None = None

    def __enter__(self) -> Driver:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait(PATIENCE)
        for pipe in (self._process.stdin, self._process.stdout, self._stderr):
            assert pipe is not None
            pipe.close()

    @contextmanager
    def job(self, kind: str, *details: object) -> Iterator[None]:
        """A process does this until the end of the block, where it is killed; `told` is all it told of."""
        assert self._process.stdin is not None
        self.told, self._child, self._status = [], None, None
        self._process.stdin.write(json.dumps([kind, *details], default=str).encode() + b"\n")
        self._process.stdin.flush()
        try:
            self._listen_until(lambda: self._child is not None)
            yield
        finally:
            if self._child is not None and self._status is None:
                os.kill(self._child, signal.SIGKILL)
                self._listen_until(lambda: self._status is not None)
        assert os.WIFSIGNALED(self._status or 0), f"it ended by itself after {self.told}:\n{self._said()}"

    def wait_for(self, lines: int) -> None:
        """Until it has told of so much."""
        self._listen_until(lambda: len(self.told) >= lines or self._status is not None)

    def let_go_on(self, seconds: float) -> None:
        """For so long, whatever it does."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._listen(left)

    def _listen_until(self, come: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE
        while not come():
            assert self._listen(end - time.monotonic()), f"it hangs after {self.told}:\n{self._said()}"

    def _listen(self, seconds: float) -> bool:
        """Takes what was written; whether there was something within so many seconds."""
        assert self._process.stdout is not None
        pipe = self._process.stdout.fileno()
        if not select.select([pipe], [], [], max(0.0, seconds))[0]:
            return False
        data = os.read(pipe, 1 << 16)
        *lines, self._half = (self._half + data).split(b"\n")
        for line in lines:
            self._take(line.decode())
        return bool(data)

    def _take(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        if word == "child":
            self._child = int(rest)
        elif word == "ended":
            self._status = int(rest)
        else:
            self.told.append(line)

    def _said(self) -> str:
        """What went to stderr."""
        self._stderr.seek(0)
        return self._stderr.read().decode("utf-8", "replace")
