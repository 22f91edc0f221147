"""The vocabulary as files for Hugging Face Transformers: `CLIPTokenizer` and `CLIPTokenizerFast` load them.

vocab.json                 every entry of the vocabulary, and its id
merges.txt                 the merges, best first, below a line with their version
tokenizer_config.json      the class, the context length and the special tokens
special_tokens_map.json    the special tokens, where older releases look for them
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from photoclip.clip.config import TextConfig
from photoclip.clip.tokenizer import (
    BYTES,
    END_OF_WORD,
    FULL_VOCABULARY,
    MERGES_FILE,
    SPECIALS,
    byte_symbols,
    read_merges,
)
from photoclip.paths import resource

VOCABULARY, MERGES = "vocab.json", "merges.txt"
TOKENIZER, SPECIAL_TOKENS = "tokenizer_config.json", "special_tokens_map.json"
VERSION = "#version: 0.2"
START_OF_TEXT, END_OF_TEXT = "<|startoftext|>", "<|endoftext|>"

# What pads makes no difference: a model looks at its first end-of-text.
_SPECIAL = {
    "bos_token": START_OF_TEXT,
    "eos_token": END_OF_TEXT,
    "unk_token": END_OF_TEXT,
    "pad_token": END_OF_TEXT,
}


def has_tokenizer(text: TextConfig) -> bool:
    """Whether the vocabulary is CLIP's or the prefix of it with so many entries; there is no other."""
    return BYTES + SPECIALS <= text.vocab_size <= FULL_VOCABULARY


def write_tokenizer(text: TextConfig, folder: Path) -> None:
    """Writes the four files into `folder`. `has_tokenizer(text)` has to be true."""
    merges = read_merges(resource(MERGES_FILE), text.vocab_size - BYTES - SPECIALS)
    symbols = list(byte_symbols().values())
    symbols += [symbol + END_OF_WORD for symbol in symbols]
    symbols += [left + right for left, right in merges]
    symbols += [START_OF_TEXT, END_OF_TEXT]
    ids = {symbol: number for number, symbol in enumerate(symbols)}
    lines = [VERSION, *(f"{left} {right}" for left, right in merges)]
    (folder / VOCABULARY).write_text(json.dumps(ids, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / MERGES).write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    _write(folder / TOKENIZER, _settings(text))
    _write(folder / SPECIAL_TOKENS, _SPECIAL)


def _settings(text: TextConfig) -> dict[str, Any]:
    return {
        "tokenizer_class": "CLIPTokenizer",
        "model_max_length": text.context_length,
        "do_lower_case": True,
        "add_prefix_space": False,
        "errors": "replace",
        **_SPECIAL,
    }


def _write(path: Path, values: dict[str, Any]) -> None:
    path.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
