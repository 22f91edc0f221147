"""What has a photo's name and is none: pipes, sockets, devices, folders, links, now or a moment later."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
from pathlib import Path

import pytest

from photoclip.errors import PhotoClipError
from photoclip.library import metadata, opening, query_vectors
from photoclip.library.progress import Progress
from photoclip.library.worker import Refused, Task, prepare
from photoclip.pixels import PixelSpec
from tests.library.hostile.samples import exif
from tests.library.hostile.trial import Trial, assert_sentence
from tests.library.pictures import jpeg

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no such things on this system")
SPEC = PixelSpec(16)


def told(last: Progress) -> dict[str, str]:
    """The reasons by the names of what they are about."""
    for failure in last.failed:
        assert_sentence(failure.reason)
    return {os.fsdecode(failure.path.rpartition(b"/")[2]): failure.reason for failure in last.failed}


def test_pipes_sockets_and_links_are_listed_with_the_reason(trial: Trial) -> None:
    os.mkfifo(trial.folder / "pipe.jpg")
    (trial.folder / "nothing.jpg").symlink_to("nowhere.jpg")
    (trial.folder / "loop.jpg").symlink_to("loop.jpg")
    (trial.folder / "zero.jpg").symlink_to("/dev/zero")
    (trial.folder / "folder.jpg").mkdir()
    (trial.folder / "folder.jpg" / "inside.jpg").write_bytes(jpeg("red"))
    os.mkfifo(trial.folder / "no photo")
    with socket.socket(socket.AF_UNIX) as listening:
        with contextlib.chdir(trial.folder):  # a socket's path may not be long
            listening.bind("socket.jpg")
        last = trial.run()
    assert told(last) == {
        "pipe.jpg": "This is a pipe, not a file.",
        "socket.jpg": "This is a socket, not a file.",
        "zero.jpg": "This is a device, not a file.",
        "nothing.jpg": "This link leads to no file.",
        "loop.jpg": "This link leads to no file.",
    }
    assert last.added == 1
    trial.assert_alive()


def test_devices_are_listed_and_never_opened(trial: Trial) -> None:
    try:
        os.mknod(trial.folder / "letters.jpg", stat.S_IFCHR | 0o600, os.makedev(1, 9))
        os.mknod(trial.folder / "blocks.jpg", stat.S_IFBLK | 0o600, os.makedev(7, 200))
    except PermissionError:
        pytest.skip("only root makes devices")
    assert set(told(trial.run()).values()) == {"This is a device, not a file."}
    trial.assert_alive()


def test_a_pipe_that_became_a_photo_and_the_other_way_round(trial: Trial) -> None:
    path = trial.folder / "a.jpg"
    os.mkfifo(path)
    trial.run()
    path.unlink()
    path.write_bytes(jpeg("red"))
    last = trial.run()
    assert (last.added, last.failed) == (1, ())
    path.unlink()
    os.mkfifo(path)
    last = trial.run()
    assert (last.missing, told(last)) == (1, {"a.jpg": "This is a pipe, not a file."})


def test_what_took_a_files_place_is_opened_without_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is looked at first, and a pipe is there when it is opened."""
    (tmp_path / "file").touch()
    looked_at = (tmp_path / "file").stat()
    os.mkfifo(tmp_path / "a.jpg")
    os.mkfifo(tmp_path / "a.jpg.xmp")
    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", lambda path, **_: looked_at)
        with pytest.raises(opening.NotAFile, match="a pipe"):
            opening.open_file(bytes(tmp_path / "a.jpg"))
        found = prepare(Task(bytes(tmp_path / "a.jpg"), SPEC))
        problems = metadata.read_all(exif(), {}, bytes(tmp_path / "a.jpg"), 0).problems
    assert isinstance(found, Refused)
    assert found.reason == "This is a pipe, not a file."
    assert problems == ("The sidecar is not a regular file.",)


def test_a_pipe_to_search_with_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.jpg")
    with pytest.raises(PhotoClipError, match=r"a\.jpg cannot be used as a picture: This is a pipe"):
        query_vectors._read_pixels(bytes(tmp_path / "a.jpg"), SPEC)


def test_files_that_say_nothing_of_their_size(trial: Trial) -> None:
    """Of the kernel: one that waits for news when it is read, one of all memory, one of text."""
    endless = [name for name in ("kmsg", "1/mem", "version") if os.access(f"/proc/{name}", os.R_OK)]
    if not endless:
        pytest.skip("this system has no /proc")
    for number, name in enumerate(endless):
        (trial.folder / f"{number}.jpg").symlink_to(f"/proc/{name}")
    assert len(told(trial.run())) == len(endless)
    trial.assert_alive()


def test_a_file_larger_than_any_photo_is_refused_unread(trial: Trial) -> None:
    with (trial.folder / "a.jpg").open("wb") as file:
        file.truncate(3 << 30)
    assert told(trial.run()) == {"a.jpg": "The file is larger than the 1 GiB PhotoClip reads."}
