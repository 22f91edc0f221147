"""OpenAI's own archives, which `torch.jit.save` wrote, read without running any of the code they carry.

The archive's pickle describes a tree of modules whose attributes are the tensors, with PyTorch's names.
"""

from __future__ import annotations

import math
from pathlib import Path

import torch
from torch import Tensor

from photoclip.clip.dialects.archive import PICKLE, Archive
from photoclip.clip.dialects.pickles import Damaged, Module, Refused, Storage, TensorRecord, read_pickle
from photoclip.clip.dialects.tensors import Tensors
from photoclip.errors import ModelError

DTYPES = {
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "FloatStorage": torch.float32,
    "DoubleStorage": torch.float64,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "BoolStorage": torch.bool,
}
ATTRIBUTES = 100_000  # RN50x64 has a few thousand
DEPTH = 32
NAME_LENGTH = 200
BYTE_ORDER = "byteorder"  # younger archives say it; older ones are little-endian


def read(path: Path) -> Tensors:
    """Every tensor attribute of the scripted model, by its dotted name. Raises ModelError."""
    with Archive(path) as archive:
        if archive.has(BYTE_ORDER) and archive.read(BYTE_ORDER) != b"little":
            raise ModelError(f"{path} has the bytes of its numbers in an order that is not read here.")
        try:
            root = read_pickle(archive.read(PICKLE))
            if not isinstance(root, Module):
                raise Damaged("it holds something else than a model")
            storages = _Storages(archive)
            return {name: storages.tensor(name, record) for name, record in tensor_records(root).items()}
        except Refused as error:
            raise ModelError(f"{path} was not loaded, and nothing in it was run: {error}.") from error
        except Damaged as error:
            raise ModelError(f"{path} is damaged or not a model: {error}.") from error


def tensor_records(root: Module) -> dict[str, TensorRecord]:
    """The tensors of a tree of modules. A tree that refers to itself would have no end, so it is bounded."""
    found: dict[str, TensorRecord] = {}
    todo: list[tuple[tuple[str, ...], Module]] = [((), root)]
    seen = 0
    while todo:
        path, module = todo.pop()
        seen += len(module.state)
        if seen > ATTRIBUTES or len(path) > DEPTH:
            raise Refused("its modules are nested without end")
        for name, value in module.state.items():
            if len(name) > NAME_LENGTH:
                raise Damaged("one of its attributes has no possible name")
            if isinstance(value, Module):
                todo.append(((*path, name), value))
            elif isinstance(value, TensorRecord):
                found[".".join((*path, name))] = value
    return found


class _Storages:
    """The archive's storages, each read once: tensors may share them."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.read: dict[str, Tensor] = {}

    def tensor(self, name: str, record: TensorRecord) -> Tensor:
        numbers = self.numbers(record.storage)
        places = zip(record.size, record.stride, strict=True)
        last = record.offset + sum((size - 1) * stride for size, stride in places)
        count = math.prod(record.size)
        if count > len(numbers) or (count > 0 and last >= len(numbers)):
            raise Damaged(f"{name} reaches beyond what is stored for it")
        return numbers.as_strided(record.size, record.stride, record.offset)

    def numbers(self, storage: Storage) -> Tensor:
        """The whole storage, flat."""
        dtype = DTYPES.get(storage.kind)
        if dtype is None:
            raise Damaged(f"it holds numbers of a kind that is not read here, {storage.kind[:80]}")
        if storage.key not in self.read:
            content = self.archive.read(f"data/{storage.key}")
            self.read[storage.key] = _as_bytes(content)
        stored = self.read[storage.key]
        if storage.count * dtype.itemsize != len(stored):
            expected = storage.count * dtype.itemsize
            raise Damaged(f"data/{storage.key} has {len(stored)} bytes and should have {expected}")
        return stored.view(dtype)


def _as_bytes(content: bytearray) -> Tensor:
    """The same memory, not a copy."""
    return torch.frombuffer(content, dtype=torch.uint8) if content else torch.empty(0, dtype=torch.uint8)
