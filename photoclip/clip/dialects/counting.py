"""How many numbers a checkpoint is, before it is read: what is needed to know whether it fits into memory."""

from __future__ import annotations

import math
from pathlib import Path

from safetensors import SafetensorError, safe_open

from photoclip.clip.dialects import archive
from photoclip.clip.dialects.containers import INDEX
from photoclip.clip.dialects.reading import find
from photoclip.clip.dialects.sidecar import read_json, section
from photoclip.errors import ModelError

FLOAT16, FLOAT32 = 2, 4


def count_numbers(path: Path) -> int:
    """Of a file or folder of any dialect. Safetensors tell it; any other file is counted by its size, as half
    precision if it is an archive like OpenAI's, and as float32 otherwise.

    A file that is missing counts as nothing: its reader says so. Raises ModelError for a folder without a
    model.
    """
    weights = find(path).weights
    if not weights.name.endswith(INDEX):
        return _count(weights)
    shards = set(map(str, section(read_json(weights), "weight_map", weights).values()))
    return sum(_count(weights.parent / shard) for shard in shards if shard == Path(shard).name)


def _count(path: Path) -> int:
    try:
        with safe_open(path, framework="pt") as file:
            names = file.keys()
            return sum(math.prod(file.get_slice(name).get_shape()) for name in names)
    except OSError:
        return 0
    except SafetensorError:
        return path.stat().st_size // (FLOAT16 if _is_openais(path) else FLOAT32)


def _is_openais(path: Path) -> bool:
    try:
        with archive.Archive(path) as opened:
            return opened.is_torchscript
    except ModelError:
        return False
