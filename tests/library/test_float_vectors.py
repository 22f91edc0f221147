from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from photoclip.library import float_vectors
from photoclip.library.vectors import FLOAT_MAGIC, RECORD, VectorStore, checksum

DIM, COUNT = 8, 50
KEYS = [number.to_bytes(15, "big") + b"\0" for number in range(1, COUNT + 1)]


def floats() -> NDArray[np.float32]:
    drawn = np.random.default_rng(0).standard_normal((COUNT, DIM)).astype(np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files as the first versions wrote them."""
    (tmp_path / "m.vectors").write_bytes(floats().tobytes())
    records = np.array([(key, checksum(key, row)) for key, row in zip(KEYS, floats(), strict=True)], RECORD)
    (tmp_path / "m.keys").write_bytes(FLOAT_MAGIC + DIM.to_bytes(8, "little") + records.tobytes())
    return tmp_path


def assert_whole(folder: Path) -> None:
    store = VectorStore(folder, "m", DIM)
    assert store.missing(KEYS) == set()
    assert np.array_equal(store.matrix(), floats().astype(np.float16))
    assert store.verify() == 0
    assert sorted(path.name for path in folder.iterdir()) == ["m.half", "m.keys"]
    store.append([b"x" * 16], floats()[:1])
    assert len(VectorStore(folder, "m", DIM)) == COUNT + 1


def test_whole_floats_become_halves_when_they_are_opened(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(float_vectors, "_ROWS_AT_A_TIME", 7)
    assert_whole(folder)


def test_damaged_rows_are_left_out(folder: Path) -> None:
    with (folder / "m.vectors").open("r+b") as file:
        file.seek(4 * DIM * 3)
        file.write(b"\xff" * 5)
        file.truncate(4 * DIM * (COUNT - 2))
    store = VectorStore(folder, "m", DIM)
    assert store.missing(KEYS) == {KEYS[3], *KEYS[-2:]}


@pytest.mark.parametrize("done", ["rows", "records"])
def test_an_end_at_any_point_leaves_the_one_or_the_other(
    folder: Path, monkeypatch: pytest.MonkeyPatch, done: str
) -> None:
    """Once the rows are in place, and once the records are too."""
    calls = 0
    replace = Path.replace

    def stopped(self: Path, target: Path) -> Path:
        nonlocal calls
        calls += 1
        if calls == 2 and done == "rows":
            raise KeyboardInterrupt
        moved = replace(self, target)
        if calls == 2:
            raise KeyboardInterrupt
        return moved

    monkeypatch.setattr(Path, "replace", stopped)
    with pytest.raises(KeyboardInterrupt):
        VectorStore(folder, "m", DIM)
    monkeypatch.undo()
    VectorStore(folder, "m", DIM)
    assert (folder / "m.vectors").exists() == (done == "records")  # which the doctor then sees to
    (folder / "m.vectors").unlink(missing_ok=True)
    assert_whole(folder)


def test_another_dimension_is_not_taken_for_these(folder: Path) -> None:
    assert len(VectorStore(folder, "m", DIM + 1)) == 0
