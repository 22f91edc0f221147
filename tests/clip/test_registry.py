"""The published models as data."""

import pytest
import torch

from photoclip.clip.config import OPENAI_MEAN, CLIPConfig
from photoclip.clip.model import CLIP
from photoclip.clip.registry import PUBLISHED, PublishedModel, parameters, published
from photoclip.errors import ModelError


@pytest.mark.parametrize("model", PUBLISHED, ids=lambda model: model.name)
def test_parameters_are_those_of_the_built_model(model: PublishedModel) -> None:
    with torch.device("meta"):
        built = CLIP(model.config)
    assert parameters(model.config) == sum(tensor.numel() for tensor in built.state_dict().values())


# Of files on the hub that others have written down with their hashes.
ON_THE_HUB = {
    "openai-rn50": 408_291_932,
    "openai-vit-b-32": 605_143_284,
    "openai-vit-l-14": 1_710_517_724,
    "laion2b-vit-h-14": 3_944_692_325,
}


@pytest.mark.parametrize("model", PUBLISHED, ids=lambda model: model.name)
def test_the_declared_size_is_the_architectures(model: PublishedModel) -> None:
    """In float32, as the hub has them. The 2 % are for what a file holds beside its parameters: a header, the
    batch norms' counters (eight bytes each), and a mask or positions where a program stored those."""
    with torch.device("meta"):
        built = CLIP(model.config)
    tensors = {**dict(built.named_parameters()), **dict(built.named_buffers())}
    computed = sum(4 * tensor.numel() for tensor in tensors.values())
    assert model.bytes == pytest.approx(computed, rel=0.02)
    assert model.bytes == pytest.approx(ON_THE_HUB.get(model.name, computed), rel=0.02)


def test_every_row_is_whole_and_every_name_is_one_model() -> None:
    names = [model.name for model in PUBLISHED]
    assert len(set(names)) == len(names) == 18
    for model in PUBLISHED:
        assert model.config.name == model.name
        assert "/" in model.repository
        assert model.licence
        assert model.quality.endswith(".")
        assert published(model.name) is published(model.repository) is model
        if model.alias:
            assert published(model.alias) is model
            assert model.address.endswith(f"/{model.sha256}/{model.file}")


@pytest.mark.parametrize(
    ("name", "activation", "mean", "resize"),
    [
        ("ViT-B/32", "quick_gelu", OPENAI_MEAN, "shortest"),
        ("ViT-L/14@336px", "quick_gelu", OPENAI_MEAN, "shortest"),
        ("laion2b-vit-b-32", "gelu", OPENAI_MEAN, "shortest"),
        ("dfn2b-vit-l-14", "quick_gelu", OPENAI_MEAN, "shortest"),
        ("laion2b-vit-l-14", "gelu", (0.5, 0.5, 0.5), "shortest"),
        ("dfn5b-vit-h-14-378", "quick_gelu", OPENAI_MEAN, "squash"),
        ("metaclip-vit-b-16", "quick_gelu", OPENAI_MEAN, "shortest"),
    ],
)
def test_what_weights_cannot_tell(
    name: str, activation: str, mean: tuple[float, float, float], resize: str
) -> None:
    config: CLIPConfig = published(name).config
    assert (config.activation, config.mean, config.resize) == (activation, mean, resize)


def test_openai_files_have_their_own_names() -> None:
    assert published("ViT-L/14@336px").file == "ViT-L-14-336px.pt"
    assert published("RN50x4").file == "RN50x4.pt"


def test_another_name_is_refused_with_those_there_are() -> None:
    with pytest.raises(ModelError, match="openai-vit-b-32"):
        published("")
