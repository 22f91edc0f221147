from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from photoclip.clip.training import text_targets

CPU = torch.device("cpu")


class LengthEncoder:
    """Says how long a text is, and remembers what it was asked."""

    asked: ClassVar[list[str]] = []

    def __init__(self, device: torch.device) -> None:
        del device

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float16]:
        self.asked.extend(texts)
        return np.array([[len(text)] * text_targets.DIM for text in texts], np.float16)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the encoder is asked, in order; two texts make a saved part."""
    LengthEncoder.asked = []
    monkeypatch.setattr(text_targets, "SentenceEncoder", LengthEncoder)
    monkeypatch.setattr(text_targets, "CHUNK", 2)
    return LengthEncoder.asked


def lengths(vectors: NDArray[np.float16]) -> list[int]:
    return [int(value) for value in vectors[:, 0]]


def test_texts_are_encoded_once(asked: list[str], tmp_path: Path) -> None:
    for _ in range(2):
        assert lengths(text_targets.encode(["a", "bbb", "cc"], tmp_path, CPU)) == [1, 3, 2]
    assert asked == ["a", "bbb", "cc"]


def test_an_interrupted_run_goes_on_after_its_last_part(
    asked: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(self: LengthEncoder, texts: Sequence[str]) -> NDArray[np.float16]:
        if "cc" in texts:
            raise KeyboardInterrupt
        return np.array([[len(text)] * text_targets.DIM for text in texts], np.float16)

    with monkeypatch.context() as patched:
        patched.setattr(LengthEncoder, "__call__", interrupt)
        with pytest.raises(KeyboardInterrupt):
            text_targets.encode(["a", "bbb", "cc"], tmp_path, CPU)
    assert lengths(text_targets.encode(["a", "bbb", "cc"], tmp_path, CPU)) == [1, 3, 2]
    assert asked == ["cc"]


def test_another_list_costs_only_what_is_new(asked: list[str], tmp_path: Path) -> None:
    text_targets.encode(["a", "bbb"], tmp_path, CPU)
    asked.clear()
    assert lengths(text_targets.encode(["bbb", "cccc", "a"], tmp_path, CPU)) == [3, 4, 1]
    assert asked == ["cccc"]
    assert lengths(text_targets.encode(["a"], tmp_path, CPU)) == [1]
    assert asked == ["cccc"]
