"""The library's folder: private, refused with a sentence where it cannot be, one indexer at a time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from photoclip.errors import CatalogError, LibraryBusy, PhotoClipError
from photoclip.library.catalog.albums import create_album, list_albums
from photoclip.library.catalog.backup import backups
from photoclip.library.encoder import EncoderInfo
from photoclip.library.library import Library
from photoclip.pixels import PixelSpec


def test_a_library_is_private_and_opens_again(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "library"
    with Library.open(folder) as library:
        create_album(library.catalog, "Trip")
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o755)
    with Library.open(folder, create=False) as library:
        assert [album.name for album in list_albums(library.catalog)] == ["Trip"]
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_of_other_things_keeps_its_mode(tmp_path: Path) -> None:
    folder = tmp_path / "things"
    folder.mkdir(mode=0o755)
    (folder / "letter.txt").write_text("mine")
    Library.open(folder).close()
    assert folder.stat().st_mode & 0o777 == 0o755


def test_no_library_is_made_when_none_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(PhotoClipError, match="There is no library in"):
        Library.open(tmp_path / "nowhere", create=False)
    assert not (tmp_path / "nowhere").exists()


def test_a_file_in_the_way_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for folder in (tmp_path / "file", tmp_path / "file" / "library"):
        with pytest.raises(CatalogError, match="cannot be made"):
            Library.open(folder)


def test_vectors_are_one_store_for_each_model(tmp_path: Path) -> None:
    with Library.open(tmp_path) as library:
        first = EncoderInfo("a", "key-a", 4, PixelSpec(16), 10.0)
        second = EncoderInfo("b", "key-b", 8, PixelSpec(16), 10.0)
        assert library.vectors(first) is library.vectors(first)
        assert library.vectors(first) is not library.vectors(second)
        assert (library.vectors(first).dim, library.vectors(second).dim) == (4, 8)


def test_a_backup_is_made_when_due(tmp_path: Path) -> None:
    with Library.open(tmp_path) as library:
        assert library.back_up() == backups(library.catalog.path)[0]
        assert library.back_up() is None


HOLD = """
import sys
from pathlib import Path
from photoclip.library.lock import writer_lock
with writer_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""


def test_one_indexer_at_a_time_across_processes(tmp_path: Path) -> None:
    with Library.open(tmp_path) as library:
        with library.writer_lock(), pytest.raises(LibraryBusy), library.writer_lock():
            pass
        with subprocess.Popen(
            [sys.executable, "-c", HOLD, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"held\n"
            with pytest.raises(LibraryBusy, match="Another PhotoClip is indexing"), library.writer_lock():
                pass
            process.kill()
        with library.writer_lock():
            create_album(library.catalog, "Free again")
