"""The operations counted from a configuration are those that are executed."""

from __future__ import annotations

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from photoclip.clip.config import CLIPConfig, TextConfig, ViTConfig
from photoclip.clip.flops import image_flops
from photoclip.clip.inference import prepare
from photoclip.clip.model import CLIP
from tests.bench.flops import text_flops

CONFIG = CLIPConfig(48, ViTConfig(64, 16, 96, 3, 3), TextConfig(20, 500, 64, 2, 3), name="small")


@pytest.mark.parametrize("tower", ["image", "text"])
@torch.inference_mode()
def test_they_are_what_torch_counts(tower: str) -> None:
    model = prepare(CLIP(CONFIG))
    tokens = torch.full((2, 20), 1)
    tokens[:, -1] = CONFIG.text.end_of_text
    # Written out, attention is counted too; torch does not know what the CPU's fused one takes.
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counted:
        if tower == "image":
            model.encode_image(torch.zeros(2, 3, 64, 64))
        else:
            model.encode_text(tokens)
    expected = image_flops(CONFIG) if tower == "image" else text_flops(CONFIG, 20)
    assert counted.get_total_flops() == 2 * expected
