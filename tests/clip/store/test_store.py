"""The person's own models: got, taken in, replaced, removed, and what a kill leaves."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save

from photoclip.clip import checkpoint, registry, store
from photoclip.clip.models import describe, find_model, model_folders
from photoclip.clip.registry import PublishedModel
from photoclip.clip.store import room, unfinished
from photoclip.clip.store.hub import CONFIG, WEIGHTS
from photoclip.clip.store.job import Job
from photoclip.errors import Cancelled, DiskFull, ModelError
from photoclip.paths import models_dir
from tests.clip.hub_server import Hub, Trouble
from tests.clip.small_models import SMALL, open_clip_settings, random_model

VIT = SMALL["vit"]
REPOSITORY = "somebody/small"
OPEN_CLIP = open_clip_settings(VIT)


@pytest.fixture(scope="module")
def weights() -> dict[str, torch.Tensor]:
    return {name: tensor.contiguous() for name, tensor in random_model(VIT).state_dict().items()}


@pytest.fixture
def folder(weights: dict[str, torch.Tensor], tmp_path: Path) -> Path:
    """A model in PhotoClip's own dialect, in float32, somewhere on the disk."""
    checkpoint.save(random_model(VIT), VIT, tmp_path / "somewhere", torch.float32)
    return tmp_path / "somewhere"


@pytest.fixture
def published(hub: Hub, weights: dict[str, torch.Tensor], monkeypatch: pytest.MonkeyPatch) -> PublishedModel:
    """A small model that the hub has, and OpenAI's address too."""
    archive = io.BytesIO()
    torch.save({name: tensor.half() for name, tensor in weights.items()}, archive)
    digest = hashlib.sha256(archive.getvalue()).hexdigest()
    hub.files[f"/openai/{digest}/small.pt"] = archive.getvalue()
    hub.put(REPOSITORY, WEIGHTS[0], save(weights))
    hub.put(REPOSITORY, CONFIG, json.dumps(OPEN_CLIP).encode())
    model = PublishedModel("small", VIT, REPOSITORY, "MIT", "Small.", "small.pt", digest, "Small/16")
    monkeypatch.setattr(registry, "PUBLISHED", (model,))
    return model


def own() -> list[str]:
    return [path.name for path in model_folders() if path.parent == models_dir()]


def leftovers() -> list[str]:
    root = models_dir() / unfinished.UNFINISHED
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.suffix != ".lock")


@pytest.mark.parametrize("source", ["", "openai"])
def test_a_published_model_is_got(published: PublishedModel, source: str) -> None:
    info = store.get("Small/16", Job(), source)  # type: ignore[arg-type]
    assert info == describe(models_dir() / "small") == find_model("small")
    assert (info.name, info.dim, own()) == ("small", 48, ["small"])
    assert sorted(path.name for path in info.folder.iterdir()) == ["config.json", "model.safetensors"]
    assert leftovers() == []


def test_the_models_stored_are_of_half_precision_and_whole(
    published: PublishedModel, weights: dict[str, torch.Tensor]
) -> None:
    stored = load_file(store.get("small", Job()).folder / "model.safetensors")
    assert stored.keys() == weights.keys()
    for name, tensor in weights.items():
        assert stored[name].dtype == (torch.float16 if tensor.ndim > 1 else torch.float32)
        torch.testing.assert_close(stored[name].float(), tensor, rtol=1e-3, atol=1e-6)


def test_a_model_is_not_got_twice(published: PublishedModel, hub: Hub) -> None:
    before = store.get("small", Job())
    asked = len(hub.seen)
    with pytest.raises(ModelError, match="small is installed already; .* --replace"):
        store.get("small", Job())
    assert len(hub.seen) == asked
    assert store.get("small", Job(), replace=True) == before
    assert leftovers() == []


def test_cancelled_it_goes_on_from_there(published: PublishedModel, hub: Hub) -> None:
    cancel = threading.Event()
    with pytest.raises(Cancelled):
        store.get("small", Job(cancel, progress=lambda *_: cancel.set()))
    assert own() == []
    assert [name.endswith(".part") for name in leftovers() if WEIGHTS[0] in name] == [True]
    store.get("small", Job())
    assert hub.ranges()[-1].startswith("bytes=")
    assert leftovers() == []


def test_a_download_that_is_no_model_is_not_kept(published: PublishedModel, hub: Hub) -> None:
    hub.put(REPOSITORY, WEIGHTS[0], b"not a model at all")
    with pytest.raises(ModelError, match="damaged"):
        store.get("small", Job())
    assert own() == leftovers() == []


def test_a_config_on_the_hub_that_says_otherwise_is_an_error(published: PublishedModel, hub: Hub) -> None:
    other = {**OPEN_CLIP, "model_cfg": {**OPEN_CLIP["model_cfg"], "quick_gelu": False}}
    hub.put(REPOSITORY, CONFIG, json.dumps(other).encode())
    with pytest.raises(ModelError, match="activation"):
        store.get("small", Job())
    assert own() == []


def test_unknown_and_missing_models_say_what_there_is(published: PublishedModel) -> None:
    with pytest.raises(ModelError, match='no published model "nonesuch"; known are small'):
        store.get("nonesuch", Job())
    with pytest.raises(ModelError, match="get it with: photoclip models get small"):
        find_model("Small/16")


def test_a_published_model_that_is_missing_is_told_by_any_of_its_names() -> None:
    with pytest.raises(ModelError, match="get it with: photoclip models get openai-vit-b-32"):
        find_model("ViT-B/32")


def test_a_folder_is_taken_in(folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    info = store.install(folder, "mine")
    assert info == find_model("mine")
    assert (info.name, own()) == ("mine", ["mine"])
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert leftovers() == []


def test_a_state_dict_is_taken_in_with_what_it_does_not_tell(
    weights: dict[str, torch.Tensor], tmp_path: Path
) -> None:
    torch.save(weights, tmp_path / "weights.pt")
    declared = replace(VIT, activation="gelu")
    store.install(tmp_path / "weights.pt", "mine", declared)
    assert checkpoint.load(models_dir() / "mine")[1] == declared


def test_names(folder: Path) -> None:
    for name in ("", ".hidden", "a/b", "..", "a" * 65, "café", "dot."):
        with pytest.raises(ModelError, match="cannot be a model's name"):
            store.install(folder, name)
    for name in ("starter", "Starter"):
        with pytest.raises(ModelError, match="comes with PhotoClip; choose another"):
            store.install(folder, name, replace=True)
    store.install(folder, "mine")
    for name in ("mine", "MINE"):
        with pytest.raises(ModelError, match="is installed already"):
            store.install(folder, name)
    with pytest.raises(ModelError, match="There is no model at .*nowhere"):
        store.install(folder / "nowhere", "other")
    assert own() == ["mine"]


def test_a_broken_model_leaves_nothing(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"\xff" * 50)
    with pytest.raises(ModelError, match="damaged"):
        store.install(folder, "mine")
    assert own() == leftovers() == []


def test_no_room(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "free_bytes", lambda folder: 1000)
    with pytest.raises(DiskFull, match="mine needs . MB of free space"):
        store.install(folder, "mine")


def test_a_folder_that_cannot_be_written(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PHOTOCLIP_MODELS", str(tmp_path / "file"))
    with pytest.raises(ModelError, match="cannot be written .*; set PHOTOCLIP_MODELS"):
        store.install(folder, "mine")


def test_a_full_disk_while_writing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint, "save", full)
    with pytest.raises(DiskFull, match="full"):
        store.install(folder, "mine")
    assert own() == leftovers() == []


def test_removing(folder: Path) -> None:
    store.install(folder, "mine")
    with pytest.raises(ModelError, match='no model "other" to remove; yours are: mine'):
        store.remove("other")
    store.remove("mine")
    assert own() == leftovers() == []
    with pytest.raises(ModelError, match='no model "mine" to remove; you have none'):
        store.remove("mine")
    with pytest.raises(ModelError, match="starter comes with PhotoClip and cannot be removed"):
        store.remove("starter")


def test_a_kill_leaves_nothing_half_installed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, save_whole = store.install(folder, "mine"), checkpoint.save

    def killed(*arguments: object) -> None:
        save_whole(*arguments)  # type: ignore[arg-type]
        raise SystemExit(9)

    with monkeypatch.context() as patched:
        patched.setattr(checkpoint, "save", killed)
        patched.setattr(unfinished, "_tidy", lambda folder: None)  # nobody is left to clear up
        with pytest.raises(SystemExit):
            store.install(folder, "mine", replace=True)
    assert "mine/new/model.safetensors" in leftovers()
    assert own() == ["mine"]
    assert find_model("mine") == before
    store.install(folder, "other")  # any work on models clears away what there is
    assert leftovers() == []


def test_a_kill_between_the_two_renames_of_a_replacement(folder: Path) -> None:
    before = store.install(folder, "mine")
    work = models_dir() / unfinished.UNFINISHED / "mine"
    work.mkdir()
    before.folder.rename(work / unfinished.OLD)
    unfinished.clean()
    assert find_model("mine") == before
    assert leftovers() == []


def test_two_at_once(folder: Path) -> None:
    with (
        unfinished.unfinished("mine"),
        pytest.raises(ModelError, match="Another PhotoClip is working on mine"),
    ):
        store.install(folder, "mine")
    store.install(folder, "mine")


def test_parts_of_a_download_survive_the_clearing(folder: Path) -> None:
    work = models_dir() / unfinished.UNFINISHED / "big"
    work.mkdir(parents=True)
    (work / "weights.part").write_bytes(b"...")
    store.install(folder, "mine")
    assert leftovers() == ["big", "big/weights.part"]


def test_needs_no_torch_to_look() -> None:
    code = "import sys, photoclip.clip.store, photoclip.clip.store.hub; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_hub_that_fails_and_openai_that_helps(published: PublishedModel, hub: Hub) -> None:
    said: list[str] = []
    hub.trouble("HEAD", f"/{REPOSITORY}/resolve/main/{WEIGHTS[0]}", Trouble(403))
    store.get("small", Job(say=said.append))
    assert own() == ["small"]
    assert [line.split(" ")[-1] for line in said] == ["address.", "it."]
