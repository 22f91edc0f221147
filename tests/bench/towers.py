"""The same random ViT-B/32 as others run it: open_clip in float32, ONNX Runtime in float32 and in int8."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from onnxruntime.quantization import quantize_dynamic

from photoclip.clip.architectures import architecture
from photoclip.clip.config import CLIPConfig
from photoclip.clip.model import CLIP
from photoclip.clip.onnx_export import VISUAL, export_onnx
from photoclip.clip.preprocess import Normalize
from photoclip.clip.torchvision_compat import import_torchvision
from tests.bench.vectors_generator import Floats

import_torchvision()
import open_clip  # noqa: E402  (it imports torchvision)

ARCHITECTURE = "ViT-B-32"
THEIR_NAME = "ViT-B-32-quickgelu"
SEED = 0

Encode = Callable[[], Floats]
"""One batch to vectors, of any length."""


def random_model() -> tuple[CLIP, CLIPConfig]:
    config = architecture(ARCHITECTURE)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        return CLIP(config).eval(), config


def normalized(config: CLIPConfig, pixels: np.ndarray) -> torch.Tensor:
    """What the others are given, float32 [N, 3, S, S]; ours has to make it out of pixels itself."""
    return Normalize(config, torch.device("cpu"), torch.float32)(pixels).contiguous()


class OpenClip:
    """open_clip's own code with the weights of `model`, in float32."""

    def __init__(self, model: CLIP) -> None:
        logging.getLogger().setLevel(logging.ERROR)  # it warns that it has no pretrained weights
        self._model = open_clip.create_model(THEIR_NAME, pretrained=None).eval()
        self._model.load_state_dict(model.state_dict())
        self._tokenizer = open_clip.get_tokenizer(THEIR_NAME)

    @torch.inference_mode()
    def encode_images(self, images: torch.Tensor) -> Floats:
        return self._model.encode_image(images, normalize=True).numpy()

    @torch.inference_mode()
    def encode_text(self, text: str) -> Floats:
        return self._model.encode_text(self._tokenizer([text]), normalize=True).numpy()


def onnx_runtimes(model: CLIP, config: CLIPConfig, folder: Path, images: torch.Tensor) -> dict[str, Encode]:
    """Image towers in ONNX Runtime, with as many threads as torch has.

    Only matrix products are made int8: with the convolution too, its default, it is a quarter slower.
    """
    export_onnx(model, config, folder)
    exact, rounded = folder / VISUAL, folder / "int8.onnx"
    quantize_dynamic(exact, rounded, op_types_to_quantize=["MatMul"])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    feed = {"image": images.numpy()}

    def encode(file: Path) -> Encode:
        session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
        return lambda: session.run(["features"], feed)[0]

    return {"ONNX Runtime float32": encode(exact), "ONNX Runtime dynamic int8": encode(rounded)}
