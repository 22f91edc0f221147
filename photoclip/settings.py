"""What a person chose about a library, its model and its window: a small JSON file in the library's folder.

Keys that are not known are kept (another version may know them), a value that does not fit is its default,
and a damaged file is all defaults: settings are never worth refusing to start over.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

FILE_NAME = "settings.json"
DEFAULT_MODEL = "starter"


@dataclass(frozen=True)
class Settings:
    theme: str = "system"  # "system" | "light" | "dark"
    tile_size: int = 148  # pixels
    geometry: str = ""  # the window's place, as its toolkit writes it, in base64
    panels: str = ""  # which panels are shown, as the window's toolkit writes it, in base64
    in_use: str = "slow"  # indexing while the window is in use: "full" | "slow" | "pause"
    on_battery: str = "pause"  # the same on battery
    model: str = ""  # the name of the chosen model; empty is the default one
    other: dict[str, Any] = field(default_factory=dict)  # keys of other versions


NAMES = tuple(f.name for f in fields(Settings) if f.name != "other")


def load_settings(folder: Path) -> Settings:
    """The settings of the library in this folder; defaults for whatever is missing or damaged."""
    try:
        found = json.loads((folder / FILE_NAME).read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return Settings()
    if not isinstance(found, dict):
        return Settings()
    defaults = Settings()
    known = {
        name: found[name]
        for name in NAMES
        if name in found and type(found[name]) is type(getattr(defaults, name))
    }
    return replace(defaults, **known, other={key: found[key] for key in found if key not in NAMES})


def save_settings(folder: Path, settings: Settings) -> None:
    """Writes the file whole or not at all. Raises OSError when the folder cannot be written."""
    values = {**settings.other, **{name: getattr(settings, name) for name in NAMES}}
    unfinished = folder / (FILE_NAME + ".part")
    unfinished.write_text(json.dumps(values, indent=2, ensure_ascii=False) + "\n", "utf-8")
    unfinished.replace(folder / FILE_NAME)


def chosen_model(folder: Path) -> str:
    """The name of the model that a person has chosen for the library in this folder."""
    return load_settings(folder).model or DEFAULT_MODEL


def choose_model(folder: Path, name: str) -> None:
    """Keeps which model was chosen; `photoclip.library.models` sees to the rest. Raises OSError."""
    save_settings(folder, replace(load_settings(folder), model=name))
