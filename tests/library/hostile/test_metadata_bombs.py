"""Metadata made to exhaust a reader, in sidecars and inside photos: it never costs the photo."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image, TiffImagePlugin

from photoclip.library import metadata
from photoclip.library.sidecars.described import SIZE_LIMIT
from photoclip.pixels import colour, decode
from tests.library.hostile.samples import exif, photograph
from tests.library.hostile.trial import Trial, assert_sentence
from tests.library.pictures import jpeg
from tests.library.xmp_samples import BOMB, DIGIKAM, OUTSIDE
from tests.pixel_pictures import encoded
from tests.raw_files import dng

MIB = 1 << 20
_RDF = b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dc="http://purl.org/dc/elements/1.1/">'


def _filled(item: bytes, before: bytes = b"", after: bytes = b"", size: int = 4 * MIB) -> bytes:
    """XMP of this size, made of one thing over and over."""
    start = b'<x:xmpmeta xmlns:x="adobe:ns:meta/">' + _RDF + before
    end = after + b"</rdf:RDF></x:xmpmeta>"
    return start + item * ((size - len(start) - len(end)) // len(item)) + end


BOMBS = {
    "laughs": BOMB,
    "outside": OUTSIDE,
    "deep": b"<a>" * 100_000,
    "deep and whole": b"<a>" * 100_000 + b"</a>" * 100_000,
    "one attribute": b'<a b="' + b"x" * (SIZE_LIMIT - 20) + b'"/>',
    "descriptions": _filled(b"<rdf:Description/>", size=SIZE_LIMIT),
    "descriptions inside": _filled(b"<rdf:Description/>", b"<rdf:Description>", b"</rdf:Description>"),
    "keywords": _filled(
        b"<rdf:li>a</rdf:li>",
        b"<rdf:Description><dc:subject><rdf:Bag>",
        b"</rdf:Bag></dc:subject></rdf:Description>",
    ),
    "attributes": b"<a " + b" ".join(b'a%d=""' % number for number in range(100_000)) + b"/>",
    "namespaces": b"<a " + b" ".join(b'xmlns:a%d="u"' % number for number in range(100_000)) + b"/>",
    "references": b"<a>" + b"&#65;" * 200_000 + b"</a>",
    "nothing": bytes(MIB),
}
REFUSED = {"laughs", "outside"}
"""Of these, those that must be refused; of the others what is there may be taken."""
TRIED = ("laughs", "outside", "deep", "descriptions")
"""Of these, those that also go through decode processes."""


@pytest.mark.parametrize("name", BOMBS)
def test_xml_bombs_in_sidecars(tmp_path: Path, name: str) -> None:
    photo = tmp_path / "a.jpg"
    (tmp_path / "a.jpg.xmp").write_bytes(BOMBS[name])
    found = metadata.read_all(exif(), {}, bytes(photo), 0)
    assert found.camera.camera == "PhotoClip Pinhole"
    assert len(found.described.keywords) <= 2000
    for problem in found.problems:
        assert_sentence(problem)
    assert found.problems or name not in REFUSED
    assert "localhost" not in "".join(found.described.keywords)


def test_a_sidecar_of_a_hundred_megabytes_is_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / "a.jpg.xmp").open("wb") as file:
        file.truncate(100 * MIB)
    (problem,) = metadata.read_all(exif(), {}, bytes(tmp_path / "a.jpg"), 0).problems
    assert problem == "The sidecar is larger than the 16 MiB that PhotoClip reads."


def test_photos_with_bombs_beside_them_are_read(trial: Trial) -> None:
    names = {f"{name}.jpg": jpeg("red", seed) for seed, name in enumerate(TRIED)}
    sidecars = {f"{name}.jpg.xmp": BOMBS[name] for name in TRIED}
    trial.try_files((sidecars | names).items())
    assert trial.read == set(names)


def test_photos_with_bombs_inside_are_read(trial: Trial) -> None:
    files = {}
    for name in TRIED:
        bomb = BOMBS[name]
        picture = photograph().resize((32, 24))
        files[f"{name}.webp"] = encoded(picture, "WEBP", xmp=bomb)
        if len(bomb) < 60_000:
            files[f"{name}.jpg"] = encoded(picture, "JPEG", xmp=bomb)
            files[f"{name}.tif"] = _tiff(picture, {700: bomb})
    trial.try_files(files.items())
    assert trial.read == set(files)


def _tiff(picture: Image.Image, tags: dict[int, bytes]) -> bytes:
    directory = TiffImagePlugin.ImageFileDirectory_v2()
    for tag, value in tags.items():
        directory[tag] = value
        directory.tagtype[tag] = 1
    return encoded(picture, "TIFF", tiffinfo=directory)


def _png(*chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG with these chunks before its picture."""
    plain = encoded(photograph().resize((32, 24)), "PNG")
    inside = b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )
    at = 8 + 4 + 4 + 13 + 4  # behind the header
    return plain[:at] + inside + plain[at:]


def test_compressed_bombs_in_png(trial: Trial) -> None:
    large = zlib.compress(bytes(100 * MIB))
    text, xmp = b"Comment\0\0" + large, b"XML:com.adobe.xmp\0\1\0\0\0" + large
    files = {
        "ztxt.png": _png((b"zTXt", text)),
        "itxt.png": _png((b"iTXt", xmp)),
        "iccp.png": _png((b"iCCP", b"mine\0\0" + large)),
        "many.png": _png(*[(b"zTXt", b"%d\0\0" % n + zlib.compress(bytes(MIB - 99))) for n in range(20)]),
        "exif.png": _png((b"eXIf", b"II*\0\x08\0\0\0" + bytes(5 * MIB))),
    }
    trial.try_files(files.items())
    assert trial.read == set(files)


def test_more_text_than_png_may_have_is_refused(trial: Trial) -> None:
    chunk = (b"tEXt", b"Comment\0" + b"x" * MIB)
    trial.try_files([("text.png", _png(*[chunk] * 70))])
    assert trial.read == set()


def test_damaged_text_in_png_is_left_out() -> None:
    data = bytearray(_png((b"tEXt", b"Comment\0harmless")))
    data[data.index(b"harmless")] ^= 1  # the checksum is wrong now
    assert decode(bytes(data), shortest_side=16).image.size == (32, 24)


def _heavy_exif() -> bytes:
    """65,535 entries, each of which claims the same megabyte."""
    entry = struct.pack("<HHII", 0x9286, 7, MIB, 8)
    return b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", 65_535) + entry * 65_535 + bytes(MIB)


def test_giant_exif_and_maker_notes(trial: Trial) -> None:
    noted = exif()
    noted.get_ifd(0x8769)[0x927C] = bytes(5 * MIB)
    picture = photograph().resize((32, 24))
    files = {
        "note.webp": encoded(picture, "WEBP", exif=noted),
        "note.png": encoded(picture, "PNG", exif=noted),
        "heavy.webp": encoded(picture, "WEBP", exif=b"Exif\0\0" + _heavy_exif()),
        "heavy.png": _png((b"eXIf", _heavy_exif())),
    }
    trial.try_files(files.items())
    assert trial.read == set(files)


def test_a_tiff_of_directories_only(trial: Trial) -> None:
    """Each of 10,000 sub-directories is the same, of 10,000 entries."""
    many = 10_000
    entries = struct.pack("<HHII", 0x0100, 4, 1, 1) * (many - 1)
    first = struct.pack("<H", 1) + struct.pack("<HHII", 0x014A, 4, many, 26) + bytes(4)
    below = struct.pack(f"<{many}I", *[26 + 4 * many] * many)
    data = b"II*\0" + struct.pack("<I", 8) + first + below + struct.pack("<H", many - 1) + entries + bytes(4)
    trial.try_files([("directories.tif", data), ("directories.nef", data)])
    assert trial.read == set()
    assert trial.suspects == {}


def test_a_colour_profile_of_twenty_megabytes_means_srgb(trial: Trial) -> None:
    profile = bytes(16) + b"RGB " + bytes(20 * MIB)
    data = encoded(photograph().resize((32, 24)), "WEBP", icc_profile=profile)
    assert colour.profile_of(Image.open(io.BytesIO(data))) is None
    trial.try_files([("profile.webp", data)])
    assert trial.read == {"profile.webp"}


def test_bombs_in_raw_files(trial: Trial) -> None:
    sensor = photograph().resize((32, 24))
    preview = encoded(photograph(), "JPEG", xmp=BOMB)
    bomb = encoded(photograph(), "JPEG").replace(b"\0\x78\0\xa0", b"\xff\xff\xff\xff", 1)  # its size
    files = {"xmp.dng": dng(sensor, preview=preview), "preview.dng": dng(sensor, preview=bomb)}
    trial.try_files((files | {"xmp.xmp": DIGIKAM}).items())
    assert trial.read == set(files)
