"""Photos that move a little, as phones write them."""

from __future__ import annotations

import struct

from PIL import Image

CONTENT_IDENTIFIER = "com.apple.quicktime.content.identifier"
_EXIF_IFD, _DATE, _MAKER_NOTE = 0x8769, 0x9003, 0x927C
_CAMERA = """
 xmlns:GCamera="http://ns.google.com/photos/1.0/camera/"
 xmlns:Container="http://ns.google.com/photos/1.0/container/"
 xmlns:Item="http://ns.google.com/photos/1.0/container/item/"
"""
MOTION_PHOTO = """GCamera:MotionPhoto="1" GCamera:MotionPhotoVersion="1"><Container:Directory><rdf:Seq>
<rdf:li rdf:parseType="Resource"><Container:Item Item:Mime="image/jpeg" Item:Semantic="Primary"/></rdf:li>
<rdf:li rdf:parseType="Resource"><Container:Item Item:Mime="video/mp4" Item:Semantic="MotionPhoto"/></rdf:li>
</rdf:Seq></Container:Directory"""
MICRO_VIDEO = 'GCamera:MicroVideo="1" GCamera:MicroVideoOffset="4000"'
ELEMENTS = "><GCamera:MotionPhoto>1</GCamera:MotionPhoto"
STILL = 'GCamera:MotionPhoto="0"'


def camera_xmp(said: str) -> bytes:
    """A packet in which Google's camera says this of a photo."""
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about=""{_CAMERA}{said}></rdf:Description></rdf:RDF></x:xmpmeta>'
    ).encode()


def samsung_trailer(video: bytes) -> bytes:
    """A video behind a picture, with Samsung's directory of what is there."""
    name = b"MotionPhoto_Data"
    entry = struct.pack("<HHI", 0, 0x0A30, len(name)) + name + video
    directory = b"SEFH" + struct.pack("<IIHHII", 101, 1, 0, 0x0A30, len(entry), len(entry))
    return entry + directory + struct.pack("<I", len(directory)) + b"SEFT"


def exif(taken: str, identifier: str | None = None) -> Image.Exif:
    """When a photo was taken ("2023:07:14 15:30:12"), and what an iPhone calls it."""
    made = Image.Exif()
    made.get_ifd(_EXIF_IFD)[_DATE] = taken
    if identifier is not None:
        made.get_ifd(_EXIF_IFD)[_MAKER_NOTE] = apples_note([(0x0011, 2, identifier.encode() + b"\0")])
    return made


def apples_note(entries: list[tuple[int, int, bytes]]) -> bytes:
    """Apple's maker note: (tag, kind, value) of each entry; the values lie behind the directory."""
    entries = [(0x0001, 9, struct.pack(">i", 14)), *entries]
    head = b"Apple iOS\0\0\1MM"
    directory, values = struct.pack(">H", len(entries)), b""
    behind = len(head) + 2 + 12 * len(entries) + 4
    for tag, kind, value in entries:
        directory += struct.pack(">HHI", tag, kind, 1 if kind == 9 else len(value))
        if len(value) <= 4:
            directory += value.ljust(4, b"\0")
        else:
            directory += struct.pack(">I", behind + len(values))
            values += value
    return head + directory + bytes(4) + values
