from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from photoclip.errors import DiskFull
from photoclip.library import vectors as module
from photoclip.library.vectors import VectorStore

DIM = 6


def keys(*numbers: int) -> list[bytes]:
    """Hashes that end in a zero byte, which NumPy likes to lose."""
    return [number.to_bytes(15, "big") + b"\0" for number in numbers]


def rows(*numbers: int) -> NDArray[np.float32]:
    return np.array([np.full(DIM, number) for number in numbers], np.float32).reshape(-1, DIM)


def filled(folder: Path, *numbers: int) -> VectorStore:
    store = VectorStore(folder, "m", DIM)
    store.append(keys(*numbers), rows(*numbers))
    return store


def assert_holds(store: VectorStore, *numbers: int) -> None:
    assert len(store) == len(numbers)
    assert store.missing(keys(*numbers)) == set()
    assert (store.matrix() == rows(*numbers)).all()
    assert (store.keys() == np.array(keys(*numbers), "S16")).all()


def test_rows_last(tmp_path: Path) -> None:
    store = filled(tmp_path, 1, 2)
    store.append(keys(3), rows(3))
    assert_holds(store, 1, 2, 3)
    assert_holds(VectorStore(tmp_path, "m", DIM), 1, 2, 3)
    assert store.missing(keys(3, 4)) == set(keys(4))


def test_models_do_not_mix(tmp_path: Path) -> None:
    filled(tmp_path, 1)
    assert len(VectorStore(tmp_path, "other", DIM)) == 0


def test_known_keys_are_not_stored_twice(tmp_path: Path) -> None:
    store = filled(tmp_path, 1)
    store.append(keys(1, 2, 2), rows(9, 2, 2))
    assert_holds(store, 1, 2)


def test_generation_grows_with_rows_of_this_and_other_processes(tmp_path: Path) -> None:
    store, other = filled(tmp_path, 1), VectorStore(tmp_path, "m", DIM)
    before = other.generation
    assert other.generation == before
    store.append(keys(2), rows(2))
    assert other.generation > before
    assert_holds(other, 1, 2)


def test_a_matrix_stays_valid_while_rows_arrive(tmp_path: Path) -> None:
    store = filled(tmp_path, 1, 2)
    held = store.matrix()
    store.append(keys(*range(3, 500)), rows(*range(3, 500)))
    assert (held == rows(1, 2)).all()


@settings(deadline=None, max_examples=50)  # it syncs to the disk
@given(cut_rows=st.integers(0, 6 * 2 * DIM), cut_keys=st.integers(0, 6 * 24 + 16))
def test_a_torn_tail_is_dropped_and_overwritten(
    tmp_path_factory: pytest.TempPathFactory, cut_rows: int, cut_keys: int
) -> None:
    folder = tmp_path_factory.mktemp("torn")
    store = filled(folder, 1, 2, 3, 4, 5, 6)
    for path, cut in ((store.rows_path, cut_rows), (store.keys_path, cut_keys)):
        os.truncate(path, path.stat().st_size - cut)
    left = min(6 - -(-cut_rows // (2 * DIM)), max(0, 6 - -(-cut_keys // 24)))
    again = VectorStore(folder, "m", DIM)
    assert_holds(again, *range(1, left + 1))
    again.append(keys(70, 80), rows(70, 80))
    assert_holds(VectorStore(folder, "m", DIM), *range(1, left + 1), 70, 80)


def test_torn_bytes_in_the_last_rows_are_noticed_at_opening(tmp_path: Path) -> None:
    store = filled(tmp_path, 1, 2, 3)
    with store.rows_path.open("r+b") as file:
        file.seek(2 * 2 * DIM)
        file.write(b"\0" * 4)
    assert_holds(VectorStore(tmp_path, "m", DIM), 1, 2)


def test_damage_in_the_middle_is_found_and_the_rest_kept(tmp_path: Path) -> None:
    store = filled(tmp_path, *range(200))
    with store.rows_path.open("r+b") as file:
        file.seek(50 * 2 * DIM)
        file.write(b"\xff" * 2 * DIM * 2)
    again = VectorStore(tmp_path, "m", DIM)
    assert again.verify() == 2
    assert_holds(again, *range(50), *range(52, 200))
    assert again.missing(keys(50, 51, 52)) == set(keys(50, 51))
    assert_holds(VectorStore(tmp_path, "m", DIM), *range(50), *range(52, 200))
    assert again.verify() == 0
    assert (tmp_path / "m.half.damaged").exists()


@pytest.mark.parametrize("name", ["m.keys", "m.half"])
def test_files_that_are_something_else_are_set_aside(tmp_path: Path, name: str) -> None:
    filled(tmp_path, 1, 2)
    if name == "m.keys":
        (tmp_path / name).write_bytes(b"something else entirely")
    else:
        (tmp_path / name).unlink()
    store = VectorStore(tmp_path, "m", DIM)
    assert len(store) == 0
    store.append(keys(5), rows(5))
    assert_holds(VectorStore(tmp_path, "m", DIM), 5)


def test_another_dimension_is_not_mixed_in(tmp_path: Path) -> None:
    filled(tmp_path, 1)
    assert len(VectorStore(tmp_path, "m", DIM + 1)) == 0


def test_a_full_disk_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = filled(tmp_path, 1, 2)

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(module.os, "fsync", full)
        with pytest.raises(DiskFull, match="full; make room"):
            store.append(keys(3), rows(3))
    assert_holds(store, 1, 2)
    store.append(keys(4), rows(4))
    assert_holds(VectorStore(tmp_path, "m", DIM), 1, 2, 4)


def test_wrong_shapes_are_our_mistake(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="shape"):
        filled(tmp_path, 1).append(keys(2, 3), rows(2))
