"""The folders we write, with Transformers' own tokenizers and image processors: the same ids and pixels."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from photoclip.clip import api, checkpoint
from photoclip.clip.config import CLIPConfig, TextConfig
from photoclip.clip.dialects import write_transformers
from photoclip.clip.dialects.transformers_tokenizer import has_tokenizer
from photoclip.clip.tokenizer import load_tokenizer
from photoclip.clip.torchvision_compat import import_torchvision
from tests.clip.dialects.reference import SHAPES
from tests.clip.small_models import SMALL, random_model, relative_difference

FULL = replace(SMALL["vit"], text=replace(SMALL["vit"].text, vocab_size=49408))
PREFIX = replace(SMALL["vit"], text=replace(SMALL["vit"].text, context_length=32))  # of 2000 entries
TOKENIZER = ["merges.txt", "special_tokens_map.json", "tokenizer_config.json", "vocab.json"]
SENTENCES = [
    "a diagram",
    "Two KIDS on a red sled!",
    "it's 2 dogs, isn't it?",
    "naïve café, straße",
    "",
    "犬と猫",
    "an extraordinary hippopotamus photographed in black & white",
    "word " * 100,
]
TOLERANCE = 2e-5
RESIZE_LEVELS = 1  # of 255: two resizings round differently


@pytest.fixture(scope="module")
def transformers() -> Any:
    import_torchvision()  # transformers imports it where it is installed
    return pytest.importorskip("transformers")


@pytest.fixture(params=[FULL, PREFIX], ids=["full", "prefix"])
def config(request: pytest.FixtureRequest) -> CLIPConfig:
    return request.param


@pytest.fixture
def folder(config: CLIPConfig, tmp_path: Path) -> Path:
    write_transformers(random_model(config), config, tmp_path / "hub")
    return tmp_path / "hub"


def photo(width: int, height: int) -> Image.Image:
    """Smooth and coarse parts, as photographs have."""
    random = np.random.default_rng(7)
    small = Image.fromarray(random.integers(0, 256, (12, 16, 3), dtype=np.uint8))
    return small.resize((width, height), Image.Resampling.BICUBIC)


def ids(found: Any, config: CLIPConfig) -> torch.Tensor:
    """Theirs, with our zeros behind the first end-of-text, where they may pad with more of that."""
    tokens = found["input_ids"].clone()
    ends = (tokens == config.text.end_of_text).int().argmax(dim=1)
    tokens[torch.arange(tokens.shape[1])[None] > ends[:, None]] = 0
    return tokens


@pytest.mark.parametrize("kind", ["CLIPTokenizer", "CLIPTokenizerFast", "AutoTokenizer"])
def test_token_ids_are_ours(kind: str, folder: Path, config: CLIPConfig, transformers: Any) -> None:
    theirs = getattr(transformers, kind).from_pretrained(folder)
    ours = load_tokenizer(config.text.vocab_size, config.text.context_length)
    found = theirs(SENTENCES, padding="max_length", truncation=True, return_tensors="pt")
    assert ids(found, config).equal(ours(SENTENCES, truncate=True))
    assert len(theirs) == config.text.vocab_size
    assert theirs.model_max_length == config.text.context_length
    assert (theirs.bos_token_id, theirs.eos_token_id) == (config.text.start_of_text, config.text.end_of_text)


@pytest.mark.parametrize(
    ("changes", "size"),
    [
        ({}, (200, 120)),
        ({"resize": "squash", "mean": (0.5, 0.5, 0.5)}, (200, 120)),
        ({"interpolation": "bilinear", "std": (0.1, 0.2, 0.3)}, (97, 131)),
        ({}, (40, 30)),
    ],
)
@pytest.mark.parametrize("fast", [False, True])
def test_pixels_are_ours(
    changes: dict[str, Any], size: tuple[int, int], fast: bool, tmp_path: Path, transformers: Any
) -> None:
    config = replace(PREFIX, **changes)
    write_transformers(random_model(config), config, tmp_path)
    kind = transformers.CLIPImageProcessorFast if fast else transformers.CLIPImageProcessor
    theirs = kind.from_pretrained(tmp_path)(photo(*size), return_tensors="pt")["pixel_values"]
    ours = api.preprocessing(config)(photo(*size))[None]
    levels = (theirs - ours).abs() * torch.tensor(config.std)[:, None, None] * 255
    assert levels.max().item() <= RESIZE_LEVELS + 1e-3


@torch.no_grad()
def test_model_and_processor_work_whole(folder: Path, config: CLIPConfig, transformers: Any) -> None:
    model = transformers.CLIPModel.from_pretrained(folder).eval()
    processor = transformers.CLIPProcessor.from_pretrained(folder)
    given = processor(
        text=SENTENCES, images=photo(200, 120), return_tensors="pt", padding=True, truncation=True
    )
    theirs = model(**given)
    ours, _ = checkpoint.load(folder)
    tokens = load_tokenizer(config.text.vocab_size, config.text.context_length)(SENTENCES, truncate=True)
    per_image, per_text = ours(given["pixel_values"], tokens)
    assert relative_difference(per_image, theirs.logits_per_image) <= TOLERANCE
    assert relative_difference(per_text, theirs.logits_per_text) <= TOLERANCE


def test_what_they_save_again_is_read(
    folder: Path, config: CLIPConfig, tmp_path: Path, transformers: Any
) -> None:
    """Out, through their hands, and back."""
    transformers.CLIPModel.from_pretrained(folder).save_pretrained(tmp_path / "again")
    transformers.CLIPProcessor.from_pretrained(folder).save_pretrained(tmp_path / "again")
    model, found = checkpoint.load(tmp_path / "again")
    assert found == replace(config, name=found.name)
    expected = random_model(config).state_dict()
    assert all(tensor.equal(expected[name]) for name, tensor in model.state_dict().items())


def test_the_files_are_those_that_clips_have(folder: Path, config: CLIPConfig) -> None:
    assert set(TOKENIZER) < {path.name for path in folder.iterdir()}
    vocabulary = json.loads((folder / "vocab.json").read_text("utf-8"))
    assert sorted(vocabulary.values()) == list(range(config.text.vocab_size))
    assert vocabulary["<|endoftext|>"] == config.text.end_of_text
    lines = (folder / "merges.txt").read_bytes().decode().split("\n")
    assert lines[:2] == ["#version: 0.2", "i n"]
    assert lines[-1] == ""
    assert len(lines) == config.text.vocab_size - 514 + 2


def test_a_vocabulary_that_is_no_prefix_of_clips_has_no_files(tmp_path: Path) -> None:
    write_transformers(random_model(SHAPES["vit"]), SHAPES["vit"], tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "config.json", "model.safetensors", "preprocessor_config.json",
    ]  # fmt: skip
    sizes = {513: False, 514: True, 49408: True, 49409: False}
    assert {size: has_tokenizer(TextConfig(77, size, 64, 1, 1)) for size in sizes} == sizes
