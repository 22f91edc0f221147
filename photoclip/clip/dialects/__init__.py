"""Checkpoints of every dialect, as a config and tensors by the published names. No code in one is ever run.

| dialect            | recognised by                                        | reader                |
|--------------------|------------------------------------------------------|-----------------------|
| PhotoClip          | a folder whose `config.json` is a CLIPConfig         | `models`              |
| OpenAI TorchScript | a zip file with `constants.pkl`                      | `torchscript`         |
| state dict         | a zip file without, or a pickle                      | `state_dict`          |
| open_clip          | `open_clip_config.json` beside the weights           | `open_clip`           |
| Transformers       | `config.json` with `model_type`, safetensors shards  | `transformers_config` |

The way out is `write_transformers`. Torch is imported with the first of the two, not with this package.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from photoclip.clip.dialects.reading import read
    from photoclip.clip.dialects.transformers_writer import write_transformers

__all__ = ["read", "write_transformers"]


def __getattr__(name: str) -> Any:
    if name == "read":
        from photoclip.clip.dialects.reading import read

        return read
    if name == "write_transformers":
        from photoclip.clip.dialects.transformers_writer import write_transformers

        return write_transformers
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
