"""Configs as JSON: a round trip, and a sentence for everything that is not understood."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from photoclip.clip.architectures import ARCHITECTURES, architecture
from photoclip.clip.config import CLIPConfig, ViTConfig
from photoclip.errors import ModelError
from tests.clip.small_models import SMALL


@pytest.mark.parametrize("config", [*SMALL.values(), *ARCHITECTURES.values()], ids=lambda config: config.name)
def test_round_trip(config):
    again = CLIPConfig.from_json(config.to_json())
    assert again == config
    assert again.name == config.name


@pytest.mark.parametrize(
    ("part", "entry", "value", "sentence"),
    [
        (None, "activation", "relu", "\"activation\" is 'relu' .expected one of quick_gelu, gelu"),
        (None, "resize", "stretch", "\"resize\" is 'stretch'"),
        (None, "interpolation", "nearest", "\"interpolation\" is 'nearest'"),
        (None, "embed_dim", 0, '"embed_dim" is 0'),
        (None, "embed_dim", True, '"embed_dim" is True'),
        (None, "mean", [0.5, 0.5], '"mean" is'),
        (None, "std", "0.5", '"std" is'),
        (None, "colour", 1, 'does not know: "colour"'),
        (None, "text", None, "lacks its 'text' part"),
        ("vision", "kind", "convnext", "\"vision.kind\" 'convnext'"),
        ("vision", "heads", 5, "vision.heads .5. does not divide vision.width .96."),
        ("vision", "patch_size", 48, "vision.patch_size"),
        ("vision", "stride", 1, 'does not know: "vision.stride"'),
        ("text", "heads", "2", "\"text.heads\" is '2'"),
    ],
)
def test_what_is_not_understood_is_named(part, entry, value, sentence):
    values = json.loads(SMALL["vit"].to_json())
    (values if part is None else values[part])[entry] = value
    with pytest.raises(ModelError, match=sentence):
        CLIPConfig.from_json(json.dumps(values))


def test_missing_entries_are_named():
    values = json.loads(SMALL["resnet"].to_json())
    del values["vision"]["width"]
    with pytest.raises(ModelError, match='lacks the entry "vision.width"'):
        CLIPConfig.from_json(json.dumps(values))


@pytest.mark.parametrize("text", ["", "{", "[1]", "null"])
def test_not_a_config(text):
    with pytest.raises(ModelError, match="config"):
        CLIPConfig.from_json(text)


def test_a_shape_that_cannot_be_is_refused_at_once():
    with pytest.raises(ModelError, match="does not divide"):
        replace(SMALL["vit"], vision=ViTConfig(64, 16, 97, 3, 3))


def test_unknown_architecture():
    with pytest.raises(ModelError, match='no architecture "ViT-X"; known are RN50'):
        architecture("ViT-X")
