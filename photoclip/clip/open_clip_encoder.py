"""The models that open_clip builds (SigLIP, MobileCLIP, multilingual ones), as encoders like PhotoClip's own.

open_clip and Transformers come with the extra photoclip[open-clip]. They are given local files only: the
weights are safetensors, a tower is never one with weights of its own from elsewhere, and a tokenizer brings
no code.
"""

from __future__ import annotations

import copy
import importlib.util
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from photoclip.clip import open_clip_folder
from photoclip.clip.batches import CPU_BATCH, DEVICE_BATCH
from photoclip.clip.models import ModelInfo
from photoclip.clip.open_clip_folder import OpenClipSettings
from photoclip.clip.open_clip_text import tower_config, write_tower_config
from photoclip.clip.placed import PlacedEncoder, Towers
from photoclip.clip.placement import Placement, candidates
from photoclip.clip.precision import Precisions
from photoclip.clip.preprocess import Normalize
from photoclip.clip.torchvision_compat import import_torchvision
from photoclip.errors import ModelError

Tokenize = Callable[[list[str]], Tensor]


class OpenClipEncoder(PlacedEncoder[Towers]):
    """A model of open_clip's that is only used, with its own preprocessing, tokenizer and context length.

    Raises ModelError for a folder that open_clip cannot make a model of, and where the extra is missing.
    """

    def __init__(
        self,
        info: ModelInfo,
        placements: Sequence[Placement] | None = None,
        precisions: Precisions | None = None,
    ) -> None:
        self.name, self.key, self.dim = info.name, info.key, info.dim
        self.pixel_spec, self.logit_scale = info.pixel_spec, info.logit_scale
        self._settings = open_clip_folder.read(info.folder)
        model, self._tokenize = load(info.folder, self._settings)
        ways = placements if placements is not None else candidates(int8=False)
        self._place(model, list(ways), precisions)

    def _put(self, model: Towers, way: Placement) -> Towers:
        return copy.deepcopy(model).to(way.device, way.dtype)

    def _normalizer(self, way: Placement) -> Normalize:
        return Normalize(self._settings, way.device, way.dtype)

    def _batch_size(self, way: Placement) -> int:
        """What one picture takes is not known of any tower there is."""
        return CPU_BATCH if way.device.type == "cpu" else DEVICE_BATCH // 4

    def _tokens(self, texts: Sequence[str]) -> Tensor:
        return self._tokenize(list(texts))


def is_installed() -> bool:
    """Whether the extra is there."""
    return all(importlib.util.find_spec(name) is not None for name in ("open_clip", "transformers"))


def load(folder: Path, settings: OpenClipSettings, source: Path | None = None) -> tuple[Towers, Tokenize]:
    """The model of `folder` in float32 on the CPU, and its tokenizer; both are tried out once.

    Raises ModelError with a sentence, about `source` where `folder` is a copy of that.
    """
    source = source or folder
    if not is_installed():
        raise ModelError(f"{source.name} needs open_clip: pip install 'photoclip[open-clip]'.")
    try:
        tokenize = _tokenizer(folder, settings)
        model = _model(folder, settings, source)
        _try_out(model, tokenize, settings)
    except (ModelError, MemoryError):
        raise
    except Exception as error:  # open_clip, timm and Transformers raise anything at a config they cannot use
        raise ModelError(f"open_clip cannot use the model in {source} ({_reason(error)}).") from error
    if damaged := next((name for name, tensor in _floats(model) if not tensor.isfinite().all()), None):
        raise ModelError(f"The model in {source} is damaged: {damaged} holds values that are not numbers.")
    return model, tokenize


def _model(folder: Path, settings: OpenClipSettings, source: Path) -> Any:
    """Built and filled by open_clip, which is strict about what fits."""
    import_torchvision("torchvision.transforms")
    from open_clip import create_model

    with tempfile.TemporaryDirectory(prefix="photoclip-") as place:
        changes: dict[str, Any] = {}
        if settings.text_tower:
            write_tower_config(tower_config(source, settings.text_tower), Path(place))
            changes = {"text_cfg": {**settings.text, "hf_model_name": place, "hf_model_pretrained": False}}
        model = create_model(
            f"local-dir:{folder}",
            precision="fp32",
            device="cpu",
            pretrained_image=False,
            pretrained_text=False,
            require_pretrained=True,
            **changes,
        )
    return model.eval()


def _tokenizer(folder: Path, settings: OpenClipSettings) -> Tokenize:
    import_torchvision("torchvision.transforms")
    from open_clip.tokenizer import HFTokenizer, SimpleTokenizer

    options = settings.text.get("tokenizer_kwargs") or {}
    if not settings.hf_tokenizer:
        simple: Tokenize = SimpleTokenizer(context_length=settings.context_length, **options)
        return simple
    own: Tokenize = HFTokenizer(
        str(folder),
        context_length=settings.context_length,
        tokenizer_mode=settings.text.get("tokenizer_mode"),
        local_files_only=True,
        trust_remote_code=False,
        **options,
    )
    return own


@torch.inference_mode()
def _try_out(model: Any, tokenize: Tokenize, settings: OpenClipSettings) -> None:
    """Raises whatever the model does when it does not fit its own settings."""
    side, expected = settings.pixel_spec.size, (1, settings.embed_dim)
    for features in (model.encode_image(torch.zeros(1, 3, side, side)), model.encode_text(tokenize(["a"]))):
        if features.shape != expected:
            raise ValueError(f"its vectors are {tuple(features.shape)} and not {expected}")


def _floats(model: Any) -> list[tuple[str, Tensor]]:
    return [(name, tensor) for name, tensor in model.state_dict().items() if tensor.is_floating_point()]


def _reason(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    shown = " ".join(line.strip() for line in lines[:2])
    return shown if len(shown) <= 200 else f"{shown[:200]}…"
