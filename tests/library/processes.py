"""Decode processes that are there before a test begins."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from photoclip.library.decoding import Decoders
from photoclip.library.worker import Gone, Task
from tests.library.fakes import FAKE_INFO


@contextmanager
def started(workers: int = 1) -> Iterator[Decoders]:
    with closing(Decoders(workers)) as made:
        made.submit(Task(b"/nowhere.jpg", FAKE_INFO.pixel_spec))
        assert made.next_outcome(30) == Gone(b"/nowhere.jpg")
        yield made
