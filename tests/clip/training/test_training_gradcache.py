"""Cached features: the gradients of chunks are those of the whole batch."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from photoclip.clip.loss import clip_loss
from photoclip.clip.training.gradcache import Tower, backward
from tests.clip.small_models import SMALL, random_images, random_model, random_tokens

COUNT = 6
SAME = torch.zeros(COUNT, COUNT, dtype=torch.bool)
SAME[0, 4] = SAME[4, 0] = True


def gradients(
    kind: str, dtype: torch.dtype, chunk: int, frozen: str = ""
) -> tuple[Tensor, dict[str, Tensor]]:
    model = random_model(SMALL[kind]).to(dtype)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(not (frozen and name.startswith(frozen)))
    images = random_images(COUNT, 64).to(dtype)
    tokens = random_tokens(SMALL[kind], [3, 5, 2, 9, 1, 4])
    towers = [
        Tower(lambda part: F.normalize(model.encode_image(images[part]), dim=-1), frozen != "visual."),
        Tower(lambda part: F.normalize(model.encode_text(tokens[part]), dim=-1)),
    ]
    value = backward(towers, lambda a, b: clip_loss(a, b, model.logit_scale.exp(), SAME), COUNT, chunk)
    found = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    return value, found


@pytest.mark.parametrize("kind", list(SMALL))
@pytest.mark.parametrize(("dtype", "near"), [(torch.float64, 1e-12), (torch.float32, 1e-5)])
def test_chunks_give_the_gradients_of_the_whole_batch(kind: str, dtype: torch.dtype, near: float) -> None:
    whole, expected = gradients(kind, dtype, COUNT)
    names = set(dict(random_model(SMALL[kind]).named_parameters()))
    assert set(expected) == names
    assert expected["logit_scale"] != 0
    value, found = gradients(kind, dtype, 4)  # the last chunk is a short one
    assert value.item() == pytest.approx(whole.item(), rel=near)
    for name, gradient in expected.items():
        assert (found[name] - gradient).abs().max() <= near * gradient.abs().max() + near * 1e-3, name


def test_a_frozen_tower_gets_no_gradient_and_the_others_get_theirs() -> None:
    _, expected = gradients("vit", torch.float64, COUNT)
    for chunk in (2, COUNT):
        _, found = gradients("vit", torch.float64, chunk, frozen="visual.")
        assert set(found) == {name for name in expected if not name.startswith("visual.")}
        for name, gradient in found.items():
            assert torch.allclose(gradient, expected[name], rtol=1e-9, atol=1e-14)


def test_dropout_is_drawn_the_same_both_times() -> None:
    """Each chunk's gradient belongs to the features the loss saw: a plain graph over the chunks agrees."""
    x, y = torch.randn(2, 8, 16, generator=torch.Generator().manual_seed(0)).double()

    def loss(a: Tensor, b: Tensor) -> Tensor:
        return clip_loss(a, b, torch.tensor(5.0))

    found = []
    for cached in (True, False):
        torch.manual_seed(1)
        net = nn.Sequential(nn.Linear(16, 16), nn.Dropout(0.5), nn.Linear(16, 4)).double()
        towers = [
            Tower(lambda part, net=net: F.normalize(net(x[part]), dim=-1)),
            Tower(lambda part: y[part, :4], trained=False),
        ]
        if cached:
            backward(towers, loss, 8, 3)
        else:
            parts = [slice(0, 3), slice(3, 6), slice(6, 8)]
            loss(*(torch.cat([tower.encode(part) for part in parts]) for tower in towers)).backward()
        found.append((net[0].weight.grad, torch.rand(1)))
    (cached_gradient, after), (plain_gradient, expected_after) = found
    assert torch.allclose(cached_gradient, plain_gradient, rtol=1e-10, atol=1e-14)
    assert after == expected_after  # and the random state goes on as if each chunk had been encoded once


def test_the_loss_is_clips_own_and_pairs_of_one_meaning_are_no_negatives() -> None:
    images, texts = (F.normalize(random_images(1, n)[0, 0, :5, :5], dim=-1) for n in (6, 7))
    scale = torch.tensor(10.0)
    plain, row = scale * images @ texts.T, torch.arange(5)
    expected = (F.cross_entropy(plain, row) + F.cross_entropy(plain.T, row)) / 2
    assert torch.allclose(clip_loss(images, texts, scale), expected)
    same = torch.eye(5, dtype=torch.bool)
    assert torch.allclose(clip_loss(images, texts, scale, same), clip_loss(images, texts, scale))
    same[1, 3] = same[3, 1] = True
    images = images.clone().requires_grad_()
    logits = scale * images @ texts.T
    kept = [0, 1, 2, 4]  # row 1 without column 3
    assert F.cross_entropy(logits[1:2, kept], torch.tensor([1])) < F.cross_entropy(
        logits[1:2], torch.tensor([1])
    )
    clip_loss(images, texts.clone().index_fill_(0, torch.tensor([3]), 0.0), scale, same).backward()
    assert images.grad is not None
    assert images.grad.isfinite().all()
    assert clip_loss(images, texts, scale, same) < clip_loss(images, texts, scale)
