from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from photoclip.errors import DiskFull
from photoclip.library.thumbnails import ThumbnailStore

A, B, C = b"a" * 16, b"b" * 15 + b"\0", b"c" * 16


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ThumbnailStore]:
    made = ThumbnailStore(tmp_path / "thumbnails.sqlite")
    yield made
    made.close()


def test_what_is_put_is_found_again(store: ThumbnailStore) -> None:
    store.put_many([(A, b"one"), (B, b"two")])
    store.put_many([(A, b"newer")])
    assert (store.get(A), store.get(B), store.get(C)) == (b"newer", b"two", None)
    assert store.missing([A, B, C, C]) == {C}
    assert store.missing([]) == set()


def test_many_hashes_are_looked_up(store: ThumbnailStore) -> None:
    hashes = [number.to_bytes(16, "big") for number in range(2000)]
    store.put_many((hash, b"x") for hash in hashes[::2])
    assert store.missing(hashes) == set(hashes[1::2])


def test_it_lasts(store: ThumbnailStore) -> None:
    store.put_many([(A, b"one")])
    other = ThumbnailStore(store.path)  # as another process has it
    assert other.get(A) == b"one"
    other.close()


def test_every_thread_may_read_and_write(store: ThumbnailStore) -> None:
    def work(number: int) -> bytes | None:
        hash = number.to_bytes(16, "big")
        store.put_many([(hash, b"%d" % number)])
        return store.get(hash)

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, range(40))) == [b"%d" % number for number in range(40)]


def test_a_file_that_is_no_database_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "thumbnails.sqlite"
    path.write_bytes(b"this is not a database " * 99)
    store = ThumbnailStore(path)
    assert store.missing([A]) == {A}
    store.put_many([(A, b"again")])
    assert store.get(A) == b"again"
    store.close()
    assert (tmp_path / "thumbnails.sqlite.damaged").exists()


def test_a_file_damaged_in_the_middle_is_set_aside_when_that_is_met(tmp_path: Path) -> None:
    path = tmp_path / "thumbnails.sqlite"
    store = ThumbnailStore(path)
    hashes = [number.to_bytes(16, "big") for number in range(300)]
    store.put_many((hash, bytes(3000)) for hash in hashes)
    store.close()
    with path.open("r+b") as file:
        file.seek(8192)
        file.write(b"\xff" * 400_000)
    store = ThumbnailStore(path)
    assert store.missing(hashes) == set(hashes)
    store.put_many([(hashes[0], b"again")])
    assert store.get(hashes[0]) == b"again"
    store.close()


def test_a_full_disk_is_one_sentence(store: ThumbnailStore) -> None:
    store.put_many([(A, b"one")])
    connection = store._connection()
    connection.execute(f"PRAGMA max_page_count = {connection.execute('PRAGMA page_count').fetchone()[0]}")
    with pytest.raises(DiskFull, match="full; make room"):
        store.put_many([(B, bytes(1_000_000))])
    assert store.get(A) == b"one"
    assert store.missing([A, B]) == {B}


def test_no_statement_waits_for_another_process_for_ever(store: ThumbnailStore) -> None:
    other = sqlite3.connect(store.path)
    other.execute("BEGIN IMMEDIATE")
    assert store.get(A) is None  # readers do not wait for a writer
    other.close()
