"""The table in docs/identity.md and the tests here are the same list."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
TABLE = HERE.parents[2] / "docs" / "identity.md"


def test_every_row_names_its_test_and_every_test_has_its_row() -> None:
    rows = [line for line in TABLE.read_text("utf-8").splitlines() if re.match(r"\| (?!What )", line)]
    named = [re.findall(r"`(\w+\.py)::(test_\w+)` \|$", row) for row in rows]
    assert all(len(tests) == 1 for tests in named)
    there = [
        (path.name, test)
        for path in HERE.glob("test_*.py")
        if path != Path(__file__)
        for test in re.findall(r"^def (test_\w+)", path.read_text("utf-8"), re.MULTILINE)
    ]
    assert len(there) > 30
    assert sorted(tests[0] for tests in named) == sorted(there)
