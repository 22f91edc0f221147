"""A store's long work in another process: its news, its end, its faults."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import pytest

from photoclip import store_process
from photoclip.errors import Cancelled, ModelError
from photoclip.model_store import ModelRow, ModelStore, Source, Watch
from photoclip.store_process import apart

ROW = ModelRow("big", "/models/big", 1, 16, 224, False)


def get(name: str, source: Source, replace: bool, watch: Watch) -> ModelRow:
    """What it is asked for by name is what happens."""
    watch.progress(1, 2, 3.0, 4.0)
    if name == "patient":
        watch.stop.wait(30)
        raise Cancelled("Stopped; kept.")
    if name == "deaf":
        time.sleep(30)
    if name == "dying":
        os._exit(3)
    watch.say(f"{name} {source} {replace} {os.getpid()}")
    return ROW


def take_in(source: Path, name: str, like: str, replace: bool) -> ModelRow:
    raise ModelError(f"{source} is no model like {like}.")


def remove(name: str) -> NoReturn:
    raise AssertionError("not a matter for another process")


def make() -> ModelStore:
    return ModelStore(list, get, take_in, remove, lambda: [ROW])


@dataclass
class Person:
    """Who waits; stops it at the first news if that is wanted."""

    stops: bool = False
    seen: list[tuple[float, ...]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def watch(self) -> Watch:
        return Watch(self.stop, self._progress, self.said.append)

    def _progress(self, *news: float) -> None:
        self.seen.append(news)
        if self.stops:
            self.stop.set()


@pytest.fixture
def store() -> ModelStore:
    return apart(make)


def test_news_and_the_model_come_back(store: ModelStore) -> None:
    person = Person()
    assert store.get("big", "hub", True, person.watch) == ROW
    assert person.seen == [(1, 2, 3.0, 4.0)]
    (said,) = person.said
    assert said.startswith("big hub True ")
    assert said.split()[-1] != str(os.getpid())
    assert store.installed() == [ROW]
    assert multiprocessing.active_children() == []


def test_faults_come_back_as_their_sentences(store: ModelStore) -> None:
    with pytest.raises(ModelError, match="/a.pt is no model like b"):
        store.take_in(Path("/a.pt"), "mine", "b", False)


def test_it_stops_when_it_is_told_to(store: ModelStore) -> None:
    with pytest.raises(Cancelled, match="Stopped; kept"):
        store.get("patient", "", False, Person(stops=True).watch)


def test_one_that_does_not_listen_is_ended(store: ModelStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_process, "GRACE_SECONDS", 0.1)
    with pytest.raises(Cancelled, match="kept"):
        store.get("deaf", "", False, Person(stops=True).watch)
    assert multiprocessing.active_children() == []


def test_one_that_dies_is_a_sentence(store: ModelStore) -> None:
    with pytest.raises(ModelError, match="broken off; try again"):
        store.get("dying", "", False, Person().watch)
