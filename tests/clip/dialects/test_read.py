"""Which dialect a path holds, PhotoClip's own among them, and files that are of none or broken."""

from __future__ import annotations

import json
import struct
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from photoclip.clip import checkpoint, dialects
from photoclip.clip.dialects import archive, write_transformers
from photoclip.clip.dialects.shapes import infer_config, usual_heads
from photoclip.errors import ModelError
from tests.clip.dialects.hostile import tensor_program, write_zip
from tests.clip.dialects.reference import SHAPES, embeddings, save_archive
from tests.clip.small_models import random_model

CONFIG = SHAPES["vit"]


@pytest.fixture
def own(tmp_path: Path) -> Path:
    checkpoint.save(random_model(CONFIG), CONFIG, tmp_path / "own", dtype=torch.float32)
    return tmp_path / "own"


def test_photoclips_own(own: Path) -> None:
    for path in (own, own / "model.safetensors"):
        config, tensors = dialects.read(path)
        assert config == CONFIG
        assert all(tensors[name].equal(tensor) for name, tensor in random_model(CONFIG).state_dict().items())
    assert dialects.read(own, CONFIG)[0] is CONFIG
    with pytest.raises(ModelError, match="own does not fit the declared config: activation is quick_gelu"):
        dialects.read(own, replace(CONFIG, activation="gelu"))


def test_bare_safetensors_need_a_declared_config(tmp_path: Path) -> None:
    path = tmp_path / "bare.safetensors"
    save_file(random_model(CONFIG).state_dict(), path)
    model, config = checkpoint.load(path, config=CONFIG)
    assert config is CONFIG
    assert embeddings(model, CONFIG).equal(embeddings(random_model(CONFIG), CONFIG))
    with pytest.raises(
        ModelError, match=r"bare.safetensors holds weights alone, .*declare the model's config"
    ):
        dialects.read(path)


def test_a_folder_without_config(own: Path, tmp_path: Path) -> None:
    (own / "config.json").unlink()
    with pytest.raises(ModelError, match="own is incomplete: config.json is missing"):
        dialects.read(own)
    assert dialects.read(own, CONFIG)[0] is CONFIG
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match="empty is incomplete: model.safetensors is missing"):
        dialects.read(tmp_path / "empty")


@pytest.mark.parametrize("beside", [None, "{}", '{"model_type": "clip"}'])
def test_half_of_open_clips_layout_is_told_what_it_lacks(tmp_path: Path, beside: str | None) -> None:
    weights, config = tmp_path / "open_clip_model.safetensors", tmp_path / "open_clip_config.json"
    save_file(random_model(CONFIG).state_dict(), weights)
    if beside is not None:
        (tmp_path / "config.json").write_text(beside)
    with pytest.raises(ModelError, match="is incomplete: open_clip_config.json is missing"):
        dialects.read(tmp_path)
    assert dialects.read(tmp_path, CONFIG)[0] is CONFIG
    config.write_text("{}")
    weights.unlink()
    with pytest.raises(ModelError, match="is incomplete: open_clip_model.safetensors is missing"):
        dialects.read(tmp_path)


@pytest.mark.parametrize("content", ["{", "[]", '"x"', "[" * 100_000, "\udcff"])
def test_a_config_that_is_no_json(own: Path, content: str) -> None:
    (own / "config.json").write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(ModelError, match=r"own/config.json "):
        dialects.read(own)


def test_a_config_that_claims_more_layers_than_can_be(own: Path) -> None:
    values = json.loads((own / "config.json").read_text())
    values["text"]["layers"] = 10**9
    (own / "config.json").write_text(json.dumps(values))
    with pytest.raises(ModelError, match="own is incomplete: .* claims text.layers to be 1000000000"):
        checkpoint.load(own)


@pytest.mark.parametrize("name", list(SHAPES))
def test_shapes_are_inferred(name: str) -> None:
    config = SHAPES[name]
    shape = infer_config(random_model(config).state_dict(), Path("m"))
    assert shape["vision.kind"] == name
    assert shape["vision.image_size"] == config.vision.image_size
    assert shape["vision.layers"] == config.vision.layers
    assert shape["text.layers"] == config.text.layers
    assert usual_heads(shape) == {"vision.heads": config.vision.heads, "text.heads": config.text.heads}


def test_shapes_that_are_no_clips() -> None:
    state = random_model(CONFIG).state_dict()
    for name, tensor in (("visual.conv1.weight", torch.zeros(3)), ("text_projection", torch.zeros(64))):
        with pytest.raises(ModelError, match=rf"m is not a CLIP: its {name} has the shape"):
            infer_config(state | {name: tensor}, Path("m"))
    with pytest.raises(ModelError, match="visual.positional_embedding has 4 places"):
        infer_config(state | {"visual.positional_embedding": torch.zeros(4, 128)}, Path("m"))
    with pytest.raises(ModelError, match="incomplete: text_projection is missing"):
        infer_config({name: tensor for name, tensor in state.items() if name != "text_projection"}, Path("m"))


@pytest.mark.parametrize(
    "content",
    [b"", b"\x80", b"hello world", b"cos\nsystem\n(S'true'\ntR.", b"PK\x03\x04", b"\x80\x02}.", b"\xff" * 99],
)
@pytest.mark.parametrize("suffix", [".pt", ".safetensors", ".bin"])
def test_files_of_no_dialect(tmp_path: Path, content: bytes, suffix: str) -> None:
    path = tmp_path / f"file{suffix}"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=rf"file{suffix} ") as caught:
        dialects.read(path, CONFIG)
    assert str(caught.value).endswith(".")


def test_a_zip_of_something_else(tmp_path: Path) -> None:
    path = tmp_path / "photos.zip"
    with zipfile.ZipFile(path, "w") as photos:
        photos.writestr("a.jpg", b"")
    with pytest.raises(ModelError, match=r"photos.zip is a zip file and holds no model: it has no data.pkl"):
        dialects.read(path)


@pytest.mark.parametrize("torchscript", [True, False])
@pytest.mark.parametrize("compressed", ["data.pkl", "data/0"])
def test_a_bomb_that_unpacks_to_more_than_the_file(
    tmp_path: Path, torchscript: bool, compressed: str
) -> None:
    bomb = bytes(20 * 2**20)
    members = {"data.pkl": tensor_program(), "data/0": bytes(16)} | {compressed: bomb}
    path = write_zip(tmp_path / "bomb.pt", members, (compressed,), torchscript)
    assert path.stat().st_size < len(bomb) // 100
    with pytest.raises(ModelError, match=r"bomb.pt is not as PyTorch writes it and was not read"):
        dialects.read(path, CONFIG)


def test_a_bomb_of_overlapping_members(tmp_path: Path) -> None:
    """Every entry of the table of contents points to the same bytes and claims them as its own."""
    path = write_zip(tmp_path / "bomb.pt", {"data.pkl": tensor_program(), "data/0": bytes(2**16)})
    with zipfile.ZipFile(path, "a") as opened:
        info = opened.getinfo("archive/data/0")
        for key in range(1, 100):
            copy = zipfile.ZipInfo(f"archive/data/{key}")
            copy.header_offset, copy.CRC = info.header_offset, info.CRC
            copy.file_size = copy.compress_size = info.file_size
            opened.filelist.append(copy)
        opened._didModify = True
    with pytest.raises(ModelError, match=r"bomb.pt is not as PyTorch writes it and was not read"):
        dialects.read(path)


def test_a_pickle_too_large_for_a_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "PICKLE_BYTES", 10)
    path = write_zip(tmp_path / "m.pt", {"data.pkl": tensor_program(), "data/0": bytes(16)})
    with pytest.raises(ModelError, match="its data.pkl is too large to be a model's"):
        dialects.read(path)


def test_a_safetensors_header_that_lies(tmp_path: Path) -> None:
    entries = {
        "huge": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]},
        "odd": {"dtype": "X99", "shape": [1], "data_offsets": [0, 4]},
    }
    for name, entry in entries.items():
        header = json.dumps({name: entry}).encode()
        (tmp_path / "m.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + bytes(4))
        with pytest.raises(ModelError, match=r"m.safetensors is damaged or is not a safetensors file"):
            dialects.read(tmp_path / "m.safetensors", CONFIG)


@pytest.fixture(scope="module")
def whole_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One file of every container."""
    folder = tmp_path_factory.mktemp("whole")
    save_archive(CONFIG, folder / "script.pt", "script")
    state = random_model(CONFIG).state_dict()
    torch.save(state, folder / "zip.pt")
    torch.save(state, folder / "legacy.pt", _use_new_zipfile_serialization=False)
    save_file(state, folder / "open_clip.safetensors")
    write_transformers(random_model(CONFIG), CONFIG, folder / "hub")
    return {path.name: path for path in folder.iterdir()}


@settings(max_examples=4)
@given(part=st.floats(0, 1, exclude_max=True))
@pytest.mark.parametrize("name", ["script.pt", "zip.pt", "legacy.pt", "open_clip.safetensors", "hub"])
def test_a_file_cut_short_anywhere(whole_files: dict[str, Path], name: str, part: float) -> None:
    path = whole_files[name]
    weights = path / "model.safetensors" if path.is_dir() else path
    content = weights.read_bytes()
    try:
        weights.write_bytes(content[: int(part * len(content))])
        with pytest.raises(ModelError, match=name):
            dialects.read(path, CONFIG)
    finally:
        weights.write_bytes(content)


def test_the_whole_files_are_read(whole_files: dict[str, Path]) -> None:
    for path in whole_files.values():
        checkpoint.load(path, config=CONFIG)
