"""The ways a machine with a GPU can run a model, told without one."""

from __future__ import annotations

import pytest
import torch

from photoclip.clip.placement import PLAIN, candidates


@pytest.mark.parametrize(("new", "halves"), [(True, ["float16", "bfloat16"]), (False, ["float16"])])
def test_on_cuda_half_precision_comes_first(
    new: bool, halves: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda *, including_emulation: new)
    ways = list(candidates(int8=False))
    names = [str(way) for way in ways if way.device.type == "cuda"]
    assert names == [f"CUDA, {precision}" for precision in (*halves, "float32")]
    assert ways[: len(names)] == [way for way in ways if way.device.type == "cuda"]
    assert ways[-1] == PLAIN
