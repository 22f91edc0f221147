"""Token ids against open_clip's tokenizer, and what is our own: prefix vocabularies, decoding, errors."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import regex

from photoclip.clip.architectures import architecture
from photoclip.clip.dialects.transformers_tokenizer import write_tokenizer
from photoclip.clip.tokenizer import Tokenizer, clean, load_tokenizer, read_merges
from photoclip.clip.torchvision_compat import import_torchvision
from photoclip.errors import ModelError, PhotoClipError
from photoclip.paths import resource

WORDS = (
    "a photo of",
    "Cat",
    "DOGS",
    "can't",
    "they've",
    "3.14",
    "2021",
    "naïve",
    "straße",
    "Ελλάδα",
    "москва",
    "東京タワー",
    "서울",
    "שלום",
    "مرحبا",
    "हिन्दी",
    "👩‍👩‍👧",
    "🏳️‍🌈",
    "☕️",
    "e\u0301",
    "ﬁne",
    "—",
    "…",
    "“q”",
)
MARKUP = (
    "&amp;",
    "&lt;b&gt;",
    "&amp;amp;",
    "&#39;",
    "&eacute;",
    "<br/>",
    "&nbsp;",
    "<|endoftext|>",
    "#tag",
    "@x",
    "schÃ¶n",
    "l&#8217;eau",
    "http://x.org/?a=b&c=d",
    "x" * 90,
    "\t",
    "\n\n",
    "\r",
    "\x00",
    "\x1b[0m",
    "\u200b",
    "\u3000",
    "\ufeff",
    "_",
    "'",
    "'s",
    "''",
    "!!!",
    "$5",
    "½",
    "²",
    "①",
    "İ",
    "ß",
    "Ǆ",
)


def strings(count: int) -> list[str]:
    """Strings of every sort: words of many scripts, markup, control characters, and any code points."""
    generator = random.Random(0)
    out = ["", " ", "\n", "a", "a" * 3000, "word " * 400, "🙂" * 200]
    while len(out) < count:
        parts = generator.choices(WORDS + MARKUP, k=generator.randint(1, 9))
        if generator.random() < 0.3:
            ranges = generator.choices(((1, 0xD800), (0xE000, 0x2FA20)), k=generator.randint(1, 12))
            parts += [chr(generator.randrange(*limits)) for limits in ranges]
        out.append(generator.choice(("", " ", "  ")).join(parts))
    return out


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return load_tokenizer()


def test_ids_equal_open_clip(tokenizer):
    import_torchvision()
    theirs = pytest.importorskip("open_clip").tokenizer.SimpleTokenizer()
    texts = strings(20_000)
    for text in texts:
        assert tokenizer.encode(text) == theirs.encode(text), repr(text)
    assert tokenizer(texts, truncate=True).equal(theirs(texts))


def transformers_tokenizer(folder: Path):
    """Hugging Face's tokenizer on the files that we write for it."""
    import_torchvision()
    transformers = pytest.importorskip("transformers")
    write_tokenizer(architecture("ViT-B-32").text, folder)
    return transformers.CLIPTokenizerFast.from_pretrained(folder)


# What the two treat differently by design: we follow OpenAI. HTML entities and broken encodings are mended
# here and not there; special tokens typed by a person act there; case is folded by other tables; control
# characters split words there; and what is a letter beyond the first 65,536 code points depends on the
# Unicode version of each library.
DIFFERS = regex.compile(r"&|<\||[\p{C}\p{M}\U00010000-\U0010ffff\p{So}\p{Lm}İǄﬁ]")


def test_ids_equal_transformers_where_cleaning_changes_nothing(tokenizer, tmp_path):
    theirs = transformers_tokenizer(tmp_path)
    texts = [
        text for text in strings(20_000) if clean(text) == text.strip().lower() and not DIFFERS.search(text)
    ]
    assert len(texts) > 1000
    for text in texts:
        assert tokenizer.encode(text) == theirs(text, add_special_tokens=False).input_ids, repr(text)


def test_known_ids(tokenizer):
    tokens = tokenizer("a diagram")[0]
    assert tokens[:5].tolist() == [49406, 320, 22697, 49407, 0]
    assert tokens.shape == (77,)


def test_decode_gives_the_words_back(tokenizer):
    assert (
        tokenizer.decode(tokenizer("Two KIDS on a sled, 2 dogs 🙂")[0].tolist()).strip("! ")
        == "two kids on a sled , 2 dogs 🙂"
    )


def test_a_typed_end_of_text_is_only_text(tokenizer):
    assert tokenizer.end_of_text not in tokenizer.encode("a <|endoftext|> b")


@pytest.mark.parametrize("vocab_size", [514, 2000, 8192])
def test_prefix_vocabulary(vocab_size):
    small = load_tokenizer(vocab_size, context_length=16)
    tokens = small(["a photograph of an extraordinary hippopotamus", ""], truncate=True)
    assert tokens.shape == (2, 16)
    assert tokens.max() == small.end_of_text == vocab_size - 1
    assert tokens[0, 0] == small.start_of_text == vocab_size - 2
    assert tokens[1].tolist()[:3] == [vocab_size - 2, vocab_size - 1, 0]
    assert small.decode(small.encode("extraordinary hippopotamus")) == "extraordinary hippopotamus "


def test_too_long(tokenizer):
    with pytest.raises(PhotoClipError, match="is too long for the model: 80 tokens, .* room for 75"):
        tokenizer("word " * 80)
    assert tokenizer("word " * 80, truncate=True)[0, -1] == tokenizer.end_of_text
    assert tokenizer("word " * 75)[0, -1] == tokenizer.end_of_text


def test_merges_file_with_a_problem(tmp_path):
    with pytest.raises(ModelError, match="cannot be read"):
        read_merges(tmp_path / "none.gz", 10)
    (tmp_path / "text.gz").write_text("no gzip")
    with pytest.raises(ModelError, match="cannot be read"):
        read_merges(tmp_path / "text.gz", 10)
    with pytest.raises(ModelError, match="merges, and the model needs 1000000"):
        read_merges(resource("vocabulary/bpe_simple_vocab_16e6.txt.gz"), 1_000_000)
