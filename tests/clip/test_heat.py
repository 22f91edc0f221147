"""Features and attention on the image grid."""

import pytest
import torch
import torch.nn.functional as F

from photoclip.clip.heat import attention, heat_map, patch_features
from tests.clip.small_models import SMALL, random_images, random_model, random_tokens

KINDS = pytest.mark.parametrize("kind", SMALL)


@KINDS
def test_every_place_has_a_unit_vector(kind: str) -> None:
    model = random_model(SMALL[kind])
    side = 4 if kind == "vit" else 2
    features = patch_features(model, random_images(3, 64))
    assert features.shape == (3, side, side, 48)
    assert torch.allclose(features.norm(dim=-1), torch.ones(3, side, side), atol=1e-5)


def test_a_vit_sees_its_class_token_the_same_way() -> None:
    """With every token moved to the class token's place the dense features are the embedding itself."""
    model = random_model(SMALL["vit"])
    visual, image = model.visual, random_images(2, 64)
    blocks = visual.transformer
    whole = F.normalize(model.encode_image(image), dim=-1)
    visual.transformer.forward = lambda x: type(blocks).forward(blocks, x)[:, :1].expand_as(x)  # type: ignore[method-assign]
    assert torch.allclose(patch_features(model, image), whole[:, None, None].expand(2, 4, 4, 48), atol=1e-5)


@KINDS
def test_attention_is_a_share_of_the_whole(kind: str) -> None:
    model = random_model(SMALL[kind])
    shares = attention(model, random_images(3, 64))
    assert shares.shape == (3, *(2 * (4 if kind == "vit" else 2,)))
    assert (shares >= 0).all()
    sums = shares.sum(dim=(1, 2))
    assert ((sums > 0) & (sums < 1 + 1e-5)).all()


def test_a_resnet_pools_with_these_shares() -> None:
    """The values under the shares, the mean's own share added, are what the pool gives on."""
    model = random_model(SMALL["resnet"])
    pool, image = model.visual.attnpool, random_images(2, 64)
    pool.heads = 1
    places = pool.embed(model.visual.feature_map(image))
    shares = attention(model, image).flatten(1)
    weights = torch.cat([1 - shares.sum(1, keepdim=True), shares], dim=1)
    pooled = pool.c_proj((weights[:, :, None] * pool.v_proj(places)).sum(1))
    assert torch.allclose(pooled, model.encode_image(image), atol=1e-4)


def test_an_efficientnets_places_have_the_embedding_as_their_mean() -> None:
    model = random_model(SMALL["efficientnet"])
    image = random_images(2, 64)
    places = model.visual.proj(model.visual.feature_map(image).flatten(2).transpose(1, 2))
    assert torch.allclose(places.mean(1), model.encode_image(image), atol=1e-5)
    assert torch.allclose(F.normalize(places, dim=-1), patch_features(model, image).flatten(1, 2), atol=1e-5)


@KINDS
def test_larger_pictures_have_finer_grids(kind: str) -> None:
    model = random_model(SMALL[kind])
    side = 8 if kind == "vit" else 4
    assert patch_features(model, random_images(1, 128)).shape[1:3] == (side, side)
    assert attention(model, random_images(1, 128)).shape == (1, side, side)


@KINDS
def test_a_heat_map_is_the_cosine_of_place_and_text(kind: str) -> None:
    config = SMALL[kind]
    model, image = random_model(config), random_images(2, 64)
    tokens = random_tokens(config, [3, 9, 1])
    heat = heat_map(model, image, tokens)
    texts = F.normalize(model.encode_text(tokens), dim=-1)
    assert heat.shape[:2] == (2, 3)
    assert torch.allclose(heat[1, 2, 1, 0], patch_features(model, image)[1, 1, 0] @ texts[2], atol=1e-5)
