"""Photos that move a little: what tells that one holds a video, or which video belongs to it.

Google's and Samsung's motion photos hold the video behind the picture in the same file; XMP says so
(`GCamera:MotionPhoto`, and `MicroVideo` before 2020), or Samsung's own directory at the file's end. Apple's
live photos are two files, a picture and a video, which carry the same identifier: in the picture as a note of
the maker, in the video as a tag. `catalog.pairing` makes one photo of the two.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from PIL import Image

_MAKER_NOTE, _EXIF_IFD = 0x927C, 0x8769
_SAYS_SO = re.compile(rb"""(?:MotionPhoto|MicroVideo)\s*(?:=\s*["']|>)\s*1\b""")
_SAMSUNG_END, _SAMSUNG_VIDEO = b"SEFT", b"MotionPhoto_Data"
_VIDEO_START = b"ftyp"
_FIRST_BYTES = 64  # in which a HEIF file's own `ftyp` is
_APPLE = b"Apple iOS\0"
_APPLE_DIRECTORY = 14  # bytes: the header before the directory of the note
_CONTENT_IDENTIFIER, _ASCII = 0x0011, 2
_MOST_ENTRIES = 200
_VIDEO_TAG = "com.apple.quicktime.content.identifier"


def holds_video(data: bytes, info: Mapping[Any, Any]) -> bool:
    """Whether a picture file is a motion photo; `info` is Pillow's, where XMP is.

    A program that cut the video off may have left the XMP, so the video itself is looked for too.
    """
    if data.endswith(_SAMSUNG_END) and _SAMSUNG_VIDEO in data:
        return True
    xmp = info.get("xmp")
    says_so = isinstance(xmp, bytes) and _SAYS_SO.search(xmp) is not None
    return says_so and data.rfind(_VIDEO_START) >= _FIRST_BYTES


def identifier_of(exif: Image.Exif) -> str | None:
    """What Apple calls this live photo, the same as in its video; None for other photos."""
    try:
        note = exif.get_ifd(_EXIF_IFD).get(_MAKER_NOTE)
    except Exception:  # Pillow's parser raises anything on EXIF made to break it
        return None
    return _in_apples_note(note) if isinstance(note, bytes) and note.startswith(_APPLE) else None


def identifier_in(tags: Mapping[str, str]) -> str | None:
    """The same from a video's tags."""
    return tags.get(_VIDEO_TAG) or None


def _in_apples_note(note: bytes) -> str | None:
    """A directory as in TIFF, big endian, with offsets from the note's beginning."""
    count = int.from_bytes(note[_APPLE_DIRECTORY : _APPLE_DIRECTORY + 2], "big")
    for number in range(min(count, _MOST_ENTRIES)):
        entry = note[_APPLE_DIRECTORY + 2 + 12 * number :][:12]
        tag, kind = int.from_bytes(entry[:2], "big"), int.from_bytes(entry[2:4], "big")
        if (tag, kind) == (_CONTENT_IDENTIFIER, _ASCII):
            length, at = int.from_bytes(entry[4:8], "big"), int.from_bytes(entry[8:12], "big")
            text = note[at : at + length].split(b"\0")[0].decode("ascii", "replace").strip()
            return text or None
    return None
