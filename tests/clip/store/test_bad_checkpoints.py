"""Whatever is wrong with a checkpoint, in any container: one sentence says it, and nothing is left behind."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
import torch
from safetensors.torch import load_file, save_file

from photoclip import clip
from photoclip.clip import checkpoint, store
from photoclip.clip.config import CLIPConfig
from photoclip.clip.dialects import nesting, pickles, write_transformers
from photoclip.clip.models import installed_folders
from photoclip.clip.store import unfinished
from photoclip.errors import ModelError
from photoclip.paths import models_dir
from tests.clip.dialects.hostile import Payload, tensor_program, write_zip
from tests.clip.dialects.reference import SHAPES, openai_like, save_module
from tests.clip.open_clip_folders import CONFIG as OPEN_CLIP_CONFIG
from tests.clip.open_clip_folders import WEIGHTS as OPEN_CLIP_WEIGHTS
from tests.clip.small_models import open_clip_settings, random_model

CONFIG = SHAPES["vit"]
TOWER = b"\x80\x02})" + b"\x85" * 100_000 + b"Ns."  # a key that overruns the stack of who hashes it
Tensors = dict[str, torch.Tensor]


def archive(tensors: Tensors, folder: Path) -> Path:
    reference, _ = openai_like(CONFIG)
    with torch.no_grad():
        for name, parameter in reference.named_parameters():
            parameter.copy_(tensors[name])
    save_module(reference, folder / "model.pt")
    return folder / "model.pt"


def state_dict(tensors: Tensors, folder: Path) -> Path:
    torch.save(tensors, folder / "model.pt")
    return folder / "model.pt"


def older_state_dict(tensors: Tensors, folder: Path) -> Path:
    torch.save(tensors, folder / "model.pt", _use_new_zipfile_serialization=False)
    return folder / "model.pt"


def own(tensors: Tensors, folder: Path) -> Path:
    checkpoint.save(random_model(CONFIG), CONFIG, folder)
    save_file(tensors, folder / "model.safetensors")
    return folder


def for_open_clip(tensors: Tensors, folder: Path) -> Path:
    save_file(tensors, folder / OPEN_CLIP_WEIGHTS)
    (folder / OPEN_CLIP_CONFIG).write_text(json.dumps(open_clip_settings(CONFIG)))
    return folder


def for_transformers(tensors: Tensors, folder: Path) -> Path:
    model = random_model(CONFIG)
    model.load_state_dict(tensors)
    write_transformers(model, CONFIG, folder)
    return folder


WRITERS = (archive, state_dict, older_state_dict, own, for_open_clip, for_transformers)
WEIGHTS_ALONE = (state_dict, older_state_dict)
Writer = Callable[[Tensors, Path], Path]
each_container = pytest.mark.parametrize("write", WRITERS, ids=lambda write: write.__name__)


@pytest.fixture
def tensors() -> Tensors:
    return dict(random_model(CONFIG).state_dict())


def weights_of(path: Path) -> Path:
    return path if path.is_file() else next(path.glob("*.safetensors"))


def refused(path: Path, match: str, declared: CLIPConfig | None = None) -> None:
    """Installing and loading end in a sentence, and leave nothing."""
    attempts: list[Callable[[], object]] = [lambda: store.install(path, "mine", declared)]
    if declared is None:
        attempts.append(lambda: clip.load(path, device="cpu"))
    for attempt in attempts:
        with pytest.raises(ModelError, match=match) as caught:
            attempt()
        sentence = str(caught.value)
        assert sentence.endswith(".")
        assert "\n" not in sentence
    assert installed_folders() == []
    root = models_dir() / unfinished.UNFINISHED
    assert [found for found in root.glob("*") if found.suffix != ".lock"] == []


def declared_for(write: Writer) -> CLIPConfig | None:
    return CONFIG if write in WEIGHTS_ALONE else None


@each_container
def test_what_is_whole_is_taken_in(write: Writer, tensors: Tensors, tmp_path: Path) -> None:
    """So that each of the others fails for its own reason."""
    info = store.install(write(tensors, tmp_path), "mine", declared_for(write))
    assert info.dim == CONFIG.embed_dim


@each_container
@pytest.mark.parametrize("part", [0, 0.01, 0.5, 0.999])
def test_truncated(write: Writer, part: float, tensors: Tensors, tmp_path: Path) -> None:
    weights = weights_of(path := write(tensors, tmp_path))
    content = weights.read_bytes()
    weights.write_bytes(content[: int(part * len(content))])
    refused(path, weights.name, declared_for(write))


@each_container
@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_holding_what_is_no_number(write: Writer, value: float, tensors: Tensors, tmp_path: Path) -> None:
    tensors["ln_final.weight"] = torch.full_like(tensors["ln_final.weight"], value)
    sentence = "is damaged: ln_final.weight holds values that are not numbers"
    refused(write(tensors, tmp_path), sentence, declared_for(write))


@pytest.mark.parametrize("write", [state_dict, older_state_dict, own, for_open_clip])
def test_wrong_architecture(write: Writer, tmp_path: Path) -> None:
    others = dict(torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.Linear(8, 8)).state_dict())
    refused(write(others, tmp_path), "is incomplete: .* are missing", declared_for(write))


def test_wrong_architecture_of_an_archive_and_for_transformers(tensors: Tensors, tmp_path: Path) -> None:
    save_module(torch.nn.Linear(2, 2), tmp_path / "linear.pt")
    refused(tmp_path / "linear.pt", "linear.pt is incomplete: .* are missing")
    folder = for_transformers(tensors, tmp_path / "hub")
    save_file({"bert.embeddings.weight": torch.zeros(3)}, folder / "model.safetensors")
    refused(folder, "hub is incomplete: .* are missing")


@pytest.mark.parametrize("write", [own, for_open_clip, for_transformers])
def test_of_another_size_than_its_config(write: Writer, tensors: Tensors, tmp_path: Path) -> None:
    path = write(tensors, tmp_path)
    stored = load_file(weights_of(path))
    name = next(
        name for name in stored if name.startswith(("token_embedding", "text_model.embeddings.token"))
    )
    save_file(stored | {name: torch.zeros(299, 64)}, weights_of(path))
    refused(path, "does not fit")


@pytest.mark.parametrize("torchscript", [True, False])
@pytest.mark.parametrize("compressed", ["data.pkl", "data/0"])
def test_zip_bombs(torchscript: bool, compressed: str, tmp_path: Path) -> None:
    members = {"data.pkl": tensor_program(), "data/0": bytes(16)} | {compressed: bytes(20 * 2**20)}
    path = write_zip(tmp_path / "bomb.pt", members, (compressed,), torchscript)
    refused(path, "bomb.pt is not as PyTorch writes it and was not read", CONFIG)


@pytest.mark.parametrize("torchscript", [True, False])
def test_pickle_bombs(torchscript: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_zip(tmp_path / "tower.pt", {"data.pkl": TOWER}, torchscript=torchscript)
    refused(path, "tower.pt was not loaded, and nothing in it was run", CONFIG)
    for module in (pickles, nesting):
        monkeypatch.setattr(module, "INSTRUCTIONS", 1000)
    endless = b"\x80\x02" + b"N" * 1001 + b"."
    path = write_zip(tmp_path / "endless.pt", {"data.pkl": endless}, torchscript=torchscript)
    refused(path, "endless.pt was not loaded, .* too many instructions", CONFIG)


@pytest.mark.parametrize("older", [True, False])
def test_a_pickle_that_is_code(older: bool, tensors: Tensors, tmp_path: Path) -> None:
    payload = Payload(tmp_path / "ran")
    write = older_state_dict if older else state_dict
    path = write(tensors | {"x": payload}, tmp_path)  # type: ignore[dict-item]
    refused(path, "model.pt was not loaded, and nothing in it was run: it asks for", CONFIG)
    assert not payload.has_run()


@pytest.mark.parametrize("write", [own, for_open_clip, for_transformers])
def test_a_folder_without_config(write: Writer, tensors: Tensors, tmp_path: Path) -> None:
    path = write(tensors, tmp_path)
    for config in path.glob("*config.json"):
        config.unlink()
    refused(path, f"The model in {path} is incomplete: .* is missing")


def test_larger_than_memory(tensors: Tensors, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = own(tensors, tmp_path)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=1_000_000))
    refused(path, "of memory to load, and 0.0 GB are free; close other programs or choose a smaller model")
