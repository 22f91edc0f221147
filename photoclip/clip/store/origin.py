"""Where a model from the hub came from, and on which terms: a small file beside its weights."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from photoclip.clip.dialects.sidecar import read_json
from photoclip.errors import ModelError

ORIGIN = "origin.json"


@dataclass(frozen=True)
class Origin:
    """`page` is the repository's on the hub; `licence` is for people."""

    page: str
    licence: str


def write_origin(origin: Origin, folder: Path) -> None:
    (folder / ORIGIN).write_text(json.dumps(asdict(origin), indent=2) + "\n", encoding="utf-8")


def read_origin(folder: Path) -> Origin | None:
    """What was written with the model in `folder`; nothing where it did not come from a repository."""
    if not (folder / ORIGIN).is_file():
        return None
    try:
        values = read_json(folder / ORIGIN)
    except ModelError:  # it tells people something, and the model is used without it
        return None
    return Origin(str(values.get("page", "")), str(values.get("licence", "")))
