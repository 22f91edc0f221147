"""Libraries on memory disks: python -m tests.library.crash.full_disk FOLDER, in a mount namespace of its own.

FOLDER holds `photos`, and `disk`, where the disks are mounted. Says as JSON what indexing was stopped by on
each disk that became full (a sentence, or nothing), and how a library on a disk that cannot be written is
refused. What must hold beside is asserted here, where the disks are.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil

from photoclip.errors import CatalogError, DiskFull
from photoclip.library import recording
from photoclip.library.catalog.folders import add_folder
from photoclip.library.catalog.labels import add_label, find_label, label_photos
from photoclip.library.catalog.photos import load_table
from photoclip.library.doctor import examine
from photoclip.library.library import Library
from photoclip.library.models import LibraryModels
from tests.library.crash.driver import SMALL_BATCH, bring_up_to_date
from tests.library.crash.rounds import assert_nothing_wrong
from tests.library.fakes import Zoo

ROOM = "size=64m"
LEFT = range(16, 1000, 90)
"""KiB that are left when indexing begins."""


def mount(disk: Path, options: str) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", disk], check=True)


class Disk:
    """A disk with a library in it that watches the photos and has a label."""

    def __init__(self, folder: Path) -> None:
        self.photos = folder / "photos"
        self.path = folder / "disk"
        self.library = self.path / "library"
        mount(self.path, ROOM)
        with Library.open(self.library) as library:
            add_folder(library.catalog, bytes(self.photos))
            add_label(library.catalog, "Kept")

    def leave(self, kib: int) -> None:
        """Make the disk so small that this is left."""
        used = psutil.disk_usage(str(self.path)).used >> 10
        mount(self.path, f"remount,size={used + kib}k")

    def index(self) -> str:
        """The sentence that says that the disk is full, empty where everything found room."""
        try:
            with Library.open(self.library) as library:
                bring_up_to_date(LibraryModels(library, Zoo()))
        except DiskFull as full:
            return str(full)
        return ""

    def label(self) -> None:
        """All photos, or none where there is no room for that; make room then."""
        labelled = 0
        with contextlib.suppress(DiskFull), Library.open(self.library) as library:
            ids = load_table(library.catalog).ids
            label_photos(library.catalog, find_label(library.catalog, "Kept").id, ids)
            labelled = len(ids)
        self.make_room()
        with Library.open(self.library) as library:
            assert find_label(library.catalog, "Kept").human == labelled

    def make_room(self) -> None:
        mount(self.path, f"remount,{ROOM}")

    def goes_on(self) -> None:
        """Nothing is wrong, and with room again everything is read."""
        assert_nothing_wrong(self.library)
        assert self.index() == ""
        with Library.open(self.library) as library:
            assert len(load_table(library.catalog)) == len(list(self.photos.iterdir()))
        assert examine(self.library, disk=True) == ()

    def unmount(self) -> None:
        subprocess.run(["umount", "--lazy", self.path], check=True)  # vectors may still be mapped


def filled(folder: Path, left: int) -> str:
    """What is said on a disk with so much room left."""
    disk = Disk(folder)
    try:
        disk.leave(left)
        said = disk.index()
        disk.label()
        disk.goes_on()
        return said
    finally:
        disk.unmount()


def read_only(folder: Path) -> list[str]:
    """How opening a library and looking at it are refused on a disk that cannot be written."""
    disk = Disk(folder)
    try:
        disk.index()
        mount(disk.path, "remount,ro")
        said = [refusal(lambda: Library.open(disk.library)), refusal(lambda: examine(disk.library))]
        mount(disk.path, "remount,rw")
        disk.goes_on()
        return said
    finally:
        disk.unmount()


def refusal(work: Callable[[], object]) -> str:
    try:
        work()
    except CatalogError as error:
        return str(error)
    return ""


def main(folder: Path) -> None:
    recording.BATCH = SMALL_BATCH
    said = {"full": [filled(folder, left) for left in LEFT], "read_only": read_only(folder)}
    sys.stdout.write(json.dumps(said))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
