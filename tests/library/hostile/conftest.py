"""A library with a watched folder, and decode processes that are there already."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from photoclip.library.decoding import Decoders
from photoclip.library.worker import Gone, Task
from tests.library.fakes import FAKE_INFO
from tests.library.hostile.trial import Trial


@pytest.fixture(scope="module", autouse=True)
def decoders() -> Iterator[Decoders]:
    """One set of decode processes for a module's tests, started before the first of them."""
    made = Decoders(2)
    made.submit(Task(b"/nowhere.jpg", FAKE_INFO.pixel_spec))
    assert made.next_outcome(30) == Gone(b"/nowhere.jpg")
    yield made
    made.close()


@pytest.fixture
def trial(tmp_path: Path, decoders: Decoders) -> Iterator[Trial]:
    with Trial(tmp_path, decoders) as made:
        yield made
