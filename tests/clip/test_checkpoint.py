"""Models on disk: nothing lost on the way, and one sentence for what is missing, wrong or hostile."""

from __future__ import annotations

import pickle

import pytest
import torch
from safetensors.torch import load_file, save_file

from photoclip.clip import checkpoint
from photoclip.errors import ModelError
from tests.clip.small_models import random_images


@pytest.fixture
def folder(model, config, tmp_path):
    checkpoint.save(model, config, tmp_path / "model")
    return tmp_path / "model"


def test_round_trip_is_exact(model, config, tmp_path):
    checkpoint.save(model, config, tmp_path, dtype=torch.float32)
    again, again_config = checkpoint.load(tmp_path)
    assert again_config == config
    assert again.state_dict().keys() == model.state_dict().keys()
    for name, tensor in model.state_dict().items():
        assert again.state_dict()[name].equal(tensor), name
    assert not again.training


@torch.no_grad()
def test_half_precision_on_disk(model, config, folder):
    stored = load_file(folder / "model.safetensors")
    assert stored["token_embedding.weight"].dtype == torch.float16
    assert stored["logit_scale"].dtype == torch.float32
    again, _ = checkpoint.load(folder)
    assert again.dtype == torch.float32
    images = random_images(2, 64)
    assert torch.cosine_similarity(again.encode_image(images), model.encode_image(images)).min() > 0.9999
    checkpoint.save(again, config, folder)
    assert all(load_file(folder / "model.safetensors")[name].equal(stored[name]) for name in stored)


def test_load_as_bfloat16(folder):
    assert checkpoint.load(folder, dtype=torch.bfloat16)[0].dtype == torch.bfloat16


def test_a_loaded_model_can_be_trained(folder, config):
    model, _ = checkpoint.load(folder)
    model.train().encode_image(random_images(2, 64)).sum().backward()
    assert next(model.visual.parameters()).grad is not None


def test_missing_pieces(folder, tmp_path):
    with pytest.raises(ModelError, match=r"no model at .*nowhere"):
        checkpoint.load(tmp_path / "nowhere")
    with pytest.raises(ModelError, match=r"not a model folder; one holds config.json and model.safetensors"):
        checkpoint.load(folder / "config.json")
    (folder / "config.json").rename(folder / "other.json")
    with pytest.raises(ModelError, match=r"incomplete: config.json is missing"):
        checkpoint.load(folder)
    (folder / "other.json").rename(folder / "config.json")
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelError, match=r"incomplete: model.safetensors is missing"):
        checkpoint.load(folder)


@pytest.mark.parametrize("damage", ["truncated", "pickle", "empty"])
def test_damaged_weights(folder, damage):
    path = folder / "model.safetensors"
    half = path.read_bytes()[: path.stat().st_size // 2]
    path.write_bytes({"truncated": half, "pickle": pickle.dumps(print), "empty": b""}[damage])
    with pytest.raises(ModelError, match=r"model.safetensors is damaged or is not a safetensors file"):
        checkpoint.load(folder)


def change(folder, edit) -> None:
    path = folder / "model.safetensors"
    tensors = load_file(path)
    edit(tensors)
    save_file(tensors, path)


def test_weights_that_do_not_fit(folder):
    change(folder, lambda tensors: tensors.pop("text_projection"))
    with pytest.raises(ModelError, match="incomplete: text_projection is missing"):
        checkpoint.load(folder)
    change(folder, lambda tensors: tensors.update(text_projection=torch.zeros(3, 4)))
    with pytest.raises(ModelError, match=r"text_projection is \[3, 4\] and should be \[64, 48\]"):
        checkpoint.load(folder)
    change(folder, lambda tensors: tensors.update(text_projection=torch.full((64, 48), torch.nan)))
    with pytest.raises(ModelError, match="text_projection holds values that are not numbers"):
        checkpoint.load(folder)
    change(folder, lambda tensors: tensors.update(text_projection=torch.zeros(64, 48), extra=torch.zeros(1)))
    with pytest.raises(ModelError, match="does not fit its config: extra is not part of it"):
        checkpoint.load(folder)
