"""Zero-shot classifiers made of names and templates."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from photoclip.clip.tokenizer import load_tokenizer
from photoclip.clip.zeroshot import class_weights, default_templates, probabilities, text_encoder
from photoclip.errors import PhotoClipError
from tests.clip.small_models import SMALL, random_model


@pytest.fixture(scope="module")
def encode():
    config = SMALL["vit"]
    return text_encoder(random_model(config), load_tokenizer(config.text.vocab_size))


def test_weights_are_the_mean_over_templates(encode):
    weights = class_weights(encode, ["cat", "red sled"], ["a photo of a {}", "{}"], batch_size=3)
    vectors = encode(["a photo of a cat", "cat", "a photo of a red sled", "red sled"])
    expected = F.normalize(torch.stack([vectors[:2].mean(0), vectors[2:].mean(0)]), dim=-1)
    assert torch.allclose(weights, expected, atol=1e-6)


def test_a_name_with_braces_is_only_a_name(encode):
    assert class_weights(encode, ["{} {x}"], ["a {}"]).shape == (1, 48)


def test_probabilities_favour_the_nearest_class(encode):
    weights = class_weights(encode, ["cat", "dog", "old coins"])
    chances = probabilities(weights, weights, 100.0)
    assert torch.allclose(chances.sum(dim=1), torch.ones(3))
    assert chances.argmax(dim=1).tolist() == [0, 1, 2]
    assert torch.allclose(chances, (100 * weights @ weights.T).softmax(dim=1))


def test_shipped_templates():
    templates = default_templates()
    assert len(templates) >= 5
    assert all(template.count("{}") == 1 for template in templates)
    assert not any(template.startswith("#") for template in templates)


@pytest.mark.parametrize("template", ["a photo", "{} and {}"])
def test_a_template_needs_one_place(encode, template):
    with pytest.raises(PhotoClipError, match=r"needs one \{\}"):
        class_weights(encode, ["cat"], [template])
