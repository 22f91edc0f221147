from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.library.duplicates.pile import Pile


@pytest.fixture
def pile(tmp_path: Path) -> Iterator[Pile]:
    pile = Pile(tmp_path)
    yield pile
    pile.library.close()
