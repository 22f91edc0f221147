"""The table in docs/bad-input.md names tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
TABLE = HERE.parents[2] / "docs" / "bad-input.md"


def test_every_row_names_its_test() -> None:
    text = TABLE.read_text("utf-8")
    named = re.findall(r"`([\w./]+\.py)::(test_\w+)`", text)
    assert len(named) > 25
    for file, test in named:
        assert f"def {test}(" in (HERE / file).read_text("utf-8"), f"{file}::{test}"
    everything = "".join(path.read_text("utf-8") for path in HERE.glob("test_*.py"))
    for test in re.findall(r"`(test_\w+)`", text):
        assert f"def {test}(" in everything, test
    rows = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| What")]
    assert all("test_" in row or row.endswith("the same |") or "the same, " in row for row in rows)
