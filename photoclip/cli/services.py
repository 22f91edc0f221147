"""What the commands need from the rest of PhotoClip, handed in by `photoclip.app`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from photoclip.library.encoder import Encoder


@dataclass(frozen=True)
class ModelRow:
    """A model that can be used on this machine."""

    name: str
    path: str  # where its weights are
    bytes: int  # what they take on the disk
    dim: int  # numbers in a vector
    image_size: int  # pixels on a side, as the model sees a photo


@dataclass(frozen=True)
class Services:
    """Model and window, as functions: a test puts its own in their place.

    `encoder` and `render_window` raise ModelError where there is no such model.
    """

    encoder: Callable[[str | None], Encoder]  # of a model's name; None is the one in use
    models: Callable[[], list[ModelRow]]
    open_window: Callable[[Path, str | None], int]  # library folder, model name -> exit status
    render_window: Callable[[Path, str | None, Path, str], None]  # library folder, model, PNG to write, query
