"""One indexer at a time on a library, across processes. Reading and a person's changes need no lock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from photoclip.errors import CatalogError, LibraryBusy


@contextmanager
def writer_lock(folder: Path) -> Iterator[None]:
    """Holds the indexer's lock; the system frees it when the process ends, however it ends.

    Raises LibraryBusy at once when another process (or another indexer in this one) holds it.
    """
    from filelock import FileLock, Timeout  # brings asyncio along, which the first frame need not wait for

    lock = FileLock(folder / "indexing.lock", mode=0o600)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise LibraryBusy(
            f"Another PhotoClip is indexing the library in {folder}; wait until it is done, or close it."
        ) from error
    except (OSError, NotImplementedError) as error:
        raise CatalogError(f"The library in {folder} cannot be locked for indexing ({error}).") from error
    try:
        yield
    finally:
        lock.release()
