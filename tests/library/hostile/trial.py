"""Bad files go through real decode processes into a real catalog, and what must hold after that."""

from __future__ import annotations

import io
import os
import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import numpy as np
import psutil
import xxhash
from PIL import Image

from photoclip.library.catalog.folders import add_folder
from photoclip.library.catalog.photos import failures
from photoclip.library.decoding import UNEXPECTED, Decoders
from photoclip.library.ingest import index
from photoclip.library.library import Library
from photoclip.library.progress import Progress
from photoclip.library.scan import is_candidate
from photoclip.library.worker import THUMBNAIL_SIDE
from tests.library.fakes import FAKE_INFO, FakeEncoder
from tests.library.pictures import jpeg

_NOT_FOR_PEOPLE = re.compile(
    r"Traceback|0x[0-9a-fA-F]{4}|object at|\w(?:Error|Exception|Warning)\b|\bErrno\b"
)
_OLD = 3600.0  # seconds; nobody is writing a file of that age any more


def assert_sentence(reason: str) -> None:
    """What a person is told: a sentence on one line, and nothing of a program's insides."""
    assert reason[:1].isupper(), reason
    assert reason.endswith("."), reason
    assert reason.isprintable(), ascii(reason)
    assert len(reason) < 350, reason
    assert not _NOT_FOR_PEOPLE.search(reason), reason
    assert reason != UNEXPECTED


class Trial:
    """A library, a watched folder in it, and decode processes.

    `read` names the files that became photos, `reasons` counts why others did not.

    `suspects` are the damaged files, by name, that crashed a decode process or took it too long.
    """

    def __init__(self, folder: Path, decoders: Decoders) -> None:
        self.folder = folder / "photos"
        self.folder.mkdir()
        self.library = Library.open(folder / "library")
        add_folder(self.library.catalog, bytes(self.folder))
        self.decoders = decoders
        self.read: set[str] = set()
        self.reasons: Counter[str] = Counter()
        self.suspects: dict[str, str] = {}
        self._good = 0

    def __enter__(self) -> Trial:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.library.close()

    def run(self) -> Progress:
        """Index to the end."""
        *_, last = index(self.library, FakeEncoder(), decoders=self.decoders)
        return last

    def try_files(self, files: Iterable[tuple[str, bytes]]) -> None:
        """Index these files; each must end as a whole photo or with a reason, and be as it was before."""
        with self._written(files) as written:
            self.run()
            told = {failure.path: failure.reason for failure in failures(self.library.catalog)}
            whole = self._whole_photos()
            for path, data in written.items():
                assert path.read_bytes() == data, f"{path.name} was changed"
                if is_candidate(bytes(path)):
                    self._judge(path, data, told, whole)
        self.assert_alive()

    def assert_alive(self) -> None:
        """A photo that nothing is wrong with still becomes one, and no dead process is left lying about."""
        self._good += 1
        path = self.folder / "good.jpg"
        path.write_bytes(jpeg("green", self._good))
        self.run()
        assert bytes(path) in self._whole_photos()
        states = [child.status() for child in psutil.Process().children(recursive=True)]
        assert psutil.STATUS_ZOMBIE not in states
        assert len(states) <= self.decoders.workers + 1  # and multiprocessing's own

    @contextmanager
    def _written(self, files: Iterable[tuple[str, bytes]]) -> Iterator[dict[Path, bytes]]:
        written: dict[Path, bytes] = {}
        old = time.time() - _OLD
        for name, data in files:
            path = self.folder / name
            path.write_bytes(data)
            os.utime(path, (old, old))
            written[path] = data
        yield written
        for path in written:
            path.unlink()

    def _judge(self, path: Path, data: bytes, told: dict[bytes, str], whole: dict[bytes, bytes]) -> None:
        reason = told.get(bytes(path))
        if reason is None:
            assert whole.get(bytes(path)) == xxhash.xxh3_128_digest(data), f"{path.name} is no whole photo"
            self.read.add(path.name)
            return
        assert bytes(path) not in whole, f"{path.name} is a photo and a failure"
        assert_sentence(reason)
        self.reasons[_kind(reason)] += 1
        if "crashed" in reason or "longer than" in reason:
            self.suspects[path.name] = reason

    def _whole_photos(self) -> dict[bytes, bytes]:
        """The content of each file that is recorded, all of whose parts are there and right."""
        rows = self.library.catalog.query(
            "SELECT file.path, content.hash, content.width, content.height FROM file"
            " JOIN content ON content.id = file.content_id JOIN photo ON photo.content_id = content.id"
            " WHERE file.missing_since IS NULL"
        )
        store = self.library.vectors(FAKE_INFO)
        store.refresh()
        hashes = {bytes(row["hash"]) for row in rows}
        assert not store.missing(hashes), "a photo without its vector"
        assert np.allclose(np.linalg.norm(np.asarray(store.matrix(), np.float32), axis=1), 1, atol=0.01)
        for row in rows:
            assert row["width"] > 0
            assert row["height"] > 0
            self._assert_thumbnail(bytes(row["hash"]))
        return {bytes(row["path"]): bytes(row["hash"]) for row in rows}

    def _assert_thumbnail(self, hash: bytes) -> None:
        data = self.library.thumbnails.get(hash)
        assert data is not None, "a photo without its thumbnail"
        with Image.open(io.BytesIO(data)) as thumbnail:
            thumbnail.load()
            assert thumbnail.format == "JPEG"
            assert max(thumbnail.size) <= THUMBNAIL_SIDE


def _kind(reason: str) -> str:
    """The reason without what is particular to one file, to count by."""
    return re.sub(r"\d+", "N", reason)
