"""What the commands need from the rest of PhotoClip, handed in by `photoclip.app`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from photoclip.library.encoder import Encoder
from photoclip.library.probing import Learn
from photoclip.library.training_pairs import Pair
from photoclip.model_store import ModelRow, ModelStore
from photoclip.training_terms import Learned, Wishes

Say = Callable[[str], None]
Stopped = Callable[[], bool]


@dataclass(frozen=True)
class Training:
    """What can be learned from a person's own words. Each raises a PhotoClipError; `train` also Cancelled."""

    train: Callable[[Wishes, Sequence[Pair], Say, Stopped], tuple[ModelRow, Learned]]
    probe: Learn


@dataclass(frozen=True)
class Services:
    """Model and window, as functions: a test puts its own in their place.

    `encoder` and `render_window` raise ModelError where there is no such model.
    """

    encoder: Callable[[str | None], Encoder]  # of a model's name; None is the default one
    models: Callable[[], list[ModelRow]]
    store: ModelStore
    open_window: Callable[[Path, str | None], int]  # library folder, model name -> exit status
    render_window: Callable[[Path, str | None, Path, str], None]  # library folder, model, PNG to write, query
    training: Training
