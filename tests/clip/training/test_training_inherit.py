"""The text tower's start from a sentence encoder: exact where both towers can say the same."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn

from photoclip.clip.config import TextConfig
from photoclip.clip.torchvision_compat import import_torchvision
from photoclip.clip.training import distill
from photoclip.clip.training.inherit import inherit
from photoclip.clip.training.starter import CONFIG
from photoclip.clip.training.text_targets import SentenceEncoder

import_torchvision()
transformers = pytest.importorskip("transformers", reason="the sentence encoder is a Transformers model")

WIDTH, HEADS, VOCABULARY = 16, 2, 40
PIECES = [[word] for word in range(4, VOCABULARY)]


class Tokenizer:
    """Gives every entry of a vocabulary one piece, in order."""

    cls_token_id, sep_token_id = 2, 3

    def __call__(self, texts: list[str], *, add_special_tokens: bool) -> dict[str, list[list[int]]]:
        assert not add_special_tokens
        return {"input_ids": [PIECES[int(text)] for text in texts]}


class Encoder:
    """A random BERT that is asked about token ids."""

    def __init__(self, layers: int) -> None:
        torch.manual_seed(0)
        self.tokenizer = Tokenizer()
        config = transformers.BertConfig(
            vocab_size=VOCABULARY,
            hidden_size=WIDTH,
            num_hidden_layers=layers,
            num_attention_heads=HEADS,
            intermediate_size=4 * WIDTH,
            max_position_embeddings=8,
            layer_norm_eps=1e-5,  # as CLIP's
        )
        self.model = transformers.BertModel(config).eval()
        for parameter in self.model.parameters():
            nn.init.normal_(parameter, std=0.3)
        for module in self.model.modules():
            if isinstance(module, nn.LayerNorm):  # gains alike in all channels: then nothing is approximate
                nn.init.constant_(module.weight, 0.7)

    def __call__(self, ids: Tensor) -> Tensor:
        with torch.no_grad():
            return cast(Tensor, self.model(input_ids=ids).last_hidden_state)


CAUSAL_ALONE = torch.tensor([[2]])  # of one token the causal mask hides nothing


@pytest.mark.parametrize(("layers", "kept"), [(1, 1), (3, 3)])
def test_a_single_token_means_the_same_in_both(layers: int, kept: int) -> None:
    encoder = Encoder(layers)
    tower = a_tower(kept)
    inherit(
        tower, cast(SentenceEncoder, encoder), [str(n) for n in range(len(PIECES))], cast(Any, CAUSAL_ALONE)
    )
    x = tower.token_embedding(torch.tensor([[len(PIECES)]])) + tower.positional_embedding[:1]
    found = tower.ln_final(tower.transformer(x)) @ tower.text_projection
    torch.testing.assert_close(found, encoder(CAUSAL_ALONE), rtol=1e-3, atol=1e-3)


def test_fewer_layers_keep_the_first_and_the_last() -> None:
    encoder, tower = Encoder(3), a_tower(2)
    inherit(
        tower, cast(SentenceEncoder, encoder), [str(n) for n in range(len(PIECES))], cast(Any, CAUSAL_ALONE)
    )
    for block, number in zip(tower.transformer.resblocks, (0, 2), strict=True):
        wanted = encoder.model.encoder.layer[number].intermediate.dense.weight
        assert torch.equal(cast(Tensor, block.mlp.c_fc.weight), wanted)


def a_tower(layers: int) -> Any:
    text = TextConfig(context_length=8, vocab_size=len(PIECES) + 2, width=WIDTH, heads=HEADS, layers=layers)
    config = replace(CONFIG, embed_dim=WIDTH, text=text)
    return distill.text_tower(config, WIDTH).eval()
