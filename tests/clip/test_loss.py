"""The symmetric InfoNCE loss against its formula, and the clamp of the temperature."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from photoclip.clip.loss import clamp_logit_scale, clip_loss


def unit_vectors(count: int, width: int, seed: int) -> torch.Tensor:
    return F.normalize(torch.randn(count, width, generator=torch.Generator().manual_seed(seed)), dim=-1)


def test_formula():
    images, texts, scale = unit_vectors(5, 8, 0), unit_vectors(5, 8, 1), 7.0
    expected = 0.0
    for i in range(5):
        own = scale * float(images[i] @ texts[i])
        among_texts = sum(math.exp(scale * float(images[i] @ texts[j])) for j in range(5))
        among_images = sum(math.exp(scale * float(images[j] @ texts[i])) for j in range(5))
        expected += (math.log(among_texts) - own + math.log(among_images) - own) / 10
    assert clip_loss(images, texts, torch.tensor(scale)).item() == pytest.approx(expected, rel=1e-5)


def test_symmetric_and_least_when_pairs_agree():
    images, texts, scale = unit_vectors(6, 16, 0), unit_vectors(6, 16, 1), torch.tensor(20.0)
    assert clip_loss(images, texts, scale).item() == pytest.approx(clip_loss(texts, images, scale).item())
    assert clip_loss(images, images, scale) < clip_loss(images, texts, scale)
    assert clip_loss(images, images.roll(1, 0), scale) > clip_loss(images, texts, scale)


def test_the_gradient_pulls_pairs_together():
    images = unit_vectors(4, 8, 0).requires_grad_()
    texts = unit_vectors(4, 8, 1)
    clip_loss(images, texts, torch.tensor(10.0)).backward()
    moved = F.normalize(images.detach() - 0.5 * images.grad, dim=-1)
    before, after = (vectors.detach() @ texts.T for vectors in (images, moved))
    assert after.diagonal().mean() > before.diagonal().mean() + 0.1
    assert (after.argmax(dim=1) == torch.arange(4)).all()
    assert not (before.argmax(dim=1) == torch.arange(4)).all()
    assert clip_loss(moved, texts, torch.tensor(10.0)) < clip_loss(images, texts, torch.tensor(10.0))


def test_half_precision_features_are_scored_in_float32():
    images, texts = unit_vectors(4, 8, 0), unit_vectors(4, 8, 1)
    half = clip_loss(images.bfloat16(), texts.bfloat16(), torch.tensor(100.0))
    assert half.dtype == torch.float32
    assert half.item() == pytest.approx(
        clip_loss(images.bfloat16().float(), texts.bfloat16().float(), torch.tensor(100.0)).item()
    )


@pytest.mark.parametrize(("given", "kept"), [(9.0, math.log(100)), (-1.0, 0.0), (3.0, 3.0)])
def test_temperature_is_clamped(model, given, kept):
    model.logit_scale.data.fill_(given)
    clamp_logit_scale(model)
    assert model.logit_scale.item() == pytest.approx(kept)
