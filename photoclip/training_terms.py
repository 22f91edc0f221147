"""What a person asks of training, and what came of it: the terms that the terminal and the model share.

No torch, nothing of the library.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Tower = Literal["image", "text", "none"]


@dataclass(frozen=True)
class Wishes:
    """A model called `name`, made by training that of `start`, a model's name or a checkpoint's path."""

    name: str
    start: str
    captions: Path | None = None  # a CSV or JSONL file, beside the photos of the library
    freeze: Tower = "none"
    rate: float = 1e-4  # the highest learning rate; 1e-5 suits large models
    keep: float = 0.3  # the share of `start` in the result's weights, 0 to 1: it forgets less so
    minutes: float = math.inf  # or `epochs`, passes over the pictures, whichever end first
    epochs: float = math.inf
    batch: int = 32
    chunk: int = 32
    seed: int = 0
    replace: bool = False  # a model of this name that is there
    anew: bool = False  # forgets what an interrupted run has learned


@dataclass(frozen=True)
class Learned:
    """Counts of pictures, and the figures on those for validation: shares of 1, {} without such pictures."""

    pictures: int
    validation: int
    skipped: int  # cannot be read
    steps: int
    seconds: float  # of steps
    log: Path  # every figure on the way, a JSON object a line
    before: dict[str, float] = field(default_factory=dict)
    after: dict[str, float] = field(default_factory=dict)
