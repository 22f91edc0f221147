"""Where PhotoClip finds the files it ships."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from photoclip.errors import PhotoClipError


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
