"""A CLIP as two ONNX graphs, for programs without torch: `visual.onnx` and `textual.onnx`."""

from __future__ import annotations

import logging
import warnings
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor, nn

from photoclip.clip.config import CLIPConfig
from photoclip.clip.model import CLIP
from photoclip.errors import ModelError

VISUAL, TEXTUAL = "visual.onnx", "textual.onnx"
OPSET = 18


class _Visual(nn.Module):
    def __init__(self, model: CLIP) -> None:
        super().__init__()
        self.visual = model.visual

    def forward(self, image: Tensor) -> Tensor:
        features: Tensor = self.visual(image)
        return features


class _Textual(nn.Module):
    """The text tower over the whole context: a graph cannot stop at the longest row's end."""

    def __init__(self, model: CLIP) -> None:
        super().__init__()
        self.model = model

    def forward(self, text: Tensor) -> Tensor:
        model = self.model
        ends = (text == model.end_of_text).int().argmax(dim=1)  # [B], the first of equals
        x = model.transformer(model.token_embedding(text) + model.positional_embedding)  # [B, L, D]
        x = model.ln_final(x[torch.arange(text.shape[0], device=text.device), ends])  # [B, D]
        features: Tensor = x @ model.text_projection  # [B, E]
        return features


def export_onnx(model: CLIP, config: CLIPConfig, folder: Path) -> None:
    """Writes `visual.onnx`, float32 `image` [B, 3, S, S] to `features` [B, E], and `textual.onnx`, int64
    `text` [B, L] to `features` [B, E]; neither is of unit length. B is free.

    `model` is in float32. Raises ModelError where the packages onnx and onnxscript are missing.
    """
    if missing := [name for name in ("onnx", "onnxscript") if find_spec(name) is None]:
        raise ModelError(f"Exporting to ONNX needs {missing[0]}; pip install photoclip[onnx] brings it.")
    folder.mkdir(parents=True, exist_ok=True)
    side, length = config.vision.image_size, config.text.context_length
    text = torch.full((2, length), model.end_of_text, device=model.device)
    _export(_Visual(model), torch.zeros(2, 3, side, side, device=model.device), "image", folder / VISUAL)
    _export(_Textual(model), text, "text", folder / TEXTUAL)


def _export(tower: nn.Module, example: Tensor, name: str, path: Path) -> None:
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns about its own insides
        torch.onnx.export(
            tower.eval(),
            (example,),
            path,
            input_names=[name],
            output_names=["features"],
            dynamic_shapes={name: {0: torch.export.Dim("batch", min=1, max=4096)}},
            opset_version=OPSET,
            dynamo=True,
            external_data=False,
            verbose=False,
        )
