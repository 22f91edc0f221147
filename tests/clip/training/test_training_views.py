from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from photoclip.clip.training import backbone, packing, sets, views
from photoclip.errors import PhotoClipError
from tests.clip.training.training_pictures import CONFIG, network

CPU = torch.device("cpu")


def look(data: Path, folder: Path) -> views.Views:
    pictures = sets.captioned(data / "caltech101.zip", splits=frozenset({"train"}))
    pack = packing.pack(pictures, folder, "caltech101", np.array([], np.uint64))
    views.Looker(*network(), CONFIG, CPU, seed=3, side=32).look(pack, folder, lambda line: None)
    return views.load(folder, "caltech101")


def test_every_picture_is_seen_as_often_as_told(data: Path, tmp_path: Path) -> None:
    seen = look(data, tmp_path)
    assert views.VIEWS["caltech101"] == 3
    assert seen.pictures.tolist() == [picture for picture in range(18) for _ in range(3)]
    assert len(seen.maps) == len(seen.classes) == len(seen.probabilities) == 54
    assert len(np.unique(seen.maps.reshape(54, -1), axis=0)) == 54  # no two views are the same


def test_the_same_seed_sees_the_same(data: Path, tmp_path: Path) -> None:
    first, second = look(data, tmp_path / "a"), look(data, tmp_path / "b")
    assert np.array_equal(first.maps, second.maps)
    assert np.array_equal(first.classes, second.classes)


def test_of_less_than_one_view_a_share_is_seen() -> None:
    random = np.random.default_rng(0)
    drawn = views.drawn(100, 0.3, random)
    assert len(np.unique(drawn)) == len(drawn) == 30
    assert views.drawn(3, 2.0, random).tolist() == [0, 0, 1, 1, 2, 2]


def test_a_pack_that_was_not_looked_at_is_named(tmp_path: Path) -> None:
    with pytest.raises(PhotoClipError, match=r"no views of caltech101 .* run the stage look first"):
        views.load(tmp_path, "caltech101")


def test_trunk_and_rest_are_the_whole_tower() -> None:
    tower, classifier = network()
    tower.eval()
    x = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        grid = tower.late(tower.early(x, backbone.TRUNK), backbone.TRUNK)
        assert torch.allclose(grid, tower.feature_map(x), atol=1e-6)
        assert torch.allclose(classifier.probabilities(grid).sum(1), torch.ones(2), atol=1e-5)
