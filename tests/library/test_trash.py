"""Files go to the system's trash and come back from it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
import xxhash

from photoclip.library.trash import SystemTrash
from tests.library.trashes import home_trash

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="freedesktop.org's trash")

NAMES = [b"plain.jpg", "größe 100%.jpg".encode(), b"not utf-8 \xff.jpg", b"line\nbreak.jpg"]


@pytest.fixture
def trash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return home_trash(tmp_path / "data", monkeypatch)


def made(path: bytes, content: bytes = b"a picture") -> bytes:
    """Makes the file; returns the hash of its content."""
    file = Path(os.fsdecode(path))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return xxhash.xxh3_128_digest(content)


@pytest.mark.parametrize("name", NAMES)
def test_there_and_back(tmp_path: Path, trash: Path, name: bytes) -> None:
    path = os.fsencode(tmp_path / "photos" / "x") + name
    hash = made(path)
    SystemTrash().take(path)
    assert not Path(os.fsdecode(path)).exists()
    assert len(list((trash / "files").iterdir())) == 1
    assert SystemTrash().give_back(path, hash)
    assert Path(os.fsdecode(path)).read_bytes() == b"a picture"
    assert list((trash / "files").iterdir()) == list((trash / "info").iterdir()) == []


def test_of_several_with_one_path_the_one_of_that_content_comes_back(tmp_path: Path, trash: Path) -> None:
    path = os.fsencode(tmp_path / "photos" / "a.jpg")
    hashes = []
    for content in (b"first", b"second", b"third"):
        hashes.append(made(path, content))
        SystemTrash().take(path)
    assert SystemTrash().give_back(path, hashes[1])
    assert Path(os.fsdecode(path)).read_bytes() == b"second"
    assert len(list((trash / "files").iterdir())) == 2


def test_nothing_takes_the_place_of_another_file(tmp_path: Path, trash: Path) -> None:
    path = os.fsencode(tmp_path / "photos" / "a.jpg")
    hash = made(path)
    SystemTrash().take(path)
    made(path, b"another")
    assert not SystemTrash().give_back(path, hash)
    assert Path(os.fsdecode(path)).read_bytes() == b"another"


@pytest.mark.parametrize("loss", ["emptied", "folder", "unreadable", "other content"])
def test_what_cannot_come_back(tmp_path: Path, trash: Path, loss: str) -> None:
    path = os.fsencode(tmp_path / "photos" / "a.jpg")
    hash = made(path)
    SystemTrash().take(path)
    (info,), (file,) = (trash / "info").iterdir(), (trash / "files").iterdir()
    if loss == "emptied":
        info.unlink()
        file.unlink()
    elif loss == "folder":
        (tmp_path / "photos").rmdir()
    elif loss == "unreadable":
        info.write_bytes(b"\xff\xfe nonsense")
    else:
        file.write_bytes(b"something else")
    assert not SystemTrash().give_back(path, hash)
    assert not Path(os.fsdecode(path)).exists()


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path, trash: Path) -> None:
    with pytest.raises(OSError, match="not found"):
        SystemTrash().take(os.fsencode(tmp_path / "nothing.jpg"))
