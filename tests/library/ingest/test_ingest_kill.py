"""kill -9 in the middle of indexing, again and again; then the result is that of a run nobody disturbed."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from photoclip.library.catalog.folders import add_folder
from photoclip.library.ingest import index
from photoclip.library.library import Library
from photoclip.library.recording import BATCH
from tests.library.fakes import FAKE_INFO, FakeEncoder
from tests.library.pictures import jpeg, write_photos

COUNT = 7 * BATCH
CHILD = """
import os, sys
from pathlib import Path
from photoclip.library.ingest import index
from photoclip.library.library import Library
from tests.library.fakes import FakeEncoder

if __name__ == "__main__":
    with Library.open(Path(sys.argv[1])) as library:
        for step in index(library, FakeEncoder(), workers=1):
            os.write(1, b"%d %d\\n" % (len(step.photos), len(step.searchable)))
"""


def kill_in_the_middle(library: Path, progress: int, word: int) -> int:
    """Index in another process and kill that after so much progress; the photos it had told of."""
    process = subprocess.Popen([sys.executable, "-c", CHILD, str(library)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    seen = 0
    for line in process.stdout:
        seen += int(line.split()[word])
        if seen >= progress:
            break
    process.kill()
    process.stdout.close()
    process.wait(30)
    return seen


def state(library: Library) -> dict[str, Any]:
    """All that an index run is to leave behind, without ids and times of day."""
    query = library.catalog.query
    files = query(
        "SELECT file.path, file.size, file.mtime_ns, content.hash, photo.hash AS shown, presence FROM file"
        " JOIN content ON content.id = file.content_id JOIN photo ON photo.id = file.photo_id"
    )
    store = library.vectors(FAKE_INFO)
    keys = [key.ljust(16, b"\0") for key in store.keys().tolist()]
    return {
        "files": sorted(tuple(row) for row in files),
        "failures": sorted((row["path"], row["reason"]) for row in query("SELECT * FROM failure")),
        "contents": sorted(tuple(row)[1:] for row in query("SELECT * FROM content")),
        "photos": query("SELECT count(*) FROM photo")[0][0],
        "vectors": sorted(zip(keys, map(bytes, store.matrix()), strict=True)),
        "thumbnails": {key: library.thumbnails.get(key) for key in keys},
    }


def test_killed_and_resumed_equals_never_killed(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    write_photos(photos, COUNT)
    (photos / "copy.jpg").write_bytes(jpeg("red", 0))
    (photos / "bad.jpg").write_bytes(b"no picture")
    for path in photos.iterdir():
        os.utime(path, (1_600_000_000, 1_600_000_000))
    originals = {path: hashlib.sha256(path.read_bytes()).digest() for path in photos.iterdir()}
    for name in ("killed", "calm"):
        with Library.open(tmp_path / name) as library:
            add_folder(library.catalog, bytes(photos))
    for progress, word in ((1, 0), (1, 1), (20, 0), (40, 1)):
        assert kill_in_the_middle(tmp_path / "killed", progress, word) >= progress
    with Library.open(tmp_path / "killed") as killed, Library.open(tmp_path / "calm") as calm:
        before = killed.catalog.query("SELECT count(*) FROM photo")[0][0]
        assert before < COUNT, "every kill came too late to test anything"
        *_, last = index(killed, FakeEncoder(), workers=1)
        assert last.embedded > 0
        *_, last = index(calm, FakeEncoder(), workers=1)
        assert last.embedded == COUNT
        resumed = state(killed)
        for part, value in state(calm).items():
            assert resumed[part] == value, part
        assert killed.catalog.query("PRAGMA integrity_check")[0][0] == "ok"
        assert killed.vectors(FAKE_INFO).verify() == 0
    assert {path: hashlib.sha256(path.read_bytes()).digest() for path in photos.iterdir()} == originals


@pytest.mark.parametrize("torn", [1, 30, 1000])
def test_a_power_cut_that_tears_the_vectors_is_repaired(tmp_path: Path, torn: int) -> None:
    write_photos(tmp_path / "photos", 40)
    with Library.open(tmp_path / "library") as library:
        add_folder(library.catalog, bytes(tmp_path / "photos"))
        *_, last = index(library, FakeEncoder(), workers=1)
        assert last.embedded == 40
        whole = state(library)
        rows = library.vectors(FAKE_INFO).rows_path
    os.truncate(rows, rows.stat().st_size - torn)
    with Library.open(tmp_path / "library") as library:
        *_, last = index(library, FakeEncoder(), workers=1)
        assert last.embedded == -(-torn // (2 * FAKE_INFO.dim))
        assert state(library) == whole
