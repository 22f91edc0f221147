"""Transformer layers in 8-bit integers, on processors that have instructions for them."""

from __future__ import annotations

import copy

import pytest
import torch
import torch.nn.functional as F

from photoclip.clip import int8
from photoclip.clip.encoder import TorchEncoder
from photoclip.clip.inference import prepare
from photoclip.clip.placement import PLAIN, Placement, probe_pixels
from tests.clip.small_models import SMALL, random_images, random_model, random_tokens

INT8 = Placement(torch.device("cpu"), torch.bfloat16, int8=True)

pytestmark = pytest.mark.skipif(not int8.is_fast_here(), reason="no fast 8-bit products on this processor")


def test_a_layer_is_the_exact_one_within_its_rounding() -> None:
    random = torch.Generator().manual_seed(0)
    exact = torch.nn.Linear(64, 32)
    x = torch.randn(5, 7, 64, generator=random).bfloat16()
    with torch.inference_mode():
        found = int8.Int8Linear(exact.weight, exact.bias)(x).float()
        expected = exact(x.float())
    assert found.shape == (5, 7, 32)
    assert (found - expected).abs().max() < 0.02 * expected.abs().max()


@pytest.mark.parametrize("largest", [1.0, 0.3, 1.9921875, 3e4, 1e-5])
@pytest.mark.parametrize("amx", [True, False])
def test_inputs_are_rounded_to_a_near_step_and_the_largest_fits(
    largest: float, amx: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_int8": amx})
    identity = int8.Int8Linear(torch.eye(16), torch.zeros(16))
    x = (torch.linspace(-1, 1, 16 * 16).view(16, 16) * largest).bfloat16()
    with torch.inference_mode():
        found = identity(x).float()
    step, bfloat16 = 0.76 / 126, 2**-9  # sums and results are bfloat16 themselves
    assert (found - x.float()).abs().max() <= (step + bfloat16) * largest


def test_nothing_but_zeros_gives_the_bias() -> None:
    exact = torch.nn.Linear(16, 8)
    torch.nn.init.zeros_(exact.weight)
    with torch.inference_mode():
        found = int8.Int8Linear(exact.weight, exact.bias)(torch.zeros(2, 16, dtype=torch.bfloat16))
    assert torch.allclose(found.float(), exact.bias.expand(2, 8), atol=0.01)


@torch.inference_mode()
def test_both_towers_still_say_the_same() -> None:
    config = SMALL["vit"]
    model = random_model(config)
    quantized = int8.quantize(prepare(copy.deepcopy(model))).bfloat16()
    images, tokens = random_images(3, 64), random_tokens(config, [3, 20, 60])
    for found, expected in (
        (quantized.encode_image(images), model.encode_image(images)),
        (quantized.encode_text(tokens), model.encode_text(tokens)),
    ):
        assert F.cosine_similarity(found.float(), expected).min() > 0.99


def test_it_is_taken_where_it_agrees_and_passed_over_where_it_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = SMALL["vit"]
    monkeypatch.setattr("photoclip.clip.placed.SAME", 0.99)
    encoder = TorchEncoder(random_model(config), config, "key", [INT8, PLAIN])
    assert encoder.description == f"{config.name} on CPU, int8"
    exact = TorchEncoder(random_model(config), config, "key", [PLAIN])
    pixels = probe_pixels(64)
    assert (encoder.encode_pixels(pixels) * exact.encode_pixels(pixels)).sum(axis=1).min() > 0.99
    monkeypatch.setattr("photoclip.clip.placed.SAME", 1.1)
    encoder = TorchEncoder(random_model(config), config, "key", [INT8, PLAIN])
    assert encoder.description == f"{config.name} on CPU, float32 (CPU, int8 gave other results)"
