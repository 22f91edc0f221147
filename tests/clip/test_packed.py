"""Linear layers with weights packed for oneDNN, in bfloat16."""

from __future__ import annotations

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from photoclip.clip import packed
from photoclip.clip.config import CLIPConfig
from photoclip.clip.inference import prepare
from photoclip.clip.model import ACTIVATIONS, MLP, Activation
from photoclip.clip.packed import PackedLinear, ProjectedAttention, pack
from photoclip.clip.placement import Placement
from tests.clip.small_models import SMALL, random_images, random_model, random_tokens

BFLOAT16 = Placement(torch.device("cpu"), torch.bfloat16)

pytestmark = pytest.mark.skipif(not packed.is_available(), reason="no packed bfloat16 on this processor")


@pytest.mark.parametrize(
    ("after", "activation"), [("none", nn.Identity()), ("swish", F.silu), ("gelu", F.gelu)]
)
@pytest.mark.parametrize("bias", [True, False])
@torch.inference_mode()
def test_a_layer_is_the_exact_one_within_its_rounding(after, activation, bias) -> None:
    random = torch.Generator().manual_seed(0)
    exact = nn.Linear(64, 32, bias)
    nn.init.normal_(exact.weight, std=0.1, generator=random)
    x = torch.randn(5, 7, 64, generator=random).bfloat16()
    found = PackedLinear(exact.weight, exact.bias, after)(x)
    expected = activation(exact(x.float()))
    assert found.shape == (5, 7, 32)
    assert found.dtype == torch.bfloat16
    assert (found.float() - expected).abs().max() < 0.02 * expected.abs().max()


@pytest.mark.parametrize("kind", SMALL)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@torch.inference_mode()
def test_both_towers_still_say_the_same(kind: str, activation: Activation) -> None:
    config = CLIPConfig(**{**vars(SMALL[kind]), "activation": activation})
    model = random_model(config)
    found = pack(prepare(copy.deepcopy(model))).bfloat16()
    images, tokens = random_images(3, 64), random_tokens(config, [3, 20, 60])
    for ours, exact in (
        (found.encode_image(images), model.encode_image(images)),
        (found.encode_text(tokens), model.encode_text(tokens)),
    ):
        assert F.cosine_similarity(ours.float(), exact).min() > 0.999


def test_on_the_cpu_bfloat16_is_packed() -> None:
    model = random_model(SMALL["vit"])
    put = BFLOAT16.put(model)
    assert not any(isinstance(module, nn.Linear) for module in put.modules())
    assert all(isinstance(module.act, nn.Identity) for module in put.modules() if isinstance(module, MLP))
    assert any(isinstance(module, nn.Linear) for module in model.modules())  # the exact one is left as it was


@torch.inference_mode()
def test_attention_in_plain_products_is_the_same_as_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    exact = random_model(SMALL["vit"]).visual.transformer.resblocks[0].attn
    x = torch.randn(2, 9, 96, generator=torch.Generator().manual_seed(0)).bfloat16()
    found = []
    for amx in (True, False):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda amx=amx: {"amx_bf16": amx})
        found.append(ProjectedAttention(exact, PackedLinear)(x, False).float())
    assert torch.allclose(found[0], found[1], atol=0.03)
    assert F.cosine_similarity(found[0], exact(x.float(), False), dim=-1).min() > 0.999
