"""Which sidecar belongs to which photo.

`x.jpg.xmp` is that of `x.jpg` (digiKam, darktable). `x.xmp` (Lightroom) is that of the one photo named `x`;
beside a RAW file it is the RAW file's, beside a photo and a video the photo's, and of several other photos
named `x` it is nobody's.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from photoclip.library.opening import NotAFile, open_file, read_at_most
from photoclip.library.scan import EXTENSIONS, RAW_EXTENSIONS, VIDEO_EXTENSIONS
from photoclip.library.sidecars.described import SIZE_LIMIT, UnreadableXmp

_ENDINGS = (b".xmp", b".XMP")


def sidecars_of(photo: bytes, exists: Callable[[bytes], bool] = os.path.exists) -> list[bytes]:
    """The sidecars that are there, the photo's very own first."""
    stem = os.path.splitext(photo)[0]
    own = next((photo + ending for ending in _ENDINGS if exists(photo + ending)), None)
    general = next((stem + ending for ending in _ENDINGS if exists(stem + ending)), None)
    if general is not None and not _is_whose(stem, photo, exists):
        general = None
    return [path for path in (own, general) if path is not None]


def sidecar_to_write(photo: bytes) -> bytes:
    """The sidecar that is there, or the one to make."""
    return next(iter(sidecars_of(photo)), photo + _ENDINGS[0])


def read_sidecar(path: bytes) -> bytes | None:
    """A sidecar's bytes, None where there is none; raises UnreadableXmp or OSError."""
    try:
        with open_file(path) as file:
            data = read_at_most(file, SIZE_LIMIT + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except NotAFile:
        raise UnreadableXmp("The sidecar is not a regular file.") from None
    if len(data) > SIZE_LIMIT:
        raise UnreadableXmp(f"The sidecar is larger than the {SIZE_LIMIT >> 20} MiB that PhotoClip reads.")
    return data


def _is_whose(stem: bytes, photo: bytes, exists: Callable[[bytes], bool]) -> bool:
    """Whether `x.xmp` is this photo's."""
    extension = photo[len(stem) :].lower()
    if extension in RAW_EXTENSIONS:
        return True
    others = EXTENSIONS - VIDEO_EXTENSIONS - {extension}
    return not any(exists(stem + e) or exists(stem + e.upper()) for e in others)
