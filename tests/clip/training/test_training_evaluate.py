"""What is counted, on a model that is right or wrong by construction."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from photoclip.clip.training import evaluate
from photoclip.clip.training.judge import HeldOut
from photoclip.clip.training.sets import Picture

WORDS = ("cat", "dog", "sun")


class WordJudge:
    """A text is the word of WORDS it holds; a picture is what `vectors` say."""

    def __init__(self, names: Sequence[str], shown: Sequence[str], side: int = 160) -> None:
        file = io.BytesIO()
        Image.new("RGB", (side, side)).save(file, "PNG")
        pictures = [Picture(None, str(number), (name,), "name", "dev") for number, name in enumerate(names)]
        self._held_out = HeldOut(pictures, [file.getvalue()] * len(names), self.texts(list(shown)))

    def texts(self, texts: list[str]) -> Tensor:
        return torch.stack([torch.eye(4)[next((i for i, w in enumerate(WORDS) if w in t), 3)] for t in texts])

    def held_out(self, archive: Path) -> HeldOut:
        del archive
        return self._held_out


def judged(function: Any, *arguments: Any) -> evaluate.Figures:
    figures = evaluate.Figures()
    function(*arguments, figures)
    return figures


def test_top1_is_the_share_of_right_names() -> None:
    judge: Any = WordJudge(["cat", "dog", "sun", "sun"], ["cat", "dog", "sun", "cat"])
    assert evaluate.top1(judge, [judge.held_out(Path())], WORDS) == 0.75


def test_agreement_is_with_the_teacher_on_large_pictures_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "imagenet_names", lambda: list(WORDS))

    def always_dog(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        assert min(picture.shape[:2]) >= evaluate.LARGE
        return np.array([0.1, 0.8, 0.1], np.float32)

    judge = WordJudge(["cat"] * 4, ["dog", "dog", "dog", "sun"])
    figures = judged(evaluate.agreement, judge, [Path()], always_dog)
    assert (figures.teacher_agreement, figures.teacher_photos) == (0.75, 4)
    small = WordJudge(["cat"], ["dog"], side=100)
    assert judged(evaluate.agreement, small, [Path()], always_dog).teacher_agreement is None


def test_a_synonym_is_right_where_its_class_is_among_the_first_five(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "SYNONYMS", {"a dog's other name": "hound"})
    names = ["hound", *(f"other {number}" for number in range(7))]
    judge = WordJudge(names, ["dog", *["cat"] * 7])
    figures = judged(evaluate.unseen_words, judge, [Path()])
    assert (figures.synonyms_right, figures.synonym_classes) == (1, 8)
    monkeypatch.setattr(evaluate, "SYNONYMS", {"a cat": "hound"})
    assert judged(evaluate.unseen_words, judge, [Path()]).synonyms_right == 0
