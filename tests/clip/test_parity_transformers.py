"""The Vision Transformer and the text tower against Hugging Face Transformers, stage by stage."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from photoclip.clip.config import CLIPConfig, ViTConfig
from photoclip.clip.model import CLIP
from photoclip.clip.torchvision_compat import import_torchvision
from tests.clip.small_models import SMALL, random_images, random_model, random_tokens, relative_difference

TOLERANCE = 2e-5

import_torchvision()  # transformers imports it where it is installed
transformers = pytest.importorskip("transformers")


def their_config(config: CLIPConfig):
    vision, text = config.vision, config.text
    assert isinstance(vision, ViTConfig)
    return transformers.CLIPConfig(
        projection_dim=config.embed_dim,
        vision_config={
            "hidden_size": vision.width,
            "intermediate_size": 4 * vision.width,
            "num_hidden_layers": vision.layers,
            "num_attention_heads": vision.heads,
            "image_size": vision.image_size,
            "patch_size": vision.patch_size,
            "hidden_act": config.activation,
        },
        text_config={
            "hidden_size": text.width,
            "intermediate_size": 4 * text.width,
            "num_hidden_layers": text.layers,
            "num_attention_heads": text.heads,
            "vocab_size": text.vocab_size,
            "max_position_embeddings": text.context_length,
            "bos_token_id": text.start_of_text,
            "eos_token_id": text.end_of_text,
            "hidden_act": config.activation,
        },
    )


def their_names(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Our tensors under Transformers' names: query, key and value apart, projections transposed."""
    theirs = {
        "logit_scale": state["logit_scale"],
        "text_projection.weight": state["text_projection"].T,
        "visual_projection.weight": state["visual.proj"].T,
        "text_model.embeddings.token_embedding.weight": state["token_embedding.weight"],
        "text_model.embeddings.position_embedding.weight": state["positional_embedding"],
        "vision_model.embeddings.class_embedding": state["visual.class_embedding"],
        "vision_model.embeddings.patch_embedding.weight": state["visual.conv1.weight"],
        "vision_model.embeddings.position_embedding.weight": state["visual.positional_embedding"],
    }
    norms = {
        "ln_final": "text_model.final_layer_norm",
        "visual.ln_pre": "vision_model.pre_layrnorm",
        "visual.ln_post": "vision_model.post_layernorm",
    }
    for ours, their in norms.items():
        theirs |= {f"{their}.{kind}": state[f"{ours}.{kind}"] for kind in ("weight", "bias")}
    inside = {
        "attn.out_proj": "self_attn.out_proj",
        "ln_1": "layer_norm1",
        "ln_2": "layer_norm2",
        "mlp.c_fc": "mlp.fc1",
        "mlp.c_proj": "mlp.fc2",
    }
    for prefix, their_prefix in (("", "text_model"), ("visual.", "vision_model")):
        start = f"{prefix}transformer.resblocks."
        for layer in sorted({name.split(".")[start.count(".")] for name in state if name.startswith(start)}):
            block, their_block = f"{start}{layer}.", f"{their_prefix}.encoder.layers.{layer}."
            for kind in ("weight", "bias"):
                parts = state[f"{block}attn.in_proj_{kind}"].chunk(3)
                for letter, part in zip("qkv", parts, strict=True):
                    theirs[f"{their_block}self_attn.{letter}_proj.{kind}"] = part
                for ours, their in inside.items():
                    theirs[f"{their_block}{their}.{kind}"] = state[f"{block}{ours}.{kind}"]
    return theirs


SHAPES = {  # the published widths, heads, patches and picture sizes; two layers say as much as 32
    "small": SMALL["vit"].vision,
    "B/32": ViTConfig(224, 32, 768, 2, 12),
    "B/16": ViTConfig(224, 16, 768, 2, 12),
    "L/14": ViTConfig(224, 14, 1024, 2, 16),
    "L/14@336px": ViTConfig(336, 14, 1024, 2, 16),
    "H/14, heads of 80": ViTConfig(224, 14, 1280, 2, 16),
}


@pytest.fixture(params=[(shape, "gelu") for shape in SHAPES] + [("small", "quick_gelu")], ids="-".join)
def pair(request):
    """Our model and theirs with the same weights, and the config."""
    shape, activation = request.param
    config = replace(SMALL["vit"], activation=activation, vision=SHAPES[shape])
    ours, theirs = random_model(config), transformers.CLIPModel(their_config(config)).eval()
    missing, unexpected = theirs.load_state_dict(their_names(ours.state_dict()), strict=False)
    assert not unexpected
    assert all(name.endswith("position_ids") for name in missing)
    return ours, theirs, config


def outputs_of_blocks(model: CLIP, tower: str, run) -> list[torch.Tensor]:
    """What each residual block of a tower puts out during `run`."""
    outputs: list[torch.Tensor] = []
    blocks = model.get_submodule(tower).resblocks
    hooks = [block.register_forward_hook(lambda _m, _i, output: outputs.append(output)) for block in blocks]
    run()
    for hook in hooks:
        hook.remove()
    return outputs


@torch.no_grad()
def test_image_tower_block_by_block(pair):
    ours, theirs, config = pair
    images = random_images(3, config.vision.image_size)
    blocks = outputs_of_blocks(ours, "visual.transformer", lambda: ours.encode_image(images))
    states = theirs.vision_model(pixel_values=images, output_hidden_states=True).hidden_states
    for block, state in zip(blocks, states[1:], strict=True):
        assert relative_difference(block, state) <= TOLERANCE
    whole = theirs.get_image_features(pixel_values=images)
    assert relative_difference(ours.encode_image(images), features_of(whole)) <= TOLERANCE


@torch.no_grad()
def test_text_tower_block_by_block(pair):
    ours, theirs, config = pair
    tokens = random_tokens(config, [3, 75, 20])
    blocks = outputs_of_blocks(ours, "transformer", lambda: ours.encode_text(tokens))
    states = theirs.text_model(input_ids=tokens, output_hidden_states=True).hidden_states
    for block, state in zip(blocks, states[1:], strict=True):
        assert relative_difference(block, state) <= TOLERANCE
    whole = theirs.get_text_features(input_ids=tokens)
    assert relative_difference(ours.encode_text(tokens), features_of(whole)) <= TOLERANCE


@torch.no_grad()
def test_logits(pair):
    ours, theirs, config = pair
    images, tokens = random_images(2, config.vision.image_size), random_tokens(config, [5, 9, 1])
    per_image, per_text = ours(images, tokens)
    expected = theirs(input_ids=tokens, pixel_values=images)
    assert per_image.shape == (2, 3)
    assert relative_difference(per_image, expected.logits_per_image) <= TOLERANCE
    assert relative_difference(per_text, expected.logits_per_text) <= TOLERANCE


def features_of(output) -> torch.Tensor:
    """Newer releases of transformers wrap the features."""
    return output if isinstance(output, torch.Tensor) else output.pooler_output
