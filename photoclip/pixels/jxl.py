"""JPEG XL for Pillow, read by libjxl (through pylibjxl, which brings NumPy). Imported only for such files.

libjxl turns the picture upright itself, by what the codestream says; EXIF's orientation is there for
show, and says the same or nothing.
"""

from __future__ import annotations

from typing import Any

import pylibjxl
from PIL import Image, ImageFile

_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
_INFO = {"exif": "exif", "icc": "icc_profile", "xmp": "xmp"}  # by what the decoder calls it, Pillow's names


class JxlImageFile(ImageFile.ImageFile):
    """The first frame, in 8 bits; `info` has its EXIF and its colour profile."""

    format = "JXL"
    format_description = "JPEG XL"

    def _open(self) -> None:
        assert self.fp is not None
        self._data = self.fp.read()
        header: dict[str, Any] = pylibjxl.probe(self._data)
        self._size = (header["width"], header["height"])
        self._mode = _MODES[header["channels"]]
        self.is_animated = bool(header["have_animation"])

    def load(self) -> Image.core.PixelAccess | None:
        """Raises RuntimeError for damaged data."""
        if self._im is None:
            metadata: dict[str, bytes] = {}
            with pylibjxl.JXL(threads=1) as decoder:  # the other cores have photos of their own
                if self.is_animated:  # asked for metadata, it would go on to the last frame
                    pixels = decoder.decode(self._data)
                else:
                    pixels, metadata = decoder.decode(self._data, metadata=True)
            self.im = Image.fromarray(pixels).im
            self.info.update({name: metadata[key] for key, name in _INFO.items() if key in metadata})
        return super().load()
