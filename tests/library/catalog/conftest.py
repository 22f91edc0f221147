from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from photoclip.library.catalog.connection import Catalog
from tests.library.catalog.catalog_helpers import watch


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    catalog = Catalog(tmp_path / "catalog.sqlite")
    yield catalog
    catalog.close()


@pytest.fixture
def folder(catalog: Catalog, tmp_path: Path) -> int:
    """A watched, empty folder."""
    return watch(catalog, tmp_path / "photos")
