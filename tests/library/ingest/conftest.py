"""A library with one watched folder, and decode processes that are there already."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from photoclip.library.catalog.folders import add_folder
from photoclip.library.decoding import Decoders
from photoclip.library.library import Library
from tests.library.processes import started


@pytest.fixture(scope="module", autouse=True)
def decoders() -> Iterator[Decoders]:
    """One set of decode processes for all tests here, started before the first of them."""
    with started() as made:
        yield made


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.open(tmp_path / "library") as opened:
        yield opened


@pytest.fixture
def photos(library: Library, tmp_path: Path) -> Path:
    """A watched folder."""
    folder = tmp_path / "photos"
    folder.mkdir()
    add_folder(library.catalog, bytes(folder))
    return folder
