"""A file with tensors, whichever program wrote it, told by its first bytes."""

from __future__ import annotations

from pathlib import Path

from photoclip.clip.dialects import archive, state_dict, torchscript
from photoclip.clip.dialects.facts import OPENAI, Facts
from photoclip.clip.dialects.sidecar import read_json, section
from photoclip.clip.dialects.tensors import Tensors, read_safetensors
from photoclip.clip.models import CONFIG_FILE, WEIGHTS_FILE
from photoclip.errors import ModelError

SAFETENSORS = ".safetensors"
INDEX = ".safetensors.index.json"
PICKLE = b"\x80"  # the first instruction of every pickle that PyTorch writes


def read(path: Path) -> tuple[Tensors, Facts]:
    """The tensors by the names they have in the file, and what this kind of file says by its nature.

    Raises ModelError for a file that is damaged, hostile or of no known kind.
    """
    if path.name.endswith(INDEX):
        return read_shards(path), {}
    try:
        with path.open("rb") as file:
            head = file.read(9)
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error}).") from error
    if head.startswith(archive.MAGIC):
        with archive.Archive(path) as opened:
            is_torchscript = opened.is_torchscript
        return (torchscript.read(path), dict(OPENAI)) if is_torchscript else (state_dict.read(path), {})
    if path.suffix == SAFETENSORS or head[8:] == b"{":
        return read_safetensors(path), {}
    if head.startswith(PICKLE):
        return state_dict.read(path), {}
    raise ModelError(
        f"{path} is damaged or no checkpoint that this version knows (safetensors, or PyTorch's .pt), "
        f"and not a model folder; one holds {CONFIG_FILE} and {WEIGHTS_FILE}."
    )


def read_shards(index: Path) -> Tensors:
    """The tensors of several safetensors files, which `index` names for each tensor."""
    places = section(read_json(index), "weight_map", index)
    tensors: Tensors = {}
    for shard in sorted(set(map(str, places.values()))):
        path = index.parent / shard
        if shard != path.name or not shard.endswith(SAFETENSORS):
            raise ModelError(f"{index} refers to something else than a file beside it: {shard[:80]!r}.")
        if not path.is_file():
            raise ModelError(f"The model in {index.parent} is incomplete: {shard} is missing.")
        stored = read_safetensors(path)
        for name in (name for name, place in places.items() if place == shard):
            if name not in stored:
                raise ModelError(f"The model in {index.parent} is incomplete: {name} is missing in {shard}.")
            tensors[name] = stored[name]
    return tensors
