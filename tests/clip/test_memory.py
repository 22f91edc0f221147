from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from photoclip.clip import checkpoint
from photoclip.clip.encoder import load_encoder
from photoclip.clip.memory import require_memory
from photoclip.clip.models import count_numbers
from photoclip.errors import ModelError
from tests.clip.small_models import SMALL, random_model


def test_a_model_that_fits_is_loaded() -> None:
    require_memory("starter", 16_000_000)


def test_a_model_larger_than_memory_is_refused_with_both_figures() -> None:
    numbers = psutil.virtual_memory().total // 4
    with pytest.raises(
        ModelError, match=r"The model huge needs about \d+\.\d GB of memory to load, and \d+\.\d"
    ):
        require_memory("huge", numbers)


def test_an_encoder_is_not_loaded_where_it_does_not_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = SMALL["vit"]
    model = random_model(config)
    checkpoint.save(model, config, tmp_path / "small")
    assert count_numbers(tmp_path / "small") == sum(tensor.numel() for tensor in model.state_dict().values())
    free = SimpleNamespace(available=4 * count_numbers(tmp_path / "small"))
    monkeypatch.setattr(psutil, "virtual_memory", lambda: free)
    with pytest.raises(ModelError, match=r"close other programs or choose a smaller model"):
        load_encoder(str(tmp_path / "small"))
