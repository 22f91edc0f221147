"""XMP and IPTC as programs write them, and as somebody writes them who means harm."""

from __future__ import annotations

import calendar
import io
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from photoclip.library.metadata import PhotoMetadata, read_all
from photoclip.library.sidecars.described import Described, Region, UnreadableXmp, first_of
from photoclip.library.sidecars.embedded import read_photo
from photoclip.library.sidecars.iptc import read_iptc
from photoclip.library.sidecars.places import RAW_EXTENSIONS, sidecar_to_write, sidecars_of
from photoclip.library.sidecars.xmp import read_xmp
from tests.library.xmp_samples import BOMB, DARKTABLE, DIGIKAM, LIGHTROOM, OUTSIDE, SAMPLES

TAKEN = calendar.timegm((2023, 7, 14, 15, 30, 12))


def rdf(properties: str) -> bytes:
    """A sidecar with these properties, as attributes or elements of its one description."""
    spaces = (
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"'
        ' xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
    )
    return f"<rdf:RDF {spaces}><rdf:Description {properties}</rdf:Description></rdf:RDF>".encode()


def dataset(number: int, value: bytes, record: int = 2) -> bytes:
    return bytes((0x1C, record, number)) + len(value).to_bytes(2, "big") + value


def app13(iptc: bytes) -> bytes:
    """A JPEG segment that holds IPTC as Photoshop does."""
    resource = b"8BIM\x04\x04\0\0" + len(iptc).to_bytes(4, "big") + iptc + b"\0" * (len(iptc) % 2)
    body = b"Photoshop 3.0\0" + resource
    return b"\xff\xed" + (len(body) + 2).to_bytes(2, "big") + body


def jpeg(xmp: bytes = b"", iptc: bytes = b"") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "JPEG", **({"xmp": xmp} if xmp else {}))
    data = out.getvalue()
    return data[:2] + app13(iptc) + data[2:] if iptc else data


def everything(path: Path) -> PhotoMetadata:
    with Image.open(path) as image:
        return read_all(image.getexif(), image.info, os.fsencode(path), 10**18)


def test_digikam() -> None:
    assert read_xmp(DIGIKAM) == Described(
        title="A square",
        keywords=("Rome", "Café"),
        hierarchies=(("Places", "Italy", "Rome"), ("Café",)),
        rating=3,
        colour_label="Green",
        regions=(Region("Ada", "Face", 0.5, 0.25, 0.1, 0.2), Region("", "Focus", 0.1, 0.2, 0.3, 0.4)),
    )


def test_lightroom() -> None:
    assert read_xmp(LIGHTROOM) == Described(
        description="Two lines\nof words",
        keywords=("Italy", "Places", "Rome"),
        hierarchies=(("Places", "Italy", "Rome"),),
        rating=-1,
        taken_at=TAKEN,
        taken_offset=120,
    )


def test_darktable() -> None:
    assert read_xmp(DARKTABLE) == Described(
        keywords=("sea",),
        hierarchies=(("nature", "sea"),),
        rating=1,
        taken_at=calendar.timegm((2019, 1, 2, 3, 4, 5)),
    )


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ("><xmp:Rating>4.0</xmp:Rating>", Described(rating=4)),
        ('xmp:Rating="nan">', Described()),
        ('xmp:Rating="17" xmp:Label="  "><dc:title/>', Described()),
        ('dc:subject="one thing">', Described(keywords=("one thing",))),
        ("><dc:subject>a <!-- b -->c</dc:subject>", Described(keywords=("a c",))),
        ("><dc:subject><rdf:Bag/></dc:subject>", Described()),
        (
            "><dc:subject><rdf:Bag><rdf:li> x\n y</rdf:li><rdf:li>x y</rdf:li></rdf:Bag></dc:subject>",
            Described(keywords=("x y",)),
        ),
        ('xmp:CreateDate="2023-07-14T15:30:12">', Described(taken_at=TAKEN)),
    ],
)
def test_forms_of_rdf(properties: str, expected: Described) -> None:
    assert read_xmp(rdf(properties)) == expected


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-32"])
@pytest.mark.parametrize("hostile", [BOMB, OUTSIDE])
def test_document_types_are_refused(hostile: bytes, encoding: str) -> None:
    with pytest.raises(UnreadableXmp, match="document type"):
        read_xmp(hostile.decode().encode(encoding))


def test_entities_are_not_fetched_in_an_encoding_that_hides_them() -> None:
    text = '<?xml version="1.0" encoding="UTF-7"?>' + OUTSIDE.decode()
    try:
        found = read_xmp(text.replace("<!DOCTYPE", "+ADwAIQ-DOCTYPE").encode())
    except UnreadableXmp:
        return
    assert found == Described()


@pytest.mark.parametrize("data", [b"", b"\0" * 100, b"no xml", b"\xff\xd8\xff", b"<" * 5000])
def test_what_is_no_xmp_says_nothing(data: bytes) -> None:
    try:
        assert read_xmp(data) == Described()
    except UnreadableXmp as error:
        assert str(error).endswith(".")


def test_too_large_and_too_deep() -> None:
    with pytest.raises(UnreadableXmp, match="larger than"):
        read_xmp(b" " * (17 << 20))
    assert read_xmp(b"<a>" * 100_000).keywords == ()


@pytest.mark.parametrize("name", SAMPLES)
def test_cut_off_anywhere(name: str) -> None:
    whole, sample = read_xmp(SAMPLES[name]), SAMPLES[name]
    for end in range(0, len(sample), 61):
        try:
            part = read_xmp(sample[:end])
        except UnreadableXmp:
            continue
        assert len(part.keywords) <= len(whole.keywords) + 1  # the last one may be cut


@given(st.data())
def test_no_damage_makes_it_fail(data: st.DataObject) -> None:
    sample = bytearray(data.draw(st.sampled_from(list(SAMPLES.values()))))
    for _ in range(data.draw(st.integers(1, 8))):
        sample[data.draw(st.integers(0, len(sample) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = read_xmp(bytes(sample))
    except UnreadableXmp:
        return
    "".join((*found.keywords, found.title or "", found.description or "")).encode()  # storable


def test_iptc() -> None:
    utf8 = dataset(90, b"\x1b%G", record=1)
    fields = dataset(5, "Plätze".encode()) + dataset(25, b"sea") + dataset(25, "Café".encode())
    expected = Described(title="Plätze", keywords=("sea", "Café"), description="a\nb")
    assert read_iptc(utf8 + fields + dataset(120, b"a\r\nb")) == expected
    assert read_iptc(dataset(25, "Café".encode("cp1252"))).keywords == ("Café",)
    assert read_iptc(dataset(25, b"sea") + b"\x1c\x02\x19\xff\xff" + b"x" * 10).keywords == ("sea",)


@given(st.binary(max_size=200) | st.binary(max_size=60).map(lambda value: dataset(25, value)))
def test_no_iptc_makes_it_fail(data: bytes) -> None:
    assert all(keyword.isprintable() for keyword in read_iptc(data).keywords)


def test_inside_of_photos(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg(DIGIKAM, dataset(25, b"sea") + dataset(120, b"By the sea")))
    found = everything(tmp_path / "a.jpg")
    assert (found.described.keywords, found.described.description) == (("Rome", "Café"), "By the sea")
    info = PngImagePlugin.PngInfo()
    info.add_itxt("XML:com.adobe.xmp", LIGHTROOM.decode())
    picture = Image.new("RGB", (8, 8))
    picture.save(tmp_path / "b.png", pnginfo=info)
    picture.save(tmp_path / "c.webp", xmp=LIGHTROOM)
    picture.save(tmp_path / "d.tif", tiffinfo={700: LIGHTROOM})
    for name in ("b.png", "c.webp", "d.tif"):
        assert everything(tmp_path / name).described.keywords == ("Italy", "Places", "Rome"), name
        assert read_photo(os.fsencode(tmp_path / name)).rating == -1, name
    assert read_photo(os.fsencode(tmp_path / "none.jpg")) == Described()


def test_sidecars_come_before_the_photo(tmp_path: Path) -> None:
    photo = tmp_path / "a.jpg"
    photo.write_bytes(jpeg(LIGHTROOM, dataset(5, b"From IPTC")))
    assert everything(photo).described.title == "From IPTC"
    (tmp_path / "a.xmp").write_bytes(rdf('xmp:Rating="2" xmp:Label="Blue">'))
    (tmp_path / "a.jpg.xmp").write_bytes(DIGIKAM)
    found = everything(photo)
    assert (found.described.rating, found.described.title, found.described.colour_label) == (
        3,
        "A square",
        "Green",
    )
    assert found.described.keywords == ("Rome", "Café")
    assert (found.taken.at, found.taken.source) == (TAKEN, "xmp")
    (tmp_path / "a.jpg.xmp").write_bytes(BOMB)
    found = everything(photo)
    assert (found.described.rating, found.described.colour_label) == (2, "Blue")
    assert ["document type" in problem for problem in found.problems] == [True]


def test_dates_in_their_order(tmp_path: Path) -> None:
    name = "IMG_20200102_030405.jpg"
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = "2001:01:01 00:00:00"
    sources = [everything(_saved(tmp_path / name, exif=exif, xmp=LIGHTROOM))]
    sources.append(everything(_saved(tmp_path / name, xmp=LIGHTROOM)))
    sources.append(everything(_saved(tmp_path / name)))
    sources.append(everything(_saved(tmp_path / "photo.jpg")))
    assert [found.taken.source for found in sources] == ["exif", "xmp", "name", "file"]
    assert sources[1].taken.offset == 120


def _saved(path: Path, **options: object) -> Path:
    Image.new("RGB", (8, 8)).save(path, **options)
    return path


def test_a_pipe_among_the_sidecars_is_not_waited_for(tmp_path: Path) -> None:
    photo = _saved(tmp_path / "a.jpg")
    os.mkfifo(tmp_path / "a.jpg.xmp")
    assert everything(photo).problems == ("The sidecar is not a regular file.",)


def test_whose_sidecar_it_is(tmp_path: Path) -> None:
    def files(*names: str) -> None:
        for path in tmp_path.iterdir():
            path.unlink()
        for name in names:
            (tmp_path / name).touch()

    def found(name: str) -> list[str]:
        return [Path(os.fsdecode(path)).name for path in sidecars_of(os.fsencode(tmp_path / name))]

    files("a.jpg", "a.xmp", "a.jpg.XMP")
    assert found("a.jpg") == ["a.jpg.XMP", "a.xmp"]
    files("a.jpg", "a.ARW", "a.xmp")
    assert (found("a.jpg"), found("a.ARW")) == ([], ["a.xmp"])
    files("a.jpg", "a.PNG", "a.xmp")
    assert (found("a.jpg"), found("a.PNG")) == ([], [])
    assert sidecar_to_write(os.fsencode(tmp_path / "a.jpg")).endswith(b"a.jpg.xmp")
    files("a.jpg", "b.png", "a.xmp")
    assert sidecar_to_write(os.fsencode(tmp_path / "a.jpg")).endswith(b"/a.xmp")
    assert all(extension.startswith(b".") for extension in RAW_EXTENSIONS)


def test_the_first_that_says_something_counts() -> None:
    first = Described(rating=0, keywords=("a",), taken_at=1.0)
    second = Described(
        rating=5, hierarchies=(("b", "c"),), automatic=("c",), taken_at=2.0, taken_offset=60, title="t"
    )
    assert first_of(first, second) == Described(rating=0, keywords=("a",), taken_at=1.0, title="t")
    assert first_of(Described(), second) == second
