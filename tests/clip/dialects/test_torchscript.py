"""OpenAI's archives: read to the last bit, and nothing in them run."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from photoclip.clip import checkpoint, dialects
from photoclip.clip.config import OPENAI_MEAN, CLIPConfig
from photoclip.clip.dialects import torchscript
from photoclip.errors import ModelError
from tests.clip.dialects.hostile import Payload, code, tensor_program, write_zip
from tests.clip.dialects.reference import SHAPES, embeddings, openai_like, save_archive, save_module
from tests.clip.small_models import relative_difference

TOLERANCE = 2e-5


@pytest.fixture(scope="module", params=["vit script", "vit trace", "resnet trace"])
def archive(request, tmp_path_factory):
    """Path, config, reference and stored tensors of an archive like OpenAI's."""
    shape, how = request.param.split()
    path = tmp_path_factory.mktemp("archive") / "ViT-B-32.pt"
    return path, SHAPES[shape], *save_archive(SHAPES[shape], path, how)


def test_every_bit_arrives(archive) -> None:
    path, config, _, stored = archive
    found, tensors = dialects.read(path)
    assert found == config
    assert found.name == "ViT-B-32"
    assert (found.activation, found.mean, found.resize) == ("quick_gelu", OPENAI_MEAN, "shortest")
    assert tensors.keys() == stored.keys()
    for name, tensor in stored.items():
        assert tensors[name].dtype == tensor.dtype, name
        assert tensors[name].equal(tensor), name


def test_embeddings_are_the_references(archive) -> None:
    path, config, reference, _ = archive
    model, _ = checkpoint.load(path)
    assert relative_difference(embeddings(model, config), embeddings(reference, config)) <= TOLERANCE


def test_the_sizes_among_the_tensors_are_dropped(archive) -> None:
    path, *_ = archive
    assert {"input_resolution", "context_length", "vocab_size"} <= torchscript.read(path).keys()
    assert not {"input_resolution", "context_length", "vocab_size"} & dialects.read(path)[1].keys()


def test_what_was_declared_has_to_be_true(archive) -> None:
    path, config, *_ = archive
    named = replace(config, name="mine")
    assert dialects.read(path, named)[0].name == "mine"
    half = (0.5, 0.5, 0.5)
    text = replace(config.text, layers=3)
    for wrong, entry in (
        (replace(config, activation="gelu"), "activation is quick_gelu in the one and gelu in the other"),
        (replace(config, mean=half), "mean is 0.48145466, .* 0.5, 0.5, 0.5"),
        (replace(config, resize="squash"), "resize is shortest in the one and squash"),
        (replace(config, embed_dim=512), "embed_dim is 48 in the one and 512"),
        (replace(config, text=text), "text.layers is 2 in the one and 3"),
    ):
        with pytest.raises(ModelError, match=rf"ViT-B-32.pt does not fit the declared config: {entry}"):
            dialects.read(path, wrong)


def test_heads_are_declared_where_they_are_not_64_wide(tmp_path: Path) -> None:
    config = replace(SHAPES["vit"], vision=replace(SHAPES["vit"].vision, heads=4))
    reference, _ = save_archive(config, tmp_path / "odd.pt", "trace")
    model, found = checkpoint.load(tmp_path / "odd.pt", config=config)
    assert found.vision.heads == 4
    assert relative_difference(embeddings(model, config), embeddings(reference, config)) <= TOLERANCE


def test_an_attack_in_the_pickle_is_refused_and_does_not_run(tmp_path: Path) -> None:
    payload = Payload(tmp_path / "ran")
    pickle.loads(pickle.dumps(payload, protocol=2))
    assert payload.has_run()  # so the attack is one
    payload.forget()
    path = write_zip(tmp_path / "evil.pt", {"data.pkl": pickle.dumps(payload, protocol=2)})
    with pytest.raises(ModelError, match=r"evil.pt was not loaded, and nothing in it was run: it asks for "):
        dialects.read(path)
    assert not payload.has_run()


def test_an_attack_hidden_in_a_real_archive(tmp_path: Path) -> None:
    """The rest of the file is a model, and the attack is an attribute of it."""
    payload = Payload(tmp_path / "ran")
    attack = pickle.dumps(payload, protocol=2)[2:-1]
    program = b"\x80\x02c__torch__\nCLIP\n)\x81}X\x01\x00\x00\x00a" + attack + b"sb."
    with pytest.raises(ModelError, match="nothing in it was run"):
        dialects.read(write_zip(tmp_path / "evil.pt", {"data.pkl": program}))
    assert not payload.has_run()


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (tensor_program(size=(5,)), "reaches beyond"),
        (tensor_program(offset=1), "reaches beyond"),
        (tensor_program(size=(2,), stride=(4,)), "reaches beyond"),
        (tensor_program(size=(2**20, 2**20), stride=(0, 0)), "reaches beyond"),
        (tensor_program(size=(2**62,)), "no possible shape"),
        (tensor_program(size=(-1,)), "no possible shape"),
        (tensor_program(stride=(-1,)), "no possible shape"),
        (tensor_program(size=(2, 2)), "no possible shape"),
        (tensor_program(count=2**40), "has 16 bytes and should have 4398046511104"),
        (tensor_program(kind="QInt8Storage"), "a kind that is not read here, QInt8Storage"),
        (tensor_program(key="7"), "data/7 is missing"),
        (tensor_program(key="../data.pkl"), "data/../data.pkl is missing"),
        (b"\x80\x02}.", "something else than a model"),
        (b"\x80\x02c__torch__\nM\n)\x81q\x00}X\x01\x00\x00\x00ah\x00sb.", "nested without end"),
    ],
)
def test_impossible_tensors(tmp_path: Path, program: bytes, message: str) -> None:
    path = write_zip(tmp_path / "bad.pt", {"data.pkl": program, "data/0": bytes(16)})
    with pytest.raises(ModelError, match=rf"bad.pt .*{message}"):
        dialects.read(path)


def test_a_possible_tensor(tmp_path: Path) -> None:
    """What the impossible ones are made from is fine, so each fails for its own reason."""
    content = torch.arange(4.0).numpy().tobytes()
    for program in (tensor_program(), tensor_program().replace(code("cpu"), code("cuda:0"))):
        path = write_zip(tmp_path / "m.pt", {"data.pkl": program, "data/0": content})
        assert torchscript.read(path)["a"].tolist() == [0.0, 1.0, 2.0, 3.0]


def test_numbers_in_another_order(tmp_path: Path) -> None:
    members = {"data.pkl": tensor_program(), "data/0": bytes(16), "byteorder": b"big"}
    with pytest.raises(ModelError, match="in an order that is not read"):
        dialects.read(write_zip(tmp_path / "big.pt", members))


def test_a_changed_byte_is_noticed(archive, tmp_path: Path) -> None:
    path, _, _, stored = archive
    first = next(iter(stored.values())).numpy().tobytes()
    content = path.read_bytes()
    assert content.count(first) == 1
    (tmp_path / "changed.pt").write_bytes(content.replace(first, bytes([first[0] ^ 1]) + first[1:]))
    with pytest.raises(ModelError, match=r"changed.pt is damaged: data/\d+ in it cannot be read \(Bad CRC"):
        dialects.read(tmp_path / "changed.pt")


def test_a_wrong_architecture(tmp_path: Path) -> None:
    path = tmp_path / "linear.pt"
    save_module(torch.nn.Linear(2, 2), path)
    with pytest.raises(
        ModelError, match=r"linear.pt is incomplete: visual.conv1.weight, .* and 4 more are missing"
    ):
        dialects.read(path)


def test_values_that_are_no_numbers(tmp_path: Path) -> None:
    config: CLIPConfig = SHAPES["vit"]
    reference, _ = openai_like(config)
    with torch.no_grad():
        reference.ln_final.weight.fill_(torch.nan)
    save_module(reference, tmp_path / "nan.pt")
    with pytest.raises(ModelError, match=r"nan.pt is damaged: ln_final.weight holds values that are not"):
        checkpoint.load(tmp_path / "nan.pt")
