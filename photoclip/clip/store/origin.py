"""Where a model came from, and on which terms: a small file beside its weights."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from photoclip.clip.dialects.sidecar import read_json
from photoclip.clip.registry import PUBLISHED
from photoclip.errors import ModelError

ORIGIN = "origin.json"


@dataclass(frozen=True)
class Origin:
    """For people: the licence, and either the repository's page on the hub or the model it was trained from.

    `about` is a sentence of a published model's quality.
    """

    licence: str = ""
    page: str = ""
    start: str = ""
    about: str = ""

    @property
    def sentence(self) -> str:
        """What to say of the model, or nothing."""
        if self.start:
            return f"Trained from {self.start}."
        return self.about or (f"From {self.page}." if self.page else "")


def write_origin(origin: Origin, folder: Path) -> None:
    told = {name: value for name, value in asdict(origin).items() if value}
    (folder / ORIGIN).write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


def origin_of(folder: Path) -> Origin:
    """What was written with the model in `folder`, or is known of a published one; else all is empty."""
    if (folder / ORIGIN).is_file():
        try:
            values = read_json(folder / ORIGIN)
            return Origin(**{name: str(values.get(name, "")) for name in ("licence", "page", "start")})
        except ModelError:  # it tells people something, and the model is used without it
            return Origin()
    known = next((model for model in PUBLISHED if model.name == folder.name), None)
    return Origin() if known is None else Origin(known.licence, about=known.quality)
