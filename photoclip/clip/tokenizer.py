"""CLIP's byte-level BPE tokenizer: text in, the published token ids out."""

from __future__ import annotations

import gzip
import html
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path

import ftfy
import regex
import torch
from torch import Tensor

from photoclip.errors import ModelError, PhotoClipError
from photoclip.paths import resource

MERGES_FILE = "vocabulary/bpe_simple_vocab_16e6.txt.gz"
FULL_VOCABULARY = 49408
BYTES, SPECIALS = 2 * 256, 2  # each byte comes twice: inside a word and ending one
END_OF_WORD = "</w>"

WORDS = regex.compile(r"'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+", regex.IGNORECASE)

Merge = tuple[str, str]


class Tokenizer:
    """Text to token ids and back.

    `merges` is CLIP's merges table or a prefix of it, best first; the vocabulary then has 514 more entries:
    the bytes, the bytes that end a word, the merges, start-of-text and end-of-text.
    """

    def __init__(self, merges: Sequence[Merge], context_length: int = 77) -> None:
        symbols = list(byte_symbols().values())
        symbols += [symbol + END_OF_WORD for symbol in symbols]
        symbols += [left + right for left, right in merges]
        self.context_length = context_length
        self.vocab_size = len(symbols) + SPECIALS
        self.start_of_text = self.vocab_size - 2
        self.end_of_text = self.vocab_size - 1
        self._symbols = symbols
        self._ids = {symbol: number for number, symbol in enumerate(symbols)}
        self._ranks = {merge: rank for rank, merge in enumerate(merges)}
        self._known_words: dict[str, list[int]] = {}

    def encode(self, text: str) -> list[int]:
        """The token ids of cleaned `text`, without start- and end-of-text; nothing in it acts as either."""
        return [token for word in WORDS.findall(clean(text)) for token in self._encode_word(word)]

    def decode(self, tokens: Iterable[int]) -> str:
        """The text of token ids, lower-case and with a space after each word; specials are left out."""
        symbols = "".join(self._symbols[token] for token in tokens if token < self.start_of_text)
        bytes_of = {symbol: byte for byte, symbol in byte_symbols().items()}
        words = (bytes(bytes_of[symbol] for symbol in word) for word in symbols.split(END_OF_WORD))
        return b" ".join(words).decode("utf-8", errors="replace")

    def __call__(self, texts: str | Sequence[str], truncate: bool = False) -> Tensor:
        """Token ids int64 [N, context_length]: start-of-text, the text, end-of-text, then zeros.

        A text that is too long loses its end when `truncate`, and raises PhotoClipError otherwise.
        """
        texts = [texts] if isinstance(texts, str) else texts
        room = self.context_length - SPECIALS
        rows = []
        for text in texts:
            tokens = self.encode(text)
            if len(tokens) > room and not truncate:
                raise PhotoClipError(
                    f'The text "{text[:40]}…" is too long for the model: '
                    f"{len(tokens)} tokens, and there is room for {room}."
                )
            padding = [0] * (room - len(tokens))
            rows.append([self.start_of_text, *tokens[:room], self.end_of_text, *padding])
        return torch.tensor(rows, dtype=torch.long).view(len(rows), self.context_length)

    def _encode_word(self, word: str) -> list[int]:
        known = self._known_words.get(word)
        if known is None:
            symbols = [byte_symbols()[byte] for byte in word.encode("utf-8")]
            symbols[-1] += END_OF_WORD
            known = [self._ids[symbol] for symbol in self._merge(symbols)]
            self._known_words[word] = known
        return known

    def _merge(self, symbols: list[str]) -> list[str]:
        """Joins the best-ranked pair, wherever it stands, until no pair is in the table."""
        never = len(self._ranks)
        while len(symbols) > 1:
            best = min(pairwise(symbols), key=lambda pair: self._ranks.get(pair, never))
            if best not in self._ranks:
                break
            symbols = join_pair(symbols, best)
        return symbols


def join_pair(symbols: list[str], pair: Merge) -> list[str]:
    joined, position = [], 0
    while position < len(symbols):
        if tuple(symbols[position : position + 2]) == pair:
            joined.append(pair[0] + pair[1])
            position += 2
        else:
            joined.append(symbols[position])
            position += 1
    return joined


def clean(text: str) -> str:
    """Mended encoding, HTML entities (even twice escaped) resolved, single spaces, lower case."""
    if not (text.isascii() and text.isprintable()) or "&" in text:  # in plain text there is nothing to mend
        text = html.unescape(html.unescape(ftfy.fix_text(text)))
    return " ".join(text.split()).lower()


@cache
def byte_symbols() -> dict[int, str]:
    """A visible character for every byte: itself where it is one, else the next one from 256 on."""
    visible = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    hidden = [byte for byte in range(256) if byte not in visible]
    return {byte: chr(byte) for byte in visible} | {byte: chr(256 + n) for n, byte in enumerate(hidden)}


def read_merges(path: Path, count: int) -> list[Merge]:
    """The first `count` merges of a merges file. Raises ModelError when it is missing or has fewer."""
    try:
        lines = gzip.decompress(path.read_bytes()).decode("utf-8").splitlines()[1:]  # the first is a version
    except (OSError, EOFError, ValueError) as error:
        raise ModelError(f"The vocabulary {path} cannot be read ({error}).") from error
    if len(lines) < count:
        raise ModelError(f"The vocabulary {path} has {len(lines)} merges, and the model needs {count}.")
    return [(left, right) for left, right in (line.split() for line in lines[:count])]


def load_tokenizer(vocab_size: int = FULL_VOCABULARY, context_length: int = 77) -> Tokenizer:
    """The tokenizer of a model whose vocabulary is CLIP's, or the prefix of it with `vocab_size` entries."""
    merges = read_merges(resource(MERGES_FILE), vocab_size - BYTES - SPECIALS)
    return Tokenizer(merges, context_length)
