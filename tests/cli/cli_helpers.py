"""The commands with a model that knows colours, and windows that only note that they were opened."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image
from typer.testing import CliRunner, Result

from photoclip.cli.main import build
from photoclip.cli.services import Services, Training
from photoclip.errors import ModelError
from photoclip.library.encoder import Encoder
from photoclip.model_store import ModelRow, ModelStore, PublishedRow
from tests.library.fakes import COLOURS, FakeEncoder

RUNNER = CliRunner()
MODEL = ModelRow("fake", "/models/fake", 33_000_000, 16, 16)
PUBLISHED = PublishedRow(
    "big", "Big/32", "somebody/big", 605_000_000, 512, 224, "MIT", "Better.", ("hub",), installed=False
)


def _nothing(*_: object) -> ModelRow:
    raise ModelError("This store has no models.")


def _no_training(*_: Any) -> Any:
    raise ModelError("Nothing is trained here.")


TRAINING = Training(_no_training, _no_training)


STORE = ModelStore(lambda: [PUBLISHED], _nothing, _nothing, lambda name: None)


@dataclass
class Commands:
    """Runs commands on one library folder. `opened` and `painted` are what the windows were asked.

    `asked` are the names of the models that were wanted; those not among `encoders` are one and the same.
    """

    folder: Path
    model_error: str = ""
    models: list[ModelRow] = field(default_factory=lambda: [MODEL])
    store: ModelStore = STORE
    encoders: dict[str, FakeEncoder] = field(default_factory=dict)
    asked: list[str | None] = field(default_factory=list)
    opened: list[tuple[Path, str | None]] = field(default_factory=list)
    painted: list[tuple[Path, Path, str]] = field(default_factory=list)
    training: Training = TRAINING

    def services(self) -> Services:
        return Services(
            self._encoder, lambda: self.models, self.store, self._open, self._paint, self.training
        )

    def run(self, *arguments: str | Path) -> Result:
        return RUNNER.invoke(build(self.services()), ["--library", str(self.folder), *map(str, arguments)])

    def ok(self, *arguments: str | Path) -> Result:
        """Runs a command that has to succeed."""
        result = self.run(*arguments)
        assert result.exit_code == 0, result.output
        return result

    def document(self, *arguments: str | Path, status: int = 0) -> dict[str, Any]:
        """Runs a command with --json; stdout has to hold one document and nothing else."""
        result = self.run(*arguments, "--json")
        assert result.exit_code == status, result.output
        found: dict[str, Any] = json.loads(result.stdout)
        return found

    def _encoder(self, name: str | None) -> Encoder:
        self.asked.append(name)
        if self.model_error:
            raise ModelError(self.model_error)
        return self.encoders.get(name or "", FakeEncoder())

    def _open(self, folder: Path, model: str | None) -> int:
        self.opened.append((folder, model))
        return 0

    def _paint(self, folder: Path, model: str | None, png: Path, query: str) -> None:
        self.painted.append((folder, png, query))


def paint(path: Path, colour: str, size: tuple[int, int] = (32, 24)) -> Path:
    """A picture file in one colour."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, COLOURS[colour]).save(path, "PNG")
    return path
