from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from photoclip.clip.training import collages, sets
from tests.clip.training.training_pictures import picture


def test_collages_are_made_of_their_sources_and_come_out_the_same_again(tmp_path: Path) -> None:
    for name in ("coins/original/1c", "space/GP/Data/spiral", "space/GP/Data/moon"):
        (tmp_path / name).mkdir(parents=True)
        picture((210, 200, 190), 3, (90, 90)).save(tmp_path / name / "1.png")
    collages.make(tmp_path, seed=4, each=2)
    first = {path: path.read_bytes() for path in (tmp_path / "collages").rglob("*.png")}
    assert len(first) == 6
    collages.make(tmp_path, seed=4, each=2)
    assert {path: path.read_bytes() for path in (tmp_path / "collages").rglob("*.png")} == first
    moon = np.asarray(Image.open(tmp_path / "collages" / "moon" / "0000.png"))
    assert np.array_equal(moon[..., 0], moon[..., 2])  # grey
    [found] = [extra for extra in sets.PICTURE_SETS if extra.key == "collages"]
    assert {texts.texts[0] for texts in sets.labelled(found, tmp_path)} == {
        "coins", "galaxies in space", "the moon",
    }  # fmt: skip
