"""Where things lie, and how a path is shown to people and to scripts."""

from __future__ import annotations

import base64
import os
from functools import cache
from pathlib import Path

import platformdirs

from photoclip.errors import PhotoClipError

LIBRARY_VARIABLE = "PHOTOCLIP_LIBRARY"
MODELS_VARIABLE = "PHOTOCLIP_MODELS"


@cache
def resources_dir() -> Path:
    """The shipped resources: inside the package when installed, beside it in a checkout."""
    package = Path(__file__).resolve().parent
    for folder in (package / "resources", package.parent / "resources"):
        if folder.is_dir():
            return folder
    raise PhotoClipError(f"PhotoClip's own files are missing beside {package}; please install it again.")


def resource(name: str) -> Path:
    """The path of one shipped file or folder, for example `resource("vocabulary")`; it may not exist."""
    return resources_dir() / name


def default_library_dir() -> Path:
    """PHOTOCLIP_LIBRARY where set, else `library` in the person's data folder of this system."""
    chosen = os.environ.get(LIBRARY_VARIABLE)
    if chosen:
        return Path(chosen).expanduser()
    return _data_dir() / "library"


def models_dir() -> Path:
    """The person's own models: PHOTOCLIP_MODELS where set, else beside the library. It may not exist."""
    chosen = os.environ.get(MODELS_VARIABLE)
    return Path(chosen).expanduser().absolute() if chosen else _data_dir() / "models"


def _data_dir() -> Path:
    return Path(platformdirs.user_data_dir("photoclip", appauthor=False))


def display(path: bytes) -> str:
    r"""A path on one line for people: bytes that are not UTF-8 and control characters as \xNN.

    >>> display(b"caf\xc3\xa9/\xff\n.jpg")
    'café/\\xff\\x0a.jpg'
    """
    return "".join(map(_printable, path.decode("utf-8", "surrogateescape")))


def _printable(character: str) -> str:
    if character.isprintable():
        return character
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is not UTF-8, kept by surrogateescape
        return f"\\x{code - 0xDC00:02x}"
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def path_json(path: bytes) -> dict[str, str]:
    """`{"path": text}`, plus the exact bytes in base64 as `path_bytes` when they are not UTF-8."""
    try:
        return {"path": path.decode("utf-8")}
    except UnicodeDecodeError:
        return {"path": display(path), "path_bytes": base64.b64encode(path).decode("ascii")}
