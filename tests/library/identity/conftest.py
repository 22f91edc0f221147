"""A library whose owner has said much, and decode processes that are there already."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from photoclip.library.decoding import Decoders
from tests.library.identity.keeper import Keeper
from tests.library.processes import started


@pytest.fixture(scope="module", autouse=True)
def decoders() -> Iterator[Decoders]:
    """One set of decode processes for a module's tests, started before the first of them."""
    with started() as made:
        yield made


@pytest.fixture
def keeper(tmp_path: Path, decoders: Decoders) -> Iterator[Keeper]:
    made = Keeper(tmp_path, decoders)
    yield made
    made.library.close()
