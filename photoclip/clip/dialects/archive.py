"""The zip files of `torch.save` and `torch.jit.save`, opened with suspicion.

Layout: one folder of any name with `data.pkl` (a pickle that refers to storages by number), `data/<number>`
(their bytes), and in a TorchScript archive `constants.pkl` and `code/`. PyTorch compresses nothing but code,
which is never read here, so that nothing in a file can grow beyond the file's own size.
"""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path
from types import TracebackType

from photoclip.errors import ModelError

MAGIC = b"PK\x03\x04"
PICKLE = "data.pkl"
PICKLE_BYTES = 16 * 2**20  # ViT-L/14's is 0.2 MB
ENCRYPTED = 0x1


class Archive:
    """A zip file whose members are all stored plainly. Raises ModelError for any other."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error) as error:
            raise ModelError(f"{path} is damaged or was cut short ({error}).") from error
        try:
            self.root = self._root()
            self._check()
        except ModelError:
            self.zip.close()
            raise

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.zip.close()

    @property
    def is_torchscript(self) -> bool:
        return self.has("constants.pkl")

    def has(self, name: str) -> bool:
        return f"{self.root}/{name}" in self.zip.NameToInfo

    def read(self, name: str) -> bytearray:
        """The bytes of a member, its checksum compared."""
        info = self.zip.NameToInfo.get(f"{self.root}/{name}")
        if info is None:
            raise ModelError(f"{self.path} is incomplete: {name} is missing in it.")
        content = bytearray(info.file_size)
        try:
            with self.zip.open(info) as member:
                filled = 0
                while count := member.readinto(memoryview(content)[filled:]):  # type: ignore[attr-defined]
                    filled += count
                member.read(1)  # the end of the member is where zipfile compares the checksum
        except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, struct.error) as error:
            raise ModelError(f"{self.path} is damaged: {name} in it cannot be read ({error}).") from error
        if filled != len(content):
            raise ModelError(f"{self.path} was cut short: {name} in it lacks its end.")
        return content

    def _root(self) -> str:
        """The one folder everything is in. Names that differ in case alone are one to PyTorch's reader."""
        names = [info.filename for info in self.zip.infolist()]
        root = names[0].partition("/")[0] if names else ""
        if f"{root}/{PICKLE}" not in names:
            raise ModelError(f"{self.path} is a zip file and holds no model: it has no {PICKLE}.")
        if len({name.lower() for name in names}) < len(names):
            raise ModelError(f"{self.path} is not as PyTorch writes it: it has two members of one name.")
        return root

    def _check(self) -> None:
        size, total = self.path.stat().st_size, 0
        for info in self.zip.infolist():
            if info.filename.startswith(f"{self.root}/code/"):
                continue
            plain = info.compress_type == zipfile.ZIP_STORED and not info.flag_bits & ENCRYPTED
            total += info.file_size
            if not plain or info.file_size != info.compress_size or total > size:
                raise ModelError(
                    f"{self.path} is not as PyTorch writes it and was not read: "
                    f"{info.filename} would unpack to more than the file holds."
                )
        if self.zip.NameToInfo[f"{self.root}/{PICKLE}"].file_size > PICKLE_BYTES:
            raise ModelError(f"{self.path} was not read: its {PICKLE} is too large to be a model's.")
