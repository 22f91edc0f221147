"""A model store whose long work runs in a process of its own.

Putting a model together imports torch and needs as much memory as the model: a window has neither to wait for
that nor to keep it. And a process can be ended at once, whatever it waits for; what has arrived is kept.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from photoclip.errors import Cancelled, ModelError, PhotoClipError
from photoclip.model_store import ModelRow, ModelStore, Source, Watch

LOOK_SECONDS = 0.05  # between two looks whether the person has stopped it
GRACE_SECONDS = 1.0  # for it to end by itself

MakeStore = Callable[[], ModelStore]


def apart(make: MakeStore) -> ModelStore:
    """The store that `make` makes; what takes long is done by another one, made in a spawned process.

    `make` must be picklable. `get` and `take_in` raise Cancelled or ModelError with the other's sentence.
    """

    def get(name: str, source: Source, replace: bool, watch: Watch) -> ModelRow:
        return _ask(make, "get", (name, source, replace), watch)

    def take_in(source: Path, name: str, like: str, replace: bool) -> ModelRow:
        return _ask(make, "take_in", (source, name, like, replace), None)

    return replace(make(), get=get, take_in=take_in)


def _ask(make: MakeStore, wish: str, arguments: tuple[Any, ...], watch: Watch | None) -> ModelRow:
    """What the other process answers, its news passed on; it has ended when this returns or raises."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(
        target=_serve, args=(make, there, wish, arguments), name="photoclip-store", daemon=True
    )
    process.start()
    there.close()
    try:
        return _follow(here, watch)
    except (EOFError, OSError):
        raise ModelError("Putting the model together was broken off; try again.") from None
    finally:
        here.close()  # it stops when it sees that
        process.join(GRACE_SECONDS)
        if process.is_alive():
            process.kill()
            process.join()
        process.close()


def _follow(pipe: Connection, watch: Watch | None) -> ModelRow:
    """Passes on what comes until the end. Raises EOFError or OSError where there is no answer at the end."""
    patience = float("inf")
    while True:
        if watch is not None and watch.stop.is_set():
            if patience == float("inf"):
                patience = time.monotonic() + GRACE_SECONDS
                with contextlib.suppress(OSError):  # it has ended meanwhile
                    pipe.send("stop")
            elif time.monotonic() > patience:
                raise Cancelled("Stopped; what has arrived is kept.")
        if not pipe.poll(LOOK_SECONDS):
            continue
        kind, news = pipe.recv()
        if kind == "progress" and watch is not None:
            watch.progress(*news)
        elif kind == "say" and watch is not None:
            watch.say(news)
        elif kind == "done":
            row: ModelRow = news
            return row
        elif kind == "cancelled":
            raise Cancelled(news)
        elif kind == "failed":
            raise ModelError(news)


def _serve(make: MakeStore, pipe: Connection, wish: str, arguments: tuple[Any, ...]) -> None:
    """The other process: does what is wished, and stops when it is told to, or nobody is there any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the one who asked
    stop = threading.Event()
    threading.Thread(target=_listen, args=(pipe, stop), daemon=True).start()
    watch = Watch(
        stop,
        lambda *seen: pipe.send(("progress", seen)),
        lambda text: pipe.send(("say", text)),
    )
    store = make()
    work: Callable[..., ModelRow] = store.get if wish == "get" else store.take_in
    try:
        row = work(*arguments, watch) if wish == "get" else work(*arguments)
    except Cancelled as error:
        answer: tuple[str, Any] = ("cancelled", str(error))
    except PhotoClipError as error:
        answer = ("failed", str(error))
    else:
        answer = ("done", row)
    with contextlib.suppress(OSError):  # nobody is there any more
        pipe.send(answer)


def _listen(pipe: Connection, stop: threading.Event) -> None:
    with contextlib.suppress(EOFError, OSError):
        pipe.recv()
    stop.set()
