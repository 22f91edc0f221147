"""Files that nobody should have: attacks, bombs, and programs for the reader of pickles."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path
from typing import Any


class Payload:
    """Unpickled by Python's own machine, it makes the file `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)

    def has_run(self) -> bool:
        return self.path.exists()

    def forget(self) -> None:
        self.path.unlink()


def write_zip(
    path: Path, members: dict[str, bytes], compress: tuple[str, ...] = (), torchscript: bool = True
) -> Path:
    """A zip file laid out as PyTorch's; the members in `compress` are compressed, as PyTorch's never are."""
    if torchscript:
        members = {"constants.pkl": b"\x80\x02)."} | members
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            kind = zipfile.ZIP_DEFLATED if name in compress else zipfile.ZIP_STORED
            archive.writestr(f"archive/{name}", content, compress_type=kind)
    return path


def tensor_program(
    kind: str = "FloatStorage",
    key: str = "0",
    count: int = 4,
    offset: int = 0,
    size: tuple[int, ...] = (4,),
    stride: tuple[int, ...] = (1,),
) -> bytes:
    """The pickle of a scripted object whose one attribute, "a", is the tensor so described."""
    storage = (
        b"(" + code("storage") + f"ctorch\n{kind}\n".encode() + code(key) + code("cpu") + code(count) + b"tQ"
    )
    hooks = b"ccollections\nOrderedDict\n)R"
    arguments = b"(" + storage + code(offset) + code(size) + code(stride) + b"\x89" + hooks + b"t"
    tensor = b"ctorch._utils\n_rebuild_tensor_v2\n" + arguments + b"R"
    return b"\x80\x02c__torch__\nM\n)\x81}" + code("a") + tensor + b"sb."


def code(value: object) -> bytes:
    """The instructions that put a plain value on the stack."""
    return pickle.dumps(value, protocol=2)[2:-1]
