"""Starting CLIP's text tower from the sentence encoder's own layers; distillation then only has to mend it.

The encoder (BERT) normalizes after each addition, CLIP before each layer. What a layer adds to the stream is
scaled so that the stream stays in proportion to BERT's sums; the norms keep their gains. That is exact but
for gains that differ between channels, the causal mask, and pieces of words that the two vocabularies cut
differently: these are what is learned anew.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from photoclip.clip.model import CLIP, ResidualAttentionBlock
from photoclip.clip.training.text_targets import SentenceEncoder


@torch.no_grad()
def inherit(model: CLIP, encoder: SentenceEncoder, vocabulary: Sequence[str], sample: Sequence[str]) -> None:
    """Sets the text tower's weights from as many of the encoder's layers, spread evenly with the first and
    the last among them. `vocabulary` is the tower's entries as text, without the two specials; `sample` some
    texts to measure the layers' sums on. Widths and heads must be the encoder's."""
    bert = encoder.model
    blocks = model.transformer.resblocks
    chosen = torch.linspace(0, len(bert.encoder.layer) - 1, len(blocks)).round().long().tolist()
    _embeddings(model, encoder, vocabulary)
    norm, scale = bert.embeddings.LayerNorm, 1.0
    spreads = _spreads(encoder, sample)
    for block, number in zip(blocks, chosen, strict=True):
        layer = bert.encoder.layer[number]
        assert isinstance(block, ResidualAttentionBlock)
        own = layer.attention.self
        block.attn.in_proj_weight.copy_(torch.cat([own.query.weight, own.key.weight, own.value.weight]))
        block.attn.in_proj_bias.copy_(torch.cat([own.query.bias, own.key.bias, own.value.bias]))
        _copy(block.ln_1, norm)
        scale *= spreads[norm] / norm.weight.mean().item()
        _add(block.attn.out_proj, layer.attention.output.dense, scale, norm.bias)
        norm = layer.attention.output.LayerNorm
        _copy(block.ln_2, norm)
        scale *= spreads[norm] / norm.weight.mean().item()
        block.mlp.c_fc.weight.copy_(layer.intermediate.dense.weight)
        block.mlp.c_fc.bias.copy_(layer.intermediate.dense.bias)
        _add(block.mlp.c_proj, layer.output.dense, scale, norm.bias)
        norm = layer.output.LayerNorm
    _copy(model.ln_final, norm)
    nn.init.eye_(model.text_projection)


def _embeddings(model: CLIP, encoder: SentenceEncoder, vocabulary: Sequence[str]) -> None:
    """Each entry starts as the mean of the encoder's word pieces for the same text."""
    embeddings = encoder.model.embeddings
    words: Tensor = embeddings.word_embeddings.weight
    pieces = encoder.tokenizer(list(vocabulary), add_special_tokens=False)["input_ids"]
    rows = [words[row].mean(0) if row else words.mean(0) for row in pieces]
    rows += [words[encoder.tokenizer.cls_token_id], words[encoder.tokenizer.sep_token_id]]
    model.token_embedding.weight.copy_(torch.stack(rows))
    positions = embeddings.position_embeddings.weight[: len(model.positional_embedding)]
    model.positional_embedding.copy_(positions + embeddings.token_type_embeddings.weight[0])


def _spreads(encoder: SentenceEncoder, sample: Sequence[str]) -> dict[nn.Module, float]:
    """The mean standard deviation, over channels, of what enters each of the encoder's norms."""
    found: dict[nn.Module, float] = {}

    def note(norm: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        found[norm] = inputs[0].float().std(-1, correction=0).mean().item()

    norms = [module for module in encoder.model.modules() if isinstance(module, nn.LayerNorm)]
    handles = [norm.register_forward_pre_hook(note) for norm in norms]
    encoder(sample)
    for handle in handles:
        handle.remove()
    return found


def _copy(norm: nn.LayerNorm, source: nn.LayerNorm) -> None:
    norm.weight.copy_(source.weight)
    norm.bias.copy_(source.bias)


def _add(linear: nn.Linear, source: nn.Linear, scale: float, skipped: Tensor) -> None:
    """`linear` adds to the stream what `source` adds to BERT's; `skipped` is the bias of the norm that BERT's
    stream passed and CLIP's does not."""
    linear.weight.copy_(scale * source.weight)
    linear.bias.copy_(scale * (source.bias + skipped))
