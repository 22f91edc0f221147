"""The one block that stands for models that are not here yet."""

from __future__ import annotations

import pytest
import torch

from photoclip.clip import block_speed
from photoclip.clip.block_speed import block_flops_per_second
from photoclip.clip.placement import PLAIN, Placement

CPU = torch.device("cpu")
HALF = Placement(CPU, torch.bfloat16)


def test_its_rate_is_what_it_takes_over_the_best_run(monkeypatch: pytest.MonkeyPatch) -> None:
    # Runs of 9, 2, 1 and 3 seconds, the first for warming up; looks at the clock between them.
    now = iter([0.0, 9.0, 9.0, 11.0, 11.0, 11.0, 11.0, 12.0, 12.0, 12.0, 15.0, 20.0])
    monkeypatch.setattr(block_speed.time, "perf_counter", lambda: next(now))
    monkeypatch.setattr(block_speed, "SECONDS", 8.0)
    monkeypatch.setattr(block_speed, "candidates", lambda *, int8: [PLAIN])
    tokens = block_speed.PICTURES * 50
    expected = 2 * tokens * 12 * 768**2 + 4 * tokens * 50 * 768
    assert block_flops_per_second(CPU) == pytest.approx(expected)


def test_the_fastest_precision_of_the_device_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    cuda = Placement(torch.device("cuda"), torch.float16)
    int8 = Placement(CPU, torch.bfloat16, int8=True)
    rates = {cuda: 9.0, int8: 2.0, HALF: 3.0, PLAIN: 4.0}
    monkeypatch.setattr(block_speed, "_rate", lambda _model, way: rates[way])
    monkeypatch.setattr(block_speed, "candidates", lambda *, int8: list(rates))
    assert block_flops_per_second(CPU) == 3.0  # float32 only where there is nothing else
    assert block_flops_per_second(torch.device("cuda")) == 9.0
    del rates[HALF], rates[int8]
    assert block_flops_per_second(CPU) == 4.0
