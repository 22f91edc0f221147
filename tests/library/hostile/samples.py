"""A small file of every format that PhotoClip reads, with EXIF, XMP, IPTC and a colour profile inside.

HEIC has no encoder among PhotoClip's packages: an AVIF under HEIF's brand goes through the same parser, and
real ones come with the extra test data.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pylibjxl
from PIL import Image, ImageCms, PngImagePlugin, TiffImagePlugin

from tests.library.xmp_samples import DIGIKAM
from tests.pixel_pictures import encoded
from tests.raw_files import dng

UNREADABLE = "otherwise.heic"
"""Of the samples, the one that is refused as it is."""
_SIZE = (160, 120)
_IPTC = b"\x1c\x02\x05\x00\x05title" + b"\x1c\x02\x19\x00\x05beach" + b"\x1c\x02\x78\x00\x07caption"


@cache
def samples() -> dict[str, bytes]:
    """By file name, each readable as it is, but for `UNREADABLE`."""
    return {name: make() for name, make in _MAKERS.items()}


@cache
def odd_photos(folder: Path) -> dict[str, bytes]:
    """The extra test data's odd files; those that no scan would look at get a photo's ending."""
    found = {}
    for path in sorted(path for path in (folder / "odd-photos").glob("*/*") if path.is_file()):
        ending = "" if path.suffix.lower() in (".jpg", ".heic", ".heif", ".avif", ".bmp", ".tif") else ".jpg"
        found[f"{path.parent.name}-{path.name}{ending}"] = path.read_bytes()
    return found


def photograph(mode: str = "RGB") -> Image.Image:
    """Something with edges, gradients and noise, so that a decoder has work to do."""
    rng = np.random.default_rng(11)
    across, down = np.meshgrid(np.linspace(0, 255, _SIZE[0]), np.linspace(0, 255, _SIZE[1]))
    values = np.stack([across, down, 255 - across], axis=2) + rng.normal(0, 12, (*across.shape, 3))
    values[30:60, 40:90] = (200, 30, 30)
    return Image.fromarray(values.clip(0, 255).astype(np.uint8)).convert(mode)


def exif() -> Image.Exif:
    """A camera's, with a date, a place, an exposure and a maker's note."""
    made = Image.Exif()
    made.update({0x010F: "PhotoClip", 0x0110: "Pinhole", 0x0112: 6, 0x0132: "2021:05:06 07:08:09"})
    made.get_ifd(0x8769).update(
        {0x9003: "2021:05:06 07:08:09", 0x9011: "+02:00", 0x829D: 2.8, 0x8827: 200, 0x927C: b"maker" * 40}
    )
    made.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.5), 3: "E", 4: (13.0, 24.0, 18.0)})
    return made


def profile() -> bytes:
    """A colour profile that is not called sRGB, so that colours are converted by it."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes().replace(b"sRGB", b"mine")


def _jpeg(mode: str = "RGB", **options: object) -> bytes:
    told = {"exif": exif(), "xmp": DIGIKAM, "icc_profile": profile() if mode == "RGB" else None}
    data = encoded(photograph(mode), "JPEG", quality=85, **told | options)
    resource = b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0" + len(_IPTC).to_bytes(4, "big") + _IPTC
    return data[:2] + b"\xff\xed" + (len(resource) + 2).to_bytes(2, "big") + resource + data[2:]


def _mpo() -> bytes:
    return encoded(photograph(), "MPO", save_all=True, append_images=[photograph("L")], exif=exif())


def _png(picture: Image.Image, **options: object) -> bytes:
    text = PngImagePlugin.PngInfo()
    text.add_itxt("XML:com.adobe.xmp", DIGIKAM.decode(), zip=True)
    text.add_text("Comment", "compressed " * 20, zip=True)
    return encoded(picture, "PNG", pnginfo=text, exif=exif(), icc_profile=profile(), **options)


def _moving(format: str, **options: object) -> bytes:
    frames = [photograph().rotate(90 * turn, expand=False) for turn in range(3)]
    return encoded(frames[0], format, save_all=True, append_images=frames[1:], duration=80, **options)


def _tiff(picture: Image.Image, **options: object) -> bytes:
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[700], tags[33723], tags[0x0112] = DIGIKAM, _IPTC, 3
    tags.tagtype[700], tags.tagtype[33723] = 1, 7
    return encoded(picture, "TIFF", tiffinfo=tags, **options)


def _deep_tiff() -> bytes:
    import tifffile

    out = io.BytesIO()
    tifffile.imwrite(out, np.asarray(photograph(), np.uint16) * 257, photometric="rgb")
    return out.getvalue()


def _avif(**options: object) -> bytes:
    return encoded(photograph(), "AVIF", speed=10, exif=exif(), xmp=DIGIKAM, icc_profile=profile(), **options)


def _avif_called_heif() -> bytes:
    return _avif().replace(b"ftypavif", b"ftypmif1", 1)


def _coded_otherwise() -> bytes:
    """HEIF, by all that it says of itself, in a code that its reader does not have."""
    return _avif_called_heif().replace(b"avif", b"heic")


def _jxl(lossless: bool) -> bytes:
    told = {"exif": exif().tobytes().removeprefix(b"Exif\0\0"), "xmp": DIGIKAM}
    data: bytes = pylibjxl.encode(np.asarray(photograph()), lossless=lossless, effort=3, **told)
    return data


def _deep_grey() -> Image.Image:
    return Image.fromarray(np.asarray(photograph("L"), np.uint16) * 257)


_MAKERS: dict[str, Callable[[], bytes]] = {
    "baseline.jpg": _jpeg,
    "progressive.jpg": lambda: _jpeg(progressive=True),
    "restarts.jpg": lambda: _jpeg(restart_marker_blocks=4),
    "cmyk.jpg": lambda: _jpeg("CMYK"),
    "grey.jpg": lambda: _jpeg("L"),
    "views.mpo": _mpo,
    "colours.png": lambda: _png(photograph()),
    "deep.png": lambda: _png(_deep_grey()),
    "palette.png": lambda: _png(photograph().quantize(16), transparency=3),
    "alpha.png": lambda: _png(photograph("RGBA")),
    "moving.png": lambda: _moving("PNG"),
    "lossy.webp": lambda: encoded(photograph(), "WEBP", exif=exif(), xmp=DIGIKAM, icc_profile=profile()),
    "lossless.webp": lambda: encoded(photograph("RGBA"), "WEBP", lossless=True),
    "moving.webp": lambda: _moving("WEBP"),
    "still.gif": lambda: encoded(photograph().quantize(64), "GIF"),
    "moving.gif": lambda: _moving("GIF"),
    "colours.bmp": lambda: encoded(photograph(), "BMP"),
    "palette.bmp": lambda: encoded(photograph().quantize(16), "BMP"),
    "plain.tif": lambda: _tiff(photograph()),
    "lzw.tif": lambda: _tiff(photograph(), compression="tiff_lzw", icc_profile=profile()),
    "deflated.tif": lambda: _tiff(photograph("CMYK"), compression="tiff_adobe_deflate"),
    "jpeg.tif": lambda: _tiff(photograph(), compression="jpeg"),
    "pages.tif": lambda: _tiff(photograph("L"), save_all=True, append_images=[photograph()]),
    "deep.tif": _deep_tiff,
    "still.avif": _avif,
    "moving.avif": lambda: _moving("AVIF", speed=10),
    "called.heif": _avif_called_heif,
    UNREADABLE: _coded_otherwise,
    "lossy.jxl": lambda: _jxl(lossless=False),
    "lossless.jxl": lambda: _jxl(lossless=True),
    "sensor.dng": lambda: dng(photograph().resize((96, 64)), orientation=6),
    "grey.dng": lambda: dng(photograph().resize((96, 64)), monochrome=True),
    "preview.dng": lambda: dng(photograph().resize((96, 64)), preview=_jpeg()),
    "sensor.nef": lambda: dng(photograph().resize((96, 64)), maker=b"NIKON CORPORATION", version=b""),
}
