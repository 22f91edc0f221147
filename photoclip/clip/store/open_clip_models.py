"""Taking in models in open_clip's layout that PhotoClip's own CLIP cannot read: they stay as they are."""

from __future__ import annotations

import shutil
from pathlib import Path

from photoclip.clip import open_clip_folder
from photoclip.clip.dialects import open_clip
from photoclip.clip.dialects.sidecar import read_json
from photoclip.errors import ModelError


def only_open_clip_reads(source: Path) -> Path | None:
    """The weights in `source` if they lie beside open_clip's settings and are those of no plain CLIP.

    Raises ModelError where it is so and the extra is missing.
    """
    from photoclip.clip.dialects.reading import find

    found = find(source)
    if found.settings == "open_clip" and is_for_open_clip(found.weights.parent / open_clip.CONFIG):
        return found.weights
    return None


def is_for_open_clip(config: Path) -> bool:
    """Whether open_clip's settings are of a model that is no plain CLIP.

    Raises ModelError where it is so and the extra is missing.
    """
    from photoclip.clip.open_clip_encoder import is_installed

    try:
        open_clip.read_config(config)
    except ModelError:
        if is_installed():
            return True
        raise  # it says what is wrong, or that this needs the extra
    return False


def take_in(weights: Path, folder: Path) -> None:
    """Puts the model of `weights` into `folder`, making it, with what lies beside it; loads it once.

    Raises ModelError for what open_clip cannot make a model of.
    """
    from photoclip.clip.open_clip_encoder import load

    source = weights.parent
    settings = open_clip_folder.read_settings(source)
    folder.mkdir(parents=True)
    for name in (open_clip_folder.CONFIG, *open_clip_folder.TOKENIZER_FILES, *_text_config(source)):
        if (source / name).is_file():
            shutil.copyfile(source / name, folder / name)
    _copy_weights(weights, folder / open_clip_folder.WEIGHTS)
    load(folder, settings, source)


def _text_config(source: Path) -> list[str]:
    """On the hub, a file of that name may as well be about something else."""
    from photoclip.clip.open_clip_text import KINDS

    path = source / open_clip_folder.TEXT_CONFIG
    return [path.name] if path.is_file() and read_json(path).get("model_type") in KINDS else []


def _copy_weights(weights: Path, target: Path) -> None:
    if weights.suffix == target.suffix:
        shutil.copyfile(weights, target)
        return
    from safetensors.torch import save_file

    from photoclip.clip.dialects import containers
    from photoclip.clip.dialects.tensors import check

    tensors = check(containers.read(weights)[0], weights)
    save_file({name: tensor.contiguous().clone() for name, tensor in tensors.items()}, target)
