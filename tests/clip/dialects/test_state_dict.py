"""Plain state dicts, in both of torch's containers and however they are wrapped."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from photoclip.clip import checkpoint, dialects
from photoclip.errors import ModelError
from tests.clip.dialects.hostile import Payload, write_zip
from tests.clip.dialects.reference import SHAPES, embeddings, half, openai_like
from tests.clip.small_models import random_model, relative_difference


@pytest.fixture(params=list(SHAPES))
def shape(request):
    return SHAPES[request.param]


def wrapped(state: dict[str, Tensor], how: str) -> dict[str, object]:
    sizes = {name: torch.tensor(7) for name in ("input_resolution", "context_length", "vocab_size")}
    optimizer = {
        "state": {0: {"step": torch.tensor(3.0)}},
        "param_groups": [{"lr": 0.1, "betas": (0.9, 0.98)}],
    }
    parallel = {f"module.{name}": tensor for name, tensor in state.items()}
    text = ("transformer.", "token_embedding.", "positional_embedding", "ln_final.", "text_projection")
    return {
        "openai": state | sizes,
        "training": {"epoch": 32, "name": "run", "state_dict": OrderedDict(parallel), "optimizer": optimizer},
        "parallel": parallel,
        "custom text": {f"text.{k}" if k.startswith(text) else k: v for k, v in state.items()},
        "with mask": state | {"attn_mask": torch.zeros(12, 12)},
    }[how]


@pytest.mark.parametrize("suffix", [".pt", ".bin"])
@pytest.mark.parametrize("how", ["openai", "training", "parallel", "custom text", "with mask"])
def test_every_bit_arrives(shape, how: str, suffix: str, tmp_path: Path) -> None:
    state = half(random_model(shape).state_dict())
    path = tmp_path / f"model{suffix}"
    torch.save(wrapped(state, how), path, _use_new_zipfile_serialization=suffix == ".pt")
    config, tensors = dialects.read(path, shape)
    assert config is shape
    assert tensors.keys() == state.keys()
    for name, tensor in state.items():
        assert tensors[name].dtype == tensor.dtype
        assert tensors[name].equal(tensor), name


def test_embeddings_are_the_references(shape, tmp_path: Path) -> None:
    reference, stored = openai_like(shape)
    torch.save(stored, tmp_path / "m.pt")
    model, _ = checkpoint.load(tmp_path / "m.pt", config=shape)
    assert relative_difference(embeddings(model, shape), embeddings(reference, shape)) <= 2e-5


def test_without_a_declared_config_it_cannot_be_used(shape, tmp_path: Path) -> None:
    torch.save(random_model(shape).state_dict(), tmp_path / "m.pt")
    with pytest.raises(
        ModelError, match=r"m.pt holds weights alone, .* activation .* declare the model's config"
    ):
        dialects.read(tmp_path / "m.pt")


def test_the_declared_shape_has_to_be_the_files(tmp_path: Path) -> None:
    config = SHAPES["vit"]
    torch.save(random_model(config).state_dict(), tmp_path / "m.pt")
    for wrong, entry in (
        (SHAPES["resnet"], "vision.kind is vit in the one and resnet"),
        (
            replace(config, vision=replace(config.vision, patch_size=8)),
            "vision.patch_size is 16 in the one and 8",
        ),
        (
            replace(config, text=replace(config.text, vocab_size=49408)),
            "text.vocab_size is 300 in the one and 49408",
        ),
    ):
        with pytest.raises(ModelError, match=rf"m.pt does not fit the declared config: {entry}"):
            dialects.read(tmp_path / "m.pt", wrong)


@pytest.mark.parametrize("is_zip", [True, False])
@pytest.mark.parametrize("place", ["whole", "beside", "inside"])
def test_an_attack_is_refused_and_does_not_run(tmp_path: Path, is_zip: bool, place: str) -> None:
    payload = Payload(tmp_path / "ran")
    state = random_model(SHAPES["vit"]).state_dict()
    content = {
        "whole": payload,
        "beside": {"state_dict": state, "epoch": payload},
        "inside": state | {"x": payload},
    }
    for name in ("evil.pt", "evil.bin", "pytorch_model.bin"):
        torch.save(content[place], tmp_path / name, _use_new_zipfile_serialization=is_zip)
        with pytest.raises(
            ModelError, match=rf"{name} was not loaded, and nothing in it was run: it asks for "
        ):
            dialects.read(tmp_path / name, SHAPES["vit"])
        assert not payload.has_run()
    torch.load(tmp_path / name, weights_only=False)
    assert payload.has_run()  # so the attack is one


@pytest.mark.parametrize("is_zip", [True, False])
def test_a_tower_of_tuples_does_not_end_the_process(tmp_path: Path, is_zip: bool) -> None:
    """As a key it would be hashed, deeper than the machine's stack."""
    bomb = b"\x80\x02})" + b"\x85" * 100_000 + b"Ns."
    path = tmp_path / "bomb.pt"
    if is_zip:
        write_zip(path, {"data.pkl": bomb}, torchscript=False)
    else:
        torch.save({}, path, _use_new_zipfile_serialization=False)
        path.write_bytes(path.read_bytes().replace(b"\x80\x02}q\x00.", bomb))
        assert path.stat().st_size > len(bomb)
    with pytest.raises(ModelError, match="bomb.pt was not loaded, .* nested without end"):
        dialects.read(path, SHAPES["vit"])


def test_two_members_of_one_name(tmp_path: Path) -> None:
    path = write_zip(
        tmp_path / "m.pt", {"data.pkl": b"\x80\x02}.", "DATA.PKL": b"\x80\x02}."}, torchscript=False
    )
    with pytest.raises(ModelError, match="m.pt is not as PyTorch writes it: it has two members of one name"):
        dialects.read(path, SHAPES["vit"])


def test_a_pickled_model_is_refused(tmp_path: Path) -> None:
    torch.save(torch.nn.Linear(2, 2), tmp_path / "model.pt")
    with pytest.raises(
        ModelError, match=r"model.pt was not loaded, .* asks for torch.nn.modules.linear.Linear"
    ):
        dialects.read(tmp_path / "model.pt")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([1, 2], "holds no table of tensors"),
        ({}, "holds no table of tensors"),
        ({"a": 1}, "holds no table of tensors: 'a' is not one"),
        ({3: torch.zeros(1)}, "holds no table of tensors: '3' is not one"),
        ({"a": torch.zeros(1)}, "is incomplete: visual.conv1.weight, .* missing"),
    ],
)
def test_something_else_than_a_clip(tmp_path: Path, content: object, message: str) -> None:
    torch.save(content, tmp_path / "m.pt")
    with pytest.raises(ModelError, match=rf"m.pt {message}"):
        dialects.read(tmp_path / "m.pt", SHAPES["vit"])


@pytest.mark.parametrize(
    ("tensor", "message"),
    [
        (torch.zeros(300, 64, dtype=torch.int8), "as int8, which is not read here"),
        (torch.zeros(300, 64, dtype=torch.complex64), "as complex64, which is not read here"),
        (torch.zeros(300, 64, dtype=torch.float8_e4m3fn), "as float8_e4m3fn, which is not read here"),
        (torch.zeros(300, 64).to_sparse(), "in a form that is not a plain array"),
        (torch.zeros(300, 64, device="meta"), "in a form that is not a plain array"),
        (torch.zeros(1).expand(2**40, 64), "is larger than what is stored for it"),
    ],
)
def test_tensors_that_are_no_plain_arrays(tmp_path: Path, tensor: Tensor, message: str) -> None:
    state = random_model(SHAPES["vit"]).state_dict() | {"token_embedding.weight": tensor}
    torch.save(state, tmp_path / "m.pt")
    with pytest.raises(ModelError, match=rf"m.pt (holds|is damaged: ).*token_embedding.weight {message}"):
        dialects.read(tmp_path / "m.pt", SHAPES["vit"])


def test_a_missing_tensor_is_named(tmp_path: Path) -> None:
    config = SHAPES["vit"]
    for name in ("ln_final.weight", "visual.transformer.resblocks.1.mlp.c_fc.bias", "logit_scale"):
        state = random_model(config).state_dict()
        del state[name]
        torch.save(state, tmp_path / "m.pt")
        with pytest.raises(ModelError, match=rf"m.pt is incomplete: {name} is missing"):
            checkpoint.load(tmp_path / "m.pt", config=config)


def test_a_hole_between_the_layers_is_named(tmp_path: Path) -> None:
    state = random_model(SHAPES["vit"]).state_dict()
    state = {name: tensor for name, tensor in state.items() if ".resblocks.0." not in f".{name}"}
    torch.save(state, tmp_path / "m.pt")
    with pytest.raises(
        ModelError, match=r"incomplete: transformer.resblocks.0.attn.in_proj_bias, .* missing"
    ):
        checkpoint.load(tmp_path / "m.pt", config=SHAPES["vit"])
