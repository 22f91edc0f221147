"""The encoder a library uses: unit vectors, half precision only where it agrees, fallbacks in the open."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from photoclip.clip import checkpoint, encoder, placed
from photoclip.clip.encoder import TorchEncoder, load_encoder, random_encoder
from photoclip.clip.model import CLIP
from photoclip.clip.models import describe
from photoclip.clip.placement import PLAIN, Placement, probe_pixels
from photoclip.clip.precision import Measured, Precisions, machine
from photoclip.errors import ModelError
from tests.clip.small_models import SMALL, random_model

BFLOAT16 = Placement(torch.device("cpu"), torch.bfloat16)


@pytest.fixture
def plain(model, config) -> TorchEncoder:
    return TorchEncoder(model, config, "key", [PLAIN])


def test_unit_vectors(plain):
    for vectors in (plain.encode_pixels(probe_pixels(64)), plain.encode_texts(["a cat", "", "word " * 200])):
        assert vectors.dtype == np.float32
        assert vectors.shape[1] == plain.dim == 48
        assert np.allclose((vectors**2).sum(axis=1), 1, atol=1e-5)
    assert plain.encode_pixels(np.zeros((0, 64, 64, 3), np.uint8)).shape == (0, 48)
    assert plain.encode_texts([]).shape == (0, 48)


def test_batches_are_only_batches(plain):
    pixels = np.random.default_rng(0).integers(0, 256, (5, 64, 64, 3), dtype=np.uint8)
    together = plain.encode_pixels(pixels)
    plain._batches.size = 2
    assert np.allclose(plain.encode_pixels(pixels), together, atol=1e-5)


@torch.no_grad()
def test_preprocessing_is_the_configs(model, config):
    pixels = probe_pixels(64)
    mean, std = (torch.tensor(values)[:, None, None] for values in (config.mean, config.std))
    images = (torch.from_numpy(pixels).permute(0, 3, 1, 2) / 255 - mean) / std
    expected = torch.nn.functional.normalize(model.encode_image(images), dim=-1).numpy()
    assert np.allclose(TorchEncoder(model, config, "key", [PLAIN]).encode_pixels(pixels), expected, atol=1e-5)


def test_bfloat16_agrees_and_says_so(model, config, plain):
    half = TorchEncoder(random_model(config), config, "key", [BFLOAT16, PLAIN])
    assert half.description == f"{config.name} on CPU, bfloat16"
    pixels, texts = probe_pixels(64), ["two kids on a red sled", "an old coin"]
    for ours, exact in (
        (half.encode_pixels(pixels), plain.encode_pixels(pixels)),
        (half.encode_texts(texts), plain.encode_texts(texts)),
    ):
        assert (ours * exact).sum(axis=1).min() >= 0.999


def test_a_faster_way_that_differs_is_passed_over(config, monkeypatch):
    exact = TorchEncoder(random_model(config), config, "key", [PLAIN]).encode_texts(["a cat"])
    encode_text = CLIP.encode_text

    def wrong_in_half(self, text):
        features = encode_text(self, text)
        return features.roll(1, dims=-1) if self.dtype == torch.bfloat16 else features

    monkeypatch.setattr(CLIP, "encode_text", wrong_in_half)
    chosen = TorchEncoder(random_model(config), config, "key", [BFLOAT16, PLAIN])
    assert chosen.description == f"{config.name} on CPU, float32 (CPU, bfloat16 gave other results)"
    assert np.allclose(chosen.encode_texts(["a cat"]), exact, atol=1e-5)


def test_a_device_that_fails_is_passed_over(config):
    absent = Placement(torch.device("meta"), torch.float32)
    chosen = TorchEncoder(random_model(config), config, "key", [absent, PLAIN])
    assert chosen.description.startswith(f"{config.name} on CPU, float32 (META, float32 failed: ")
    assert chosen.encode_texts(["a cat"]).shape == (1, 48)


def test_the_fastest_way_is_measured_once_and_remembered(config, tmp_path, monkeypatch):
    timed: list[str] = []

    def speed(encode, side):
        assert len(encode(probe_pixels(side))) == 2
        timed.append(str(encode.__self__._placement))
        return {"CPU, float32": 30.0, "CPU, bfloat16": 20.0}[timed[-1]]

    monkeypatch.setattr(placed, "pictures_per_second", speed)
    monkeypatch.setattr(placed, "block_flops_per_second", lambda _device: 1e11)
    precisions = Precisions(tmp_path / "cache" / "precision.json")
    for _ in range(2):
        chosen = TorchEncoder(random_model(config), config, "key", [BFLOAT16, PLAIN], precisions)
        assert chosen.description == f"{config.name} on CPU, float32"
    assert timed == ["CPU, bfloat16", "CPU, float32"]
    kept = precisions.of("key")
    assert kept is not None
    assert kept.chosen == "CPU, float32"
    assert kept.speeds == {"CPU, bfloat16": 20.0, "CPU, float32": 30.0}
    assert kept.machine == machine()


def test_how_quick_the_machine_is_is_learned_with_the_first_model_timed(config, tmp_path, monkeypatch):
    rates = iter([RuntimeError("out of memory"), 2e11, 3e11])
    told: list[str] = []

    def rate(device):
        told.append(device.type)
        found = next(rates)
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setattr(placed, "pictures_per_second", lambda *_: 1.0)
    monkeypatch.setattr(placed, "block_flops_per_second", rate)
    precisions = Precisions(tmp_path / "precision.json")
    TorchEncoder(random_model(config), config, "key", [PLAIN])
    assert told == []
    for key, expected in (("a", None), ("a", 2e11), ("a", 2e11), ("b", 3e11)):
        TorchEncoder(random_model(config), config, key, [BFLOAT16, PLAIN], precisions)
        kept = precisions.rate()
        assert (kept.flops if kept else None) == expected
    assert told == ["cpu"] * 3


def test_what_was_remembered_is_tried_again_and_left_when_it_fails(config, tmp_path, monkeypatch):
    monkeypatch.setattr(placed, "block_flops_per_second", lambda _device: 1e11)
    precisions = Precisions(tmp_path / "precision.json")
    absent = Placement(torch.device("meta"), torch.float32)
    names = (str(absent), str(PLAIN))
    precisions.keep("key", Measured(machine(), names, str(absent)))
    chosen = TorchEncoder(random_model(config), config, "key", [absent, PLAIN], precisions)
    assert chosen.description.startswith(f"{config.name} on CPU, float32 (META, float32 failed")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_cuda_agrees(config, plain):
    half = TorchEncoder(random_model(config), config, "key")
    assert half.description == f"{config.name} on CUDA, float16"
    pixels = probe_pixels(64)
    assert (half.encode_pixels(pixels) * plain.encode_pixels(pixels)).sum(axis=1).min() >= 0.999


def test_wrong_pixels_are_our_bug(plain):
    with pytest.raises(ValueError, match=r"not uint8 \[N, 64, 64, 3\]"):
        plain.encode_pixels(np.zeros((1, 32, 32, 3), np.uint8))
    with pytest.raises(ValueError, match="not uint8"):
        plain.encode_pixels(np.zeros((1, 64, 64, 3), np.float32))


def test_load_encoder(model, config, tmp_path):
    checkpoint.save(model, config, tmp_path / "m")
    loaded, info = load_encoder(str(tmp_path / "m")), describe(tmp_path / "m")
    assert (loaded.name, loaded.key, loaded.dim, loaded.pixel_spec) == (
        info.name,
        info.key,
        info.dim,
        info.pixel_spec,
    )
    assert loaded.logit_scale == pytest.approx(info.logit_scale)
    with pytest.raises(ModelError):
        load_encoder(str(tmp_path / "none"))


def test_random_encoder_is_the_same_each_time(monkeypatch):
    monkeypatch.setattr(encoder, "architecture", lambda name: SMALL[name])
    first, second, other = random_encoder("vit", 1), random_encoder("vit", 1), random_encoder("vit", 2)
    assert first.key == second.key != other.key
    assert np.array_equal(first.encode_texts(["x"]), second.encode_texts(["x"]))
    assert not np.allclose(first.encode_texts(["x"]), other.encode_texts(["x"]), atol=1e-2)
