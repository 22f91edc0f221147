"""A model larger than memory is refused before it is loaded, wherever it is loaded."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
import torch
from safetensors.torch import load_file, save_file

from photoclip import clip
from photoclip.clip import checkpoint, registry, store
from photoclip.clip.dialects import counting, write_transformers
from photoclip.clip.encoder import load_encoder
from photoclip.clip.memory import require_memory
from photoclip.clip.models import count_numbers, installed_folders
from photoclip.clip.registry import PublishedModel
from photoclip.clip.store.job import Job
from photoclip.errors import ModelError
from tests.clip.dialects.reference import SHAPES, save_archive
from tests.clip.hub_server import Hub
from tests.clip.small_models import SMALL, open_clip_settings, random_model

VIT = SMALL["vit"]
TOO_LARGE = r"needs about \d+\.\d GB of memory to load, .* choose a smaller model"


@pytest.fixture
def numbers() -> int:
    return sum(tensor.numel() for tensor in random_model(VIT).state_dict().values())


@pytest.fixture
def small_memory(monkeypatch: pytest.MonkeyPatch, numbers: int) -> None:
    """A machine with less free than the small model takes."""
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=4 * numbers))


def test_a_model_that_fits_is_loaded() -> None:
    require_memory("starter", 16_000_000)


def test_a_model_larger_than_memory_is_refused_with_both_figures() -> None:
    numbers = psutil.virtual_memory().total // 4
    with pytest.raises(
        ModelError, match=r"The model huge needs about \d+\.\d GB of memory to load, and \d+\.\d"
    ):
        require_memory("huge", numbers)


def test_nothing_is_loaded_where_it_does_not_fit(tmp_path: Path, small_memory: None, numbers: int) -> None:
    checkpoint.save(random_model(VIT), VIT, tmp_path / "small")
    assert count_numbers(tmp_path / "small") == numbers
    with pytest.raises(ModelError, match=f"The model small-vit {TOO_LARGE}"):
        load_encoder(str(tmp_path / "small"))
    with pytest.raises(ModelError, match=f"The model small {TOO_LARGE}"):
        clip.load(tmp_path / "small")
    with pytest.raises(ModelError, match=f"The model mine {TOO_LARGE}"):
        store.install(tmp_path / "small", "mine")
    assert installed_folders() == []


def test_an_installed_model_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, numbers: int
) -> None:
    checkpoint.save(random_model(VIT), VIT, tmp_path / "small")
    store.install(tmp_path / "small", "mine")
    clip.load("mine", device="cpu")
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=4 * numbers))
    with pytest.raises(ModelError, match=f"The model mine {TOO_LARGE}"):
        clip.load("mine")


def test_a_published_model_is_not_even_fetched(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, small_memory: None
) -> None:
    monkeypatch.setattr(registry, "PUBLISHED", (PublishedModel("small", VIT, "a/small", "MIT", "Small."),))
    with pytest.raises(ModelError, match=f"The model small {TOO_LARGE}"):
        clip.load("small")
    assert hub.seen == []


def test_what_arrived_from_a_repository_is_kept(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, numbers: int
) -> None:
    save_file(random_model(VIT).state_dict(), tmp_path / "open_clip_model.safetensors")
    (tmp_path / "open_clip_config.json").write_text(json.dumps(open_clip_settings(VIT)))
    hub.put_folder("a/small", tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=4 * numbers))
        with pytest.raises(ModelError, match=f"The model a-small {TOO_LARGE}"):
            store.get_repository("hf-hub:a/small", Job())
    asked = len(hub.ranges())
    store.get_repository("hf-hub:a/small", Job())
    assert len(hub.ranges()) == asked


def test_numbers_of_every_dialect(tmp_path: Path, numbers: int) -> None:
    state = random_model(VIT).state_dict()
    save_file({name: tensor.half() for name, tensor in state.items()}, tmp_path / "half.safetensors")
    write_transformers(random_model(VIT), VIT, tmp_path / "hub")
    for path in (tmp_path / "half.safetensors", tmp_path / "hub"):
        assert counting.count_numbers(path) == numbers
    stored = load_file(tmp_path / "hub" / "model.safetensors")
    names = sorted(stored)
    places = {name: f"model-0000{1 + i % 2}-of-00002.safetensors" for i, name in enumerate(names)}
    for shard in set(places.values()):
        part = {name: stored[name] for name in names if places[name] == shard}
        save_file(part, tmp_path / "hub" / shard)
    (tmp_path / "hub" / "model.safetensors").unlink()
    (tmp_path / "hub" / "model.safetensors.index.json").write_text(json.dumps({"weight_map": places}))
    assert counting.count_numbers(tmp_path / "hub") == numbers
    torch.save(state, tmp_path / "state.pt")
    assert counting.count_numbers(tmp_path / "state.pt") == pytest.approx(numbers, rel=0.1)
    torch.save(state, tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    assert counting.count_numbers(tmp_path / "old.pt") == pytest.approx(numbers, rel=0.1)


def test_an_archive_like_openais_counts_as_half_precision(tmp_path: Path) -> None:
    save_archive(SHAPES["vit"], tmp_path / "script.pt", "script")
    assert counting.count_numbers(tmp_path / "script.pt") == (tmp_path / "script.pt").stat().st_size // 2


def test_what_is_missing_or_damaged_is_left_to_its_reader(tmp_path: Path) -> None:
    (tmp_path / "bad.safetensors").write_bytes(b"\xff" * 40)
    assert counting.count_numbers(tmp_path / "bad.safetensors") == 10
    assert counting.count_numbers(tmp_path / "none.safetensors") == 0
    with pytest.raises(ModelError, match="incomplete: model.safetensors is missing"):
        counting.count_numbers(tmp_path)
