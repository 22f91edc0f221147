"""open_clip's layout: its models' own weights, and its JSON read for what it means."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from photoclip.clip import checkpoint, dialects
from photoclip.clip.config import CLIPConfig, ViTConfig
from photoclip.clip.torchvision_compat import import_torchvision
from photoclip.errors import ModelError
from tests.clip.dialects.reference import SHAPES, embeddings
from tests.clip.small_models import SMALL, random_model, relative_difference

WEIGHTS = "open_clip_model.safetensors"
HALF = (0.5, 0.5, 0.5)


def model_cfg(config: CLIPConfig) -> dict[str, Any]:
    """What open_clip writes of a model like `config`."""
    vision, text = config.vision, config.text
    width = vision.width * (1 if isinstance(vision, ViTConfig) else 32)
    shape = {"layers": vision.layers, "patch_size": getattr(vision, "patch_size", None)}
    return {
        "embed_dim": config.embed_dim,
        "quick_gelu": config.activation == "quick_gelu",
        "vision_cfg": {
            "image_size": vision.image_size,
            "width": vision.width,
            "head_width": width // vision.heads,
            **shape,
        },
        "text_cfg": {
            "context_length": text.context_length,
            "vocab_size": text.vocab_size,
            "width": text.width,
            "heads": text.heads,
            "layers": text.layers,
        },
    }


def write(folder: Path, config: CLIPConfig, weights: str = WEIGHTS, **preprocess: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    save_file(random_model(config).state_dict(), folder / weights)
    settings = {"model_cfg": model_cfg(config), "preprocess_cfg": preprocess}
    (folder / "open_clip_config.json").write_text(json.dumps(settings))
    return folder


def edit(folder: Path, change: dict[str, Any], part: str = "model_cfg") -> None:
    """Puts dotted entries into a part of the JSON."""
    path = folder / "open_clip_config.json"
    settings = json.loads(path.read_text())
    for name, value in change.items():
        *parents, key = [part, *name.split(".")]
        target = settings
        for parent in parents:
            target = target[parent]
        target[key] = value
    path.write_text(json.dumps(settings))


@pytest.mark.parametrize("activation", ["quick_gelu", "gelu"])
@pytest.mark.parametrize("name", ["vit", "resnet"])
def test_round_trip(name: str, activation: str, tmp_path: Path) -> None:
    """The heads of these models are 32 wide, which only the JSON tells."""
    config = replace(SMALL[name], activation=activation, mean=HALF, std=HALF, resize="squash")
    write(tmp_path / "m", config, mean=HALF, std=HALF, interpolation="bicubic", resize_mode="squash")
    for path in (tmp_path / "m", tmp_path / "m" / WEIGHTS):
        found, tensors = dialects.read(path)
        assert found == config
        expected = random_model(config).state_dict()
        assert tensors.keys() == expected.keys()
        assert all(tensors[key].equal(expected[key]) for key in expected)
    loaded, _ = checkpoint.load(tmp_path / "m")
    assert embeddings(loaded, config).equal(embeddings(random_model(config), config))


@pytest.mark.parametrize("container", ["pt", "safetensors"])
@pytest.mark.parametrize("name", list(SHAPES))
def test_weights_of_open_clips_own_models(name: str, container: str, tmp_path: Path) -> None:
    import_torchvision()
    open_clip = pytest.importorskip("open_clip")
    config = replace(SHAPES[name], activation="gelu")
    cfg = model_cfg(config)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        theirs = open_clip.CLIP(config.embed_dim, cfg["vision_cfg"], cfg["text_cfg"], quick_gelu=False).eval()
    path = tmp_path / f"theirs.{container}"
    state = {name: tensor.contiguous() for name, tensor in theirs.state_dict().items()}
    torch.save(state, path) if container == "pt" else save_file(state, path)
    ours, _ = checkpoint.load(path, config=config)
    assert ours.state_dict().keys() == theirs.state_dict().keys()
    assert relative_difference(embeddings(ours, config), embeddings(theirs, config)) <= 2e-5


def test_what_is_absent_is_open_clips_default(tmp_path: Path) -> None:
    config = replace(SHAPES["vit"], activation="gelu")
    folder = write(tmp_path / "m", config)
    path = folder / "open_clip_config.json"
    settings = json.loads(path.read_text())
    del (
        settings["preprocess_cfg"],
        settings["model_cfg"]["quick_gelu"],
        settings["model_cfg"]["vision_cfg"]["head_width"],
    )
    path.write_text(json.dumps(settings))
    assert dialects.read(folder)[0] == config


def test_a_hub_folder_with_several_layouts(tmp_path: Path) -> None:
    """timm's own config and tower lie in the same folder; the whole model is open_clip's."""
    folder = write(tmp_path / "m", SHAPES["vit"], mean=HALF)
    (folder / "config.json").write_text(json.dumps({"architecture": "vit_base_patch32_clip_224"}))
    save_file({"cls_token": torch.zeros(1)}, folder / "model.safetensors")
    assert dialects.read(folder)[0].mean == HALF
    (folder / WEIGHTS).rename(folder / "model.safetensors")
    assert dialects.read(folder)[0].mean == HALF


def test_the_older_container(tmp_path: Path) -> None:
    folder = write(tmp_path / "m", SHAPES["vit"])
    (folder / WEIGHTS).unlink()
    torch.save(random_model(SHAPES["vit"]).state_dict(), folder / "open_clip_pytorch_model.bin")
    assert dialects.read(folder)[0] == SHAPES["vit"]


@pytest.mark.parametrize(
    ("declared", "entry"),
    [
        ({"activation": "gelu"}, "activation is quick_gelu in the one and gelu in the other"),
        ({"mean": (0.48145466, 0.4578275, 0.40821073)}, "mean is 0.5, 0.5, 0.5 in the one and 0.48145466"),
        ({"std": (0.1, 0.1, 0.1)}, "std is 0.5, 0.5, 0.5 in the one and 0.1"),
        ({"resize": "shortest"}, "resize is squash in the one and shortest"),
        ({"interpolation": "bilinear"}, "interpolation is bicubic in the one and bilinear"),
        ({"vision": ViTConfig(32, 16, 128, 3, 4)}, "vision.heads is 2 in the one and 4"),
    ],
)
def test_what_was_declared_has_to_be_true(tmp_path: Path, declared: dict[str, Any], entry: str) -> None:
    config = replace(SHAPES["vit"], mean=HALF, std=HALF, resize="squash")
    folder = write(tmp_path / "m", config, mean=HALF, std=HALF, interpolation="bicubic", resize_mode="squash")
    assert dialects.read(folder, config)[0] is config
    with pytest.raises(ModelError, match=rf"does not fit the declared config: {entry}"):
        dialects.read(folder, replace(config, **declared))


@pytest.mark.parametrize(
    ("change", "entry"),
    [
        (
            {"vision_cfg.timm_model_name": "vit_base_patch16_siglip_224", "vision_cfg.timm_pool": "map"},
            "timm_model_name",
        ),
        ({"text_cfg.hf_model_name": "xlm-roberta-base", "text_cfg.hf_proj_type": "mlp"}, "hf_model_name"),
        ({"text_cfg.hf_tokenizer_name": "bert-base-uncased"}, "hf_tokenizer_name"),
        ({"text_cfg.pool_type": "last"}, "text_cfg.pool_type is last"),
        ({"text_cfg.no_causal_mask": True}, "no_causal_mask"),
        ({"text_cfg.embed_cls": True}, "embed_cls"),
        ({"text_cfg.proj_bias": True}, "proj_bias"),
        ({"vision_cfg.pool_type": "avg"}, "vision_cfg.pool_type is avg"),
        ({"vision_cfg.attentional_pool": "parallel"}, "attentional_pool"),
        ({"vision_cfg.mlp_ratio": 3.5}, "mlp_ratio is 3.5"),
        ({"vision_cfg.ls_init_value": 1e-5}, "ls_init_value"),
        ({"vision_cfg.norm_kwargs": {"eps": 1e-6}}, "norm_kwargs"),
        ({"vision_cfg.an_entry_of_tomorrow": 3}, "an_entry_of_tomorrow is 3"),
        ({"multimodal_cfg": {"layers": 12}}, "multimodal_cfg"),
        ({"init_logit_bias": -10}, "init_logit_bias"),
    ],
)
def test_other_models_are_sent_to_the_extra(tmp_path: Path, change: dict[str, Any], entry: str) -> None:
    folder = write(tmp_path / "m", SHAPES["vit"])
    edit(folder, change)
    with pytest.raises(ModelError, match=rf"open_clip_config.json .*{entry}.*photoclip\[open-clip\]"):
        dialects.read(folder)


def test_entries_that_change_nothing(tmp_path: Path) -> None:
    folder = write(tmp_path / "m", SHAPES["vit"], size=32, mode="RGB", fill_color=0)
    change = {"vision_cfg.patch_dropout": 0.5, "vision_cfg.mlp_ratio": 4.0, "vision_cfg.image_size": [32, 32]}
    change |= {
        "vision_cfg.timm_model_name": None,
        "vision_cfg.timm_pool": "avg",
        "vision_cfg.pool_type": "tok",
    }
    change |= {"text_cfg.pool_type": "argmax", "text_cfg.hf_proj_type": "mlp", "text_cfg.norm_kwargs": {}}
    edit(folder, change | {"custom_text": True, "vision_cfg.ls_init_value": None})
    assert dialects.read(folder)[0] == SHAPES["vit"]


@pytest.mark.parametrize(
    ("change", "part", "message"),
    [
        ({"resize_mode": "longest"}, "preprocess_cfg", r"resize_mode is longest.*photoclip\[open-clip\]"),
        ({"interpolation": "random"}, "preprocess_cfg", "\"interpolation\" is 'random'"),
        ({"mean": 0.5}, "preprocess_cfg", '"mean" is 0.5'),
        ({"std": [0.0, 1.0, 1.0]}, "preprocess_cfg", "std that no picture can be divided by"),
        ({"std": "x"}, "preprocess_cfg", "std that no picture can be divided by"),
        ({"size": 224}, "preprocess_cfg", '"size" is 224 and "image_size" 32'),
        ({"vision_cfg.width": "128"}, "model_cfg", "should have a whole number as \"width\" and has '128'"),
        ({"vision_cfg.width": 256}, "model_cfg", "vision.width is 128 in the one and 256"),
        ({"vision_cfg.head_width": 60}, "model_cfg", r"head_width \(60\) does not divide 128"),
        ({"vision_cfg.layers": [1, 2]}, "model_cfg", "vision.kind is vit in the one and resnet"),
        ({"vision_cfg.layers": 10**9}, "model_cfg", "claims vision.layers to be 1000000000"),
        (
            {"text_cfg.layers": 3},
            "model_cfg",
            r"incomplete: transformer.resblocks.2.attn.in_proj_bias, .* missing",
        ),
        ({"text_cfg.width": 10**15}, "model_cfg", "text.width is 64 in the one"),
        ({"text_cfg": None}, "model_cfg", 'lacks its "text_cfg" part'),
        ({"embed_dim": None}, "model_cfg", 'should have a whole number as "embed_dim"'),
    ],
)
def test_settings_that_make_no_sense(tmp_path: Path, change: dict[str, Any], part: str, message: str) -> None:
    folder = write(tmp_path / "m", SHAPES["vit"])
    edit(folder, change, part)
    with pytest.raises(ModelError, match=message) as caught:
        checkpoint.load(folder)
    assert str(folder) in str(caught.value)
