"""A library with a watched folder, and decode processes that are there already."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from photoclip.library.decoding import Decoders
from tests.library.hostile.trial import Trial
from tests.library.processes import started


@pytest.fixture(scope="module", autouse=True)
def decoders() -> Iterator[Decoders]:
    """One set of decode processes for a module's tests, started before the first of them."""
    with started(2) as made:
        yield made


@pytest.fixture
def trial(tmp_path: Path, decoders: Decoders) -> Iterator[Trial]:
    with Trial(tmp_path, decoders) as made:
        yield made
