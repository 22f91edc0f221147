"""What the towers promise beside parity: shapes, where text is cut, other picture sizes, half precision."""

from __future__ import annotations

import pytest
import torch

from photoclip.clip.architectures import ARCHITECTURES
from photoclip.clip.inference import prepare
from photoclip.clip.model import CLIP, resize_positions
from tests.clip.small_models import SMALL, random_images, random_model, random_tokens, relative_difference


@torch.no_grad()
def test_shapes(model, config):
    images, tokens = random_images(3, 64), random_tokens(config, [2, 5])
    per_image, per_text = model(images, tokens)
    assert model.encode_image(images).shape == (3, config.embed_dim)
    assert model.encode_text(tokens).shape == (2, config.embed_dim)
    assert per_image.shape == (3, 2)
    assert per_text.equal(per_image.T)
    assert per_image.abs().max() <= model.logit_scale.exp() * 1.0001


@torch.no_grad()
def test_text_after_the_first_end_changes_nothing(model, config):
    tokens = random_tokens(config, [4, 30])
    padded_with_ends = tokens.clone()
    padded_with_ends[0, 6:] = config.text.end_of_text  # as Transformers pads
    other_rest = tokens.clone()
    other_rest[0, 6:] = 7
    expected = model.encode_text(tokens)
    for variant in (padded_with_ends, other_rest, tokens[:, :32]):
        assert relative_difference(model.encode_text(variant), expected) < 1e-6


@torch.no_grad()
def test_text_runs_only_to_the_longest_end(model, config):
    lengths = []
    model.transformer.register_forward_pre_hook(lambda _module, inputs: lengths.append(inputs[0].shape[1]))
    alone = model.encode_text(random_tokens(config, [4, 75])[:1])
    together = model.encode_text(random_tokens(config, [4, 75]))
    assert lengths == [6, 77]
    assert relative_difference(alone[0], together[0]) < 1e-5


def test_text_without_an_end_is_refused(model, config):
    with pytest.raises(ValueError, match="end-of-text"):
        model.encode_text(torch.ones(2, config.text.context_length, dtype=torch.long))


@torch.no_grad()
@pytest.mark.parametrize("side", [32, 96, 128])
def test_other_picture_sizes(model, side):
    smooth = torch.nn.functional.interpolate(random_images(4, 8), 128, mode="bicubic")
    nominal = model.encode_image(torch.nn.functional.interpolate(smooth, 64, mode="area"))
    other = model.encode_image(torch.nn.functional.interpolate(smooth, side, mode="area"))
    assert other.shape == nominal.shape
    assert other.isfinite().all()


def test_positions_keep_their_place():
    rows, columns = torch.meshgrid(torch.arange(4.0), torch.arange(4.0), indexing="ij")
    positions = torch.cat([torch.full((1, 2), 9.0), torch.stack([rows, columns], -1).view(16, 2)])
    assert resize_positions(positions, 4) is positions
    larger = resize_positions(positions, 8)
    assert larger.shape == (65, 2)
    assert larger[0].tolist() == [9.0, 9.0]
    grid = larger[1:].view(8, 8, 2)
    assert torch.allclose(grid[2:6, 4, 0], torch.tensor([0.75, 1.25, 1.75, 2.25]), atol=0.06)
    assert torch.allclose(grid[4, 2:6, 1], torch.tensor([0.75, 1.25, 1.75, 2.25]), atol=0.06)


@torch.no_grad()
def test_prepared_for_inference_computes_the_same(model, config):
    images, tokens = random_images(3, 64), random_tokens(config, [4, 30])
    expected = model.encode_image(images), model.encode_text(tokens)
    parameters = len(model.state_dict())
    prepare(model)
    assert relative_difference(model.encode_image(images), expected[0]) < 1e-5
    assert relative_difference(model.encode_text(tokens), expected[1]) < 1e-5
    if config is not SMALL["vit"]:
        assert len(model.state_dict()) < parameters
        assert not any("running_mean" in name for name in model.state_dict())


@torch.no_grad()
def test_bfloat16_channels_last(model, config):
    images, tokens = random_images(3, 64), random_tokens(config, [4, 30])
    expected = model.encode_image(images), model.encode_text(tokens)
    half = model.bfloat16().to(memory_format=torch.channels_last)
    for ours, reference in zip((half.encode_image(images), half.encode_text(tokens)), expected, strict=True):
        assert ours.dtype == torch.bfloat16
        assert torch.cosine_similarity(ours.float(), reference).min() > 0.999


def test_every_parameter_learns(config):
    model = random_model(config).train()
    per_image, _ = model(random_images(4, 64), random_tokens(config, [2, 5, 9, 20]))
    torch.nn.functional.cross_entropy(per_image, torch.arange(4)).backward()
    assert [name for name, parameter in model.named_parameters() if parameter.grad is None] == []


@pytest.mark.parametrize(
    ("name", "millions"),
    [
        ("RN50", 102.0),
        ("RN101", 119.7),
        ("RN50x4", 178.3),
        ("RN50x16", 291.0),
        ("RN50x64", 623.3),
        ("ViT-B-32", 151.3),
        ("ViT-B-16", 149.6),
        ("ViT-L-14", 427.6),
        ("ViT-L-14-336", 427.9),
        ("ViT-H-14", 986.1),
    ],
)
def test_published_sizes(name, millions):
    with torch.device("meta"):
        model = CLIP(ARCHITECTURES[name])
    count = sum(parameter.numel() for parameter in model.parameters())
    assert count / 1e6 == pytest.approx(millions, abs=0.06)
