"""The figures on the validation pictures, by hand, where captions and labels are shared."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from photoclip.clip.training.captions import Captioned, Captions, distinct, together
from photoclip.clip.training.validation import fitting, recall, zero_shot_top1


def captioned(number: int, *texts: str, labels: tuple[str, ...] = ()) -> Captioned:
    return Captioned(Path(str(number)), texts, labels, digest=str(number))


def test_a_shared_caption_is_right_for_each_picture_that_has_it() -> None:
    pictures = [captioned(0, "sea", "Sun"), captioned(1, "sun"), captioned(2, "wood")]
    texts = distinct(pictures)
    assert texts == ["sea", "Sun", "wood"]
    fits = fitting(pictures, texts)
    assert fits.tolist() == [[True, False, False], [True, True, False], [False, False, True]]
    scores = torch.tensor([[0.9, 0.1, 0.2], [0.1, 0.8, 0.3], [0.5, 0.4, 0.1]])
    found = recall(scores, fits)
    assert found["text_to_image_r1"] == pytest.approx(2 / 3)  # "wood" finds its picture last
    assert found["image_to_text_r1"] == pytest.approx(2 / 3)  # the third picture fits "Sun" best
    assert found["text_to_image_r5"] == found["image_to_text_r10"] == 1.0


def test_ties_are_found_late() -> None:
    fits = torch.eye(2, dtype=torch.bool)
    assert recall(torch.zeros(2, 2), fits)["text_to_image_r1"] == 0.0


def test_any_label_of_a_picture_is_a_right_answer() -> None:
    def encode(texts: list[str]) -> torch.Tensor:
        return torch.stack([torch.eye(3)["abc".index(text.rstrip(".")[-1])] for text in texts])

    pictures = [captioned(0, "x", labels=("a", "b")), captioned(1, "x", labels=("a",)), captioned(2, "x")]
    images = torch.eye(3)[[1, 1, 2]]
    templated = zero_shot_top1(
        lambda texts: encode([_name(text) for text in texts]), images, pictures, "abc", 4
    )
    assert templated == {"zero_shot_top1": 0.5}
    assert zero_shot_top1(encode, images, pictures, ["a"], 4) == {}
    assert zero_shot_top1(encode, images[2:], pictures[2:], "abc", 4) == {}


def _name(prompt: str) -> str:
    """The one-letter name in a prompt of a template."""
    return next(word.strip(".,") for word in prompt.split()[::-1] if word.strip(".,") in ("a", "b", "c"))


def test_two_sources_together_keep_a_picture_on_one_side() -> None:
    first = Captions((captioned(0, "sea"),), (captioned(1, "sun"),), ("one",))
    second = Captions((captioned(1, "light"), captioned(2, "wood")), (captioned(0, "water"),), ("two",))
    found = together(first, second)
    assert [each.digest for each in found.training] == ["0", "2", "0"]
    assert [each.digest for each in found.validation] == ["1", "1"]
    assert found.skipped == ("one", "two")
