from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from photoclip.clip.training import texts
from photoclip.errors import PhotoClipError


def test_templates_use_the_right_article() -> None:
    filled = texts.with_templates("an ice cream")
    assert "a photo of an ice cream" in filled
    assert "ice cream" in filled
    assert not any("an an" in text or "a an" in text for text in filled)


def test_texts_that_say_the_same_are_kept_once_and_held_out_ones_never() -> None:
    found = texts.unique(
        ["A dog.", "a  dog", "Two cats", "secret words", "x" * 300], without=["Secret, words!"]
    )
    assert found == ["A dog.", "Two cats"]


def test_nothing_to_learn_from_is_said() -> None:
    with pytest.raises(PhotoClipError, match="no texts"):
        texts.unique(["  "])


def test_a_corpus_is_read_from_all_its_formats(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("plain line\n")
    (tmp_path / "b.en.gz").write_bytes(gzip.compress(b"packed line\n"))
    (tmp_path / "c.json").write_text('{"annotations": [{"caption": "a caption"}]}')
    (tmp_path / "data.noun").write_text(
        '  1 licence\n00001740 05 n 02 hot_dog 0 frank 0 001 @ 00001 n 0000 | a sausage; "he ate one"\n'
    )
    found = set(texts.corpus_texts(tmp_path))
    assert {"plain line", "packed line", "a caption", "hot dog", "frank", "a sausage"} <= found
    assert not any("licence" in text for text in found)


def test_rare_words_are_left_out_of_the_everyday_ones() -> None:
    kept = texts.everyday(["a cat", "xq"], lambda text: 9 if text == "xq" else 2, most=10, seed=0)
    assert kept == ["a cat"]
