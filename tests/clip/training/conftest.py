"""A small world to train in: two captioned sets of coloured pictures."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clip.training.training_pictures import COLOURS, encoded, picture, write_set


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """caltech101.zip (class names) and flickr8k.zip (two captions each), each with train and dev pictures."""
    named, captioned = [], []
    for number in range(24):
        name = list(COLOURS)[number % 3]
        split = "dev" if number >= 18 else "train"
        named.append((encoded(picture(COLOURS[name], number)), [name], split))
        texts = [f"a {name} thing number {number}", f"something {name}, picture {number}"]
        captioned.append((encoded(picture(COLOURS[name], 100 + number)), texts, split))
    folder = tmp_path / "data"
    folder.mkdir()
    write_set(folder / "caltech101.zip", named)
    write_set(folder / "flickr8k.zip", captioned)
    return folder
