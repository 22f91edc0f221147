"""Another process's writes are told of, and no others."""

from __future__ import annotations

import errno
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from photoclip.library.catalog.albums import create_album
from photoclip.library.catalog.connection import Catalog
from photoclip.library.watching import catalog_log
from photoclip.library.watching.catalog_log import CatalogLog


@pytest.fixture
def catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Catalog]:
    monkeypatch.setattr(catalog_log, "LOOKS", (0.01, 0.05, 0.25, 1.25))
    opened = Catalog(tmp_path / "catalog.sqlite")
    yield opened
    opened.close()


class Log:
    """A log that is followed, and how often it told of a write."""

    def __init__(self, catalog: Catalog) -> None:
        self.told = threading.Semaphore(0)
        self.times = 0
        self.follows = CatalogLog(catalog, self._tell)

    def _tell(self) -> None:
        self.times += 1
        self.told.release()


@pytest.fixture
def log(catalog: Catalog) -> Iterator[Log]:
    made = Log(catalog)
    yield made
    made.follows.close()


def test_only_the_writes_of_others_are_told(catalog: Catalog, log: Log) -> None:
    """To SQLite, another connection is another process."""
    create_album(catalog, "Mine")
    other = Catalog(catalog.path)
    for name in ("Theirs", "Theirs too"):
        create_album(other, name)
        assert log.told.acquire(timeout=20)
    other.close()
    create_album(catalog, "Mine too")
    assert log.times == 2


def test_a_write_that_shows_late_is_told(catalog: Catalog, log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log is appended to before the disk has it, and only then do others see what was written."""
    looked = threading.Event()
    real = catalog.data_version
    known = real()

    def late() -> int:
        if not looked.is_set():
            looked.set()
            return known
        return real()

    monkeypatch.setattr(catalog, "data_version", late)
    other = Catalog(catalog.path)
    create_album(other, "Theirs")
    assert log.told.acquire(timeout=20)
    assert looked.is_set()
    other.close()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES])
def test_without_a_watch_nothing_is_told(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(_troubles: object) -> None:
        raise OSError(number, "refused")

    monkeypatch.setattr(catalog_log, "native_observer", refuse)
    log = Log(catalog)
    other = Catalog(catalog.path)
    create_album(other, "Theirs")
    other.close()
    log.follows.close()
    assert log.times == 0
