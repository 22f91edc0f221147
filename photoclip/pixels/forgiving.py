"""Pillow's second mode, which takes what can be had of a damaged file."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import ImageFile

_lock = threading.RLock()  # the mode is the whole process's


@contextmanager
def forgiving() -> Iterator[None]:
    """Within it damage to what may be left out (metadata, a picture's end) is passed over."""
    with _lock:
        before = ImageFile.LOAD_TRUNCATED_IMAGES
        ImageFile.LOAD_TRUNCATED_IMAGES = True
        try:
            yield
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = before
