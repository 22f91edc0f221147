from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photoclip.library.scan import Scan, is_candidate, is_hidden_below, is_offline, look_at


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    return path


def walked(root: Path) -> list[str]:
    return [os.fsdecode(os.path.relpath(found.path, bytes(root))) for found in Scan().walk(bytes(root))]


def test_photos_are_found_by_extension_in_all_folders(tmp_path: Path) -> None:
    for name in ("b.JPG", "a.jpeg", "notes.txt", "one/two/c.HEIC", "one/d.avif", "noextension", "e.jpg.part"):
        touch(tmp_path / name)
    for name in ("f.jxl", "g.CR3", "h.NEF", "i.dng", "j.jpg.xmp"):
        touch(tmp_path / name)
    photos = ["a.jpeg", "b.JPG", "f.jxl", "g.CR3", "h.NEF", "i.dng", "one/d.avif", "one/two/c.HEIC"]
    assert walked(tmp_path) == photos


def test_sizes_and_times_come_along(tmp_path: Path) -> None:
    path = touch(tmp_path / "a.jpg")
    (found,) = Scan().walk(bytes(tmp_path))
    assert (found.path, found.size, found.mtime_ns) == (bytes(path), 1, path.stat().st_mtime_ns)
    assert look_at(bytes(path)) == found


@pytest.mark.parametrize(
    "folder", [".git", "@eaDir", "$RECYCLE.BIN", "Thumbs", ".Trash-1000", "System Volume Information"]
)
def test_hidden_and_system_folders_are_skipped(tmp_path: Path, folder: str) -> None:
    touch(tmp_path / folder / "deep" / "a.jpg")
    touch(tmp_path / "._a.jpg")
    assert walked(tmp_path) == []
    assert is_hidden_below(bytes(tmp_path), bytes(tmp_path / folder / "deep" / "a.jpg"))
    assert not is_hidden_below(bytes(tmp_path / folder), bytes(tmp_path / folder / "deep" / "a.jpg"))


def test_loops_of_links_end_and_real_paths_win(tmp_path: Path) -> None:
    touch(tmp_path / "z_real" / "a.jpg")
    (tmp_path / "a_link").symlink_to(tmp_path / "z_real")
    (tmp_path / "z_real" / "up").symlink_to(tmp_path)
    (tmp_path / "self").symlink_to(tmp_path / "self")
    (tmp_path / "dead.jpg").symlink_to(tmp_path / "nothing.jpg")
    assert walked(tmp_path) == ["z_real/a.jpg"]


def test_links_are_followed(tmp_path: Path) -> None:
    touch(tmp_path / "elsewhere" / "a.jpg")
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "root" / "b.jpg").symlink_to(touch(tmp_path / "b-original.jpg"))
    assert walked(tmp_path / "root") == ["b.jpg", "linked/a.jpg"]


def test_folders_that_cannot_be_read_are_reported_and_passed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch(tmp_path / "closed" / "a.jpg")
    touch(tmp_path / "open" / "b.jpg")
    real = os.scandir

    def scandir(path: bytes) -> object:
        if path.endswith(b"closed"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    scan = Scan()
    assert [found.path for found in scan.walk(bytes(tmp_path))] == [bytes(tmp_path / "open" / "b.jpg")]
    assert scan.unreadable == {bytes(tmp_path / "closed"): "Permission denied"}


def test_things_that_are_no_files_are_left_alone(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.jpg")
    touch(tmp_path / "folder.jpg" / "a.jpg")
    assert walked(tmp_path) == ["folder.jpg/a.jpg"]


def test_offline(tmp_path: Path) -> None:
    assert is_offline(bytes(tmp_path / "gone"))
    assert is_offline(bytes(tmp_path))  # as a mount point is when nothing is mounted
    touch(tmp_path / "notes.txt")
    assert not is_offline(bytes(tmp_path))


names = st.binary(min_size=1, max_size=12).filter(lambda name: b"/" not in name and b"\0" not in name)


@settings(deadline=None, max_examples=40)
@given(st.sets(st.tuples(names, names), max_size=8))
def test_any_bytes_in_names(tmp_path_factory: pytest.TempPathFactory, made: set[tuple[bytes, bytes]]) -> None:
    root = bytes(tmp_path_factory.mktemp("any"))
    wanted = set()
    for folder, name in made:
        if folder in (b".", b"..") or folder.lower().endswith(b".jpg"):
            continue
        path = root + b"/" + folder + b"/" + name + b".jpg"
        touch(Path(os.fsdecode(path)))
        if not is_hidden_below(root, path):
            wanted.add(path)
            assert is_candidate(name + b".jpg")
    assert {found.path for found in Scan().walk(root)} == wanted
