"""The models of this machine and those that can be had, as the window and the terminal see them.

What they do is handed in by `photoclip.app`; a test puts its own in its place. No Qt, no torch.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NoReturn

from photoclip.errors import ModelError

Source = Literal["", "hub", "openai"]  # of a download; empty is the hub, or OpenAI's address when it fails


@dataclass(frozen=True)
class ModelRow:
    """A model that can be used on this machine."""

    name: str
    path: str  # where its weights are
    bytes: int  # what they take on the disk
    dim: int  # numbers in a vector
    image_size: int  # pixels on a side, as the model sees a photo
    shipped: bool = True  # comes with PhotoClip
    licence: str = ""  # of published models
    quality: str = ""  # a line for people, of published models
    problem: str = ""  # why it cannot be used
    precision: str = ""  # how it runs here, once that was measured: "bfloat16, 41 photos/s on this machine"


@dataclass(frozen=True)
class PublishedRow:
    """A model that can be downloaded."""

    name: str
    alias: str  # its name in openai/CLIP, or empty
    repository: str  # on the hub
    bytes: int  # about what is downloaded
    dim: int
    image_size: int
    licence: str
    quality: str
    sources: tuple[str, ...]  # "hub", "openai"
    installed: bool
    photos_per_second: float = 0.0  # estimated for this machine from what was measured here; 0 is unknown


@dataclass(frozen=True)
class Watch:
    """A person who waits for a download: when they stop it, and what they are shown."""

    stop: threading.Event
    progress: Callable[[int, int, float, float], None]  # bytes done, total, bytes a second, seconds left
    say: Callable[[str], None]


def _published_only(*_: object) -> NoReturn:
    raise ModelError("Only the published models can be had here; photoclip models list shows them.")


@dataclass(frozen=True)
class ModelStore:
    """The person's own models. Each raises a PhotoClipError with a sentence; `get` also Cancelled."""

    published: Callable[[], list[PublishedRow]]
    get: Callable[[str, Source, bool, Watch], ModelRow]  # name, source, replace
    take_in: Callable[
        [Path, str, str, bool], ModelRow
    ]  # file or folder, name, published model like it, replace
    remove: Callable[[str], None]
    installed: Callable[[], list[ModelRow]] = list  # the models on this machine, those that are shipped too
    look: Callable[[str, str, Watch], PublishedRow] = _published_only  # hf-hub:OWNER/NAME, name or empty
    get_repository: Callable[[str, str, bool, Watch], ModelRow] = _published_only  # the same, replace
