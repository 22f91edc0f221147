"""A model store that a test steers: downloads go on when they are let, and end as they are told."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path

from photoclip.errors import Cancelled, ModelError
from photoclip.model_store import ModelRow, ModelStore, PublishedRow, Source, Watch

STARTER = ModelRow("starter", "/models/starter", 26_000_000, 16, 160, precision="bfloat16, 348 photos/s here")
BIG = ModelRow("big", "/models/big", 302_000_000, 16, 224, False, "MIT", "Better.")
THIRD = ModelRow("third", "/models/third", 302_000_000, 16, 224, False)


def published(name: str, licence: str = "MIT") -> PublishedRow:
    return PublishedRow(
        name, "", f"somebody/{name}", 605_000_000, 512, 224, licence, "Finer.", ("hub",), installed=False
    )


@dataclass
class FakeStore:
    """`got`: the downloads asked for. One waits for `go_on`, then ends with `failure` or the model."""

    rows: list[ModelRow] = field(default_factory=lambda: [STARTER, BIG, THIRD])
    available: list[PublishedRow] = field(
        default_factory=lambda: [published("vit-l"), published("vit-h", "Apple's")]
    )
    failure: str = ""
    got: list[str] = field(default_factory=list)
    taken: list[tuple[Path, str, str]] = field(default_factory=list)
    threads: list[threading.Thread] = field(default_factory=list)
    go_on: threading.Event = field(default_factory=threading.Event)

    @property
    def services(self) -> ModelStore:
        return ModelStore(
            lambda: list(self.available), self._get, self._take_in, self._remove, lambda: list(self.rows)
        )

    def _get(self, name: str, source: Source, replace: bool, watch: Watch) -> ModelRow:
        self.got.append(name)
        self.threads.append(threading.current_thread())
        watch.progress(121_000_000, 605_000_000, 3_400_000.0, 150.0)
        while not self.go_on.wait(0.002):
            if watch.stop.is_set():
                raise Cancelled("Stopped; what has arrived is kept, and the same command goes on from there.")
        if self.failure:
            raise ModelError(self.failure)
        watch.progress(605_000_000, 605_000_000, 3_400_000.0, 0.0)
        watch.say(f"{name} has arrived; installing it.")
        return self._add(name)

    def _take_in(self, source: Path, name: str, like: str, replace: bool) -> ModelRow:
        self.taken.append((source, name, like))
        if self.failure:
            raise ModelError(self.failure)
        return self._add(name)

    def _remove(self, name: str) -> None:
        self.rows = [row for row in self.rows if row.name != name]

    def _add(self, name: str) -> ModelRow:
        row = ModelRow(name, f"/models/{name}", 302_000_000, 512, 224, False, "MIT")
        self.rows = [*self.rows, row]
        return row
