"""What a library learns of a model before anything is loaded."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from photoclip.clip import checkpoint
from photoclip.clip.models import describe, find_model
from photoclip.errors import ModelError
from photoclip.pixels import PixelSpec
from tests.clip.small_models import random_model


@pytest.fixture
def folder(model, config, tmp_path):
    checkpoint.save(model, replace(config, resize="squash", interpolation="bilinear"), tmp_path / "mine")
    return tmp_path / "mine"


def test_description(folder, model, config):
    info = find_model(str(folder))
    assert info == describe(folder)
    assert (info.name, info.dim, info.folder) == (config.name, config.embed_dim, folder)
    assert info.pixel_spec == PixelSpec(64, "squash", "bilinear")
    assert info.logit_scale == pytest.approx(model.logit_scale.exp().item())


def test_one_changed_number_makes_another_key(folder):
    key, path = describe(folder).key, folder / "model.safetensors"
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2] ^= 1
    path.write_bytes(whole)
    assert describe(folder).key != key


def test_key_stands_for_weights_and_preprocessing(folder, model, config, tmp_path):
    def key_of(model, config):
        checkpoint.save(model, config, tmp_path / "other")
        return describe(tmp_path / "other").key

    key = describe(folder).key
    same = replace(config, resize="squash", interpolation="bilinear")
    assert key.isalnum()
    assert len(key) == 16
    assert key_of(model, replace(same, name="another name")) == key
    assert key_of(model, config) != key
    assert key_of(random_model(config, seed=9), same) != key


def test_damaged(folder):
    (folder / "model.safetensors").write_bytes(b"\xff" * 30)
    with pytest.raises(ModelError, match=r"model.safetensors is damaged or not a CLIP"):
        describe(folder)


def test_unknown_name():
    with pytest.raises(ModelError, match='There is no model "no-such-model"; installed are'):
        find_model("no-such-model")


def test_needs_no_torch():
    code = "import sys, photoclip.clip.models; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
