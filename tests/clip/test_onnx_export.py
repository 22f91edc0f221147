"""The exported graphs in ONNX Runtime."""

from pathlib import Path

import pytest
import torch

from photoclip.clip.onnx_export import TEXTUAL, VISUAL, export_onnx
from photoclip.errors import ModelError
from tests.clip.small_models import SMALL, random_images, random_model, random_tokens, relative_difference

TOLERANCE = 2e-5


@pytest.mark.parametrize("kind", SMALL)
@torch.no_grad()
def test_the_graphs_compute_the_same(kind: str, tmp_path: Path) -> None:
    runtime = pytest.importorskip("onnxruntime")
    config = SMALL[kind]
    model = random_model(config)
    export_onnx(model, config, tmp_path)
    images, tokens = random_images(3, config.vision.image_size), random_tokens(config, [1, 75, 20, 0, 7])
    for file, name, values, expected in (
        (VISUAL, "image", images, model.encode_image(images)),
        (TEXTUAL, "text", tokens, model.encode_text(tokens)),
    ):
        session = runtime.InferenceSession(tmp_path / file, providers=["CPUExecutionProvider"])
        for count in (len(values), 1):
            (found,) = session.run(["features"], {name: values[:count].numpy()})
            assert relative_difference(torch.from_numpy(found), expected[:count]) <= TOLERANCE


def test_without_the_packages_it_says_which_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("photoclip.clip.onnx_export.find_spec", lambda name: None)
    with pytest.raises(ModelError, match=r"photoclip\[onnx\]"):
        export_onnx(random_model(SMALL["vit"]), SMALL["vit"], tmp_path)
