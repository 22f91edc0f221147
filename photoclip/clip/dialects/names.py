"""Names of tensors, from every layout to the published one, which is openai/CLIP's and ours."""

from __future__ import annotations

from pathlib import Path

from photoclip.clip.dialects import transformers_names
from photoclip.clip.dialects.tensors import Tensors

PARALLEL = "module."  # put before every name by DistributedDataParallel
CUSTOM_TEXT = "text."  # put before the text tower's names by open_clip's CustomTextCLIP
TEXT_TOWER = ("transformer.", "token_embedding.", "positional_embedding", "ln_final.", "text_projection")
NOT_WEIGHTS = ("input_resolution", "context_length", "vocab_size")  # OpenAI's archives say their sizes so
MASK = "attn_mask"  # a constant that follows from the context length


def published(tensors: Tensors, source: Path) -> Tensors:
    """`tensors` by the published names, without what is no weight. Unknown names are kept, to be refused."""
    if tensors and all(name.startswith(PARALLEL) for name in tensors):
        tensors = {name.removeprefix(PARALLEL): tensor for name, tensor in tensors.items()}
    if transformers_names.is_theirs(tensors):
        return transformers_names.to_ours(tensors, source)
    if f"{CUSTOM_TEXT}{TEXT_TOWER[1]}weight" in tensors:
        tensors = {_without_custom_text(name): tensor for name, tensor in tensors.items()}
    return {name: tensor for name, tensor in tensors.items() if _is_weight(name)}


def _without_custom_text(name: str) -> str:
    inner = name.removeprefix(CUSTOM_TEXT)
    return inner if inner.startswith(TEXT_TOWER) else name


def _is_weight(name: str) -> bool:
    return name not in NOT_WEIGHTS and name.rpartition(".")[2] != MASK
