"""Batches by what memory there is."""

from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from photoclip.clip import batches
from photoclip.clip.architectures import architecture
from photoclip.clip.batches import Batches, activation_bytes, batch_size, is_out_of_memory

CUDA = torch.device("cuda")


def holding(room: int, seen: list[tuple[int, int]]) -> Callable[[slice], list[int]]:
    """Encodes up to `room` rows at once."""

    def encode(part: slice) -> list[int]:
        seen.append((part.start, part.stop))
        if part.stop - part.start > room:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return list(range(part.start, part.stop))

    return encode


@given(st.integers(0, 300), st.integers(1, 64), st.integers(1, 64))
def test_every_row_comes_once_and_in_order_whatever_the_room(count: int, size: int, room: int) -> None:
    cut = Batches(size)
    seen: list[tuple[int, int]] = []
    assert [row for part in cut.run(holding(room, seen), count) for row in part] == list(range(count))
    failures = sum(stop - start > room for start, stop in seen)
    assert failures <= 7  # halving, not one less each time
    assert cut.size <= size


def test_a_smaller_batch_is_remembered() -> None:
    cut = Batches(32)
    list(cut.run(holding(10, []), 100))
    assert cut.size == 8
    seen: list[tuple[int, int]] = []
    list(cut.run(holding(10, seen), 16))
    assert seen == [(0, 8), (8, 16)]


def test_what_is_no_want_of_memory_is_raised_at_once() -> None:
    def broken(part: slice) -> None:
        raise RuntimeError("CUDA error: device-side assert triggered")

    with pytest.raises(RuntimeError, match="assert"):
        list(Batches(8).run(broken, 20))
    with pytest.raises(RuntimeError, match="out of memory"):
        list(Batches(8).run(holding(0, []), 20))


def test_the_want_of_memory_has_many_words() -> None:
    assert is_out_of_memory(torch.OutOfMemoryError("x"))
    assert is_out_of_memory(MemoryError())
    assert is_out_of_memory(RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"))
    assert is_out_of_memory(RuntimeError("MPS backend out of memory (MPS allocated: 9.06 GB)"))
    assert not is_out_of_memory(RuntimeError("shapes cannot be multiplied"))


def test_the_size_follows_the_free_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    config = architecture("ViT-L-14")
    each = activation_bytes(config, torch.float16)
    for free, expected in ((0, 1), (2 * 20 * each, 16), (2**50, batches.DEVICE_BATCH)):
        monkeypatch.setattr(batches, "free_memory", lambda device, free=free: free)
        assert batch_size(config, CUDA, torch.float16) == expected
    assert batch_size(config, torch.device("cpu"), torch.float32) == batches.CPU_BATCH


@pytest.mark.parametrize(("larger", "smaller"), [("ViT-L-14-336", "ViT-L-14"), ("RN50x16", "RN50")])
def test_larger_pictures_need_more(larger: str, smaller: str) -> None:
    assert activation_bytes(architecture(larger), torch.float16) > 2 * activation_bytes(
        architecture(smaller), torch.float16
    )
    half, full = (activation_bytes(architecture(smaller), dtype) for dtype in (torch.float16, torch.float32))
    assert full == 2 * half
