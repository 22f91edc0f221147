"""openai/CLIP's API on PhotoClip's models."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save

from photoclip import clip
from photoclip.clip import api, checkpoint, registry
from photoclip.clip.store.hub import CONFIG, WEIGHTS
from photoclip.errors import ModelError, UnreadablePhoto
from tests.clip.hub_server import Hub
from tests.clip.small_models import SMALL, open_clip_settings, random_model

OPENAI = [
    "RN50",
    "RN101",
    "RN50x4",
    "RN50x16",
    "RN50x64",
    "ViT-B/32",
    "ViT-B/16",
    "ViT-L/14",
    "ViT-L/14@336px",
]


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    random = np.random.default_rng(0)
    Image.fromarray(random.integers(0, 255, (90, 130, 3), dtype=np.uint8)).save(path)
    return path


def test_the_names_are_openais_and_more() -> None:
    names = clip.available_models()
    assert names[:9] == OPENAI
    assert len(names) == len(registry.PUBLISHED) + 1
    assert names[-1] == "starter"


@pytest.mark.parametrize("kind", SMALL)
def test_a_model_on_disk_is_loaded_and_asked(kind: str, tmp_path: Path, photo: Path) -> None:
    model, config = random_model(SMALL[kind]), SMALL[kind]
    checkpoint.save(model, config, tmp_path / "model", torch.float32)
    loaded, preprocess = clip.load(tmp_path / "model", device="cpu")
    image = preprocess(Image.open(photo)).unsqueeze(0)
    assert image.shape == (1, 3, 64, 64)
    text = clip.tokenize(["a diagram", "a dog", "a cat"], model=loaded)
    with torch.no_grad():
        per_image, per_text = loaded(image, text)
        ours = model.encode_image(image) / model.encode_image(image).norm(dim=-1, keepdim=True)
    assert per_image.shape == (1, 3)
    assert torch.equal(per_image.T, per_text)
    assert torch.allclose(
        clip.encode_files(loaded, preprocess, [photo, str(photo)]), ours.expand(2, -1), atol=1e-5
    )


def test_the_starter_is_a_zero_shot_classifier(photo: Path) -> None:
    model, preprocess = clip.load("starter", device="cpu", dtype=torch.float32)
    classifier = clip.zero_shot_classifier(model, ["cat", "dog"])
    assert classifier.shape == (2, model.text_projection.shape[1])
    assert torch.allclose(classifier.norm(dim=-1), torch.ones(2), atol=1e-5)
    assert clip.encode_files(model, preprocess, []).shape == (0, classifier.shape[1])


def test_openais_example_runs_with_one_import_changed(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, photo: Path
) -> None:
    """The example of openai/CLIP's README, with a small model in ViT-B/32's place on the hub."""
    full = replace(SMALL["vit"], text=replace(SMALL["vit"].text, vocab_size=49408))
    served = replace(registry.published("ViT-B/32"), config=full)
    monkeypatch.setattr(registry, "PUBLISHED", (served,))
    hub.put(served.repository, WEIGHTS[0], save(dict(random_model(full).half().state_dict())))
    hub.put(served.repository, CONFIG, json.dumps(open_clip_settings(full)).encode())
    model, preprocess = clip.load("ViT-B/32", device="cpu")
    image = preprocess(Image.open(photo)).unsqueeze(0).to("cpu")
    text = clip.tokenize(["a diagram", "a dog", "a cat"]).to("cpu")
    with torch.no_grad():
        image_features = model.encode_image(image)
        text_features = model.encode_text(text)
        logits_per_image, _logits_per_text = model(image, text)
        probs = logits_per_image.softmax(dim=-1).cpu().numpy()
    assert image_features.shape == (1, 48)
    assert text_features.shape == (3, 48)
    assert probs.sum() == pytest.approx(1)
    asked = len(hub.asked("GET"))
    clip.load("ViT-B/32", device="cpu")
    assert len(hub.asked("GET")) == asked  # installed now


def test_half_precision_is_asked_for(tmp_path: Path) -> None:
    checkpoint.save(random_model(SMALL["vit"]), SMALL["vit"], tmp_path / "model")
    model, _ = clip.load(str(tmp_path / "model"), device="cpu", dtype=torch.bfloat16)
    assert model.dtype == torch.bfloat16


def test_tokens_are_openais() -> None:
    tokens = clip.tokenize("a diagram")
    assert tokens.dtype == torch.int32
    assert tokens.shape == (1, 77)
    assert tokens[0, :5].tolist() == [49406, 320, 22697, 49407, 0]
    assert clip.tokenize(["a", "b"], context_length=5).shape == (2, 5)


def test_a_text_that_is_too_long_raises_as_there() -> None:
    with pytest.raises(RuntimeError, match="too long"):
        clip.tokenize("a " * 200)
    tokens = clip.tokenize("a " * 200, truncate=True)
    assert tokens[0, 0] == 49406
    assert tokens[0, -1] == 49407


def test_preprocessing_is_torchvisions_pixel_for_pixel(photo: Path) -> None:
    from photoclip.clip.torchvision_compat import import_torchvision

    transforms = import_torchvision("torchvision.transforms")
    config = SMALL["vit"]
    reference = transforms.Compose([
        transforms.Resize(64, interpolation=transforms.InterpolationMode.BICUBIC),
        transforms.CenterCrop(64),
        lambda image: image.convert("RGB"),
        transforms.ToTensor(),
        transforms.Normalize(config.mean, config.std),
    ])  # fmt: skip
    for mode in ("RGB", "L"):
        image = Image.open(photo).convert(mode)
        assert torch.allclose(api.preprocessing(config)(image), reference(image), atol=1e-6)


def test_what_cannot_be_loaded_is_said(tmp_path: Path, photo: Path) -> None:
    with pytest.raises(ModelError, match="no-such-model"):
        clip.load("no-such-model")
    model, preprocess = clip.load("starter", device="cpu")
    (tmp_path / "bad.jpg").write_bytes(b"this is text")
    with pytest.raises(UnreadablePhoto):
        clip.encode_files(model, preprocess, [photo, tmp_path / "bad.jpg"])


def test_importing_the_package_does_not_import_torch() -> None:
    code = "import sys; from photoclip import clip; assert 'torch' not in sys.modules; clip.tokenize"
    subprocess.run([sys.executable, "-c", code], check=True)
    with pytest.raises(AttributeError, match="nothing"):
        clip.nothing  # noqa: B018
