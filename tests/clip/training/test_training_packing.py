from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from photoclip.clip.training import packing, sets
from photoclip.errors import PhotoClipError
from tests.clip.training.training_pictures import COLOURS, encoded, picture

TRAIN, DEV = frozenset({"train"}), frozenset({"dev"})
NONE = np.array([], np.uint64)


def test_packed_pictures_keep_their_pixels_labels_and_order(data: Path, tmp_path: Path) -> None:
    pack = packing.pack(
        sets.captioned(data / "caltech101.zip", splits=TRAIN), tmp_path / "packs", "caltech101", NONE
    )
    assert len(pack) == 18
    assert [pack.texts[label] for label in pack.labels[:3]] == [["red"], ["green"], ["blue"]]
    assert np.array_equal(pack.picture(4), np.asarray(picture(COLOURS["green"], 4)))


def test_near_duplicates_of_held_out_pictures_are_left_out_and_counted(data: Path, tmp_path: Path) -> None:
    held_out = packing.hashes(
        [encoded(picture(COLOURS["red"], 0).resize((120, 96)))]
    )  # the first one, enlarged
    pack = packing.pack(
        sets.captioned(data / "caltech101.zip", splits=TRAIN), tmp_path / "packs", "caltech101", held_out
    )
    assert (len(pack), pack.dropped) == (17, 1)


def test_a_picture_that_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.png", tmp_path / "bad.png"
    good.write_bytes(encoded(picture(COLOURS["blue"], 1)))
    bad.write_bytes(b"not a picture")
    pictures = [sets.Picture(None, str(path), ("blue",), "name") for path in (bad, good)]
    assert len(packing.pack(pictures, tmp_path / "packs", "few", NONE)) == 1


def test_a_set_without_pictures_is_named(tmp_path: Path) -> None:
    with pytest.raises(PhotoClipError, match="no picture to learn from in nothing"):
        packing.pack([], tmp_path / "packs", "nothing", NONE)
    assert not (tmp_path / "packs" / "nothing.json").exists()


def test_long_pictures_are_cropped_and_large_ones_shrunk() -> None:
    shrunk = packing.shrink(picture((9, 9, 9), 1, (900, 300)))
    assert shrunk.size == (round(packing.SHORT_SIDE * packing.LONGEST), packing.SHORT_SIDE)
    assert packing.shrink(picture((9, 9, 9), 1, (40, 30))).size == (40, 30)  # small ones are not enlarged


def test_folder_names_become_words(tmp_path: Path) -> None:
    extra = sets.PictureSet(
        "zoo",
        "nowhere @ 0",
        "none stated",
        "all",
        cap=2,
        names={"Jelly": ("jellyfish",)},
        drop=frozenset({"junk"}),
    )
    for name in ("Jelly/1.png", "sea_horse/1.png", "sea_horse/2.png", "sea_horse/3.png", "junk/1.png"):
        path = tmp_path / "zoo" / "all" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encoded(picture((1, 2, 3), 5)))
    texts = [found.texts for found in sets.labelled(extra, tmp_path)]
    assert texts == [("jellyfish",), ("sea horse",), ("sea horse",)]
