"""Small ICC profiles made here: of RGB, grey and CMYK, each of which shows another colour than is stored."""

from __future__ import annotations

import struct

# Of sRGB, as profiles write them: relative to D50.
_RED, _GREEN, _BLUE = (0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141)
_WHITE = (0.9642, 1.0, 0.8249)


def swapped_rgb(name: str = "Swapped") -> bytes:
    """What is stored as red is blue, and the other way round."""
    return _profile(
        b"mntr",
        b"RGB ",
        b"XYZ ",
        {b"rXYZ": _xyz(_BLUE), b"gXYZ": _xyz(_GREEN), b"bXYZ": _xyz(_RED)}
        | {tag: _gamma(2.2) for tag in (b"rTRC", b"gTRC", b"bTRC")},
        name,
    )


def linear_grey() -> bytes:
    """Grey in proportion to light: 55 of 255 is what sRGB calls 128."""
    return _profile(b"mntr", b"GRAY", b"XYZ ", {b"kTRC": _gamma(1.0)}, "Linear grey")


def red_ink() -> bytes:
    """Of the four inks the first is red and the last black; the others print nothing."""
    paper, red, black = (255, 128, 128), (136, 208, 195), (0, 128, 128)  # in Lab, as bytes
    corners = bytes(
        (*paper, *black) * 4 + (*red, *black) * 4
    )  # with and without each ink, the last one fastest
    straight = bytes(range(256))
    matrix = b"".join(map(_fixed, (1, 0, 0, 0, 1, 0, 0, 0, 1)))
    table = b"mft1" + bytes(4) + bytes((4, 3, 2, 0)) + matrix + straight * 4 + corners + straight * 3
    return _profile(b"prtr", b"CMYK", b"Lab ", {b"A2B0": table}, "Red ink")


def _profile(kind: bytes, space: bytes, between: bytes, tags: dict[bytes, bytes], name: str) -> bytes:
    text = name.encode("ascii") + b"\0"
    description = b"desc" + bytes(4) + struct.pack(">I", len(text)) + text + bytes(4 + 4 + 2 + 1 + 67)
    tags = {b"desc": description, b"cprt": b"text" + bytes(4) + b"none\0", b"wtpt": _xyz(_WHITE)} | tags
    index, values = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for tag, value in tags.items():
        index += tag + struct.pack(">II", start + len(values), len(value))
        values += value + bytes(-len(value) % 4)
    header = struct.pack(">I4xI4s4s4s12x4s", start + len(values), 0x02400000, kind, space, between, b"acsp")
    header += bytes(28) + b"".join(map(_fixed, _WHITE))
    return header.ljust(128, b"\0") + index + values


def _fixed(value: float) -> bytes:
    return struct.pack(">i", round(value * 65536))


def _xyz(values: tuple[float, float, float]) -> bytes:
    return b"XYZ " + bytes(4) + b"".join(map(_fixed, values))


def _gamma(value: float) -> bytes:
    return b"curv" + bytes(4) + struct.pack(">IH", 1, round(value * 256))
