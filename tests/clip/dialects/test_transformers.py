"""Folders of Hugging Face Transformers: in, out, and back without a changed bit."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from photoclip.clip import checkpoint, dialects
from photoclip.clip.config import CLIPConfig, ViTConfig
from photoclip.clip.dialects import write_transformers
from photoclip.clip.torchvision_compat import import_torchvision
from photoclip.errors import ModelError
from tests.clip.dialects.reference import SHAPES, embeddings, images, tokens
from tests.clip.small_models import SMALL, random_model, relative_difference

CONFIG = SHAPES["vit"]
HALF = (0.5, 0.5, 0.5)
TOLERANCE = 2e-5


@pytest.fixture(scope="module")
def transformers():
    import_torchvision()  # transformers imports it where it is installed
    return pytest.importorskip("transformers")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_transformers(random_model(CONFIG), CONFIG, tmp_path / "hub")
    return tmp_path / "hub"


def edit(path: Path, **changes: Any) -> None:
    """Puts entries into a JSON file, `text_config__hidden_act` into its part; None takes one away."""
    values = json.loads(path.read_text())
    for name, value in changes.items():
        *parents, key = name.split("__")
        target = values
        for parent in parents:
            target = target[parent]
        target[key] = value
        if value is None:
            del target[key]
    path.write_text(json.dumps(values))


@pytest.mark.parametrize(
    "config",
    [
        CONFIG,
        replace(SMALL["vit"], activation="gelu", mean=HALF, std=(0.1, 0.2, 0.3)),
        replace(CONFIG, resize="squash", interpolation="bilinear"),
        replace(CONFIG, vision=ViTConfig(28, 14, 160, 1, 2)),
    ],
)
def test_out_and_back_is_exact(config: CLIPConfig, tmp_path: Path) -> None:
    model = random_model(config)
    write_transformers(model, config, tmp_path / "hub")
    found, tensors = dialects.read(tmp_path / "hub")
    assert found == config
    assert tensors.keys() == model.state_dict().keys()
    assert all(tensors[name].equal(tensor) for name, tensor in model.state_dict().items())
    loaded, _ = checkpoint.load(tmp_path / "hub")
    assert embeddings(loaded, config).equal(embeddings(model, config))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_the_dtype_is_kept(dtype: torch.dtype, tmp_path: Path) -> None:
    model = random_model(CONFIG).to(dtype)
    write_transformers(model, CONFIG, tmp_path)
    assert json.loads((tmp_path / "config.json").read_text())["torch_dtype"] == str(dtype).removeprefix(
        "torch."
    )
    _, tensors = dialects.read(tmp_path)
    assert all(tensors[name].equal(tensor) for name, tensor in model.state_dict().items())


@torch.no_grad()
@pytest.mark.parametrize("config", [CONFIG, replace(SMALL["vit"], activation="gelu")])
def test_transformers_loads_what_we_write(config: CLIPConfig, tmp_path: Path, transformers) -> None:
    model = random_model(config)
    write_transformers(model, config, tmp_path)
    theirs, info = transformers.CLIPModel.from_pretrained(tmp_path, output_loading_info=True)
    assert not info["missing_keys"]
    assert not info["unexpected_keys"]
    theirs.eval()
    found = [
        theirs.get_image_features(pixel_values=images(config)),
        theirs.get_text_features(input_ids=tokens(config)),
    ]
    found = [each if isinstance(each, torch.Tensor) else each.pooler_output for each in found]
    assert relative_difference(embeddings(model, config), torch.cat(found)) <= TOLERANCE


def test_transformers_loads_the_preprocessing(tmp_path: Path, transformers) -> None:
    config = replace(CONFIG, resize="squash", mean=HALF)
    write_transformers(random_model(config), config, tmp_path)
    processor = transformers.CLIPImageProcessor.from_pretrained(tmp_path)
    assert processor.image_mean == list(HALF)
    assert dict(processor.size) == {"height": 32, "width": 32}
    assert processor.do_center_crop is False


@pytest.mark.parametrize("shard", ["1GB", "200KB"])
def test_what_transformers_writes(shard: str, tmp_path: Path, transformers) -> None:
    """In one file, and in several with an index."""
    write_transformers(random_model(CONFIG), CONFIG, tmp_path / "ours")
    theirs = transformers.CLIPModel.from_pretrained(tmp_path / "ours")
    theirs.save_pretrained(tmp_path / "theirs", max_shard_size=shard)
    assert (tmp_path / "theirs" / "model.safetensors.index.json").exists() == (shard == "200KB")
    config, tensors = dialects.read(tmp_path / "theirs")
    assert config == CONFIG
    expected = random_model(CONFIG).state_dict()
    assert tensors.keys() == expected.keys()
    assert all(tensors[name].equal(tensor) for name, tensor in expected.items())


def test_an_old_config(folder: Path) -> None:
    """OpenAI's on the hub: end-of-text 2, a second place for the settings, defaults left out, ids stored."""
    path = folder / "config.json"
    values = json.loads(path.read_text())
    text = values.pop("text_config") | {"eos_token_id": 2, "bos_token_id": 0}
    del text["hidden_act"], values["vision_config"]["hidden_act"]
    path.write_text(json.dumps(values | {"text_config_dict": text, "text_config": {"hidden_size": 7}}))
    stored = load_file(folder / "model.safetensors")
    stored["text_model.embeddings.position_ids"] = torch.arange(12)[None]
    save_file(stored, folder / "model.safetensors")
    config, tensors = dialects.read(folder)
    assert config == CONFIG
    assert tensors.keys() == random_model(CONFIG).state_dict().keys()


def test_without_preprocessing_it_is_clips(folder: Path) -> None:
    (folder / "preprocessor_config.json").unlink()
    assert dialects.read(folder)[0] == CONFIG
    declared = replace(CONFIG, mean=HALF)
    assert dialects.read(folder, declared)[0] is declared  # the folder says nothing against it


def test_preprocessing_in_its_younger_and_older_forms(folder: Path) -> None:
    path = folder / "preprocessor_config.json"
    path.write_text(json.dumps({"crop_size": 32, "size": 32, "image_mean": HALF, "resample": 2}))
    found = dialects.read(folder)[0]
    assert (found.mean, found.resize, found.interpolation) == (HALF, "shortest", "bilinear")
    (folder / "processor_config.json").write_text(
        json.dumps({"image_processor": json.loads(path.read_text())})
    )
    path.unlink()
    assert dialects.read(folder)[0] == found


def test_a_resnet_cannot_go_out(tmp_path: Path) -> None:
    config = SHAPES["resnet"]
    with pytest.raises(ModelError, match="clip cannot be exported to Transformers"):
        write_transformers(random_model(config), config, tmp_path / "hub")
    assert not (tmp_path / "hub").exists()


@pytest.mark.parametrize(
    ("declared", "entry"),
    [
        ({"activation": "gelu"}, "activation is quick_gelu in the one and gelu"),
        ({"mean": HALF}, "mean is 0.48145466, .* 0.5, 0.5, 0.5"),
        ({"resize": "squash"}, "resize is shortest in the one and squash"),
        ({"vision": ViTConfig(32, 16, 128, 3, 4)}, "vision.heads is 2 in the one and 4"),
    ],
)
def test_what_was_declared_has_to_be_true(folder: Path, declared: dict[str, Any], entry: str) -> None:
    with pytest.raises(ModelError, match=rf"hub does not fit the declared config: {entry}"):
        dialects.read(folder, replace(CONFIG, **declared))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model_type": "siglip"}, "describes a model of the type 'siglip'"),
        ({"text_config__hidden_act": "gelu"}, "two activations"),
        (
            {"text_config__hidden_act": "relu", "vision_config__hidden_act": "relu"},
            "\"activation\" is 'relu'",
        ),
        ({"text_config__eos_token_id": 5}, "end-of-text that is not the vocabulary's last"),
        ({"vision_config__intermediate_size": 99}, "intermediate_size is 99, not 512"),
        ({"vision_config__num_channels": 1}, "num_channels is 1, not 3"),
        ({"text_config__layer_norm_eps": 1e-6}, "layer_norm_eps is 1e-06"),
        ({"text_config__num_hidden_layers": 10**9}, "claims text.layers to be 1000000000"),
        ({"text_config__num_hidden_layers": 3}, "incomplete: transformer.resblocks.2.attn.in_proj_bias"),
        ({"vision_config__image_size": 64}, "vision.image_size is 32 in the one and 64"),
        ({"vision_config__hidden_size": "wide"}, 'whole number as "hidden_size"'),
        ({"vision_config": [1]}, 'lacks its "vision_config" part'),
        ({"model_type": None}, "describes no CLIP: it is neither PhotoClip's nor Transformers'"),
    ],
)
def test_settings_that_make_no_sense(folder: Path, changes: dict[str, Any], message: str) -> None:
    (folder / "preprocessor_config.json").unlink()
    edit(folder / "config.json", **changes)
    with pytest.raises(ModelError, match=message) as caught:
        checkpoint.load(folder)
    assert str(folder) in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"do_normalize": False}, "do_normalize is False"),
        ({"do_rescale": False}, "do_rescale is False"),
        ({"rescale_factor": 1.0}, "scales pixels to something else than 0..1"),
        ({"rescale_factor": "1"}, 'number as "rescale_factor"'),
        ({"size__shortest_edge": 40}, "resizes to .* and crops to"),
        ({"crop_size": 24}, "resizes to .* and crops to 24"),
        ({"do_center_crop": False}, "resizes to .* and crops to"),
        ({"resample": 1}, '"interpolation" is 1'),
        ({"resample": [3]}, '"interpolation" is'),
    ],
)
def test_preprocessing_that_is_another(folder: Path, changes: dict[str, Any], message: str) -> None:
    edit(folder / "preprocessor_config.json", **changes)
    with pytest.raises(ModelError, match=message) as caught:
        dialects.read(folder)
    assert str(folder) in str(caught.value)


def split(folder: Path) -> dict[str, str]:
    """Cuts the weights into two shards with an index."""
    stored = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    places = {name: f"model-0000{1 + (i % 2)}-of-00002.safetensors" for i, name in enumerate(sorted(stored))}
    for shard in set(places.values()):
        save_file({name: stored[name] for name, place in places.items() if place == shard}, folder / shard)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": places}))
    return places


def test_shards(folder: Path) -> None:
    places = split(folder)
    index = folder / "model.safetensors.index.json"
    for path in (folder, index):
        assert dialects.read(path)[1].keys() == random_model(CONFIG).state_dict().keys()
    index.write_text(json.dumps({"weight_map": places | {"logit_scale": "../elsewhere.safetensors"}}))
    with pytest.raises(ModelError, match="refers to something else than a file beside it"):
        dialects.read(folder)
    index.write_text(json.dumps({"weight_map": places | {"more": places["logit_scale"]}}))
    with pytest.raises(ModelError, match=r"hub is incomplete: more is missing in model-0000\d-of-00002"):
        dialects.read(folder)
    index.write_text(json.dumps({"weights": places}))
    with pytest.raises(ModelError, match='index.json lacks its "weight_map" part'):
        dialects.read(folder)
    index.write_text(json.dumps({"weight_map": places}))
    (folder / "model-00002-of-00002.safetensors").unlink()
    with pytest.raises(ModelError, match=r"hub is incomplete: model-00002-of-00002.safetensors is missing"):
        dialects.read(folder)


def test_a_missing_tensor_is_named_as_the_file_names_it(folder: Path) -> None:
    for name in ("text_projection.weight", "vision_model.encoder.layers.1.self_attn.k_proj.bias"):
        whole = load_file(folder / "model.safetensors")
        save_file({key: tensor for key, tensor in whole.items() if key != name}, folder / "model.safetensors")
        with pytest.raises(ModelError, match=rf"hub is incomplete: {name} is missing"):
            dialects.read(folder)
        save_file(whole, folder / "model.safetensors")


def test_tensors_that_do_not_fit_together(folder: Path) -> None:
    whole = load_file(folder / "model.safetensors")
    name = "text_model.encoder.layers.0.self_attn.k_proj.weight"
    save_file(whole | {name: torch.zeros(3, 64)}, folder / "model.safetensors")
    with pytest.raises(
        ModelError, match="what transformer.resblocks.0.attn.in_proj_weight is made of differs"
    ):
        dialects.read(folder)
    save_file(whole | {"text_projection.weight": torch.zeros(3)}, folder / "model.safetensors")
    with pytest.raises(ModelError, match="text_projection is made of"):
        dialects.read(folder)
    save_file(whole | {"vision_model.head.weight": torch.zeros(3)}, folder / "model.safetensors")
    with pytest.raises(ModelError, match="not a CLIP: vision_model.head.weight is not part of one"):
        dialects.read(folder)


def test_the_older_container(folder: Path) -> None:
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    assert dialects.read(folder)[0] == CONFIG


def test_a_bomb_is_not_joined(folder: Path) -> None:
    """A few bytes that pretend to be terabytes, three times over."""
    stored = load_file(folder / "model.safetensors")
    for letter in "qkv":
        name = f"text_model.encoder.layers.0.self_attn.{letter}_proj.weight"
        stored[name] = torch.zeros(1).expand(2**40, 64)
    torch.save(stored, folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    with pytest.raises(
        ModelError, match="hub is damaged: .*_proj.weight is larger than what is stored for it"
    ):
        dialects.read(folder)
