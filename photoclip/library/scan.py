"""Walking a folder of photos: paths are bytes, no file is opened, what cannot be read is reported."""

from __future__ import annotations

import errno
import os
import stat
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from photoclip.library.opening import NotAFile, check_kind, written_at
from photoclip.library.watching.places import holds_something

RAW_EXTENSIONS = frozenset(
    b".3fr .arw .cr2 .cr3 .crw .dcr .dng .erf .iiq .kdc .mef .mos .mrw .nef .nrw .orf .pef .raf .rw2 .rwl"
    b" .sr2 .srf .srw .x3f".split()
)
VIDEO_EXTENSIONS = frozenset(b".mp4 .m4v .mov .qt .3gp .mkv .webm".split())
EXTENSIONS = (
    RAW_EXTENSIONS
    | VIDEO_EXTENSIONS
    | frozenset(
        b".jpg .jpeg .jpe .jfif .mpo .png .apng .webp .gif .bmp .dib .tif .tiff .heic .heif .hif .avif .avifs"
        b" .jxl".split()
    )
)
SYSTEM_FOLDERS = frozenset(
    (
        *b"$recycle.bin @eadir @recycle #recycle #snapshot lost+found thumbs __macosx".split(),
        b"system volume information",
    )
)


@dataclass(frozen=True, slots=True)
class Found:
    """A file that may be a photo, by its name. `mtime_ns` is `written_at`'s."""

    path: bytes
    size: int
    mtime_ns: int


@dataclass
class Scan:
    """What went wrong on the way.

    `unreadable` are folders that could not be listed and `unreachable` files that could not be looked at,
    each with the system's words: nothing is known of them. `refused` are things that have a photo's name and
    are no files, each with a sentence.
    """

    unreadable: dict[bytes, str] = field(default_factory=dict)
    unreachable: dict[bytes, str] = field(default_factory=dict)
    refused: dict[bytes, str] = field(default_factory=dict)
    listing: frozenset[bytes] | None = None
    """The paths in the folder that is being walked, empty where there is no sidecar among them."""

    def walk(self, root: bytes) -> Iterator[Found]:
        """Photos in `root` and below. Links to folders are followed, each real folder is visited once.

        Real folders come first, so that a photo is found under its real path when a link leads to it too.
        """
        visited: set[tuple[int, int]] = set()
        folders, links = deque([root]), deque[bytes]()
        while folders or links:
            folder = folders.popleft() if folders else links.popleft()
            if not self._first_visit(folder, visited):
                continue
            inside: list[bytes] = []
            entries = self._entries(folder)
            described = any(is_sidecar(entry.name) for entry in entries)
            self.listing = frozenset(entry.path for entry in entries if described)
            while entries:  # each is let go once looked at: of a million, what they have found takes room
                found = self._look(entries.pop(), inside, links)
                if found is not None:
                    yield found
            folders.extendleft(reversed(inside))

    def _first_visit(self, folder: bytes, visited: set[tuple[int, int]]) -> bool:
        try:
            state = os.stat(folder)
        except OSError as error:
            self.unreadable[folder] = error.strerror or str(error)
            return False
        identity = (state.st_dev, state.st_ino)
        if identity in visited:
            return False
        visited.add(identity)
        return True

    def _entries(self, folder: bytes) -> list[os.DirEntry[bytes]]:
        """What is in a folder, the last name first."""
        try:
            with os.scandir(folder) as entries:
                return sorted(entries, key=lambda entry: entry.name, reverse=True)
        except OSError as error:
            self.unreadable[folder] = error.strerror or str(error)
            return []

    def _look(self, entry: os.DirEntry[bytes], inside: list[bytes], links: deque[bytes]) -> Found | None:
        if is_skipped(entry.name):
            return None
        try:
            if entry.is_dir():
                (links if entry.is_symlink() else inside).append(entry.path)
                return None
            if not is_candidate(entry.name):
                return None
            state = entry.stat()
            check_kind(state)
        except OSError as error:
            if is_candidate(entry.name):
                self._note_unseen(entry, error)
            return None
        except NotAFile as refusal:
            self.refused[entry.path] = str(refusal)
            return None
        return Found(entry.path, state.st_size, written_at(state))

    def _note_unseen(self, entry: os.DirEntry[bytes], error: OSError) -> None:
        if not isinstance(error, FileNotFoundError) and error.errno != errno.ELOOP:
            self.unreachable[entry.path] = error.strerror or str(error)
        elif entry.is_symlink():  # what else is not found has gone meanwhile
            self.refused[entry.path] = "This link leads to no file."


def look_at(path: bytes) -> Found | None:
    """One file by its path, when it is there and may be a photo."""
    if not is_candidate(os.path.basename(path)):
        return None
    try:
        state = os.stat(path)
    except OSError:
        return None
    return Found(path, state.st_size, written_at(state)) if stat.S_ISREG(state.st_mode) else None


def is_candidate(name: bytes) -> bool:
    """Whether a file of this name is looked at; what is inside decides what it is."""
    return not name.startswith(b".") and os.path.splitext(name)[1].lower() in EXTENSIONS


def is_sidecar(name: bytes) -> bool:
    """Whether a file of this name may say something about the photos beside it."""
    return name[-4:].lower() == b".xmp"


def is_video(path: bytes) -> bool:
    """Whether a file is looked at as a video first, by its name."""
    return os.path.splitext(path)[1].lower() in VIDEO_EXTENSIONS


def is_skipped(name: bytes) -> bool:
    """Hidden and system folders, and hidden files."""
    return name.startswith(b".") or name.lower() in SYSTEM_FOLDERS


def is_hidden_below(root: bytes, path: bytes) -> bool:
    """Whether any part of `path` below `root` is hidden or a system folder."""
    return any(
        is_skipped(part) for part in os.path.relpath(path, root).split(os.sep.encode()) if part != b"."
    )


def is_offline(root: bytes) -> bool:
    """Whether a folder is not there, cannot be listed, or is empty as a mount point is: nothing is known.

    A network drive that does not answer is offline too.
    """
    return not holds_something(root)
