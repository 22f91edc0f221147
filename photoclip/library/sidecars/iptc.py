"""Reading IPTC-IIM, the older form of titles and keywords that still stands in many JPEG and TIFF files."""

from __future__ import annotations

from collections.abc import Iterator

from photoclip.library.sidecars.described import (
    TEXT_LIMIT,
    TITLE_LIMIT,
    Described,
    keyword_list,
    line,
    lines,
)

_CHARACTER_SET, _TITLE, _KEYWORD, _CAPTION = (1, 90), (2, 5), (2, 25), (2, 120)
_UTF8 = b"\x1b%G"


def read_iptc(data: bytes) -> Described:
    """What there is up to the first byte that makes no sense."""
    found: dict[tuple[int, int], list[bytes]] = {}
    for key, value in _datasets(data):
        found.setdefault(key, []).append(value)
    utf8 = found.get(_CHARACTER_SET, [b""])[0] == _UTF8

    def texts(key: tuple[int, int]) -> list[str]:
        return [_decoded(value, utf8) for value in found.get(key, [])]

    return Described(
        title=line("".join(texts(_TITLE)[:1]), TITLE_LIMIT) or None,
        description=lines("".join(texts(_CAPTION)[:1]), TEXT_LIMIT) or None,
        keywords=keyword_list(texts(_KEYWORD)),
    )


def _datasets(data: bytes) -> Iterator[tuple[tuple[int, int], bytes]]:
    """(record, number) and value of each; values of 32 KiB and more, which have another form, end it."""
    at = 0
    while data[at : at + 1] == b"\x1c" and at + 5 <= len(data):
        length = int.from_bytes(data[at + 3 : at + 5], "big")
        value = data[at + 5 : at + 5 + length]
        if length > 0x7FFF or len(value) < length:
            return
        yield (data[at + 1], data[at + 2]), value
        at += 5 + length


def _decoded(value: bytes, utf8: bool) -> str:
    """Many programs write UTF-8 without saying so; what is not, is taken as Western European."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("utf-8" if utf8 else "cp1252", "replace")
