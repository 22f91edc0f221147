"""The JSON files beside weights, read with suspicion: what is absent or of the wrong kind is one sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from photoclip.errors import ModelError

JSON_BYTES = 64 * 2**20  # the index of a model in many shards is the largest, and far below


def read_json(path: Path) -> dict[str, Any]:
    """A JSON file that holds an object. Raises ModelError, naming the file, for anything else."""
    try:
        if path.stat().st_size > JSON_BYTES:
            raise ModelError(f"{path} is too large to be a model's settings.")
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelError(f"The model in {path.parent} is incomplete: {path.name} is missing.") from error
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{path} cannot be read as JSON ({error}).") from error
    if not isinstance(values, dict):
        raise ModelError(f"{path} does not hold a model's settings: it is not a JSON object.")
    return values


def section(values: dict[str, Any], key: str, path: Path) -> dict[str, Any]:
    """The object under `key`."""
    found = values.get(key)
    if not isinstance(found, dict):
        raise ModelError(f'{path} lacks its "{key}" part.')
    return found


def integer(values: dict[str, Any], key: str, path: Path, default: int | None = None) -> int:
    """The positive whole number under `key`; a pair of equal ones (height and width) counts as one."""
    value = values.get(key, default)
    if isinstance(value, list) and len(value) == 2 and value[0] == value[1]:
        value = value[0]
    if type(value) is not int or value <= 0:
        raise ModelError(f'{path} should have a whole number as "{key}" and has {value!r}.')
    return value


def quotient(number: int, divisor: int, path: Path, what: str) -> int:
    """`number` / `divisor`, which is to leave nothing over."""
    if number % divisor:
        raise ModelError(f"{path} does not fit together: {what} ({divisor}) does not divide {number}.")
    return number // divisor
