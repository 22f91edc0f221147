"""Models that only open_clip builds: its own vectors, from local files alone, and sentences for the rest."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from photoclip import pixels
from photoclip.clip.encoder import load_encoder
from photoclip.clip.models import describe, find_model
from photoclip.clip.open_clip_encoder import OpenClipEncoder
from photoclip.clip.open_clip_text import USUAL, tower_config
from photoclip.clip.placement import PLAIN, Placement, probe_pixels
from photoclip.errors import ModelError
from photoclip.pixels import PixelSpec
from tests.clip.open_clip_folders import (
    SENTENCES,
    SETTINGS,
    TEXT_TOWER,
    VOCABULARY,
    WEIGHTS,
    edit,
    reference,
    write,
)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    folder = tmp_path_factory.mktemp("open_clip")

    def of(kind: str) -> Path:
        return folder / kind if (folder / kind).exists() else write(folder / kind, kind)

    return of


@pytest.fixture
def siglip(written: Callable[[str], Path], tmp_path: Path) -> Path:
    """A copy that may be changed."""
    return shutil.copytree(written("siglip"), tmp_path / "siglip")


@pytest.fixture
def xlm_roberta(written: Callable[[str], Path], tmp_path: Path) -> Path:
    return shutil.copytree(written("xlm-roberta"), tmp_path / "xlm-roberta")


def pictures() -> list[Image.Image]:
    """Upright, wide and smaller than the model's."""
    random = np.random.default_rng(3)
    shapes = ((40, 30, 3), (30, 45, 3), (12, 12, 3))
    small = [Image.fromarray(random.integers(0, 256, shape, dtype=np.uint8)) for shape in shapes]
    return [
        picture.resize(size, Image.Resampling.BICUBIC)
        for picture, size in zip(small, ((240, 320), (500, 333), (50, 50)), strict=True)
    ]


def unit(features: torch.Tensor) -> np.ndarray[Any, Any]:
    return torch.nn.functional.normalize(features, dim=-1).numpy()


@pytest.mark.parametrize("kind", list(SETTINGS))
@torch.no_grad()
def test_vectors_are_open_clips_own(kind: str, written: Callable[[str], Path]) -> None:
    encoder = OpenClipEncoder(describe(written(kind)), [PLAIN])
    model, preprocess, tokenizer = reference(written(kind))
    ours = encoder.encode_pixels(
        np.stack([pixels.model_pixels(picture, encoder.pixel_spec) for picture in pictures()])
    )
    theirs = unit(model.encode_image(torch.stack([preprocess(picture) for picture in pictures()])))
    assert (ours * theirs).sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert np.abs(ours - theirs).max() < 1e-5
    texts, expected = encoder.encode_texts(SENTENCES), unit(model.encode_text(tokenizer(SENTENCES)))
    assert (texts * expected).sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert np.abs(texts - expected).max() < 1e-5
    assert np.abs(np.diff(texts, axis=0)).max(axis=1).min() > 1e-3  # and they differ from each other
    assert encoder.logit_scale == pytest.approx(model.logit_scale.exp().item())


@pytest.mark.parametrize(
    ("kind", "dim", "spec"),
    [
        ("siglip", 96, PixelSpec(160, "squash", "bicubic")),
        ("xlm-roberta", 48, PixelSpec(64)),
        ("mobileclip", 32, PixelSpec(160, "shortest", "bilinear")),
    ],
)
def test_description(kind: str, dim: int, spec: PixelSpec, written: Callable[[str], Path]) -> None:
    info = find_model(str(written(kind)))
    assert info == describe(written(kind))
    assert (info.name, info.dim, info.pixel_spec, info.folder) == (kind, dim, spec, written(kind))
    assert info.logit_scale == pytest.approx(1 / 0.07)


def test_description_needs_neither_torch_nor_open_clip(written: Callable[[str], Path]) -> None:
    code = (
        "import sys; from pathlib import Path; from photoclip.clip.models import describe; "
        "describe(Path(sys.argv[1])); "
        "sys.exit(any(name in sys.modules for name in ('torch', 'open_clip', 'transformers')))"
    )
    command = [sys.executable, "-c", code, str(written("siglip"))]
    assert subprocess.run(command, check=False).returncode == 0


def test_key_stands_for_weights_settings_and_tokenizer(siglip: Path) -> None:
    keys = [describe(siglip).key]
    moved = shutil.copytree(siglip, siglip.parent / "another-name")
    assert describe(moved).key == keys[0]
    edit(siglip, "preprocess_cfg", mean=[0.4, 0.5, 0.5])
    keys.append(describe(siglip).key)
    tokenizer = siglip / "tokenizer.json"
    tokenizer.write_text(tokenizer.read_text().replace('"dog"', '"god"'))
    keys.append(describe(siglip).key)
    tensors = load_file(siglip / WEIGHTS)
    save_file(
        tensors | {"text.positional_embedding": tensors["text.positional_embedding"] + 1}, siglip / WEIGHTS
    )
    keys.append(describe(siglip).key)
    assert len(set(keys)) == 4
    assert all(len(key) == 16 and key.isalnum() for key in keys)


def test_a_scale_in_bfloat16_is_read(siglip: Path) -> None:
    tensors = load_file(siglip / WEIGHTS)
    save_file(tensors | {"logit_scale": torch.tensor([4.75], dtype=torch.bfloat16)}, siglip / WEIGHTS)
    assert describe(siglip).logit_scale == pytest.approx(np.exp(4.75))


def test_loaded_like_any_other(written: Callable[[str], Path]) -> None:
    encoder = load_encoder(str(written("siglip")))
    info = describe(written("siglip"))
    assert (encoder.name, encoder.key, encoder.dim) == (info.name, info.key, info.dim)
    assert (encoder.pixel_spec, encoder.logit_scale) == (info.pixel_spec, info.logit_scale)
    assert encoder.description.startswith("siglip on ")
    assert encoder.encode_texts([]).shape == (0, 96)


@pytest.mark.parametrize("kind", list(SETTINGS))
def test_half_precision_agrees_and_says_so(kind: str, written: Callable[[str], Path]) -> None:
    info, way = describe(written(kind)), Placement(torch.device("cpu"), torch.bfloat16)
    half, plain = OpenClipEncoder(info, [way, PLAIN]), OpenClipEncoder(info, [PLAIN])
    assert half.description == f"{kind} on CPU, bfloat16"
    for ours, exact in (
        (
            half.encode_pixels(probe_pixels(info.pixel_spec.size)),
            plain.encode_pixels(probe_pixels(info.pixel_spec.size)),
        ),
        (half.encode_texts(SENTENCES), plain.encode_texts(SENTENCES)),
    ):
        assert (ours * exact).sum(axis=1).min() >= 0.999


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
@pytest.mark.parametrize("kind", list(SETTINGS))
def test_cuda_agrees(kind: str, written: Callable[[str], Path]) -> None:
    info = describe(written(kind))
    half, plain = OpenClipEncoder(info), OpenClipEncoder(info, [PLAIN])
    assert half.description == f"{kind} on CUDA, float16"
    pictures = probe_pixels(info.pixel_spec.size)
    assert (half.encode_pixels(pictures) * plain.encode_pixels(pictures)).sum(axis=1).min() >= 0.999


def test_a_device_that_fails_is_passed_over(written: Callable[[str], Path]) -> None:
    absent = Placement(torch.device("meta"), torch.float32)
    encoder = OpenClipEncoder(describe(written("siglip")), [absent, PLAIN])
    assert encoder.description.startswith("siglip on CPU, float32 (META, float32 failed: ")


@pytest.mark.parametrize("kind", list(SETTINGS))
def test_nothing_is_asked_of_the_network(
    kind: str, written: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)
    OpenClipEncoder(describe(written(kind)), [PLAIN])


@pytest.mark.parametrize("name", ["open_clip", "transformers"])
def test_without_the_extra(
    name: str, written: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    info = describe(written("siglip"))
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ModelError, match=r"siglip needs open_clip: pip install 'photoclip\[open-clip\]'"):
        OpenClipEncoder(info, [PLAIN])


def loading(folder: Path) -> None:
    OpenClipEncoder(describe(folder), [PLAIN])


@pytest.mark.parametrize(
    ("part", "entries", "sentence"),
    [
        ("preprocess_cfg", {"resize_mode": "longest"}, 'asks for "resize_mode" longest of pictures'),
        ("preprocess_cfg", {"interpolation": "nearest"}, 'asks for "interpolation" nearest'),
        ("preprocess_cfg", {"mode": "L"}, 'asks for "mode" L'),
        ("preprocess_cfg", {"size": 224}, '"size" is 224 and "image_size" 160'),
        ("preprocess_cfg", {"mean": [0.5, 0.5]}, 'should have three numbers as "mean"'),
        ("preprocess_cfg", {"std": [0.5, 0, 0.5]}, "std that no picture can be divided by"),
        ("model_cfg", {"embed_dim": "many"}, 'whole number as "embed_dim"'),
        ("model_cfg", {"vision_cfg": None}, 'lacks its "vision_cfg" part'),
        ("model_cfg.vision_cfg", {"image_size": [160, 96]}, 'whole number as "image_size"'),
        ("model_cfg.vision_cfg", {"timm_model_name": "hf-hub:somebody/evil"}, "no name of a model in timm"),
        ("model_cfg.vision_cfg", {"timm_model_name": "local-dir:/tmp"}, "no name of a model in timm"),
        ("model_cfg.text_cfg", {"tokenizer_kwargs": {"trust_remote_code": True}}, '"trust_remote_code"'),
        ("model_cfg.vision_cfg", {"timm_model_name": "no_such_model"}, "open_clip cannot use the model in"),
        ("model_cfg.vision_cfg", {"image_size": 96}, "open_clip cannot use the model in"),
        ("model_cfg.text_cfg", {"no_such_entry": 1}, "open_clip cannot use the model in .*no_such_entry"),
        ("model_cfg.text_cfg", {"layers": 1}, "open_clip cannot use the model in .*Unexpected key"),
        ("model_cfg.text_cfg", {"layers": 3}, "open_clip cannot use the model in .*Missing key"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_refused(
    part: str, entries: dict[str, Any], sentence: str, siglip: Path
) -> None:
    if entries.get("image_size") == 96:
        edit(siglip, "preprocess_cfg", size=96)
    edit(siglip, part, **entries)
    with pytest.raises(ModelError, match=sentence):
        loading(siglip)


@pytest.mark.parametrize("name", [WEIGHTS, "tokenizer.json"])
def test_missing_files(name: str, siglip: Path) -> None:
    (siglip / name).unlink()
    with pytest.raises(ModelError, match=f"incomplete: {name} is missing"):
        describe(siglip)


def test_damaged_weights(siglip: Path) -> None:
    tensors = load_file(siglip / WEIGHTS)
    bias = torch.full_like(tensors["text.ln_final.bias"], torch.nan)
    save_file(tensors | {"text.ln_final.bias": bias}, siglip / WEIGHTS)
    with pytest.raises(ModelError, match=r"damaged: text\.ln_final\.bias holds values that are not numbers"):
        loading(siglip)
    info = describe(siglip)
    whole = (siglip / WEIGHTS).read_bytes()
    (siglip / WEIGHTS).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match="open_clip cannot use the model in"):
        OpenClipEncoder(info, [PLAIN])


def test_a_tokenizer_brings_no_code(siglip: Path, tmp_path: Path) -> None:
    """Code beside the model that a tokenizer's settings point at is not imported."""
    (siglip / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass Evil: pass\n")
    settings = json.loads((siglip / "tokenizer_config.json").read_text())
    settings |= {"auto_map": {"AutoTokenizer": ["evil.Evil", "evil.Evil"]}, "tokenizer_class": "Evil"}
    (siglip / "tokenizer_config.json").write_text(json.dumps(settings))
    with pytest.raises(ModelError, match="open_clip cannot use the model in"):
        loading(siglip)
    assert not (tmp_path / "ran").exists()


def test_a_text_tower_brings_no_code(xlm_roberta: Path, tmp_path: Path) -> None:
    (xlm_roberta / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    evil = {
        "auto_map": {"AutoConfig": "evil.Evil", "AutoModel": "evil.Evil"},
        "attn_implementation": "some/kernel",
    }
    (xlm_roberta / "config.json").write_text(json.dumps(TEXT_TOWER | evil))
    loading(xlm_roberta)
    assert not (tmp_path / "ran").exists()
    assert tower_config(xlm_roberta, "any").keys() == TEXT_TOWER.keys() - {"architectures"}


def test_the_usual_text_towers_need_no_config_beside_them(xlm_roberta: Path) -> None:
    (xlm_roberta / "config.json").unlink()
    assert tower_config(xlm_roberta, "FacebookAI/xlm-roberta-large") == USUAL["xlm-roberta-large"]
    with pytest.raises(
        ModelError, match=r"somebody/tiny-xlm-roberta as its text tower, and there is no config.json"
    ):
        loading(xlm_roberta)


def test_a_usual_text_tower_is_built(xlm_roberta: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = OpenClipEncoder(describe(xlm_roberta), [PLAIN]).encode_texts(SENTENCES)
    small = {key: value for key, value in TEXT_TOWER.items() if key != "architectures"}
    monkeypatch.setitem(USUAL, "xlm-roberta-base", small)
    edit(xlm_roberta, "model_cfg.text_cfg", hf_model_name="xlm-roberta-base")
    (xlm_roberta / "config.json").write_text(json.dumps({"model_type": "clip", "vocab_size": 7 * VOCABULARY}))
    assert np.allclose(OpenClipEncoder(describe(xlm_roberta), [PLAIN]).encode_texts(SENTENCES), expected)


def test_the_usual_text_towers_are_transformers_own() -> None:
    """What is written down here is all that Transformers needs, with its names."""
    from transformers import AutoConfig

    for values in USUAL.values():
        config = AutoConfig.for_model(**values)
        assert {key: getattr(config, key) for key in values} == values


@torch.no_grad()
def test_a_mean_of_one_number(siglip: Path) -> None:
    """open_clip takes a 0 that stands alone for no mean at all."""
    for mean, std in ((0.25, 0.5), (0.0, 1.0)):
        edit(siglip, "preprocess_cfg", mean=mean, std=std)
        encoder, (model, preprocess, _) = OpenClipEncoder(describe(siglip), [PLAIN]), reference(siglip)
        picture = pictures()[0]
        ours = encoder.encode_pixels(pixels.model_pixels(picture, encoder.pixel_spec)[None].copy())
        assert np.allclose(ours, unit(model.encode_image(preprocess(picture)[None])), atol=1e-5)
