"""What lies under a path: a network file system tells of no changes, and may not answer at all."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass

ANSWER = 5.0
"""Seconds in which a network drive has to answer; one that does not is offline."""
NETWORK = frozenset((
    "9p", "afpfs", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "drvfs", "gfs2", "glusterfs",
    "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "orangefs", "prl_fs", "smb3", "smbfs", "smb",
    "sshfs", "vboxsf", "virtiofs", "vmhgfs", "webdav",
))  # fmt: skip
"""Types of file systems that others write to unseen: distant ones, and folders of a virtual machine's host.

A type such as fuse.sshfs counts by what follows its first dot, and of a few the names do not say it.
"""
_NETWORK_FUSE = frozenset((
    "ceph-fuse", "curlftpfs", "davfs2", "glusterfs", "gvfsd-fuse", "kio-fuse", "rclone", "s3fs",
    "seaweedfs", "smbnetfs", "sshfs", "vmhgfs-fuse",
))  # fmt: skip


@dataclass(frozen=True)
class Mount:
    """One line of the system's list: where it is mounted, and the file system's type."""

    point: bytes
    kind: str
    remote: bool = False  # the system says so itself, as Windows does


Mounts = Callable[[], Iterable[Mount]]


def system_mounts() -> list[Mount]:
    """What is mounted now; no drive is touched."""
    import psutil  # the first frame need not wait for it

    return [
        Mount(os.fsencode(each.mountpoint), each.fstype.lower(), "remote" in each.opts.split(","))
        for each in psutil.disk_partitions(all=True)
    ]


def network_kind(path: bytes, mounts: Mounts = system_mounts) -> str:
    """The type of the network file system that `path` lies on, or empty for a local one; touches no disk."""
    if path.startswith((b"\\\\", b"//")):
        return "smb"
    mount = max(
        (each for each in mounts() if _lies_below(path, each.point)),
        key=lambda each: len(each.point),
        default=None,
    )
    if mount is None:
        return ""
    family, _, kind = mount.kind.partition(".")
    if mount.remote or family in NETWORK or (family == "fuse" and kind in NETWORK | _NETWORK_FUSE):
        return kind or family or "network"
    return ""


def _lies_below(path: bytes, point: bytes) -> bool:
    return path == point or path.startswith(point.rstrip(os.sep.encode()) + os.sep.encode())


class Answers:
    """Asks drives that may hang, each in a thread of its own; a drive that hangs costs one thread, not more.

    Thread-safe. A thread that hangs is a daemon: it holds up nobody, and ends with its drive or the program.
    """

    def __init__(self, seconds: float = ANSWER) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._hanging: dict[bytes, threading.Thread] = {}

    def ask(self, path: bytes, question: Callable[[bytes], bool]) -> bool:
        """`question(path)`, or False when no answer comes in time; at once while an earlier one hangs."""
        answer: list[bool] = []
        thread = threading.Thread(
            target=lambda: answer.append(question(path)), name="photoclip-answers", daemon=True
        )
        with self._lock:
            earlier = self._hanging.get(path)
            if earlier is not None and earlier.is_alive():
                return False
            self._hanging[path] = thread
            thread.start()
        thread.join(self._seconds)
        with self._lock:
            if not thread.is_alive() and self._hanging.get(path) is thread:
                del self._hanging[path]
        return bool(answer) and answer[0]


_ANSWERS = Answers()


def holds_something(path: bytes, mounts: Mounts = system_mounts) -> bool:
    """Whether a folder is there, can be listed and is not empty, as a mount point without its drive is."""
    return _ANSWERS.ask(path, _lists) if network_kind(path, mounts) else _lists(path)


def is_folder(path: bytes, mounts: Mounts = system_mounts) -> bool:
    """`os.path.isdir`, with a limit on how long a network drive may take."""
    return _ANSWERS.ask(path, os.path.isdir) if network_kind(path, mounts) else os.path.isdir(path)


def _lists(path: bytes) -> bool:
    try:
        with os.scandir(path) as entries:
            return next(entries, None) is not None
    except OSError:
        return False
