"""Models that only open_clip builds, among the person's own: they stay as they came."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from photoclip.clip import store
from photoclip.clip.encoder import load_encoder
from photoclip.clip.models import describe, find_model, model_folders, weights_file
from photoclip.clip.open_clip_encoder import OpenClipEncoder
from photoclip.clip.placement import PLAIN
from photoclip.clip.store import unfinished
from photoclip.errors import ModelError
from photoclip.paths import models_dir
from tests.clip.dialects.hostile import Payload
from tests.clip.open_clip_folders import CONFIG, SENTENCES, WEIGHTS, edit, write
from tests.clip.small_models import SMALL, open_clip_settings, random_model

TOKENIZER = ["special_tokens_map.json", "tokenizer.json", "tokenizer_config.json"]
PICKLED = "open_clip_pytorch_model.bin"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("open_clip")
    return {kind: write(folder / kind, kind) for kind in ("siglip", "xlm-roberta")}


@pytest.fixture
def siglip(made: dict[str, Path], tmp_path: Path) -> Path:
    return shutil.copytree(made["siglip"], tmp_path / "siglip")


def own() -> list[str]:
    return [path.name for path in model_folders() if path.parent == models_dir()]


def leftovers() -> list[str]:
    root = models_dir() / unfinished.UNFINISHED
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.suffix != ".lock")


@pytest.mark.parametrize(
    ("kind", "files"),
    [
        ("siglip", [CONFIG, WEIGHTS, *TOKENIZER]),
        ("xlm-roberta", ["config.json", CONFIG, WEIGHTS, *TOKENIZER]),
    ],
)
def test_taken_in_as_it_is(kind: str, files: list[str], made: dict[str, Path], tmp_path: Path) -> None:
    source = shutil.copytree(made[kind], tmp_path / "source")
    (source / "README.md").write_text("What it is.")
    before = {path.name: path.read_bytes() for path in source.iterdir()}
    info = store.install(source, "mine")
    assert info == find_model("mine")
    assert (info.name, own(), leftovers()) == ("mine", ["mine"], [])
    assert {path.name: path.read_bytes() for path in source.iterdir()} == before
    assert sorted(path.name for path in info.folder.iterdir()) == files
    assert all((info.folder / name).read_bytes() == before[name] for name in files)
    assert weights_file(info.folder) == info.folder / WEIGHTS
    assert info.key == describe(source).key


def test_listed_loaded_replaced_removed(siglip: Path) -> None:
    store.install(siglip, "mine")
    assert own() == ["mine"]
    assert load_encoder("mine").encode_texts(["a dog"]).shape == (1, 96)
    with pytest.raises(ModelError, match="mine is installed already"):
        store.install(siglip, "mine")
    store.install(siglip, "mine", replace=True)
    store.remove("mine")
    assert own() == leftovers() == []


def test_a_config_of_something_else_is_left_behind(siglip: Path) -> None:
    (siglip / "config.json").write_text(json.dumps({"model_type": "siglip"}))
    assert not (store.install(siglip, "mine").folder / "config.json").exists()


def test_weights_by_their_file(siglip: Path) -> None:
    assert store.install(siglip / WEIGHTS, "mine").key == describe(siglip).key


def test_pickled_weights_become_safetensors(siglip: Path) -> None:
    expected = OpenClipEncoder(describe(siglip), [PLAIN]).encode_texts(SENTENCES)
    tensors = load_file(siglip / WEIGHTS)
    torch.save(tensors, siglip / PICKLED)
    (siglip / WEIGHTS).unlink()
    info = store.install(siglip, "mine")
    assert sorted(path.name for path in info.folder.iterdir()) == [CONFIG, WEIGHTS, *TOKENIZER]
    assert np.array_equal(OpenClipEncoder(info, [PLAIN]).encode_texts(SENTENCES), expected)


def test_a_pickle_that_is_code_is_refused(siglip: Path, tmp_path: Path) -> None:
    (siglip / WEIGHTS).unlink()
    torch.save({"logit_scale": Payload(tmp_path / "ran")}, siglip / PICKLED)
    with pytest.raises(ModelError, match=PICKLED):
        store.install(siglip, "mine")
    assert not (tmp_path / "ran").exists()
    assert own() == leftovers() == []


def test_what_open_clip_cannot_use_leaves_nothing(siglip: Path) -> None:
    """And the sentence is about what the person named."""
    edit(siglip, "model_cfg.text_cfg", layers=5)
    with pytest.raises(ModelError, match=rf"open_clip cannot use the model in {siglip} \(.*Missing key"):
        store.install(siglip, "mine")
    (siglip / "tokenizer.json").unlink()
    with pytest.raises(ModelError, match=f"The model in {siglip} is incomplete: tokenizer.json is missing"):
        store.install(siglip, "mine")
    assert own() == leftovers() == []


def test_without_the_extra(siglip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "open_clip", None)
    with pytest.raises(ModelError, match=r"not a plain CLIP .* pip install 'photoclip\[open-clip\]'"):
        store.install(siglip, "mine")
    assert own() == leftovers() == []


def test_a_plain_clip_in_open_clips_layout_becomes_photoclips_own(tmp_path: Path) -> None:
    source = tmp_path / "plain"
    source.mkdir()
    save_file(random_model(SMALL["vit"]).state_dict(), source / WEIGHTS)
    (source / CONFIG).write_text(json.dumps(open_clip_settings(SMALL["vit"])))
    folder = store.install(source, "mine").folder
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "model.safetensors"]
    assert weights_file(folder) == folder / "model.safetensors"
