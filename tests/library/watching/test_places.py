from __future__ import annotations

import threading
from pathlib import Path

import pytest

from photoclip.library.watching.places import Answers, Mount, holds_something, is_folder, network_kind

MOUNTS = [
    Mount(b"/", "ext4"),
    Mount(b"/mnt/nas", "nfs4"),
    Mount(b"/mnt/nas/local", "btrfs"),
    Mount(b"/home/a/host", "9p"),
    Mount(b"/home/a/box", "fuse.sshfs"),
    Mount(b"/home/a/usb", "fuseblk"),
    Mount(b"/home/a/crypt", "fuse.gocryptfs"),
    Mount(b"/run/user/1/gvfs", "fuse.gvfsd-fuse"),
    Mount(b"/media/share", "cifs"),
    Mount(b"/drive", "ntfs", remote=True),
]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (b"/home/a/Pictures", ""),
        (b"/mnt/nas", "nfs4"),
        (b"/mnt/nas/photos", "nfs4"),
        (b"/mnt/nas2/photos", ""),  # another folder whose name begins so
        (b"/mnt/nas/local/photos", ""),  # the deepest mount counts
        (b"/home/a/host/x", "9p"),
        (b"/home/a/box/x", "sshfs"),
        (b"/home/a/usb/x", ""),
        (b"/home/a/crypt/x", ""),
        (b"/run/user/1/gvfs/smb-share:server=nas", "gvfsd-fuse"),
        (b"/media/share/x", "cifs"),
        (b"/drive/x", "ntfs"),
        (b"\\\\nas\\photos", "smb"),
    ],
)
def test_what_lies_on_a_network_drive(path: bytes, kind: str) -> None:
    assert network_kind(path, lambda: MOUNTS) == kind


def test_a_folder_of_this_machine_is_local(tmp_path: Path) -> None:
    assert network_kind(bytes(tmp_path), lambda: [Mount(b"/", "ext4")]) == ""
    assert isinstance(network_kind(bytes(tmp_path)), str)  # the system's own list can be read


def test_a_network_drive_is_asked_and_answers(tmp_path: Path) -> None:
    everything_is_distant = lambda: [Mount(b"/", "nfs")]  # noqa: E731
    assert is_folder(bytes(tmp_path), everything_is_distant)
    assert not holds_something(bytes(tmp_path), everything_is_distant)  # empty, as without its drive
    (tmp_path / "a.jpg").touch()
    assert holds_something(bytes(tmp_path), everything_is_distant)
    assert not is_folder(bytes(tmp_path / "gone"), everything_is_distant)


def test_a_drive_that_hangs_holds_nobody_up_and_costs_one_thread() -> None:
    hanging, asked = threading.Event(), []

    def question(path: bytes) -> bool:
        asked.append(path)
        return hanging.wait(20)

    answers = Answers(seconds=0.05)
    try:
        assert not answers.ask(b"/nas", question)
        assert not answers.ask(b"/nas", question)
        assert asked == [b"/nas"]
        assert answers.ask(b"/other", lambda _path: True)
    finally:
        hanging.set()
    for thread in threading.enumerate():
        if thread.name == "photoclip-answers":
            thread.join(5)
    assert answers.ask(b"/nas", lambda path: path == b"/nas")  # it answers again
