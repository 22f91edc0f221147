from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.library.search_helpers import Shelf


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    shelf = Shelf(tmp_path)
    yield shelf
    shelf.library.close()
