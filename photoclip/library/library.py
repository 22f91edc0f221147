"""A library: one folder with the catalog, and beside it the thumbnails and vectors that can be made again."""

from __future__ import annotations

import contextlib
import glob
import os
import threading
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType

from photoclip.errors import CatalogError, PhotoClipError
from photoclip.library.catalog.backup import backup_if_due
from photoclip.library.catalog.connection import Catalog
from photoclip.library.encoder import EncoderInfo
from photoclip.library.lock import writer_lock
from photoclip.library.thumbnails import ThumbnailStore
from photoclip.library.vectors import VectorStore

CATALOG_FILE = "catalog.sqlite"
THUMBNAIL_FILE = "thumbnails.sqlite"
VECTOR_FOLDER = "vectors"


class Library:
    """Opened with `Library.open`; safe to share between threads; close it, or use it as a context manager."""

    def __init__(self, folder: Path, catalog: Catalog, thumbnails: ThumbnailStore) -> None:
        self.folder = folder
        self.catalog = catalog
        self.thumbnails = thumbnails
        self._vectors: dict[str, VectorStore] = {}
        self._vectors_lock = threading.Lock()

    @classmethod
    def open(cls, folder: Path, *, create: bool = True) -> Library:
        """Opens the library in this folder, and makes it there unless `create` is false.

        Raises CatalogTooNew, CatalogDamaged, or PhotoClipError with a sentence: no such library, no
        permission, a disk that cannot hold one.
        """
        folder = folder.expanduser().absolute()
        if not create and not (folder / CATALOG_FILE).exists():
            raise PhotoClipError(f"There is no library in {folder}; index a folder of photos to make one.")
        _make_private(folder)
        catalog = Catalog(folder / CATALOG_FILE)
        try:
            thumbnails = ThumbnailStore(folder / THUMBNAIL_FILE)
        except BaseException:
            catalog.close()
            raise
        return cls(folder, catalog, thumbnails)

    def vectors(self, info: EncoderInfo) -> VectorStore:
        """The vectors of one model, always the same store for the same key."""
        with self._vectors_lock:
            store = self._vectors.get(info.key)
            if store is None:
                store = VectorStore(self.folder / VECTOR_FOLDER, info.key, info.dim)
                self._vectors[info.key] = store
            return store

    def vector_keys(self) -> set[str]:
        """The keys of the models of which vectors are stored here."""
        return {path.name.partition(".")[0] for path in (self.folder / VECTOR_FOLDER).glob("*.*")}

    def drop_vectors(self, key: str) -> None:
        """Deletes the vectors of one model. A kill in between leaves rows without records, which are none."""
        with self._vectors_lock:
            store = self._vectors.pop(key, None)
            if store is not None:
                store.close()
        records = self.folder / VECTOR_FOLDER / f"{key}.keys"
        with contextlib.suppress(PermissionError):  # on Windows, while another process has them open
            for path in (records, *records.parent.glob(f"{glob.escape(key)}.*")):
                path.unlink(missing_ok=True)

    def writer_lock(self) -> AbstractContextManager[None]:
        """Held while indexing: one indexer at a time, across processes. Raises LibraryBusy."""
        return writer_lock(self.folder)

    def back_up(self) -> Path | None:
        """Backs the catalog up when the newest backup is older than a day; returns the new one, if any."""
        return backup_if_due(self.catalog.path)

    def close(self) -> None:
        with self._vectors_lock:
            self._vectors.clear()  # their memory maps end with them
        self.thumbnails.close()
        self.catalog.close()

    def __enter__(self) -> Library:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _make_private(folder: Path) -> None:
    """Makes the folder, readable by its owner alone: thumbnails and paths are as private as the photos."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise CatalogError(
            f"The library's folder {folder} cannot be made ({error.strerror}); choose another with --library."
        ) from error
    if (folder / CATALOG_FILE).exists() or not any(
        folder.iterdir()
    ):  # a folder of other things keeps its mode
        with contextlib.suppress(OSError):  # another owner's, a read-only disk: the check below has the word
            folder.chmod(0o700)
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise CatalogError(f"The library's folder {folder} cannot be written; choose another with --library.")
